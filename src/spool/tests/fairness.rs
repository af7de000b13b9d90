//! Who goes first: by priority, then senders in turn, then by age.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

/// A letter of one message from `local`, or from the null sender when that is empty.
fn letter_from(local: &str, priority: Priority) -> NewLetter {
    let from = Some(local).filter(|local| !local.is_empty()).map(mailbox);
    NewLetter { from: from.into(), ..letter(vec![NewParcel { priority, ..parcel(FIRST, text(&["x"])) }]) }
}

async fn store_from(spool: &Spool, local: &str, priority: Priority) -> ParcelId {
    spool.commit(letter_from(local, priority)).await.unwrap().remove(0).id
}

#[tokio::test]
async fn urgent_goes_before_normal_and_normal_before_low() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let mut stored = Vec::new();
    for priority in Priority::ALL {
        stored.push(store_from(&spool, "root", priority).await);
    }
    stored.reverse();
    let claimed = spool.claim(GATEWAY, at(0), 10).await.unwrap();
    assert_eq!(ids(&claimed), stored);
    assert_eq!(claimed[0].priority, Priority::Urgent);
}

#[tokio::test]
async fn who_queues_one_does_not_wait_for_who_queues_many() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let mut many = Vec::new();
    for _ in 0..20 {
        many.push(store_from(&spool, "many", Priority::Normal).await);
    }
    assert_eq!(ids(&spool.claim(GATEWAY, at(0), 2).await.unwrap()), many[..2]);
    let null = store_from(&spool, "", Priority::Normal).await;
    let one = store_from(&spool, "one", Priority::Normal).await;
    let next = ids(&spool.claim(GATEWAY, at(0), 4).await.unwrap());
    assert_eq!(next, [one, null, many[2].clone(), many[3].clone()]);
}

#[tokio::test]
async fn an_old_message_that_is_tried_again_goes_before_newer_ones_of_its_sender() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let old = claimed(&spool, &["old"]).await;
    spool.note(&old, retry(30), at(1)).await.unwrap();
    let new = store(&spool, &["new"]).await;
    assert_eq!(ids(&spool.claim(GATEWAY, at(30), 2).await.unwrap()), [old, new]);
}

#[tokio::test]
async fn a_held_parcel_waits_for_the_operator_from_the_start() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let Fate::Waiting { encoding, parts } = text(&["x"]) else { panic!("text() waits") };
    let fate = Fate::Held { encoding, parts, reason: "over the limit".to_owned() };
    let id = spool.commit(letter(vec![parcel(FIRST, fate)])).await.unwrap().remove(0).id;
    assert_eq!(spool.claim(GATEWAY, at(0), 10).await.unwrap().len(), 0);
    let held = record(&spool, &id).await;
    assert_eq!((held.parcel.state, held.parcel.last_reply.as_deref()), (State::Held, Some("over the limit")));
    assert_eq!(held.history.iter().map(|entry| entry.what.as_str()).collect::<Vec<_>>(), ["accepted", "held"]);
    assert_eq!(held.notice, NoticeState::None, "it has not come to a bad end");
    spool.order(Order::Release, vec![id.clone()], at(1)).await.unwrap();
    assert_eq!(ids(&spool.claim(GATEWAY, at(1), 10).await.unwrap()), [id]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    /// However they come: of one sender the oldest goes first, and nobody is passed over while another has two turns.
    #[test]
    fn senders_take_turns(senders in prop::collection::vec(0_usize..4, 1..40), slots in 1_usize..5) {
        let place = Place::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let spool = place.open(Role::Relay);
            let mut queued: HashMap<ParcelId, (usize, usize)> = HashMap::new();
            let mut left = [0; 4];
            for (age, sender) in senders.iter().enumerate() {
                let id = store_from(&spool, ["", "a", "b", "c"][*sender], Priority::Normal).await;
                queued.insert(id, (*sender, age));
                left[*sender] += 1;
            }
            // How many turns the others have had since each sender's last one.
            let mut passed_over = [0; 4];
            let mut newest = [None; 4];
            loop {
                let claimed = spool.claim(GATEWAY, at(0), slots).await.unwrap();
                if claimed.is_empty() {
                    break;
                }
                for id in ids(&claimed) {
                    let (sender, age) = queued.remove(&id).unwrap();
                    assert!(newest[sender] < Some(age), "the oldest of a sender first");
                    newest[sender] = Some(age);
                    left[sender] -= 1;
                    for other in 0..4 {
                        passed_over[other] = if other == sender || left[other] == 0 { 0 } else { passed_over[other] + 1 };
                        assert!(passed_over[other] <= 3, "{other} waits while the others have a second turn");
                    }
                }
            }
            assert!(queued.is_empty(), "everything goes");
        });
    }
}
