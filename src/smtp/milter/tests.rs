//! Milter connections as a mail server sees them, over an in-memory pipe.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::frame::MAX_FRAME;
use crate::smtp::budget::Budget;
use crate::smtp::shared::Shared;
use crate::smtp::{Accepted, Letter, Mailbox, Permit, Protocol, Reception, Reply, Settings, Verdict};

/// Has the domain `sms.example`, in which only `good` is right. Remembers what passes by; `Q1` rings for it. A mail from
/// `slow` takes for ever, one from `stuck` finds the spool in trouble.
struct FakeReception {
    may_ring: bool,
    passed: Mutex<Vec<Letter>>,
}

impl Reception for FakeReception {
    fn may_accept(&self, recipient: &Mailbox, _: &Permit) -> Result<(), Reply> {
        if recipient.local == "good" { Ok(()) } else { Err(Reply::new(550, "5.1.1", "no such number")) }
    }

    async fn receive(&self, _: Letter) -> Vec<Verdict> {
        panic!("nothing is handed over at a milter listener");
    }

    fn is_ours(&self, recipient: &Mailbox) -> bool {
        recipient.domain.as_deref() == Some("sms.example")
    }

    fn may_ring(&self) -> bool {
        self.may_ring
    }

    async fn ring(&self, passing: Letter) -> Vec<Verdict> {
        let from = passing.envelope.from.mailbox().map(|from| from.local.clone()).unwrap_or_default();
        self.passed.lock().unwrap().push(passing);
        match from.as_str() {
            "slow" => std::future::pending().await,
            "stuck" => vec![Err(Reply::new(451, "4.3.0", "disk full"))],
            _ => vec![Ok(Accepted::Queued { id: "Q1".to_owned() })],
        }
    }
}

/// One connection under test and the mail server's end of its pipe.
struct Visit {
    server: DuplexStream,
    reception: Arc<FakeReception>,
    shutdown: CancellationToken,
    connection: JoinHandle<()>,
}

fn settings() -> Settings {
    let hostname = "sms.example.com".to_owned();
    Settings { hostname, protocol: Protocol::Milter, max_message_size: 1000, max_recipients: 3, ..Settings::default() }
}

impl Visit {
    fn from(address: Option<&str>, settings: Settings, budget: Budget, may_ring: bool) -> Visit {
        let (server, ours) = duplex(1 << 20);
        let reception = Arc::new(FakeReception { may_ring, passed: Mutex::default() });
        let shared = Arc::new(Shared::open(settings, budget).unwrap());
        let shutdown = CancellationToken::new();
        let address = address.map(|address| address.parse().unwrap());
        let run = super::run(ours, address, shared, Arc::clone(&reception), shutdown.clone());
        Visit { server, reception, shutdown, connection: tokio::spawn(run) }
    }

    /// A connection where mails may ring, that has agreed on what Postfix offers.
    async fn begun() -> Visit {
        let mut visit = Visit::from(Some("127.0.0.1"), settings(), Budget::default(), true);
        visit.negotiate().await;
        visit
    }

    async fn negotiate(&mut self) {
        self.send(&POSTFIX).await;
        assert_eq!(self.hear().await[4], b'O');
    }

    async fn send(&mut self, bytes: &[u8]) {
        self.server.write_all(bytes).await.unwrap();
    }

    /// The next answer, as a whole frame.
    async fn hear(&mut self) -> Vec<u8> {
        let mut frame = vec![0; 4];
        let wait = Duration::from_secs(600);
        timeout(wait, self.server.read_exact(&mut frame)).await.expect("an answer").expect("an answer");
        let length = u32::from_be_bytes(frame[..4].try_into().unwrap()) as usize;
        frame.resize(4 + length, 0);
        self.server.read_exact(&mut frame[4..]).await.unwrap();
        frame
    }

    /// Sends the frames; each gives these answers, by their letters.
    async fn ask(&mut self, frames: &[Vec<u8>], expected: &str) {
        self.send(&frames.concat()).await;
        let mut heard = String::new();
        for _ in expected.chars() {
            heard.push(char::from(self.hear().await[4]));
        }
        assert_eq!(heard, expected);
        // What follows is a question with one certain answer: so there was no answer too many.
        self.send(&frame(b"U?\0")).await;
        assert_eq!(self.hear().await, frame(b"c"));
    }

    /// The mails that passed by, as lines such as `<a@b> -> <c@d>: "text"`.
    fn passed(&self) -> Vec<String> {
        let shown = |letter: &Letter| {
            let from = letter.envelope.from.mailbox().map(Mailbox::to_string).unwrap_or_default();
            let to: Vec<String> = letter.envelope.recipients.iter().map(|to| format!("<{}>", to.mailbox)).collect();
            format!("<{from}> -> {}: {:?}", to.join(" "), String::from_utf8_lossy(&letter.bytes))
        };
        self.reception.passed.lock().unwrap().iter().map(shown).collect()
    }

    /// Waits until the connection has ended, and gives what was said last.
    async fn end(mut self) -> Vec<u8> {
        let mut said = Vec::new();
        timeout(Duration::from_secs(100_000), self.server.read_to_end(&mut said)).await.unwrap().unwrap();
        self.connection.await.unwrap();
        said
    }
}

fn frame(content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
}

/// The offer of a Postfix: version 6, all powers, all steps.
const POSTFIX: [u8; 17] = *b"\0\0\0\x0dO\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";

fn mail(from: &str) -> Vec<u8> {
    frame(format!("M<{from}>\0").as_bytes())
}

fn rcpt(to: &str) -> Vec<u8> {
    frame(format!("R<{to}>\0").as_bytes())
}

fn header(name: &str, value: &str) -> Vec<u8> {
    frame(format!("L{name}\0{value}\0").as_bytes())
}

/// From DATA to the end, with this body in one piece.
fn content(body: &str) -> Vec<Vec<u8>> {
    let body = frame(format!("B{body}").as_bytes());
    vec![frame(b"DTi\x00QID\0"), frame(b"T"), header("Subject", " disk\n\tfull"), frame(b"N"), body, frame(b"E")]
}

#[tokio::test(start_paused = true)]
async fn a_wrong_number_is_refused_and_a_mail_for_a_mailbox_rings() {
    let mut visit = Visit::begun().await;
    let connect = [frame(b"DCj\0mx\0"), frame(b"Cclient\x004\0\x19192.0.2.7\0"), frame(b"Hclient.example\0")];
    visit.ask(&connect, "").await;
    visit.ask(&[frame(b"DM{auth_authen}\0joe\0"), mail("a@b")], "").await;
    visit.send(&rcpt("bad@sms.example")).await;
    assert_eq!(visit.hear().await, frame(b"y550 5.1.1 no such number\0"));
    visit.ask(&[rcpt("good@sms.example"), rcpt("ann@site.example")], "cc").await;
    visit.ask(&content("down\r\n"), "ccc").await;
    let passed = r#"<a@b> -> <good@sms.example> <ann@site.example>: "Subject: disk\r\n\tfull\r\n\r\ndown\r\n""#;
    assert_eq!(visit.passed(), [passed]);
    let client = visit.reception.passed.lock().unwrap()[0].envelope.client.clone();
    assert_eq!((client.address, client.hello.as_str()), ("192.0.2.7".parse().ok(), "client.example"));
    assert_eq!(client.user.as_deref(), Some("joe"));
    // The next mail of the same client, without a login.
    visit.ask(&[frame(b"A"), mail("c@d"), rcpt("ann@site.example")], "c").await;
    visit.ask(&content(""), "ccc").await;
    assert_eq!(visit.reception.passed.lock().unwrap()[1].envelope.client.user, None);
    visit.send(&frame(b"Q")).await;
    assert!(visit.end().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mail_for_telephones_alone_is_not_looked_at() {
    let mut visit = Visit::begun().await;
    visit.ask(&[mail("a@b"), rcpt("good@sms.example"), frame(b"T")], "ca").await;
    visit.ask(&[frame(b"A"), mail("a@b"), rcpt("bad@sms.example"), frame(b"T")], "ya").await;
    assert!(visit.passed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn where_no_rule_rings_no_mail_is_asked_for_and_none_is_offered() {
    let mut visit = Visit::from(None, settings(), Budget::default(), false);
    visit.send(&POSTFIX).await;
    let steps = u32::from_be_bytes(visit.hear().await[13..].try_into().unwrap());
    assert_eq!(steps & 0x0270, 0x0270, "no data, no headers, no end of them, no body: {steps:x}");
    visit.ask(&[mail("a@b"), rcpt("ann@site.example")], "c").await;
    // A server that tells of it all the same hears the same as ever.
    visit.ask(&content("down\r\n"), "ccc").await;
    assert!(visit.passed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_old_server_that_offers_nothing_hears_an_answer_to_everything() {
    let mut visit = Visit::from(None, settings(), Budget::default(), true);
    visit.send(b"\0\0\0\x0dO\0\0\0\x02\0\0\0\0\0\0\0\0").await;
    assert_eq!(visit.hear().await, b"\0\0\0\x0dO\0\0\0\x02\0\0\0\0\0\0\0\0");
    visit.ask(&[frame(b"Cx\0U"), frame(b"Hx\0"), mail("a@b"), rcpt("ann@site.example")], "cccc").await;
    let long = frame(format!("B{}", "x".repeat(2000)).as_bytes());
    let text = [header("Subject", "disk"), frame(b"N"), long.clone(), long, frame(b"Eend")];
    visit.ask(&text, "ccccc").await;
    let begins = r#"<a@b> -> <ann@site.example>: "Subject: disk\r\n\r\nxxx"#;
    assert!(visit.passed()[0].starts_with(begins), "{:?}", visit.passed());
    assert_eq!(visit.reception.passed.lock().unwrap()[0].bytes.len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn of_a_long_mail_the_beginning_is_kept_and_the_rest_not_asked_for() {
    let mut visit = Visit::begun().await;
    visit.ask(&[mail("a@b"), rcpt("ann@site.example")], "c").await;
    let piece = frame(format!("B{}", "x".repeat(700)).as_bytes());
    visit.ask(&[frame(b"T"), frame(b"N"), piece.clone(), piece, frame(b"E")], "ccsc").await;
    assert_eq!(visit.reception.passed.lock().unwrap()[0].bytes.len(), 1000);
}

#[tokio::test(start_paused = true)]
async fn of_many_recipients_the_first_are_kept_and_none_is_refused() {
    let mut visit = Visit::begun().await;
    let recipients: Vec<_> = (0..5).map(|n| rcpt(&format!("{n}@site.example"))).collect();
    visit.ask(&[vec![mail("a@b")], recipients, content("")].concat(), "cccccccc").await;
    assert_eq!(visit.reception.passed.lock().unwrap()[0].envelope.recipients.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn no_trouble_of_ours_stops_a_mail() {
    for from in ["stuck@b", "slow@b"] {
        let mut visit = Visit::begun().await;
        visit.ask(&[vec![mail(from), rcpt("ann@site.example")], content("")].concat(), "cccc").await;
        assert_eq!(visit.passed().len(), 1, "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_mail_for_which_no_memory_comes_free_goes_its_way_unseen() {
    let budget = Budget::new(100_000);
    let mut other = budget.share();
    other.cover(100_000, None, 100_000).await;
    let settings = Settings { max_message_size: 1_000_000, ..settings() };
    let mut visit = Visit::from(None, settings, budget, true);
    visit.negotiate().await;
    let body = "x".repeat(60_000);
    visit.ask(&[vec![mail("a@b"), rcpt("ann@site.example")], content(&body)].concat(), "ccsc").await;
    assert!(visit.passed().is_empty());
    // The next mail finds room.
    drop(other);
    visit.ask(&[vec![mail("a@b"), rcpt("ann@site.example")], content(&body)].concat(), "cccc").await;
    assert_eq!(visit.passed().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_came_from_us_does_not_ring() {
    let mut visit = Visit::begun().await;
    let ours = header("X-Telepost-Loop", " sms.example.com");
    let frames = [mail("a@b"), rcpt("ann@site.example"), frame(b"T"), ours, frame(b"N"), frame(b"E")];
    visit.ask(&frames, "ccc").await;
    assert!(visit.passed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mail_of_whose_recipients_none_can_be_read_is_not_offered() {
    let mut visit = Visit::begun().await;
    visit.ask(&[vec![mail("a@b"), rcpt("(")], content("down\r\n")].concat(), "cccc").await;
    assert!(visit.passed().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_mail_that_is_given_up_leaves_no_trace() {
    let mut visit = Visit::begun().await;
    visit.ask(&[mail("a@b"), rcpt("ann@site.example"), frame(b"T"), header("Subject", " old")], "cc").await;
    visit.ask(&[frame(b"A"), frame(b"K"), frame(b"Cx\0U")], "").await;
    visit.ask(&[vec![mail("c@d"), rcpt("bob@site.example")], content("new\r\n")].concat(), "cccc").await;
    let passed = r#"<c@d> -> <bob@site.example>: "Subject: disk\r\n\tfull\r\n\r\nnew\r\n""#;
    assert_eq!(visit.passed(), [passed]);
}

#[tokio::test(start_paused = true)]
async fn strangers_are_not_served() {
    let visit = Visit::from(Some("192.0.2.7"), settings(), Budget::default(), true);
    assert!(visit.end().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_the_protocol_ends_the_connection() {
    let too_long = u32::try_from(MAX_FRAME + 1).unwrap().to_be_bytes();
    let table: [&[u8]; 5] =
        [b"EHLO client.example\r\n", b"\0\0\0\0", &too_long, b"\0\0\0\x01O", b"\0\0\0\x0dO\0\0\0\x01\0\0\0\0\0\0\0\0"];
    for bytes in table {
        let mut visit = Visit::from(None, settings(), Budget::default(), true);
        visit.send(bytes).await;
        assert!(visit.end().await.is_empty(), "{bytes:?}");
    }
    // What was asked before has its answer, though both came in one packet.
    let mut visit = Visit::begun().await;
    visit.send(&[rcpt("bad@sms.example"), vec![0; 4]].concat()).await;
    assert_eq!(visit.end().await, frame(b"y550 5.1.1 no such number\0"));
}

#[tokio::test(start_paused = true)]
async fn half_a_frame_is_not_waited_for_long_but_the_next_one_is() {
    let mut visit = Visit::begun().await;
    sleep(Duration::from_secs(3600)).await;
    visit.ask(&[], "").await;
    visit.send(b"\0\0\0\x05H").await;
    sleep(Duration::from_secs(59)).await;
    assert!(!visit.connection.is_finished());
    sleep(Duration::from_secs(2)).await;
    assert!(visit.connection.is_finished());
}

#[tokio::test(start_paused = true)]
async fn at_a_shutdown_a_mail_under_way_has_its_time_and_no_more() {
    let idle = Visit::begun().await;
    idle.shutdown.cancel();
    assert!(timeout(Duration::from_secs(1), idle.end()).await.unwrap().is_empty());

    let mut visit = Visit::begun().await;
    visit.ask(&[mail("a@b"), rcpt("ann@site.example")], "c").await;
    visit.shutdown.cancel();
    sleep(Duration::from_secs(20)).await;
    visit.send(&content("").concat()).await;
    assert_eq!(visit.hear().await, frame(b"c"));
    let reception = Arc::clone(&visit.reception);
    visit.end().await;
    assert_eq!(reception.passed.lock().unwrap().len(), 1);

    let mut endless = Visit::begun().await;
    endless.ask(&[mail("a@b"), rcpt("ann@site.example"), frame(b"T")], "cc").await;
    endless.shutdown.cancel();
    for _ in 0..5 {
        sleep(Duration::from_secs(10)).await;
        let sent = endless.server.write_all(&header("X", "x")).await;
        if sent.is_err() {
            break;
        }
    }
    assert!(endless.connection.is_finished());
}

#[tokio::test(start_paused = true)]
async fn every_split_of_a_session_gives_the_same() {
    let frames = [vec![mail("a@b"), rcpt("bad@sms.example"), rcpt("ann@site.example")], content("down\r\n")].concat();
    let bytes = frames.concat();
    for at in 1..bytes.len() {
        let mut visit = Visit::begun().await;
        visit.send(&bytes[..at]).await;
        tokio::task::yield_now().await;
        visit.send(&bytes[at..]).await;
        visit.send(&frame(b"Q")).await;
        let passed = Arc::clone(&visit.reception);
        let said = visit.end().await;
        let expected = [frame(b"y550 5.1.1 no such number\0"), frame(b"c"), frame(b"c"), frame(b"c"), frame(b"c")];
        assert_eq!(said, expected.concat(), "split at {at}");
        assert_eq!(passed.passed.lock().unwrap().len(), 1, "split at {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn small_pieces_take_their_share_of_the_memory_too() {
    let budget = Budget::new(100_000);
    let settings = Settings { max_message_size: 1_000_000, ..settings() };
    let mut visit = Visit::from(None, settings, budget.clone(), true);
    visit.negotiate().await;
    visit.ask(&[mail("a@b"), rcpt("ann@site.example"), frame(b"T")], "cc").await;
    for _ in 0..100 {
        visit.ask(&[frame(format!("B{}", "x".repeat(1000)).as_bytes())], "c").await;
    }
    let mut other = budget.share();
    assert!(timeout(Duration::from_secs(5), other.cover(50_000, None, 50_000)).await.is_err());
    visit.ask(&[frame(b"E")], "c").await;
    timeout(Duration::from_secs(5), other.cover(50_000, None, 50_000)).await.unwrap();
}
