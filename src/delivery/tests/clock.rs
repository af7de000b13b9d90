//! A clock that is set back and forth while messages wait.

use super::*;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A relay whose gateway answers every RCPT with a 4xx, and a message that has met it once.
async fn failed_once() -> (Bench, Served, ParcelId) {
    let (far, arrivals) = Far::open_with("a", 100, &["rcpt:tempfail"]).await;
    let mut bench = Bench::new(vec![far.settings.clone()]);
    let served = far.serve(arrivals);
    bench.start();
    let id = bench.store(&["a"], &["x"]).await;
    bench.until_tried(&id, 1).await;
    (bench, served, id)
}

/// How long it takes until the message has been tried once more, in seconds of real time.
async fn until_next_try(bench: &Bench, id: &ParcelId) -> u64 {
    let (begin, tries) = (tokio::time::Instant::now(), bench.parcel(id).await.attempts);
    bench.until_tried(id, tries + 1).await;
    begin.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_makes_no_retry_wait_until_the_moment_returns() {
    let (mut bench, _served, id) = failed_once().await;
    for back in [90, 10 * MINUTE, 5 * HOUR, 300 * DAY] {
        bench.set_clock(-back);
        let waited = until_next_try(&bench, &id).await;
        // The loop sleeps a minute at most, and no delay of these tries is longer than a quarter of an hour.
        assert!(waited <= 17 * 60, "{waited} s, after the clock was set back by {back} s");
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_between_two_runs_is_found_out() {
    let (mut bench, _served, id) = failed_once().await;
    bench.stop().await;
    bench.set_clock(-3 * DAY);
    bench.start();
    let waited = until_next_try(&bench, &id).await;
    assert!(waited <= 2, "{waited} s");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_ahead_lets_nothing_expire_that_has_hardly_waited() {
    let (mut bench, _served, id) = failed_once().await;
    bench.set_clock(300 * DAY);
    tokio::time::sleep(Duration::from_secs(47 * 3600)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Waiting);
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Expired, "after 48 hours of waiting");
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_set_back_and_forth_makes_no_life_longer_or_shorter_than_promised() {
    let (mut bench, _served, id) = failed_once().await;
    for leap in [HOUR, -2 * DAY, 5 * DAY, -3 * DAY - HOUR] {
        bench.set_clock(leap);
        tokio::time::sleep(Duration::from_secs(120)).await;
    }
    tokio::time::sleep(Duration::from_secs(47 * 3600)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Waiting);
    tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
    assert_eq!(bench.parcel(&id).await.state, State::Expired);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_accepted_after_a_leap_lives_as_long_as_anything_else() {
    let (mut bench, _served, _) = failed_once().await;
    for leap in [3 * DAY, -3 * DAY] {
        bench.set_clock(leap);
        let id = bench.store(&["a"], &["x"]).await;
        tokio::time::sleep(Duration::from_secs(47 * 3600)).await;
        assert_eq!(bench.parcel(&id).await.state, State::Waiting, "accepted after {leap} s");
        tokio::time::sleep(Duration::from_secs(2 * 3600)).await;
        assert_eq!(bench.parcel(&id).await.state, State::Expired, "accepted after {leap} s");
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn notices_do_not_wait_for_a_clock_that_was_set_back() {
    // Nobody is at the port where notices go: the first try fails.
    let (mut bench, _served, id) = failed_once().await;
    bench.spool.order(crate::spool::Order::Cancel, vec![id], bench.clock.now()).await.unwrap();
    tokio::time::sleep(Duration::from_secs(5)).await;
    bench.set_clock(-10 * HOUR);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let due = bench.spool.next_notice_due().await.unwrap().unwrap();
    assert!(due <= later(bench.clock.now(), 3960), "due at {due}, and it is {}", bench.clock.now());
    bench.stop().await;
}
