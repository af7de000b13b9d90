//! Full disks, files that may only be read, other processes that write.

use super::*;

/// Has the writer's connection follow a pragma, as a disk would make it behave.
async fn pragma(spool: &Spool, name: &'static str, value: i64) {
    let set = move |db: &rusqlite::Connection| {
        db.query_one(&format!("PRAGMA {name} = {value}"), (), |_| Ok(())).or_else(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Ok(()),
            error => Err(error),
        })?;
        Ok(())
    };
    spool.room.writer.write(|()| false, set).await.unwrap();
}

fn big() -> NewLetter {
    letter(vec![parcel(FIRST, text(&["x".repeat(100_000).as_str()]))])
}

#[tokio::test]
async fn a_full_disk_is_a_temporary_error_and_passes() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let before = store(&spool, &["x"]).await;
    // One page: SQLite takes no smaller limit than what is in use.
    pragma(&spool, "max_page_count", 1).await;
    let error = spool.commit(big()).await.unwrap_err();
    assert_eq!(error, SpoolError::Full(place.settings.path.clone()));
    assert!(error.is_temporary());
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 1, "nothing of it is left");
    assert_eq!(ids(&spool.claim(GATEWAY, at(0), 10).await.unwrap()), [before]);

    pragma(&spool, "max_page_count", 1 << 30).await;
    spool.commit(big()).await.unwrap();
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 1);
}

#[tokio::test]
async fn a_letter_that_does_not_fit_spoils_no_other() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    store(&spool, &["x"]).await;
    pragma(&spool, "max_page_count", 1).await;
    let (large, small) = tokio::join!(spool.commit(big()), spool.stats());
    assert!(large.is_err() && small.is_ok());
    pragma(&spool, "max_page_count", 1 << 30).await;
    // In one transaction with a job that can't be done.
    let nobody = ParcelId { letter: "nobody".to_owned(), place: 1 };
    let before = spool.transactions();
    let (good, bad, also_good) =
        tokio::join!(store(&spool, &["y"]), spool.note(&nobody, accepted(), at(1)), store(&spool, &["z"]));
    assert_eq!(bad, Err(SpoolError::NoSuchParcel(nobody)));
    assert_ne!(good, also_good);
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 3);
    assert!(spool.transactions() - before <= 3);
}

#[tokio::test]
async fn a_disk_that_may_only_be_read_is_a_temporary_error_for_each_who_asks() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    store(&spool, &["x"]).await;
    pragma(&spool, "query_only", 1).await;
    for _ in 0..2 {
        let error = spool.commit(big()).await.unwrap_err();
        assert_eq!(error, SpoolError::ReadOnly(place.settings.path.clone()));
        assert!(error.is_temporary());
    }
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 1, "what is there can still be looked at");
}

#[tokio::test]
async fn a_tool_works_beside_the_relay_and_is_seen_at_once() {
    let place = Place::new();
    let relay = place.open(Role::Relay);
    let tool = place.open(Role::Tool);
    let mut changes = relay.changes();
    changes.mark_unchanged();
    let id = store(&tool, &["x"]).await;
    tokio::time::timeout(Duration::from_secs(20), changes.changed()).await.unwrap().unwrap();
    assert_eq!(ids(&relay.claim(GATEWAY, at(0), 1).await.unwrap()), std::slice::from_ref(&id));
    relay.note(&id, retry(500), at(1)).await.unwrap();

    changes.mark_unchanged();
    let ordered = tool.order(Order::Hold, vec![id.clone()], at(2)).await.unwrap();
    assert_eq!(ordered[0].outcome, Ok(State::Held));
    tokio::time::timeout(Duration::from_secs(20), changes.changed()).await.unwrap().unwrap();
    assert_eq!(state(&relay, &id).await, State::Held);
}

#[tokio::test]
async fn whoever_hinders_the_writer_for_a_while_only_delays_it() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let other = place.sqlite();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let storing = tokio::spawn({
        let spool = spool.clone();
        async move { store(&spool, &["x"]).await }
    });
    // The writer waits; who only looks does not.
    assert_eq!(spool.stats().await.unwrap().count(State::Waiting), 0);
    other.execute_batch("COMMIT").unwrap();
    storing.await.unwrap();
}

#[tokio::test]
async fn a_job_is_done_even_if_nobody_waits_for_it() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["x"]).await;
    let noting = spool.note(&id, accepted(), at(1));
    tokio::pin!(noting);
    // Handed in, then dropped.
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(noting.as_mut().poll(cx).is_pending())).await);
    drop(spool.clone());
    let after = store(&spool, &["y"]).await;
    assert_ne!(after, id);
    assert_eq!(state(&spool, &id).await, State::Sent);
}

#[tokio::test(start_paused = true)]
async fn simulated_time_stands_still_while_the_spool_is_at_work() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let begin = tokio::time::Instant::now();
    // Something that a clock running ahead would wake.
    let sleeper = tokio::spawn(tokio::time::sleep(Duration::from_secs(60)));
    for _ in 0..20 {
        store(&spool, &["x"]).await;
        spool.stats().await.unwrap();
    }
    assert_eq!(begin.elapsed(), Duration::ZERO);
    sleeper.await.unwrap();
}
