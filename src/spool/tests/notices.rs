//! What senders and operators are owed: wishes of RFC 3461, delays, memos, marks.

use super::*;
use crate::smtp::{Notify, OriginalRecipient};

const HOUR: u64 = 3600;

fn notify(words: &str) -> Option<Notify> {
    let has = |word| words.contains(word);
    (words != "unsaid").then(|| Notify { success: has("success"), failure: has("failure"), delay: has("delay") })
}

/// Stores a message with this wish, which may wait for a day.
async fn store_wishing(spool: &Spool, words: &str) -> ParcelId {
    let original = Some(OriginalRecipient { kind: "rfc822".to_owned(), address: "oncall@site.example".to_owned() });
    let parcel = NewParcel { notify: notify(words), original, expires: at(24 * HOUR), ..parcel(FIRST, text(&["x"])) };
    let letter = NewLetter { envelope_id: Some("QQ314159".to_owned()), ..letter(vec![parcel]) };
    spool.commit(letter).await.unwrap().remove(0).id
}

#[tokio::test]
async fn senders_hear_of_what_they_wish_to_hear_of() {
    for (words, of_failure, of_success, of_delay) in [
        ("unsaid", true, false, true),
        ("never", false, false, false),
        ("failure", true, false, false),
        ("success", false, true, false),
        ("delay", false, false, true),
        ("success,failure,delay", true, true, true),
    ] {
        for (ends, wished) in [(refused(), of_failure), (accepted(), of_success)] {
            let place = Place::new();
            let spool = place.open(Role::Relay);
            let id = store_wishing(&spool, words).await;
            spool.claim(GATEWAY, at(0), 1).await.unwrap();
            spool.note(&id, ends, at(1)).await.unwrap();
            let due = spool.due_notices(at(1), 10).await.unwrap();
            assert_eq!(due.len(), usize::from(wished), "{words}");
            if let Some(notice) = due.first() {
                assert_eq!(notice.envelope_id.as_deref(), Some("QQ314159"));
                assert_eq!(notice.original.as_ref().unwrap().address, "oncall@site.example");
            }
        }
        let place = Place::new();
        let spool = place.open(Role::Relay);
        let id = store_wishing(&spool, words).await;
        spool.owe_delayed(at(0), at(HOUR)).await.unwrap();
        assert_eq!(record(&spool, &id).await.notice == NoticeState::Owed, of_delay, "{words}");
    }
}

#[tokio::test]
async fn a_refusal_from_the_start_is_not_told_to_who_never_wants_to_hear() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let unfit = Fate::Refused { reason: "can't be carried".to_owned() };
    let parcel = NewParcel { notify: notify("never"), ..parcel(FIRST, unfit) };
    spool.commit(letter(vec![parcel])).await.unwrap();
    assert_eq!(spool.due_notices(at(0), 1).await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_delay_is_told_once_and_taken_back_by_the_end() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = store_wishing(&spool, "unsaid").await;
    spool.owe_delayed(at(0) - Duration::from_secs(1), at(1)).await.unwrap();
    assert_eq!(spool.due_notices(at(1), 1).await.unwrap().len(), 0, "not old enough");
    spool.owe_delayed(at(0), at(4 * HOUR)).await.unwrap();
    let due = spool.due_notices(at(4 * HOUR), 1).await.unwrap();
    assert_eq!((due.len(), due[0].parcel.state), (1, State::Waiting));
    spool.note_notice(&id, NoticeNote::Sent, at(4 * HOUR)).await.unwrap();
    spool.owe_delayed(at(HOUR), at(5 * HOUR)).await.unwrap();
    assert_eq!(spool.due_notices(at(9 * HOUR), 1).await.unwrap().len(), 0);

    let late = store_wishing(&spool, "unsaid").await;
    spool.owe_delayed(at(0), at(4 * HOUR)).await.unwrap();
    // A try that fails leaves it owed, and the end takes it back.
    spool.claim(GATEWAY, at(4 * HOUR), 5).await.unwrap();
    spool.note(&late, retry(4 * HOUR), at(4 * HOUR)).await.unwrap();
    assert_eq!(record(&spool, &late).await.notice, NoticeState::Owed);
    spool.claim(GATEWAY, at(4 * HOUR), 5).await.unwrap();
    spool.note(&late, accepted(), at(4 * HOUR)).await.unwrap();
    assert_eq!(record(&spool, &late).await.notice, NoticeState::None);
}

#[tokio::test]
async fn what_waits_too_long_is_given_once_and_by_age() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let first = store(&spool, &["x"]).await;
    let sent = store(&spool, &["y"]).await;
    spool.order(Order::Cancel, vec![sent], at(1)).await.unwrap();
    let second = store(&spool, &["z"]).await;
    let young =
        spool.commit(NewLetter { accepted: at(50), ..letter(vec![parcel(FIRST, text(&["x"]))]) }).await.unwrap();
    let taken = |overdue: Vec<Overdue>| overdue.into_iter().map(|one| one.parcel.id).collect::<Vec<_>>();
    assert_eq!(taken(spool.take_overdue(at(10), 1).await.unwrap()), [first]);
    assert_eq!(taken(spool.take_overdue(at(10), 5).await.unwrap()), [second]);
    assert_eq!(taken(spool.take_overdue(at(10), 5).await.unwrap()), []);
    assert_eq!(taken(spool.take_overdue(at(50), 5).await.unwrap()), [young[0].id.clone()]);
}

#[tokio::test]
async fn memos_wait_like_notices() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let memo = NewMemo {
        name: "low-credit".to_owned(),
        to: mailbox("ops"),
        subject: "few credits left".to_owned(),
        text: "Few.\n".to_owned(),
        made: at(0),
        expires: at(HOUR),
    };
    spool.post(vec![memo.clone(), memo]).await.unwrap();
    assert_eq!(spool.next_notice_due().await, Ok(Some(at(0))));
    let due = spool.due_memos(at(0), 10).await.unwrap();
    assert_eq!((due.len(), due[0].to.clone(), due[0].attempts), (2, mailbox("ops"), 0));
    spool.note_memo(due[0].id, MemoNote::Done).await.unwrap();
    spool.note_memo(due[1].id, MemoNote::Retry { due: at(60) }).await.unwrap();
    assert_eq!(spool.due_memos(at(59), 10).await.unwrap(), []);
    let again = spool.due_memos(at(60), 10).await.unwrap();
    assert_eq!((again.len(), again[0].attempts), (1, 1));
}
