//! Limits: how long, how much, and what is still said when the gateway ends.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::*;

async fn logged_in(settings: Settings) -> Visit {
    let mut visit = Visit::begin(settings);
    visit.say(LOGIN).await;
    while !visit.hear().await.starts_with("235") {}
    visit
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_is_sent_away() {
    let mut visit = logged_in(settings()).await;
    let started = Instant::now();
    visit.say("NOO").await;
    assert_eq!(visit.hear().await, "421 Too slow, closing connection\r\n");
    assert_eq!(started.elapsed().as_secs(), Timeouts::default().command.as_secs());
    assert_eq!(visit.hear_out().await, "");
}

#[tokio::test(start_paused = true)]
async fn a_text_that_never_ends_is_cut_off() {
    let mut visit = logged_in(settings()).await;
    visit.say(MESSAGE.strip_suffix(".\r\n").unwrap()).await;
    while !visit.hear().await.starts_with("354") {}
    let started = Instant::now();
    let limit = Timeouts::default().text;
    while !visit.session.is_finished() && started.elapsed() < 2 * limit {
        // The last one may find nobody there.
        drop(visit.stream.write_all(b"more\r\n").await);
        sleep(Duration::from_secs(10)).await;
    }
    let took = started.elapsed();
    assert!((limit..limit + Duration::from_secs(20)).contains(&took), "after {took:?}");
    assert_eq!(visit.hear_out().await, "421 Too slow, closing connection\r\n");
    assert_eq!(visit.accepted(), []);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_takes_no_answer_is_given_up() {
    let mut visit = logged_in(settings()).await;
    let noops = "NOOP\r\n".repeat(2000);
    drop(tokio::time::timeout(Duration::from_secs(60), visit.stream.write_all(noops.as_bytes())).await);
    let ended = tokio::time::timeout(Duration::from_secs(120), &mut visit.session).await;
    assert!(ended.is_ok(), "the session waits for ever");
}

#[tokio::test(start_paused = true)]
async fn long_lines_are_refused_and_forgotten() {
    let mut visit = logged_in(settings()).await;
    visit.say(format!("NOOP {}\r\n", "x".repeat(505))).await;
    assert_eq!(visit.hear().await, "250 Requested okay, completed\r\n");
    visit.say(format!("NOOP {}\r\n", "x".repeat(506))).await;
    assert_eq!(visit.hear().await, "500 Line too long\r\n");
    visit.say(MESSAGE.replace("disk full", &"x".repeat(8191))).await;
    assert_eq!(visit.hear().await, "250 ALERTS ...Sender Ok\r\n");
    assert_eq!(visit.hear().await, "250 +4477331234567 ...Recipient Ok\r\n");
    assert!(visit.hear().await.starts_with("354"));
    assert_eq!(visit.hear().await, "552 An SMS has 160 characters at most\r\n");
    visit.say(MESSAGE.replace("disk full", &"x".repeat(160))).await;
    let mut last = String::new();
    for _ in 0..4 {
        last = visit.hear().await;
    }
    assert_eq!(last, "Message accepted for delivery to: +4477331234567\r\n");
    assert_eq!(visit.accepted().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn at_the_end_a_waiting_client_hears_so() {
    let mut visit = logged_in(settings()).await;
    visit.shutdown.cancel();
    assert_eq!(visit.hear_out().await, "421 The gateway ends, closing connection\r\n");
    visit.session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn at_the_end_an_owed_answer_goes_out_first() {
    let mut visit = logged_in(with_faults(&["text:delay=60000"])).await;
    visit.say(MESSAGE).await;
    while !visit.hear().await.starts_with("354") {}
    sleep(Duration::from_secs(1)).await;
    assert_eq!(visit.accepted().len(), 1);
    let started = Instant::now();
    visit.shutdown.cancel();
    let expected = "Message accepted for delivery to: +4477331234567\r\n421 The gateway ends, closing connection\r\n";
    assert_eq!(visit.hear_out().await, expected);
    assert!(started.elapsed() < Duration::from_secs(1), "waited for the delay");
}

#[tokio::test(start_paused = true)]
async fn the_log_is_written_before_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sms.jsonl");
    let settings = Settings { log: Some(path.clone()), ..with_faults(&["text:delay=60000"]) };
    let mut visit = logged_in(settings).await;
    visit.say(MESSAGE).await;
    while !visit.hear().await.starts_with("354") {}
    let answer = tokio::time::timeout(Duration::from_secs(59), visit.stream.read_u8()).await;
    assert!(answer.is_err(), "answered already");
    let log = std::fs::read_to_string(&path).unwrap();
    assert!(log.ends_with("\"text\":\"disk full\",\"session\":7,\"credits\":2}\n"), "{log}");
    assert_eq!(visit.hear().await, "Message accepted for delivery to: +4477331234567\r\n");
}

#[tokio::test(start_paused = true)]
async fn every_answer_takes_the_round_trip() {
    let round_trip = Duration::from_millis(50);
    let started = Instant::now();
    let mut visit = logged_in(Settings { round_trip, ..settings() }).await;
    // The greeting, and the answers to a login that comes all at once.
    assert_eq!(started.elapsed(), 2 * round_trip);
    for step in MESSAGE.split_inclusive("\r\n").take(3) {
        visit.say(step).await;
        visit.hear().await;
    }
    visit.say(MESSAGE.splitn(4, "\r\n").last().unwrap()).await;
    assert!(visit.hear().await.starts_with("Message accepted"));
    assert_eq!(started.elapsed(), 6 * round_trip);
}

#[tokio::test(start_paused = true)]
async fn commands_that_come_together_share_the_round_trip() {
    let round_trip = Duration::from_millis(50);
    let mut visit = logged_in(Settings { round_trip, ..settings() }).await;
    let started = Instant::now();
    visit.say(MESSAGE).await;
    while !visit.hear().await.starts_with("Message accepted") {}
    assert_eq!(started.elapsed(), round_trip);
}
