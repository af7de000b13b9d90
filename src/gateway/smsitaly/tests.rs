//! Transcripts: whole dialogues played against a session over an in-memory pipe, with the gateway's bytes cut in every
//! possible way and the clock simulated.
//!
//! A script is one step per line: `C: ` what the session must write, `S: ` a line from the gateway (CRLF is added),
//! `s: ` raw text from the gateway with `\r` and `\n` written out, `~ ` milliseconds of silence, `X` the gateway
//! closes the connection, `?` what the session writes from here on is not looked at. After the script the session may
//! write nothing more.

mod pipelining;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, DuplexStream, ReadBuf};
use tokio::time::{Instant, sleep};

use super::*;
use crate::gateway::{Account, OnUnknown, Protocol};
use crate::sms::{Charset, Encoding, Medium};

const PASSWORD: &str = "mypassword";

const LOGIN: &str = "S: 220 Service ready. Connection 1 with [10.0.0.1]
C: EHLO telepost
S: 250-Requested okay, completed
S: 250-ENANCEDSTATUSCODES
S: 250-AUTH=LOGIN
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: bXl1c2VyaWQ=
S: 334 UGFzc3dvcmQ6
C: bXlwYXNzd29yZA==
S: 235 [120.5] ID ACCOUNT: [77] STATUS: [ACTIVE]
";

const TRANSACTION: &str = "C: MAIL FROM: ALERTS
S: 250 ALERTS ...Sender Ok
C: RCPT TO:+4477331234567
S: 250 +4477331234567 ...Recipient Ok
C: DATA
S: 354 Enter Text Message, end with <CRLF>\"..\" <CRLF>
C: disk full
C: ..on db1
C: .
";

fn settings() -> Settings {
    Settings {
        name: "smsitaly".to_owned(),
        protocol: Protocol::SmsItaly,
        host: "gateway.invalid".to_owned(),
        port: 25,
        username: "myuserid".to_owned(),
        password: SecretString::from(PASSWORD),
        sessions: 1,
        rate: None,
        medium: Medium::new(Charset::Latin1, 160),
        on_unknown: OnUnknown::Retry,
        low_credit: 0,
        keep_alive: None,
        idle: Duration::from_secs(60),
        slow_after: None,
        pipelining: false,
        timeouts: Timeouts::default(),
    }
}

/// How the gateway's bytes are cut into packets.
#[derive(Clone, Copy, Debug)]
enum Packets {
    Whole,
    Bytes,
    /// Two pieces, cut after so many bytes of the whole dialogue, with a pause between them.
    CutAt(usize),
}

/// Shorter than anything the session waits for.
const PAUSE: Duration = Duration::from_millis(100);

struct Player {
    stream: DuplexStream,
    packets: Packets,
    written: usize,
}

impl Player {
    async fn play(mut self, script: &str) {
        for line in script.lines() {
            match line.split_at(line.len().min(3)) {
                ("C: ", text) => self.expect(&format!("{text}\r\n")).await,
                ("S: ", text) => self.write(format!("{text}\r\n").as_bytes()).await,
                ("s: ", text) => self.write(text.replace("\\r", "\r").replace("\\n", "\n").as_bytes()).await,
                ("X", _) => return,
                ("?", _) => drop(self.stream.read_to_end(&mut Vec::new()).await),
                (_, _) => sleep(Duration::from_millis(line[2..].parse().unwrap())).await,
            }
        }
        let mut rest = Vec::new();
        self.stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!(rest.escape_ascii().to_string(), "", "after the script");
    }

    async fn expect(&mut self, text: &str) {
        let mut heard = vec![0; text.len()];
        self.stream.read_exact(&mut heard).await.unwrap_or_else(|error| panic!("{text:?} expected: {error}"));
        assert_eq!(heard.escape_ascii().to_string(), text.as_bytes().escape_ascii().to_string());
    }

    async fn write(&mut self, bytes: &[u8]) {
        for byte in bytes.chunks(if matches!(self.packets, Packets::Whole) { bytes.len() } else { 1 }) {
            if matches!(self.packets, Packets::CutAt(at) if at == self.written) {
                sleep(PAUSE).await;
            }
            // The session may have had enough and gone; what it heard until then is what the test is about.
            if self.stream.write_all(byte).await.is_err() {
                return;
            }
            if matches!(self.packets, Packets::Bytes) {
                sleep(Duration::from_millis(1)).await;
            }
            self.written += byte.len();
        }
    }
}

/// What a script came to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Played {
    login: Result<Option<Account>, ConnectError>,
    /// Each submission's outcome, and whether the session was open after it.
    outcomes: Vec<(Outcome, bool)>,
    took: Duration,
}

async fn play(script: &str, submissions: usize, packets: Packets) -> Played {
    play_with(&settings(), script, submissions, packets).await
}

async fn play_with(settings: &Settings, script: &str, submissions: usize, packets: Packets) -> Played {
    // Never longer than the kernel's own buffers would be, and small enough that nothing hides behind it.
    let (ours, theirs) = tokio::io::duplex(4096);
    let player = Player { stream: theirs, packets, written: 0 };
    let script = script.to_owned();
    let player = tokio::spawn(async move { player.play(&script).await });
    let started = Instant::now();
    let played = match Session::log_in(settings, Box::new(ours)).await {
        Err(error) => Played { login: Err(error), outcomes: Vec::new(), took: started.elapsed() },
        Ok(mut session) => {
            let login = Ok(session.account().cloned());
            let outcomes = submit(&mut session, submissions).await;
            Played { login, outcomes, took: started.elapsed() }
        }
    };
    player.await.unwrap();
    played
}

async fn submit(session: &mut Session, times: usize) -> Vec<(Outcome, bool)> {
    let (number, sender) = (Number::from_e164("+4477331234567").unwrap(), "ALERTS".parse().unwrap());
    let submission =
        Submission { number: &number, sender: &sender, encoding: Encoding::Latin1, text: "disk full\n.on db1" };
    let mut outcomes = Vec::new();
    for _ in 0..times {
        let outcome = session.submit(&submission).await;
        outcomes.push((outcome, session.is_open()));
    }
    outcomes
}

/// Plays a script with every way of cutting the gateway's bytes; all must come to the same.
async fn play_all(script: &str, submissions: usize) -> Played {
    let whole = play(script, submissions, Packets::Whole).await;
    let server_bytes: usize = script.lines().filter(|line| line.starts_with(['S', 's'])).map(str::len).sum();
    let cuts = (0..server_bytes).map(Packets::CutAt);
    for packets in cuts.chain([Packets::Bytes]) {
        let played = play(script, submissions, packets).await;
        assert_eq!((&played.login, &played.outcomes), (&whole.login, &whole.outcomes), "{packets:?}");
    }
    whole
}

fn sent(reply: &str) -> Outcome {
    Outcome::Sent { reply: reply.to_owned() }
}

fn retry(reason: &str) -> Outcome {
    Outcome::Retry { reason: reason.to_owned() }
}

fn refused(reply: &str) -> Outcome {
    refused_at(About::Text, reply)
}

fn refused_at(about: About, reply: &str) -> Outcome {
    Outcome::Refused { about, reply: reply.to_owned() }
}

fn unknown(reason: &str) -> Outcome {
    Outcome::Unknown { reason: reason.to_owned() }
}

#[tokio::test(start_paused = true)]
async fn the_documents_own_dialogue() {
    let accepted = "S: Message accepted for delivery to: +4477331234567\n";
    let script = [LOGIN, TRANSACTION, accepted, TRANSACTION, accepted].concat();
    let played = play_all(&script, 2).await;
    let account =
        Account { credits: "120.5".parse().ok(), id: Some("77".to_owned()), status: Some("ACTIVE".to_owned()) };
    assert_eq!(played.login, Ok(Some(account)));
    let reply = "Message accepted for delivery to: +447********67";
    assert_eq!(played.outcomes, [(sent(reply), true), (sent(reply), true)]);
    // Only the list after EHLO, which never ends, is waited for.
    assert_eq!(played.took, login::QUIET);
}

#[tokio::test(start_paused = true)]
async fn logins_that_succeed() {
    let rest = "C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: bXl1c2VyaWQ=
S: 334 UGFzc3dvcmQ6
C: bXlwYXNzd29yZA==
S: 235 OK
";
    let table = [
        ("a list that ends properly", "S: 220 hi\nC: EHLO telepost\nS: 250-hi\nS: 250 AUTH LOGIN\n"),
        ("one line", "S: 220 hi\nC: EHLO telepost\nS: 250 AUTH=LOGIN\n"),
        ("a greeting of several lines", "S: 220-hi\nS: 220-there\nS: 220 all\nC: EHLO telepost\nS: 250 AUTH LOGIN\n"),
        (
            "a greeting that takes its time",
            "~ 20000\nS: 220-hi\n~ 5000\nS: 220 there\nC: EHLO telepost\nS: 250 AUTH LOGIN\n",
        ),
        ("lone LF", "s: 220-hi\\n220 there\\n\nC: EHLO telepost\ns: 250-hi\\n250-AUTH LOGIN\\n250 x\\n\n"),
        ("blank lines", "s: \\r\\n220 hi\\r\\n\nC: EHLO telepost\ns: \\r\\n250-hi\\r\\n\\r\\n250 AUTH LOGIN\\r\\n\n"),
        (
            "a list that comes slowly",
            "S: 220 hi\nC: EHLO telepost\nS: 250-hi\n~ 20000\nS: 250-AUTH=LOGIN\n~ 300\nS: 250-SIZE\n",
        ),
    ];
    for (name, start) in table {
        let played = play_all(&[start, rest].concat(), 0).await;
        assert_eq!(played.login, Ok(None), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_late_end_of_the_list_answers_nothing() {
    let table = [
        "S: 220 hi\nC: EHLO telepost\nS: 250-AUTH=LOGIN\nC: AUTH LOGIN\nS: 250 HELP\nS: 334 VXNlcm5hbWU6\n",
        "S: 220 hi\nC: EHLO telepost\nS: 250-AUTH=LOGIN\nC: AUTH LOGIN\n~ 3000\nS: 250-SIZE\nS: 334 VXNlcm5hbWU6\n",
        "S: 220 hi\nC: EHLO telepost\nS: 250-AUTH=LOGIN\nC: AUTH LOGIN\nS: 250-A\nS: 250 B\nS: 250 C\nS: 334 VXNlcm5hbWU6\n",
        "S: 220 hi\nC: EHLO telepost\nS: 250-AUTH=LOGIN\n~ 900\nS: 250 HELP\nC: AUTH LOGIN\nS: 334 VXNlcm5hbWU6\n",
    ];
    let rest = "C: bXl1c2VyaWQ=
S: 334 UGFzc3dvcmQ6
C: bXlwYXNzd29yZA==
S: 235 1 ID ACCOUNT: 7 STATUS: OK
";
    let late_again = "C: bXl1c2VyaWQ=
S: 250 late
S: 334 UGFzc3dvcmQ6
C: bXlwYXNzd29yZA==
S: 250 later
S: 235 1 ID ACCOUNT: 7 STATUS: OK
";
    for (start, rest) in table.iter().flat_map(|start| [(start, rest), (start, late_again)]) {
        let played = play_all(&[start, rest, TRANSACTION, "S: 250 ok\n"].concat(), 1).await;
        assert_eq!(played.login.unwrap().unwrap().id.as_deref(), Some("7"), "{start}");
        assert_eq!(played.outcomes, [(sent("250 ok"), true)], "{start}");
    }
}

#[tokio::test(start_paused = true)]
async fn logins_that_fail() {
    let hello = "S: 220 hi\nC: EHLO telepost\n";
    let auth = "S: 220 hi\nC: EHLO telepost\nS: 250 AUTH LOGIN\nC: AUTH LOGIN\n";
    let user = format!("{auth}S: 334 VXNlcm5hbWU6\nC: bXl1c2VyaWQ=\n");
    let password = format!("{user}S: 334 UGFzc3dvcmQ6\nC: bXlwYXNzd29yZA==\n");
    let wait = "(waiting for the answer to";
    let table = [
        ("X", "the gateway closed the connection (waiting for the answer to the connection)".to_owned()),
        ("~ 40000", format!("the gateway said nothing for 30s {wait} the connection)")),
        ("S: 554 go away", "the gateway greeted us with \"554 go away\"".to_owned()),
        ("S: 421 busy\nX", "the gateway greeted us with \"421 busy\"".to_owned()),
        ("S: hello\nX", "the gateway greeted us with \"hello\"".to_owned()),
        (&format!("{hello}X"), format!("the gateway closed the connection {wait} EHLO)")),
        (
            &format!("{hello}S: 250-hi\nS: 250-SIZE"),
            "the gateway does not offer AUTH LOGIN; to EHLO it answered \"250 hi SIZE\"".to_owned(),
        ),
        (
            &format!("{hello}S: 250 AUTH PLAIN"),
            "the gateway does not offer AUTH LOGIN; to EHLO it answered \"250 AUTH PLAIN\"".to_owned(),
        ),
        (
            &format!("{hello}S: 502 what?"),
            "the gateway answered \"502 what?\" to EHLO, which does not belong there".to_owned(),
        ),
        (&format!("{hello}S: 421 busy"), "the gateway answered \"421 busy\" to EHLO: not now".to_owned()),
        (&format!("{auth}S: 535 no"), "the gateway does not let us log in: \"535 no\"".to_owned()),
        (&format!("{auth}S: 454 later"), "the gateway answered \"454 later\" to AUTH LOGIN: not now".to_owned()),
        (
            &format!("{auth}S: what"),
            "the gateway answered \"what\" to AUTH LOGIN, which does not belong there".to_owned(),
        ),
        (&format!("{auth}S: 250 ok"), format!("the gateway said nothing for 30s {wait} AUTH LOGIN)")),
        (&format!("{user}S: 535 no"), "the gateway does not let us log in: \"535 no\"".to_owned()),
        (&format!("{user}X"), format!("the gateway closed the connection {wait} the user name)")),
        (
            &format!("{password}S: 535 no such mypassword"),
            "the gateway does not let us log in: \"535 no such ***\"".to_owned(),
        ),
        (
            &format!("{password}S: 334 again"),
            "the gateway answered \"334 again\" to the password, which does not belong there".to_owned(),
        ),
        (
            &format!("{password}S: 235 [5] ID ACCOUNT: [7] STATUS: [BLOCKED]"),
            "the gateway does not let us log in: \"[5] ID ACCOUNT: [7] STATUS: [BLOCKED]\"".to_owned(),
        ),
    ];
    for (script, expected) in table {
        let error = play_all(script, 0).await.login.unwrap_err();
        assert_eq!(error.to_string(), expected, "{script}");
        assert_eq!(error.is_account_trouble(), expected.starts_with("the gateway does not let us log in"), "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_to_the_text() {
    let closed = "the gateway closed the connection (waiting for the answer to the text)";
    let silent = "the gateway said nothing for 120s (waiting for the answer to the text)";
    let table = [
        ("S: 250 Message accepted", sent("250 Message accepted"), true),
        ("S: message ACCEPTED for delivery to: x", sent("message ACCEPTED for delivery to: x"), true),
        ("~ 110000\nS: 250 ok", sent("250 ok"), true),
        (
            "s: Message accepted for delivery to: +4477331234567\nX",
            sent("Message accepted for delivery to: +447********67"),
            true,
        ),
        ("s: 250 ok\n~ 130000", sent("250 ok"), true),
        ("S: 250-ok\nS: 250 done", sent("250 ok done"), true),
        ("S: 250-ok\n~ 130000", sent("250 ok"), true),
        ("s: \\n250 ok\\n", sent("250 ok"), true),
        ("S: 451 later\nC: RSET\nS: 250 ok", retry("451 later"), true),
        ("S: 550 no\nC: RSET\nS: 250 ok", refused("550 no"), true),
        ("S: 550 no +4477331234567\nC: RSET\nS: 500 ?", refused("550 no +447********67"), false),
        ("S: 550 no\nC: RSET\nX", refused("550 no"), false),
        ("S: 550 no\nC: RSET\n~ 40000", refused("550 no"), false),
        ("S: 421 bye", retry("421 bye"), false),
        ("S: 503 what", retry("503 what"), false),
        ("S: %@!", unknown("the gateway answered \"%@!\" to the text"), false),
        ("S: 354 go on", unknown("the gateway answered \"354 go on\" to the text"), false),
        ("S: 221 bye", unknown("the gateway answered \"221 bye\" to the text"), false),
        (
            "S: The message was not accepted",
            unknown("the gateway answered \"The message was not accepted\" to the text"),
            false,
        ),
        ("X", unknown(closed), false),
        ("s: 2\nX", unknown("the gateway answered \"2\" to the text"), false),
        ("~ 130000", unknown(silent), false),
    ];
    for (answer, outcome, open) in table {
        let script = [LOGIN, TRANSACTION, answer].concat();
        assert_eq!(play_all(&script, 1).await.outcomes, [(outcome, open)], "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn answers_before_the_text() {
    let lines: Vec<&str> = TRANSACTION.lines().collect();
    let stages = [
        ("MAIL", lines[..1].join("\n"), About::Sender),
        ("RCPT", lines[..3].join("\n"), About::Recipient),
        ("DATA", lines[..5].join("\n"), About::Text),
    ];
    for (stage, start, about) in stages {
        let out_of_step = |reply: &str| retry(&format!("the gateway answered \"{reply}\" to {stage}"));
        let lost = |cause: &str| retry(&format!("{cause} (waiting for the answer to {stage})"));
        let table = [
            ("S: 550 no\nC: RSET\nS: 250 ok", refused_at(about, "550 no"), true),
            ("S: 451 later\nC: RSET\nS: 250 ok", retry("451 later"), true),
            ("S: 451 later\nC: RSET\nS: 421 bye", retry("451 later"), false),
            ("S: 421 bye", retry("421 bye"), false),
            ("S: 530 log in first", retry("530 log in first"), false),
            ("S: 220 hi", out_of_step("220 hi"), false),
            ("S: ...Ok", out_of_step("...Ok"), false),
            ("X", lost("the gateway closed the connection"), false),
            ("~ 31000", lost("the gateway said nothing for 30s"), false),
        ];
        for (answer, outcome, open) in table {
            let script = [LOGIN, &start, "\n", answer].concat();
            assert_eq!(play_all(&script, 1).await.outcomes, [(outcome, open)], "{stage} {answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_second_try_follows_a_refusal_on_the_same_session() {
    let script = [LOGIN, "C: MAIL FROM: ALERTS\nS: 550 no\nC: RSET\nS: 250 ok\n", TRANSACTION, "S: 250 ok\n"].concat();
    let played = play_all(&script, 2).await;
    assert_eq!(played.outcomes, [(refused_at(About::Sender, "550 no"), true), (sent("250 ok"), true)]);
}

#[tokio::test(start_paused = true)]
async fn words_nobody_asked_for_answer_nothing() {
    // An acceptance split into two lines, and an old answer that comes twice.
    let twice = "S: Message accepted for delivery to:\nS: +4477331234567\n";
    let script = [LOGIN, TRANSACTION, twice, TRANSACTION, "S: 550 no\nC: RSET\nS: 250 ok\n"].concat();
    let played = play(&script, 2, Packets::Whole).await;
    let first = sent("Message accepted for delivery to:");
    assert_eq!(played.outcomes, [(first, true), (refused("550 no"), true)]);
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_in_between_is_no_loss() {
    let table = [
        (
            "S: 250 ok\nS: 421 idle for too long\nX",
            "the session is over: the gateway ended the session: 421 idle for too long",
        ),
        ("S: 250 ok\nX", "the session is over: the gateway closed the connection"),
    ];
    for (end, reason) in table {
        let played = play(&[LOGIN, TRANSACTION, end].concat(), 2, Packets::Whole).await;
        assert_eq!(played.outcomes, [(sent("250 ok"), true), (retry(reason), false)], "{end}");
    }
}

/// Plays a script against a session that only logs in, then does what `act` says.
async fn after_login<F: Future>(script: &str, act: impl FnOnce(Session) -> F) -> F::Output {
    let (ours, theirs) = tokio::io::duplex(4096);
    let script = [LOGIN, script].concat();
    let player = Player { stream: theirs, packets: Packets::Whole, written: 0 };
    let player = tokio::spawn(async move { player.play(&script).await });
    let output = act(Session::log_in(&settings(), Box::new(ours)).await.unwrap()).await;
    player.await.unwrap();
    output
}

#[tokio::test(start_paused = true)]
async fn signs_of_life() {
    let over = |reason: &str| Err(SessionOver { reason: reason.to_owned() });
    let table = [
        ("C: NOOP\nS: 250 ok", Ok(())),
        ("C: NOOP\nS: 502 unknown command", Ok(())),
        ("C: NOOP\nS: 421 bye", over("421 bye")),
        ("C: NOOP\nS: ok", over("ok")),
        ("C: NOOP\nX", over("the gateway closed the connection")),
        ("C: NOOP\n~ 31000", over("the gateway said nothing for 30s")),
        ("X", over("the gateway closed the connection")),
    ];
    for (script, expected) in table {
        let (alive, open, may_submit) = after_login(script, |mut session| async move {
            tokio::task::yield_now().await;
            let alive = session.keep_alive().await;
            let open = session.is_open();
            (alive, open, session.may_submit().await)
        })
        .await;
        assert_eq!((open, may_submit), (expected.is_ok(), expected.is_ok()), "{script}");
        assert_eq!(alive, expected, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn goodbyes() {
    let table = [
        ("C: QUIT\nS: 221 SMSC SMTP Server closing connection.", Duration::ZERO),
        ("C: QUIT\nX", Duration::ZERO),
        ("C: QUIT\n~ 60000", QUIT_WAIT),
    ];
    for (script, took) in table {
        let started = after_login(script, |session| async move {
            let started = Instant::now();
            session.quit().await;
            started.elapsed()
        });
        assert_eq!(started.await, took, "{script}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_submission_dropped_in_the_middle_closes_the_session() {
    after_login("C: MAIL FROM: ALERTS\n~ 60000", |mut session| async move {
        let dropped = tokio::time::timeout(Duration::from_secs(1), submit(&mut session, 1)).await;
        assert!(dropped.is_err());
        assert!(!session.is_open());
    })
    .await;
}

/// A connection that breaks after so many bytes were written to it.
struct Breaking {
    inner: DuplexStream,
    left: usize,
}

impl AsyncRead for Breaking {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Breaking {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.left == 0 {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        let bytes = &bytes[..bytes.len().min(self.left)];
        let written = ready!(Pin::new(&mut self.inner).poll_write(cx, bytes))?;
        self.left -= written;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_breaks_at_any_byte_we_write() {
    let script = [LOGIN, TRANSACTION].concat();
    let said: Vec<usize> = script
        .lines()
        .filter(|line| line.starts_with('C'))
        .map(|line| line.len() - "C: ".len() + "\r\n".len())
        .collect();
    let total: usize = said.iter().sum();
    let (login, dot) = (said[..4].iter().sum::<usize>(), total - ".\r\n".len());
    let until_text = [LOGIN, &TRANSACTION[..TRANSACTION.find("C: disk").unwrap()], "?"].concat();
    for left in 0..=total {
        let (ours, theirs) = tokio::io::duplex(4096);
        let player = Player { stream: theirs, packets: Packets::Whole, written: 0 };
        let script = until_text.clone();
        let player = tokio::spawn(async move { player.play(&script).await });
        let session = Session::log_in(&settings(), Box::new(Breaking { inner: ours, left })).await;
        match session {
            Err(error) => assert!(left < login && matches!(error, ConnectError::Lost { .. }), "{left}: {error}"),
            Ok(mut session) => {
                let (outcome, open) = submit(&mut session, 1).await.remove(0);
                let may_be_there = left > dot;
                assert_eq!(matches!(outcome, Outcome::Unknown { .. }), may_be_there, "{left}: {outcome:?}");
                assert_eq!(matches!(outcome, Outcome::Retry { .. }), !may_be_there, "{left}: {outcome:?}");
                assert!(!open && left >= login);
            }
        }
        player.abort();
    }
}
