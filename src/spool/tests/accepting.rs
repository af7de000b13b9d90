//! Accepting: on disk when answered, once for the same letter, many letters in few transactions.

use super::*;

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let parts = text(&["one", "due: 50 €"]);
    let committed = spool.commit(letter(vec![parcel(FIRST, parts), parcel(SECOND, text(&["x"]))])).await.unwrap();
    assert_eq!(committed.iter().map(|c| (c.id.place, c.duplicate)).collect::<Vec<_>>(), [(1, false), (2, false)]);
    assert_eq!(committed[0].id.letter, committed[1].id.letter);
    drop(spool);

    let spool = place.open(Role::Relay);
    let claimed = spool.claim(GATEWAY, at(0), 10).await.unwrap();
    assert_eq!(ids(&claimed), committed.iter().map(|c| c.id.clone()).collect::<Vec<_>>());
    let first = &claimed[0];
    assert_eq!(first.state, State::Sending);
    assert_eq!(first.number.as_str(), FIRST);
    assert_eq!(first.sender.as_str(), "ALERTS");
    assert_eq!(first.address, "+447731234567@sms.example.com");
    assert_eq!(first.gateways, [GATEWAY, "spare"]);
    assert_eq!(first.gateway, GATEWAY);
    assert_eq!(first.encoding, Encoding::Latin1);
    assert_eq!(first.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>(), ["one", "due: 50 €"]);
    assert_eq!((first.accepted_parts, first.attempts), (0, 0));
    assert_eq!((first.accepted, first.expires), (at(0), at(LIFETIME)));
    assert_eq!(first.last_reply, None);
}

#[tokio::test]
async fn letters_that_come_together_share_transactions() {
    const LETTERS: usize = 200;
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let before = spool.transactions();
    let all: Vec<_> = (0..LETTERS)
        .map(|_| {
            let spool = spool.clone();
            tokio::spawn(async move { store(&spool, &["x"]).await })
        })
        .collect();
    let mut names = std::collections::HashSet::new();
    for one in all {
        names.insert(one.await.unwrap());
    }
    assert_eq!(names.len(), LETTERS, "every letter has a name of its own");
    let transactions = spool.transactions() - before;
    assert!(transactions < LETTERS as u64 / 4, "{transactions} transactions");
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), LETTERS);
}

/// Stores a letter and then another; gives whether the second one's only parcel is a duplicate of the first one's.
async fn is_duplicate(first: NewLetter, second: NewLetter) -> bool {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let first = spool.commit(first).await.unwrap().remove(0);
    // A mail server may well hand over again because we were restarted.
    drop(spool);
    let second = place.open(Role::Relay).commit(second).await.unwrap().remove(0);
    assert!(!first.duplicate);
    assert_eq!(second.duplicate, first.id == second.id);
    second.duplicate
}

#[tokio::test]
async fn the_same_letter_is_accepted_once() {
    let plain = || letter(vec![parcel(FIRST, text(&["down"]))]);
    let first = || named("a@mon", plain());
    let later = |second: u64| NewLetter { accepted: at(second), ..first() };
    let null = || NewLetter { from: ReversePath::Null, notice_to: None, ..first() };
    let from = |local: &str| NewLetter { from: ReversePath::Mailbox(mailbox(local)), ..first() };
    let to = |number: &str, words: &str| named("a@mon", letter(vec![parcel(number, text(&[words]))]));
    for (what, first, second, duplicate) in [
        ("handed over again", first(), later(1), true),
        ("at the end of the window", first(), later(3599), true),
        ("after the window", first(), later(3600), false),
        ("the clock went back", later(600), first(), true),
        ("without a Message-ID", plain(), plain(), false),
        ("another Message-ID", first(), named("b@mon", plain()), false),
        ("another sender", first(), from("backup"), false),
        ("the null sender both times", null(), null(), true),
        ("the null sender the second time", first(), null(), false),
        ("another telephone", first(), to(SECOND, "down"), false),
        ("another text", first(), to(FIRST, "up"), false),
    ] {
        assert_eq!(is_duplicate(first, second).await, duplicate, "{what}");
    }
}

#[tokio::test]
async fn without_a_window_everything_is_accepted() {
    let mut place = Place::new();
    place.settings.dedup_window = Duration::ZERO;
    let spool = place.open(Role::Relay);
    let same = || named("a@mon", letter(vec![parcel(FIRST, text(&["down"]))]));
    spool.commit(same()).await.unwrap();
    assert!(!spool.commit(same()).await.unwrap()[0].duplicate);
}

#[tokio::test]
async fn what_the_first_has_become_decides_about_the_second() {
    let same = || named("a@mon", letter(vec![parcel(FIRST, text(&["down"]))]));
    for (became, note, duplicate) in [
        (State::Sending, None, true),
        (State::Waiting, Some(retry(5)), true),
        (State::Sent, Some(accepted()), true),
        (State::Held, Some(Note::Held { reason: "no answer".to_owned() }), true),
        (State::Refused, Some(refused()), false),
    ] {
        let place = Place::new();
        let spool = place.open(Role::Relay);
        let first = spool.commit(same()).await.unwrap().remove(0).id;
        spool.claim(GATEWAY, at(0), 1).await.unwrap();
        if let Some(note) = note {
            spool.note(&first, note, at(1)).await.unwrap();
        }
        assert_eq!(state(&spool, &first).await, became);
        let second = spool.commit(same()).await.unwrap().remove(0);
        assert_eq!(second.duplicate, duplicate, "{became}");
    }
}

#[tokio::test]
async fn an_expired_letter_may_come_again() {
    let mut place = Place::new();
    place.settings.dedup_window = Duration::from_secs(2 * LIFETIME);
    let spool = place.open(Role::Relay);
    let same = || named("a@mon", letter(vec![parcel(FIRST, text(&["down"]))]));
    spool.commit(same()).await.unwrap();
    assert_eq!(spool.expire(at(LIFETIME)).await.unwrap().len(), 1);
    assert!(!spool.commit(same()).await.unwrap()[0].duplicate);
}

#[tokio::test]
async fn a_refusal_from_the_start_is_told_once_and_hides_nothing_that_can_be_sent() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let unfit = || Fate::Refused { reason: "can't be carried".to_owned() };
    let mixed = || named("a@mon", letter(vec![parcel(FIRST, text(&["down"])), parcel(SECOND, unfit())]));
    let first = spool.commit(mixed()).await.unwrap();
    let again = spool.commit(mixed()).await.unwrap();
    assert!(again.iter().all(|parcel| parcel.duplicate));
    assert_eq!(first.iter().map(|c| &c.id).collect::<Vec<_>>(), again.iter().map(|c| &c.id).collect::<Vec<_>>());
    assert_eq!(spool.due_notices(at(0), 10).await.unwrap().len(), 1);

    let fit = named("a@mon", letter(vec![parcel(SECOND, text(&["down"]))]));
    assert!(!spool.commit(fit).await.unwrap()[0].duplicate);
}

#[tokio::test]
async fn only_the_new_parcels_of_a_letter_are_stored() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let first = spool.commit(named("a@mon", letter(vec![parcel(FIRST, text(&["down"]))]))).await.unwrap();
    let both = letter(vec![parcel(FIRST, text(&["down"])), parcel(SECOND, text(&["down"]))]);
    let second = spool.commit(named("a@mon", both)).await.unwrap();
    assert_eq!(second[0], Committed { id: first[0].id.clone(), duplicate: true, state: State::Waiting });
    assert!(!second[1].duplicate);
    assert_eq!(second[1].id.place, 1, "the letter has one parcel");
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 2);
    let history = record(&spool, &first[0].id).await.history;
    assert_eq!(history.iter().map(|entry| entry.what.as_str()).collect::<Vec<_>>(), ["accepted", "handed over again"]);
}
