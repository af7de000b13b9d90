//! Whatever happens in whatever order: the promises of the room hold.

use proptest::prelude::*;

use super::*;

/// Something that happens to the spool.
#[derive(Clone, Debug)]
enum Happening {
    Store { parts: usize },
    Claim,
    Note(Note),
    Expire,
    Crash { hold: bool },
    Order(Order),
    Notice(NoticeNote),
}

fn happening() -> impl Strategy<Value = Happening> {
    let note = prop_oneof![
        4 => Just(accepted()),
        2 => Just(retry(0)),
        1 => Just(Note::Held { reason: "no answer".to_owned() }),
        1 => Just(refused()),
        1 => Just(Note::Released),
    ];
    let notice = prop_oneof![
        Just(NoticeNote::Sent),
        Just(NoticeNote::Failed { reason: "550".to_owned() }),
        Just(NoticeNote::Retry { due: at(0), reason: "451".to_owned() }),
    ];
    prop_oneof![
        2 => (1_usize..4).prop_map(|parts| Happening::Store { parts }),
        4 => Just(Happening::Claim),
        8 => note.prop_map(Happening::Note),
        1 => Just(Happening::Expire),
        1 => any::<bool>().prop_map(|hold| Happening::Crash { hold }),
        3 => prop::sample::select(Order::ALL.to_vec()).prop_map(Happening::Order),
        2 => notice.prop_map(Happening::Notice),
    ]
}

/// Lets it happen to every parcel it can happen to.
async fn happen(place: &Place, spool: Spool, happening: &Happening, second: u64) -> Spool {
    let all: Vec<ParcelId> = everything(&spool).await.into_iter().map(|record| record.parcel.id).collect();
    match happening {
        Happening::Store { parts } => {
            let fate = text(&vec!["x"; *parts]);
            let expires = at(second + 20);
            let parcel = NewParcel { expires, ..parcel(FIRST, fate) };
            spool.commit(NewLetter { accepted: at(second), ..letter(vec![parcel]) }).await.unwrap();
        }
        Happening::Claim => drop(spool.claim(GATEWAY, at(second), 2).await.unwrap()),
        Happening::Note(note) => {
            for id in &all {
                let allowed = state(&spool, id).await == State::Sending;
                assert_eq!(spool.note(id, note.clone(), at(second)).await.is_ok(), allowed);
            }
        }
        Happening::Expire => drop(spool.expire(at(second)).await.unwrap()),
        Happening::Crash { hold } => {
            drop(spool);
            let spool = place.open(Role::Relay);
            let hold_for = if *hold { vec![GATEWAY.to_owned()] } else { Vec::new() };
            spool.recover(at(second), &hold_for).await.unwrap();
            return spool;
        }
        Happening::Order(order) => drop(spool.order(*order, all, at(second)).await.unwrap()),
        Happening::Notice(note) => {
            for notice in spool.due_notices(at(second), 10).await.unwrap() {
                spool.note_notice(&notice.parcel.id, note.clone(), at(second)).await.unwrap();
            }
        }
    }
    spool
}

async fn everything(spool: &Spool) -> Vec<ParcelRecord> {
    let mut all = Vec::new();
    for line in spool.list(&Filter::default(), None, 1000).await.unwrap() {
        all.extend(spool.letter(&line.parcel.id.letter).await.unwrap().unwrap().parcels);
    }
    all
}

fn has_ended_badly(record: &ParcelRecord) -> bool {
    matches!(record.parcel.state, State::Refused | State::Expired)
}

/// What must hold for one parcel, before and after something has happened.
fn check(before: Option<&ParcelRecord>, after: &ParcelRecord) {
    let parcel = &after.parcel;
    assert!(parcel.accepted_parts <= parcel.parts.len());
    assert_eq!(parcel.accepted_parts == parcel.parts.len(), parcel.state == State::Sent, "{after:?}");
    assert_eq!(after.notice != NoticeState::None, has_ended_badly(after), "{after:?}");
    let Some(before) = before else { return };
    assert!(before.parcel.accepted_parts <= parcel.accepted_parts, "an accepted part is never sent again");
    assert!(before.parcel.attempts <= parcel.attempts);
    assert!(after.history.starts_with(&before.history), "history is only added to");
    if before.parcel.state == State::Sent {
        assert_eq!(parcel.state, State::Sent);
    }
    if !has_ended_badly(before) && has_ended_badly(after) {
        assert_eq!(after.notice, NoticeState::Owed, "every bad end is told");
    }
    if has_ended_badly(before) && has_ended_badly(after) && before.notice != NoticeState::Owed {
        assert_eq!(after.notice, before.notice, "and told once");
    }
}

/// Every change of the accepted parts has its line in the history.
fn check_history(record: &ParcelRecord) {
    let taken = |what: &str| record.history.iter().filter(|entry| entry.what == what).count();
    assert_eq!(taken("part accepted") + taken("sent"), record.parcel.accepted_parts);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_promises_hold(happenings in prop::collection::vec(happening(), 1..25)) {
        let place = Place::new();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut spool = place.open(Role::Relay);
            let mut before: Vec<ParcelRecord> = Vec::new();
            for (second, happening) in (0..).zip(&happenings) {
                spool = happen(&place, spool, happening, second).await;
                let after = everything(&spool).await;
                assert!(before.len() <= after.len(), "nothing is lost");
                for record in &after {
                    check(before.iter().find(|old| old.parcel.id == record.parcel.id), record);
                    check_history(record);
                }
                let stats = spool.stats().await.unwrap();
                let counted: usize = State::ALL.into_iter().map(|state| stats.count(state)).sum();
                assert_eq!(counted, after.len(), "each in exactly one state");
                before = after;
            }
        });
    }
}
