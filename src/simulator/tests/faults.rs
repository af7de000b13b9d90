//! Every action at every stage, seen from the wire.

use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::*;

/// What each stage's answer is, and what is said to get there. `connect` is heard at the greeting.
const STAGES: [(&str, &str, &str); 11] = [
    ("connect", "", "220 Service ready. Connection 7 with [10.1.2.3]\r\n"),
    ("greeting", "", "220 Service ready. Connection 7 with [10.1.2.3]\r\n"),
    ("ehlo", "EHLO Client\r\n", "250-Requested okay, completed\r\n250-ENANCEDSTATUSCODES\r\n250-AUTH=LOGIN\r\n"),
    ("auth", "AUTH LOGIN\r\n", "334 VXNlcm5hbWU6\r\n"),
    ("user", "bXl1c2VyaWQ=\r\n", "334 UGFzc3dvcmQ6\r\n"),
    ("password", "bXlwYXNzd29yZA==\r\n", "235 [3] ID ACCOUNT: [77] STATUS: [ACTIVE]\r\n"),
    ("mail", "MAIL FROM: ALERTS\r\n", "250 ALERTS ...Sender Ok\r\n"),
    ("rcpt", "RCPT TO:+4477331234567\r\n", "250 +4477331234567 ...Recipient Ok\r\n"),
    ("data", "DATA\r\n", "354 Enter Text Message, end with <CRLF>\"..\" <CRLF>\r\n"),
    ("text", "disk full\r\n.\r\n", "Message accepted for delivery to: +4477331234567\r\n"),
    ("quit", "QUIT\r\n", "221 SMSC SMTP Server closing connection.\r\n"),
];

/// Everything that is heard within a minute of silence, and whether the connection has ended.
async fn heard(visit: &mut Visit) -> (String, bool) {
    let mut bytes = Vec::new();
    loop {
        match timeout(Duration::from_secs(60), visit.stream.read_u8()).await {
            Ok(Ok(byte)) => bytes.push(byte),
            Ok(Err(_)) => return (String::from_utf8_lossy(&bytes).into_owned(), true),
            Err(_) => return (String::from_utf8_lossy(&bytes).into_owned(), false),
        }
    }
}

/// What is heard at the stage when it has that fault, and how many SMS were accepted.
async fn at(stage: &str, action: &str) -> (String, bool, usize) {
    let mut visit = Visit::begin(with_faults(&[&format!("{stage}:{action}")]));
    let index = STAGES.iter().position(|(name, ..)| *name == stage).unwrap();
    if index > 1 {
        visit.hear().await;
    }
    for (_, said, answer) in &STAGES[2.min(index)..index] {
        visit.say(said).await;
        for _ in answer.lines() {
            visit.hear().await;
        }
    }
    visit.say(STAGES[index].1).await;
    let (answer, ended) = heard(&mut visit).await;
    let accepted = visit.accepted().len();
    (answer, ended, accepted)
}

fn codeless(answer: &str) -> String {
    let rest = |line: &str| line.strip_prefix(|c: char| c.is_ascii_digit()).map_or(line, |_| &line[4..]).to_owned();
    answer.split_inclusive('\n').map(rest).collect()
}

#[tokio::test(start_paused = true)]
async fn every_action_at_every_stage() {
    for (n, (stage, _, answer)) in STAGES.into_iter().enumerate() {
        let before = usize::from(stage == "quit");
        let done = before + usize::from(stage == "text");
        let ends = stage == "quit";
        let lone_lf = answer.replace("\r\n", "\n");
        let coded = match stage {
            "ehlo" => answer.replace("250-AUTH", "250 AUTH"),
            "text" => format!("250 {answer}"),
            _ => answer.to_owned(),
        };
        let table = [
            ("close", String::new(), true, before),
            ("hang", String::new(), false, before),
            ("codeless", codeless(answer), ends, done),
            ("coded", coded, ends, done),
            ("lone-lf", lone_lf, ends, done),
            ("split", answer.to_owned(), ends, done),
            ("drop-reply", String::new(), true, done),
            ("delay=250", answer.to_owned(), ends, done),
        ];
        for (action, expected, ended, accepted) in table {
            assert_eq!(at(stage, action).await, (expected, ended, accepted), "{stage}:{action}");
        }
        let (garbage, ended, accepted) = at(stage, "garbage").await;
        assert!(garbage.ends_with('\n') && !garbage.starts_with(|c: char| c.is_ascii_digit()), "{stage}: {garbage:?}");
        assert_eq!((ended, accepted), (ends, done), "{stage}:garbage");
        for (action, class) in [("tempfail", '4'), ("permfail", '5')] {
            let (refusal, ended, accepted) = at(stage, action).await;
            assert!(refusal.starts_with(class) && refusal.lines().count() == 1, "{stage}:{action} {refusal:?}");
            assert_eq!((ended, accepted), (ends || n < 2, before), "{stage}:{action}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_done_never_happened() {
    // The fault, what is said, and what the last line of it is answered with.
    let refused = [
        ("user:tempfail", "EHLO C\r\nAUTH LOGIN\r\nbXl1c2VyaWQ=\r\nNOOP\r\n", "250 Requested okay"),
        ("password:tempfail", &format!("{LOGIN}MAIL FROM: A\r\n"), "530 Log in first"),
        ("mail:tempfail", &format!("{LOGIN}MAIL FROM: A\r\nRCPT TO:+4477331234567\r\n"), "503 MAIL first"),
        ("rcpt:permfail", &format!("{LOGIN}MAIL FROM: A\r\nRCPT TO:+4477331234567\r\nDATA\r\n"), "503 MAIL and RCPT"),
        ("data:tempfail", &format!("{LOGIN}MAIL FROM: A\r\nRCPT TO:+4477331234567\r\nDATA\r\nNOOP\r\n"), "250 Req"),
        ("text:tempfail", &format!("{LOGIN}{MESSAGE}DATA\r\n"), "503 MAIL and RCPT"),
        ("ehlo:tempfail", "EHLO C\r\nAUTH LOGIN\r\n", "503 EHLO first"),
        ("auth:tempfail", "EHLO C\r\nAUTH LOGIN\r\nNOOP\r\n", "250 Requested okay"),
        // And after what was done the dialogue goes on.
        ("mail:garbage", &format!("{LOGIN}MAIL FROM: A\r\nRCPT TO:+4477331234567\r\n"), "250 +4477331234567"),
        ("password:codeless", &format!("{LOGIN}MAIL FROM: A\r\n"), "250 A ...Sender Ok"),
        ("text:garbage", &format!("{LOGIN}{MESSAGE}MAIL FROM: A\r\n"), "250 A ...Sender Ok"),
    ];
    for (fault, said, expected) in refused {
        let mut visit = Visit::begin(with_faults(&[fault]));
        visit.say(said).await;
        let (answers, ended) = heard(&mut visit).await;
        let last = answers.lines().last().unwrap();
        assert!(last.starts_with(expected) && !ended, "{fault}: {answers}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_hanging_session_is_held_but_not_for_ever() {
    let mut visit = Visit::begin(with_faults(&["ehlo:hang"]));
    visit.hear().await;
    let started = Instant::now();
    visit.say(LOGIN).await;
    visit.say("NOOP\r\n".repeat(1000)).await;
    assert_eq!(visit.hear_out().await, "");
    assert_eq!(started.elapsed(), Timeouts::default().hang);

    let mut visit = Visit::begin(with_faults(&["greeting:hang"]));
    tokio::task::yield_now().await;
    visit.shutdown.cancel();
    assert_eq!(visit.hear_out().await, "");

    let Visit { stream, session, .. } = Visit::begin(with_faults(&["connect:hang"]));
    drop(stream);
    session.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn delays_delay_the_answer_and_not_the_deed() {
    let mut visit =
        Visit::begin(with_faults(&["connect:delay=100", "greeting:delay=20", "text:delay=5000", "text:coded"]));
    let started = Instant::now();
    visit.hear().await;
    assert_eq!(started.elapsed().as_millis(), 120);
    visit.say([LOGIN, MESSAGE].concat()).await;
    while !visit.hear().await.starts_with("354") {}
    assert_eq!(started.elapsed().as_millis(), 120);
    let sms = visit.arrivals.recv().await.unwrap();
    assert_eq!((sms.text.as_str(), started.elapsed().as_millis()), ("disk full", 120));
    assert_eq!(visit.hear().await, "250 Message accepted for delivery to: +4477331234567\r\n");
    assert_eq!(started.elapsed().as_millis(), 5120);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_meets_the_same_faults() {
    async fn outcome(seed: u64) -> String {
        let faults = ["mail:tempfail:0.3", "rcpt:permfail:0.3", "text:coded:0.5"].map(|spec| spec.parse().unwrap());
        let mut settings = Settings { faults: Faults::new(faults.to_vec(), seed), ..settings() };
        settings.accounts[0].credits = 100;
        let mut visit = Visit::begin(settings);
        let (mut reader, mut writer) = tokio::io::split(visit.stream);
        let dialogue =
            format!("{LOGIN}{}QUIT\r\n", format!("RSET\r\n{}", MESSAGE.replace("disk full", "NOOP")).repeat(30));
        let mut heard = String::new();
        let (written, read) = tokio::join!(writer.write_all(dialogue.as_bytes()), reader.read_to_string(&mut heard));
        written.unwrap();
        read.unwrap();
        visit.arrivals.close();
        heard
    }
    let first = outcome(5).await;
    assert_eq!(first, outcome(5).await);
    assert_ne!(first, outcome(6).await);
    for word in ["451 ", "550 ", "250 Message accepted", "\r\nMessage accepted"] {
        assert!(first.contains(word), "{word:?} never heard in {first}");
    }
}
