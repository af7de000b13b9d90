//! What operators do: lists, orders, numbers, and the end of history.

use super::*;

#[tokio::test]
async fn orders_lead_where_the_table_says() {
    use {Order::*, State::*};
    for (from, order, expected) in [
        (Waiting, Retry, Some(Waiting)),
        (Waiting, Hold, Some(Held)),
        (Waiting, Cancel, Some(Refused)),
        (Waiting, Release, None),
        (Held, Release, Some(Waiting)),
        (Held, Retry, Some(Waiting)),
        (Held, Cancel, Some(Refused)),
        (Refused, Retry, Some(Waiting)),
        (Refused, Cancel, None),
        (Sending, Cancel, None),
        (Sent, Retry, None),
    ] {
        let place = Place::new();
        let spool = place.open(Role::Relay);
        let id = claimed(&spool, &["x"]).await;
        let note = match from {
            Waiting => Some(retry(500)),
            Held => Some(Note::Held { reason: "no answer".to_owned() }),
            Refused => Some(refused()),
            Sent => Some(accepted()),
            Sending | Expired => None,
        };
        if let Some(note) = note {
            spool.note(&id, note, at(1)).await.unwrap();
        }
        let outcome = spool.order(order, vec![id.clone()], at(2)).await.unwrap().remove(0).outcome;
        match expected {
            Some(expected) => assert_eq!(outcome, Ok(expected), "{order:?} while {from}"),
            None => {
                assert!(matches!(outcome, Err(SpoolError::Impossible { .. })), "{order:?} while {from}: {outcome:?}")
            }
        }
        let left = record(&spool, &id).await;
        assert_eq!(left.parcel.state, expected.unwrap_or(from), "{order:?} while {from}");
        let told = left.history.last().unwrap().what.ends_with("by operator");
        assert_eq!(told, expected.is_some(), "{order:?} while {from}");
    }
}

#[tokio::test]
async fn an_order_for_one_that_is_not_there_does_not_keep_the_others() {
    let place = Place::new();
    let spool = place.open(Role::Tool);
    let id = store(&spool, &["x"]).await;
    let nobody = ParcelId { letter: "nobody".to_owned(), place: 1 };
    let ordered = spool.order(Order::Cancel, vec![nobody.clone(), id.clone()], at(1)).await.unwrap();
    assert_eq!(ordered[0].outcome, Err(SpoolError::NoSuchParcel(nobody)));
    assert_eq!(ordered[1].outcome, Ok(State::Refused));
}

#[tokio::test]
async fn a_retry_gives_a_new_life_and_takes_the_notice_back() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = store(&spool, &["x"]).await;
    spool.expire(at(LIFETIME)).await.unwrap();
    assert_eq!(spool.due_notices(at(LIFETIME), 1).await.unwrap().len(), 1);
    spool.order(Order::Retry, vec![id.clone()], at(10_000)).await.unwrap();
    assert_eq!(spool.due_notices(at(99_999), 1).await.unwrap().len(), 0);
    assert_eq!(spool.expire(at(10_000 + LIFETIME - 1)).await.unwrap(), []);
    // A notice that was on its way meanwhile changes nothing.
    spool.note_notice(&id, NoticeNote::Sent, at(10_001)).await.unwrap();
    assert_eq!(record(&spool, &id).await.notice, NoticeState::None);
    assert_eq!(spool.expire(at(10_000 + LIFETIME)).await.unwrap(), std::slice::from_ref(&id));
    assert_eq!(spool.due_notices(at(99_999), 1).await.unwrap()[0].attempts, 0, "it is owed again, as a new one");
}

#[tokio::test]
async fn what_has_no_text_can_not_be_retried() {
    let place = Place::new();
    let spool = place.open(Role::Tool);
    let unfit = Fate::Refused { reason: "can't be carried".to_owned() };
    let id = spool.commit(letter(vec![parcel(FIRST, unfit)])).await.unwrap().remove(0).id;
    let ordered = spool.order(Order::Retry, vec![id.clone()], at(1)).await.unwrap();
    assert_eq!(ordered[0].outcome, Err(SpoolError::NothingToSend(id)));
    assert_eq!(spool.due_notices(at(1), 10).await.unwrap().len(), 1, "the notice is still owed");
}

#[tokio::test]
async fn lists_show_what_the_filter_lets_through() {
    let place = Place::new();
    let spool = place.open(Role::Tool);
    let old = spool.commit(letter(vec![parcel(FIRST, text(&["a"])), parcel(SECOND, text(&["a"]))])).await.unwrap();
    let new = NewLetter {
        from: ReversePath::Mailbox(mailbox("100%_sure")),
        accepted: at(100),
        ..letter(vec![parcel(FIRST, text(&["b"]))])
    };
    let new = spool.commit(new).await.unwrap().remove(0).id;
    let null = NewLetter { from: ReversePath::Null, accepted: at(200), ..letter(vec![parcel(SECOND, text(&["c"]))]) };
    let null = spool.commit(null).await.unwrap().remove(0).id;
    spool.order(Order::Hold, vec![new.clone()], at(201)).await.unwrap();

    let (first, second) = (old[0].id.clone(), old[1].id.clone());
    let all = Filter::default;
    let sender = |pattern: &str| Filter { sender: Some(pattern.to_owned()), ..all() };
    for (filter, expected) in [
        (all(), vec![&first, &second, &new, &null]),
        (Filter { letter: Some(first.letter.clone()), ..all() }, vec![&first, &second]),
        (Filter { letter: Some(first.letter.clone()), place: Some(2), ..all() }, vec![&second]),
        (Filter { letter: Some("nobody".to_owned()), ..all() }, vec![]),
        (Filter { state: Some(State::Held), ..all() }, vec![&new]),
        (Filter { number: Some(Number::from_e164(SECOND).unwrap()), ..all() }, vec![&second, &null]),
        (Filter { accepted_before: Some(at(100)), ..all() }, vec![&first, &second]),
        (Filter { accepted_before: Some(at(101)), state: Some(State::Waiting), ..all() }, vec![&first, &second]),
        (sender("root@site.example"), vec![&first, &second]),
        (sender("ROOT@*"), vec![&first, &second]),
        (sender("100%_*"), vec![&new]),
        (sender("%"), vec![]),
        (sender("*"), vec![&first, &second, &new]),
        (sender("<>"), vec![&null]),
    ] {
        let listed = spool.list(&filter, None, 100).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|line| &line.parcel.id).collect();
        assert_eq!(listed, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn lists_come_page_by_page_even_while_the_spool_changes() {
    let place = Place::new();
    let spool = place.open(Role::Tool);
    let mut stored = Vec::new();
    for second in 0..7 {
        let letter = letter(vec![parcel(FIRST, text(&["x"])), parcel(SECOND, text(&["x"]))]);
        let committed = spool.commit(NewLetter { accepted: at(second), ..letter }).await.unwrap();
        stored.extend(committed.into_iter().map(|parcel| parcel.id));
    }
    let mut seen = Vec::new();
    loop {
        let page = spool.list(&Filter::default(), seen.last(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        seen.extend(page.into_iter().map(|line| line.parcel.id));
        spool.order(Order::Cancel, seen.clone(), at(50)).await.unwrap();
    }
    assert_eq!(seen, stored);
}

#[tokio::test]
async fn the_spool_counts() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    assert_eq!(spool.stats().await.unwrap(), Stats::default());
    let refuse = claimed(&spool, &["x"]).await;
    spool.note(&refuse, refused(), at(1)).await.unwrap();
    let move_away = claimed(&spool, &["x"]).await;
    let elsewhere = Note::Retry { reason: "421".to_owned(), due: at(2), gateway: "spare".to_owned() };
    spool.note(&move_away, elsewhere, at(1)).await.unwrap();
    for second in [20, 10] {
        let late = letter(vec![parcel(FIRST, text(&["x"]))]);
        spool.commit(NewLetter { accepted: at(second), ..late }).await.unwrap();
    }
    let stats = spool.stats().await.unwrap();
    assert_eq!((stats.count(State::Waiting), stats.count(State::Refused), stats.count(State::Sent)), (3, 1, 0));
    assert_eq!((stats.waiting_for(GATEWAY), stats.waiting_for("spare"), stats.waiting_for("none")), (2, 1, 0));
    assert_eq!((stats.oldest_waiting, stats.notices_owed), (Some(at(0)), 1));
}

#[tokio::test]
async fn history_goes_when_it_is_old_and_nothing_of_its_letter_is_left_to_do() {
    let mut place = Place::new();
    place.settings.keep = Duration::from_secs(4000);
    let spool = place.open(Role::Relay);
    let pair = || letter(vec![parcel(FIRST, text(&["x"])), parcel(SECOND, text(&["x"]))]);
    let done = spool.commit(pair()).await.unwrap();
    let half = spool.commit(pair()).await.unwrap();
    let owed = spool.commit(pair()).await.unwrap();
    spool.claim(GATEWAY, at(0), 10).await.unwrap();
    for id in [&done[0].id, &done[1].id, &half[0].id, &owed[0].id] {
        spool.note(id, accepted(), at(10)).await.unwrap();
    }
    spool.note(&half[1].id, Note::Held { reason: "no answer".to_owned() }, at(10)).await.unwrap();
    spool.note(&owed[1].id, refused(), at(10)).await.unwrap();

    assert_eq!(spool.prune(at(4010)).await, Ok(0), "not yet");
    assert_eq!(spool.prune(at(4011)).await, Ok(2));
    assert!(spool.letter(&done[0].id.letter).await.unwrap().is_none());
    assert_eq!(spool.letter(&half[0].id.letter).await.unwrap().unwrap().parcels.len(), 2);
    let events: i64 =
        place.sqlite().query_one("SELECT count(DISTINCT letter) FROM events", (), |row| row.get(0)).unwrap();
    assert_eq!(events, 2, "its history went with it");

    spool.note_notice(&owed[1].id, NoticeNote::Sent, at(4012)).await.unwrap();
    assert_eq!(spool.prune(at(4012)).await, Ok(2));
}

#[tokio::test]
async fn pruning_never_forgets_what_accepting_once_must_remember() {
    let mut place = Place::new();
    place.settings.keep = Duration::ZERO;
    let spool = place.open(Role::Relay);
    let same = |second| NewLetter { accepted: at(second), ..named("a@mon", letter(vec![parcel(FIRST, text(&["x"]))])) };
    let id = spool.commit(same(0)).await.unwrap().remove(0).id;
    spool.claim(GATEWAY, at(0), 1).await.unwrap();
    spool.note(&id, accepted(), at(1)).await.unwrap();
    assert_eq!(spool.prune(at(3000)).await, Ok(0));
    assert!(spool.commit(same(3000)).await.unwrap()[0].duplicate);
    assert_eq!(spool.prune(at(3602)).await, Ok(1));
}

#[tokio::test]
async fn a_long_history_goes_in_several_transactions() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let all: Vec<_> = (0..450).map(|_| store(&spool, &["x"])).collect();
    for one in all {
        one.await;
    }
    let ids: Vec<_> = spool.claim(GATEWAY, at(0), 1000).await.unwrap().into_iter().map(|parcel| parcel.id).collect();
    for id in &ids {
        spool.note(id, accepted(), at(1)).await.unwrap();
    }
    let before = spool.transactions();
    assert_eq!(spool.prune(at(40 * 24 * 3600)).await, Ok(450));
    assert_eq!(spool.transactions() - before, 3);
}
