//! The exchange with a mail server that follows a script, over an in-memory pipe and paused time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use super::{ACCEPTANCE_TIMEOUT, Delivery, EXCHANGE_TIMEOUT, QUIT_TIMEOUT, REPLY_TIMEOUT, exchange, path, send};
use crate::address::Number;
use crate::bounce::{Case, Kind, Notice, Settings, notice};
use crate::smtp::Mailbox;

/// What a Postfix says when all goes well, in order: greeting, EHLO, MAIL, RCPT, DATA, text, QUIT.
const GOOD: [&str; 7] = [
    "220 mx.example ESMTP Postfix\r\n",
    "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250 CHUNKING\r\n",
    "250 2.1.0 Ok\r\n",
    "250 2.1.5 Ok\r\n",
    "354 End data with <CR><LF>.<CR><LF>\r\n",
    "250 2.0.0 Ok: queued as 224B824BD40\r\n",
    "221 2.0.0 Bye\r\n",
];

fn mailbox(local: &str) -> Mailbox {
    Mailbox { local: local.to_owned(), domain: Some("mon.example".to_owned()) }
}

fn settings(relay_port: u16) -> Settings {
    let (hostname, relay_host) = ("sms.example.com".to_owned(), "127.0.0.1".to_owned());
    Settings {
        hostname,
        relay_host,
        relay_port,
        from: mailbox("postmaster"),
        notify: Vec::new(),
        delay: None,
        per_sender: None,
        expire: Duration::from_secs(3600),
    }
}

fn notice_to(local: &str) -> Notice {
    let case = Case {
        id: "7k2m9q4xw1.1".to_owned(),
        notice_to: mailbox(local),
        address: ".00447731234567@sms.example.com".to_owned(),
        number: Number::from_e164("+447731234567").unwrap(),
        kind: Kind::Refused { reply: "550 no such number".to_owned() },
        accepted_parts: 0,
        total_parts: 1,
        arrival: Timestamp::UNIX_EPOCH,
        last_attempt: None,
        subject: ".".to_owned(),
        original: None,
        envelope_id: None,
        message_id: None,
        headers: ".dotted: field\n..: b\n".to_owned(),
    };
    notice(&settings(25), &case, Timestamp::UNIX_EPOCH)
}

/// Says the replies one after the other, each after a pause, and hears what the client says to each. Gives the lines
/// it got; the connection stays open.
async fn server(stream: &mut BufReader<DuplexStream>, replies: &[&str], pause: Duration) -> Vec<String> {
    let mut lines = Vec::new();
    for reply in replies {
        sleep(pause).await;
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return lines;
        }
        let is_text = reply.starts_with("354");
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap() == 0 {
                return lines;
            }
            lines.push(line.clone());
            if !is_text || line == ".\r\n" {
                break;
            }
        }
    }
    lines
}

/// Plays the script, then hangs up; gives what became of the notice and what the server heard.
async fn play(notice: &Notice, replies: &[&str]) -> (Delivery, Vec<String>) {
    let (ours, theirs) = tokio::io::duplex(64);
    let settings = settings(25);
    let script = async { server(&mut BufReader::new(theirs), replies, Duration::ZERO).await };
    tokio::join!(exchange(ours, &settings, notice), script)
}

/// Plays the script slowly, then keeps the connection and says nothing more; gives what became of the notice and how
/// long it took.
async fn play_slowly(replies: &[&str], pause: Duration) -> (Delivery, Duration) {
    let (ours, theirs) = tokio::io::duplex(64);
    let (settings, notice, begin) = (settings(25), notice_to("nagios"), Instant::now());
    let script = async {
        let mut theirs = BufReader::new(theirs);
        server(&mut theirs, replies, pause).await;
        std::future::pending::<()>().await;
    };
    tokio::select! {
        delivery = exchange(ours, &settings, &notice) => (delivery, begin.elapsed()),
        () = script => unreachable!(),
    }
}

fn good_with(step: usize, reply: &'static str) -> [&'static str; 7] {
    let mut replies = GOOD;
    replies[step] = reply;
    replies
}

#[tokio::test(start_paused = true)]
async fn a_notice_goes_out_as_it_is() {
    let notice = notice_to("nagios");
    let (delivery, lines) = play(&notice, &GOOD).await;
    assert_eq!(delivery, Delivery::Sent { reply: "250 2.0.0 Ok: queued as 224B824BD40".to_owned() });
    let commands = ["EHLO sms.example.com\r\n", "MAIL FROM:<>\r\n", "RCPT TO:<nagios@mon.example>\r\n", "DATA\r\n"];
    assert_eq!(lines[..4], commands);
    assert_eq!(lines[lines.len() - 2..], [".\r\n", "QUIT\r\n"]);
    let text = &lines[4..lines.len() - 2];
    assert!(text.iter().any(|line| line == "..dotted: field\r\n"), "{text:?}");
    let unstuffed: String = text.iter().map(|line| line.strip_prefix('.').unwrap_or(line)).collect();
    assert_eq!(unstuffed.as_bytes(), notice.bytes());
}

#[tokio::test(start_paused = true)]
async fn only_a_5xx_about_the_notice_itself_is_permanent() {
    for (step, reply, is_permanent) in [
        (0, "554 5.3.2 not today\r\n", false),
        (0, "421 4.3.2 busy\r\n", false),
        (1, "500 5.5.2 what?\r\n", false),
        (2, "550 5.1.7 no null senders\r\n", true),
        (2, "555 5.5.4 SMTPUTF8 unknown\r\n", true),
        (2, "530 5.7.0 STARTTLS first\r\n", false),
        (2, "452 4.3.1 disk full\r\n", false),
        (3, "550 5.1.1 user unknown\r\n", true),
        (3, "450 4.2.0 greylisted\r\n", false),
        (4, "554 5.5.1 no valid recipients\r\n", true),
        (4, "250 what now\r\n", false),
        (5, "554-5.7.1 no\r\n554 5.7.1 spam\r\n", true),
        (5, "451 4.7.1 later\r\n", false),
        (5, "354 go on\r\n", false),
        (5, "garbage\r\n", false),
    ] {
        let (delivery, lines) = play(&notice_to("nagios"), &good_with(step, reply)).await;
        let (Delivery::Retry { reason } | Delivery::Failed { reason }) = &delivery else { panic!("{delivery:?}") };
        assert_eq!(matches!(delivery, Delivery::Failed { .. }), is_permanent, "{step} {reply}: {reason}");
        let first_line = reply.trim_end().split("\r\n").next().unwrap().replace('-', " ");
        assert!(reason.contains(&first_line) || reply.starts_with("garbage"), "{reason}");
        assert!(!reason.contains(['\r', '\n']), "{reason}");
        assert!(lines.last().is_none_or(|line| line == "QUIT\r\n"), "{lines:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_hangs_up_anywhere_is_tried_again() {
    for step in 0..6 {
        let (delivery, _) = play(&notice_to("nagios"), &GOOD[..step]).await;
        assert!(matches!(delivery, Delivery::Retry { .. }), "{step}: {delivery:?}");
    }
    let (delivery, _) = play(&notice_to("nagios"), &GOOD[..6]).await;
    assert!(matches!(delivery, Delivery::Sent { .. }), "no goodbye: {delivery:?}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_falls_silent_is_left() {
    for step in 0..7 {
        let (delivery, took) = play_slowly(&GOOD[..step], Duration::ZERO).await;
        assert_eq!(matches!(delivery, Delivery::Sent { .. }), step == 6, "{delivery:?}");
        let limit = if step >= 4 { ACCEPTANCE_TIMEOUT } else { REPLY_TIMEOUT } + QUIT_TIMEOUT;
        assert!(took <= limit, "step {step} took {took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_slow_at_every_step_is_left_too() {
    let pause = REPLY_TIMEOUT - Duration::from_secs(1);
    let (delivery, _) = play_slowly(&GOOD, pause).await;
    assert!(matches!(delivery, Delivery::Sent { .. }), "{delivery:?}");
    let (delivery, took) = play_slowly(&GOOD[..5], pause).await;
    assert_eq!(delivery, Delivery::Retry { reason: "the mail server takes too long over it".to_owned() });
    assert_eq!(took, EXCHANGE_TIMEOUT);
}

#[tokio::test]
async fn connections_are_made_and_refused_for_real() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let greet_and_leave = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"421 4.3.2 closing\r\n").await.unwrap();
        drop(listener);
    };
    let (settings, notice) = (settings(port), notice_to("nagios"));
    let (delivery, ()) = tokio::join!(send(&settings, &notice), greet_and_leave);
    assert_eq!(delivery, Delivery::Retry { reason: "the mail server's greeting: 421 4.3.2 closing".to_owned() });
    let refused = send(&settings, &notice).await;
    let Delivery::Retry { reason } = refused else { panic!("{refused:?}") };
    assert!(reason.starts_with("no connection to the mail server: "), "{reason}");
}

#[tokio::test(start_paused = true)]
async fn an_address_beyond_ascii_asks_for_smtputf8() {
    let (delivery, lines) = play(&notice_to("jürgen"), &GOOD).await;
    assert!(matches!(delivery, Delivery::Sent { .. }), "{delivery:?}");
    assert_eq!(lines[1..3], ["MAIL FROM:<> SMTPUTF8\r\n", "RCPT TO:<jürgen@mon.example>\r\n"]);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_would_be_two_commands_is_none() {
    let (delivery, lines) = play(&notice_to("a\r\nRCPT TO:<evil@example.org>"), &GOOD).await;
    assert!(matches!(delivery, Delivery::Failed { .. }) && lines.is_empty(), "{delivery:?} {lines:?}");
    for (local, domain, expected) in [
        ("a", Some("b.c"), Some("a@b.c")),
        ("a b>", Some("b.c"), Some("\"a b>\"@b.c")),
        ("root", None, Some("root")),
        ("a", Some("[IPv6:::1]"), Some("a@[IPv6:::1]")),
        ("ü", Some("ö.example"), Some("ü@ö.example")),
        ("a\0", Some("b.c"), None),
        ("a", Some("b> SIZE=1"), None),
        ("a", Some("b\u{85}"), None),
        ("", Some("b.c"), None),
    ] {
        let mailbox = Mailbox { local: local.to_owned(), domain: domain.map(str::to_owned) };
        assert_eq!(path(&mailbox).as_deref(), expected);
    }
}
