//! Input that no honest client sends: it ends in a clear reply, bounded memory and a living server.

use super::*;
use tokio::time::{Instant, sleep};

/// Replies that nobody takes must not pile up.
#[tokio::test(start_paused = true)]
async fn a_client_that_talks_and_never_listens_is_left() {
    let mut visit = Visit::begin(settings(), "127.0.0.1", 4096);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\n").await;
    let start = Instant::now();
    let flood = "RCPT TO:<c@d>\r\n".repeat(1000);
    let mut sent = 0;
    while visit.client.write_all(flood.as_bytes()).await.is_ok() {
        sent += flood.len();
        assert!(sent < 1 << 20, "still reading");
    }
    assert_eq!(start.elapsed().as_secs(), 60);
}

/// A bare CR, a bare LF or a NUL in any place of a command makes another command of it for somebody: it is never
/// obeyed.
#[tokio::test(start_paused = true)]
async fn stray_bytes_in_any_place_of_a_command() {
    let command = b"MAIL FROM:<a@b> SIZE=1";
    for stray in [&b"\r"[..], b"\n", b"\0", b"\n.\n", b"\r\r"] {
        for place in 0..=command.len() {
            let mut visit = Visit::begin(settings(), "127.0.0.1", 10_000);
            visit.send(b"HELO a\r\n").await;
            visit.send(&[&command[..place], stray, &command[place..], b"\r\nQUIT\r\n"].concat()).await;
            let heard = visit.rest().await;
            assert!(!heard.contains("sender ok"), "{stray:?} at {place}: {heard}");
            assert!(heard.contains("\r\n50") && heard.ends_with("goodbye\r\n"), "{stray:?} at {place}: {heard}");
        }
    }
}

/// Whatever a client sends, every line that comes back is a reply: nothing it said starts a line of its own.
#[tokio::test(start_paused = true)]
async fn every_line_that_comes_back_is_a_reply() {
    let users = users_file();
    let settings = Settings { users: Some(users.path().to_owned()), max_message_size: 100_000, ..settings() };
    let words = [
        &b"EHLO a"[..],
        b"MAIL FROM:<a@b>",
        b"RCPT TO:<c@d>",
        b"DATA",
        b"BDAT 3",
        b"BDAT 2 LAST",
        b"AUTH PLAIN",
        b"AUTH LOGIN am9l",
        b"*",
        b"STARTTLS",
        b"XCLIENT ADDR=1",
        b"RSET",
        b"VRFY \xff",
        b".",
        b"\r\n250 evil",
        b"\n",
        b"\0",
        b"HELP",
        b"a\r",
        b"MAIL FROM:<\x0b250 evil@b>",
        b"EHLO \r250 evil",
        b"RCPT TO:<\"250 evil\"@x>",
        b"\x16\x03\x01",
        b"AGpvZQBzZWNyZXQ=",
    ];
    let mut random = fastrand::Rng::with_seed(4);
    for _ in 0..300 {
        let mut bytes = Vec::new();
        for _ in 0..40 {
            bytes.extend_from_slice(words[random.usize(..words.len())]);
            bytes.extend_from_slice(if random.u8(..10) == 0 { b"" } else { b"\r\n" });
        }
        let mut visit = Visit::begin(settings.clone(), "127.0.0.1", 1 << 16);
        visit.send(&bytes).await;
        visit.client.shutdown().await.unwrap();
        let heard = visit.rest().await;
        visit.session.await.unwrap();
        let is_reply = |line: &str| {
            line.len() > 3 && matches!(line.as_bytes()[3], b' ' | b'-') && line[..3].parse::<u16>().is_ok()
        };
        assert!(
            heard.split_terminator("\r\n").all(|line| is_reply(line) && !line[4..].starts_with("250 evil")),
            "{heard}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn headers_without_end_are_a_message_too_big() {
    let mut visit = Visit::begin(Settings { max_message_size: 100_000, ..settings() }, "127.0.0.1", 1 << 20);
    visit.send(b"HELO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n").await;
    visit.send("X-A: b\r\n".repeat(50_000).as_bytes()).await;
    visit.send(b".\r\nQUIT\r\n").await;
    assert!(visit.rest().await.contains("552 5.3.4 a message has at most 100000 bytes\r\n221 "));
    assert!(visit.reception.taken().is_empty());
}

/// One byte a minute in the middle of a login is as slow as anywhere else.
#[tokio::test(start_paused = true)]
async fn a_login_may_not_drip_for_ever() {
    let users = users_file();
    let start = Instant::now();
    let settings = Settings { users: Some(users.path().to_owned()), ..settings() };
    let mut visit = Visit::begin(settings, "127.0.0.1", 1000);
    visit.send(b"HELO a\r\nAUTH PLAIN\r\n").await;
    while visit.client.write_all(b"A").await.is_ok() {
        sleep(Duration::from_secs(60)).await;
    }
    assert!(start.elapsed().as_secs() < 400, "{:?}", start.elapsed());
}
