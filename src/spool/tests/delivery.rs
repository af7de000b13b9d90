//! What the dispatcher does: claims, notes, expiry, recovery after a crash, notices.

use super::*;

fn all() -> Vec<String> {
    vec![GATEWAY.to_owned(), "spare".to_owned()]
}

#[tokio::test]
async fn the_longest_due_goes_first_and_each_goes_once() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let mut stored = Vec::new();
    for _ in 0..3 {
        stored.push(store(&spool, &["x"]).await);
    }
    // The first one is due again only later.
    assert_eq!(ids(&spool.claim(GATEWAY, at(0), 1).await.unwrap()), stored[..1]);
    assert_eq!(spool.note(&stored[0], retry(20), at(1)).await, Ok(State::Waiting));
    assert_eq!(spool.claim("spare", at(10), 10).await.unwrap().len(), 0);
    assert_eq!(ids(&spool.claim(GATEWAY, at(10), 10).await.unwrap()), stored[1..]);
    assert_eq!(spool.claim(GATEWAY, at(19), 10).await.unwrap().len(), 0);
    assert_eq!(ids(&spool.claim(GATEWAY, at(20), 10).await.unwrap()), stored[..1]);
}

#[tokio::test]
async fn parts_are_counted_and_the_last_one_makes_it_sent() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["one", "two", "three"]).await;
    assert_eq!(spool.note(&id, accepted(), at(1)).await, Ok(State::Sending));
    assert_eq!(spool.note(&id, accepted(), at(2)).await, Ok(State::Sending));
    assert_eq!(spool.note(&id, retry(10), at(3)).await, Ok(State::Waiting));
    let again = spool.claim(GATEWAY, at(10), 1).await.unwrap().remove(0);
    assert_eq!((again.accepted_parts, again.attempts), (2, 1));
    assert_eq!(spool.note(&id, accepted(), at(11)).await, Ok(State::Sent));
    let sent = record(&spool, &id).await.parcel;
    assert_eq!((sent.accepted_parts, sent.attempts, sent.due), (3, 2, at(11)));
}

#[tokio::test]
async fn an_outcome_and_the_next_claim_are_one_transaction() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let first = claimed(&spool, &["x"]).await;
    let second = store(&spool, &["y"]).await;
    let before = spool.transactions();
    let (state, next) = spool.note_and_claim(&first, accepted(), GATEWAY, &[], at(1)).await.unwrap();
    assert_eq!(spool.transactions(), before + 1);
    assert_eq!((state, next.unwrap().id), (State::Sent, second.clone()));
    assert_eq!(record(&spool, &second).await.parcel.state, State::Sending);
    // Nothing more is due.
    let (state, next) = spool.note_and_claim(&second, accepted(), GATEWAY, &[], at(2)).await.unwrap();
    assert_eq!((state, next.is_none()), (State::Sent, true));
    // What can't be noted claims nothing.
    let third = store(&spool, &["z"]).await;
    spool.note_and_claim(&second, accepted(), GATEWAY, &[], at(3)).await.unwrap_err();
    assert_eq!(record(&spool, &third).await.parcel.state, State::Waiting);
}

#[tokio::test]
async fn a_retry_can_go_to_another_gateway() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["x"]).await;
    let elsewhere = Note::Retry { reason: "421".to_owned(), due: at(5), gateway: "spare".to_owned() };
    spool.note(&id, elsewhere, at(1)).await.unwrap();
    assert_eq!(spool.claim(GATEWAY, at(5), 1).await.unwrap().len(), 0);
    let parcel = spool.claim("spare", at(5), 1).await.unwrap().remove(0);
    assert_eq!((parcel.id, parcel.gateway.as_str()), (id, "spare"));
    assert_eq!(parcel.last_reply.as_deref(), Some("421"));
}

#[tokio::test]
async fn what_is_given_back_untried_is_due_at_once_and_was_no_try() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["x"]).await;
    assert_eq!(spool.note(&id, Note::Released, at(1)).await, Ok(State::Waiting));
    assert_eq!(spool.claim(GATEWAY, at(1), 1).await.unwrap()[0].attempts, 0);
}

#[tokio::test]
async fn the_whole_history_is_kept() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["one", "two"]).await;
    for (second, note) in [(1, accepted()), (2, retry(10))] {
        spool.note(&id, note, at(second)).await.unwrap();
    }
    spool.claim(GATEWAY, at(10), 1).await.unwrap();
    spool.note(&id, refused(), at(11)).await.unwrap();
    spool.note_notice(&id, NoticeNote::Retry { due: at(60), reason: "451".to_owned() }, at(12)).await.unwrap();
    spool.note_notice(&id, NoticeNote::Sent, at(60)).await.unwrap();
    let history = record(&spool, &id).await.history;
    let told: Vec<_> =
        history.iter().map(|e| (e.time, e.what.as_str(), e.gateway.as_deref(), e.detail.as_str())).collect();
    assert_eq!(
        told,
        [
            (at(0), "accepted", None, "127.0.0.1 mon.site.example"),
            (at(1), "part accepted", Some(GATEWAY), "accepted for delivery"),
            (at(2), "not accepted", Some(GATEWAY), "421 busy"),
            (at(11), "refused", Some(GATEWAY), "550 unknown"),
            (at(12), "notice not accepted", None, "451"),
            (at(60), "notice sent", None, ""),
        ]
    );
}

#[tokio::test]
async fn a_note_that_does_not_fit_changes_nothing() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = store(&spool, &["x"]).await;
    let before = record(&spool, &id).await;
    let error = spool.note(&id, accepted(), at(1)).await.unwrap_err();
    assert_eq!(error, SpoolError::Impossible { id: id.clone(), state: State::Waiting, what: "sent" });
    assert!(!error.is_temporary());
    assert_eq!(record(&spool, &id).await.history, before.history);

    let nobody = ParcelId { letter: id.letter.clone(), place: 2 };
    assert_eq!(spool.note(&nobody, accepted(), at(1)).await, Err(SpoolError::NoSuchParcel(nobody)));
}

#[tokio::test]
async fn what_waits_too_long_expires_and_its_sender_is_owed_a_notice() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let waits = claimed(&spool, &["x"]).await;
    spool.note(&waits, retry(2 * LIFETIME), at(1)).await.unwrap();
    let busy = claimed(&spool, &["y"]).await;
    assert_eq!(spool.expire(at(LIFETIME - 1)).await.unwrap(), []);
    assert_eq!(spool.expire(at(LIFETIME)).await.unwrap(), std::slice::from_ref(&waits));
    assert_eq!(spool.expire(at(LIFETIME)).await.unwrap(), []);
    assert_eq!(state(&spool, &busy).await, State::Sending, "a session still has it");

    let notices = spool.due_notices(at(LIFETIME), 10).await.unwrap();
    assert_eq!(notices.len(), 1);
    let notice = &notices[0];
    assert_eq!((&notice.parcel.id, notice.parcel.state), (&waits, State::Expired));
    assert_eq!(notice.parcel.last_reply.as_deref(), Some("421 busy"), "the last word before its time ran out");
    assert_eq!((&notice.notice_to, notice.subject.as_str()), (&mailbox("root"), "disk full"));
    assert_eq!((notice.headers.as_str(), notice.attempts), ("Subject: disk full\n", 0));
}

#[tokio::test]
async fn what_has_expired_is_not_handed_out_any_more() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    store(&spool, &["x"]).await;
    assert_eq!(spool.claim(GATEWAY, at(LIFETIME), 1).await.unwrap().len(), 0);
}

#[tokio::test]
async fn after_a_crash_what_was_sending_is_held_or_sent_again() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let parcels = vec![parcel(FIRST, text(&["one", "two"])), parcel(SECOND, text(&["x"]))];
    let stored = spool.commit(letter(parcels)).await.unwrap();
    let [first, second] = [&stored[0].id, &stored[1].id];
    spool.claim(GATEWAY, at(0), 2).await.unwrap();
    spool.note(first, accepted(), at(1)).await.unwrap();
    let elsewhere = Note::Retry { reason: "421".to_owned(), due: at(2), gateway: "spare".to_owned() };
    spool.note(second, elsewhere, at(1)).await.unwrap();
    spool.claim("spare", at(2), 1).await.unwrap();
    drop(spool);

    let spool = place.open(Role::Relay);
    let recovered = spool.recover(at(100), &["spare".to_owned()]).await.unwrap();
    assert_eq!(recovered, [(first.clone(), State::Waiting), (second.clone(), State::Held)]);
    assert_eq!(spool.recover(at(100), &[]).await.unwrap(), []);
    let again = spool.claim(GATEWAY, at(100), 5).await.unwrap();
    assert_eq!(ids(&again), std::slice::from_ref(first));
    assert_eq!((again[0].accepted_parts, again[0].attempts), (1, 1), "the accepted part is not sent again");
}

#[tokio::test]
async fn the_next_moment_is_known() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    assert_eq!(spool.next_due(&all()).await, Ok(None));
    let id = claimed(&spool, &["x"]).await;
    assert_eq!(spool.next_due(&all()).await, Ok(None));
    spool.note(&id, retry(30), at(1)).await.unwrap();
    assert_eq!(spool.next_due(&all()).await, Ok(Some(at(30))));
    assert_eq!(spool.next_due(&[]).await, Ok(Some(at(LIFETIME))), "it can still expire");
    assert_eq!(spool.next_notice_due().await, Ok(None));
    spool.expire(at(LIFETIME)).await.unwrap();
    assert_eq!(spool.next_notice_due().await, Ok(Some(at(LIFETIME))));
    spool.note_notice(&id, NoticeNote::Retry { due: at(9000), reason: "451".to_owned() }, at(4000)).await.unwrap();
    assert_eq!(spool.next_notice_due().await, Ok(Some(at(9000))));
}

#[tokio::test]
async fn a_notice_is_tried_until_it_has_gone_or_failed() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    for (end, left) in
        [(NoticeNote::Sent, NoticeState::Sent), (NoticeNote::Failed { reason: "550".to_owned() }, NoticeState::Failed)]
    {
        let id = claimed(&spool, &["x"]).await;
        spool.note(&id, refused(), at(1)).await.unwrap();
        spool.note_notice(&id, NoticeNote::Retry { due: at(60), reason: "451".to_owned() }, at(2)).await.unwrap();
        assert_eq!(spool.due_notices(at(59), 10).await.unwrap().len(), 0);
        assert_eq!(spool.due_notices(at(60), 10).await.unwrap()[0].attempts, 1);
        spool.note_notice(&id, end, at(61)).await.unwrap();
        assert_eq!(spool.due_notices(at(9999), 10).await.unwrap().len(), 0);
        assert_eq!(record(&spool, &id).await.notice, left);
    }
}

#[tokio::test]
async fn nobody_is_told_when_nobody_wants_to_hear() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let silent = NewLetter { notice_to: None, ..letter(vec![parcel(FIRST, text(&["x"]))]) };
    let id = spool.commit(silent).await.unwrap().remove(0).id;
    spool.claim(GATEWAY, at(0), 1).await.unwrap();
    assert_eq!(spool.note(&id, refused(), at(1)).await, Ok(State::Refused));
    assert_eq!(spool.due_notices(at(9999), 10).await.unwrap().len(), 0);
    assert_eq!(record(&spool, &id).await.notice, NoticeState::None);
}

#[tokio::test]
async fn a_refusal_from_the_start_owes_a_notice_and_is_never_handed_out() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let unfit = Fate::Refused { reason: "can't be carried".to_owned() };
    let id = spool.commit(letter(vec![parcel(FIRST, unfit)])).await.unwrap().remove(0).id;
    assert_eq!(spool.claim(GATEWAY, at(0), 1).await.unwrap().len(), 0);
    let notice = spool.due_notices(at(0), 1).await.unwrap().remove(0);
    assert_eq!((&notice.parcel.id, notice.parcel.parts.len()), (&id, 0));
    assert_eq!(notice.parcel.last_reply.as_deref(), Some("can't be carried"));
}

#[tokio::test]
async fn watchers_wake_for_what_concerns_them() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let mut changes = spool.changes();
    let id = store(&spool, &["x"]).await;
    assert!(changes.has_changed().unwrap());
    changes.mark_unchanged();
    spool.claim(GATEWAY, at(0), 1).await.unwrap();
    spool.expire(at(0)).await.unwrap();
    assert!(!changes.has_changed().unwrap(), "the dispatcher must not wake itself for ever");
    spool.note(&id, refused(), at(1)).await.unwrap();
    assert!(changes.has_changed().unwrap(), "the returns desk has work");
}

#[tokio::test]
async fn a_gateway_that_is_down_keeps_what_its_last_login_told() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let account = AccountSeen {
        credits: Some("120.5".to_owned()),
        id: Some("77".to_owned()),
        status: Some("ACTIVE".to_owned()),
        is_low: false,
    };
    spool.record_gateway(GatewayStatus::up("a".to_owned(), account, at(1))).await.unwrap();
    spool.record_gateway(GatewayStatus::down("a".to_owned(), "refused".to_owned(), at(2))).await.unwrap();
    spool.record_gateway(GatewayStatus::down("b".to_owned(), "unreachable".to_owned(), at(3))).await.unwrap();
    let seen = spool.gateway_statuses().await.unwrap();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[0].seen, seen[0].error.as_deref(), seen[0].last_login), (at(2), Some("refused"), Some(at(1))));
    assert_eq!(seen[0].credits.as_deref(), Some("120.5"));
    assert_eq!(seen[1].last_login, None);

    spool.record_gateway(GatewayStatus::up("a".to_owned(), AccountSeen::default(), at(4))).await.unwrap();
    let seen = spool.gateway_statuses().await.unwrap();
    assert_eq!((seen[0].error.as_deref(), seen[0].last_login, seen[0].credits.as_deref()), (None, Some(at(4)), None));
}
