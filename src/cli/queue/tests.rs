//! The command on a spool of its own: what is parsed, printed, changed, and told by the exit code.

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use serde_json::Value;

use super::*;
use crate::sms::{Encoding, Part};
use crate::smtp::{Mailbox, ReversePath};
use crate::spool::{Fate, NewLetter, NewParcel, Note, Priority, Settings};

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    arguments: Arguments,
}

fn parse(line: &str) -> Result<Command, String> {
    let words = std::iter::once("queue").chain(line.split(' '));
    Line::try_parse_from(words).map(|line| line.arguments.command).map_err(|error| error.to_string())
}

/// A spool in a directory that goes away.
struct Bench {
    spool: Spool,
    _directory: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.db");
        let (keep, dedup_window) = (Duration::from_secs(99_999), Duration::ZERO);
        let settings = Settings { path, keep, dedup_window, limits: Arc::default() };
        Bench { spool: Spool::open(&settings, Role::Relay).unwrap(), _directory: directory }
    }

    /// Stores a letter for so many telephones; gives its ID.
    async fn store(&self, telephones: u64, accepted: Timestamp) -> String {
        let parcel = |telephone| NewParcel {
            address: format!("{telephone}@sms.example.com"),
            number: Number::from_e164(&format!("+44773123{telephone:04}")).unwrap(),
            sender: "ALERTS".parse().unwrap(),
            gateways: vec!["smsitaly".to_owned()],
            expires: accepted + Duration::from_secs(3600),
            priority: Priority::Normal,
            topic: None,
            notify: None,
            original: None,
            remark: None,
            fate: Fate::Waiting {
                encoding: Encoding::Latin1,
                parts: vec![Part { text: "disk full".to_owned(), units: 9 }],
            },
        };
        let from = Mailbox { local: "root".to_owned(), domain: Some("site.example".to_owned()) };
        let letter = NewLetter {
            from: ReversePath::Mailbox(from.clone()),
            notice_to: Some(from),
            message_id: None,
            subject: "alarm \x1b[31mred".to_owned(),
            headers: String::new(),
            source: "test".to_owned(),
            accepted,
            returned: None,
            envelope_id: None,
            parcels: (1..=telephones).map(parcel).collect(),
        };
        self.spool.commit(letter).await.unwrap().remove(0).id.letter
    }

    /// Runs the command as typed, an hour after [`begin`]; gives what it prints.
    async fn run(&self, line: &str) -> (String, Result<(), Failure>) {
        let command = parse(line).unwrap_or_else(|error| panic!("{error}"));
        let mut out = Vec::new();
        let done = work(&command, &self.spool, begin() + Duration::from_secs(3600), &mut out).await;
        (String::from_utf8(out).unwrap(), done)
    }

    async fn json(&self, line: &str) -> Value {
        let (out, done) = self.run(line).await;
        done.unwrap();
        serde_json::from_str(&out).unwrap()
    }
}

fn begin() -> Timestamp {
    "2026-03-01T03:00:00Z".parse().unwrap()
}

fn column(list: &Value, name: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[name].as_str().unwrap().to_owned()).collect()
}

#[test]
fn commands_are_understood_or_refused() {
    for (line, good) in [
        ("list", true),
        ("list -c /etc/t.toml --json", true),
        ("list --state held --number +447731234567 --sender nagios@* --older 2d", true),
        ("list --state gone", false),
        ("list --number 07731234567", false),
        ("list --older yesterday", false),
        ("list --older -1h", false),
        ("show 7k2m9q4xw1", true),
        ("show 7k2m9q4xw1.2 --json", true),
        ("show 7k2m9q4xw1.x", false),
        ("show", false),
        ("retry 7k2m9q4xw1", true),
        ("hold 7k2m9q4xw1.2 8k2m9q4xw1", true),
        ("release --state held", true),
        ("cancel --all", true),
        ("cancel", false),
        ("cancel --all --state held", false),
        ("cancel 7k2m9q4xw1 --all", false),
        ("cancel 7k2m9q4xw1 --older 1h", false),
        ("stats --json", true),
    ] {
        assert_eq!(parse(line).is_ok(), good, "{line}");
    }
}

#[test]
fn ages_are_read_as_durations_are_written() {
    for (text, seconds) in [("90s", 90), ("30m", 1800), ("1h", 3600), ("2d", 172_800), ("1w", 604_800)] {
        assert_eq!(text.parse(), Ok(Age(jiff::SignedDuration::from_secs(seconds))), "{text}");
    }
    assert!("1mo".parse::<Age>().is_err());
}

#[tokio::test]
async fn a_list_tells_every_message() {
    let bench = Bench::new();
    let letter = bench.store(2, begin()).await;
    let list = bench.json("list --json").await;
    assert_eq!(column(&list, "id"), [format!("{letter}.1"), format!("{letter}.2")]);
    assert_eq!(column(&list, "number"), ["+447731230001", "+447731230002"]);
    assert_eq!(column(&list, "from"), ["root@site.example"; 2]);
    assert_eq!((&list[0]["sender"], &list[0]["state"]), (&"ALERTS".into(), &"waiting".into()));
    assert_eq!((&list[0]["parts"], &list[0]["accepted_parts"]), (&1.into(), &0.into()));
    assert_eq!(list[0]["due"], "2026-03-01T03:00:00Z");

    let (table, done) = bench.run("list").await;
    done.unwrap();
    assert!(table.contains(&format!("{letter}.2")) && table.contains("+447731230002"), "{table}");
}

#[tokio::test]
async fn an_empty_list_is_empty() {
    let bench = Bench::new();
    assert_eq!(bench.json("list --json").await, Value::Array(Vec::new()));
    assert_eq!(bench.run("list").await.0, "");
}

#[tokio::test]
async fn filters_choose() {
    let bench = Bench::new();
    let old = bench.store(2, begin()).await;
    let new = bench.store(1, begin() + Duration::from_secs(3000)).await;
    bench.run(&format!("hold {old}.2")).await.1.unwrap();
    for (filter, expected) in [
        ("", vec![format!("{old}.1"), format!("{old}.2"), format!("{new}.1")]),
        (" --older 30m", vec![format!("{old}.1"), format!("{old}.2")]),
        (" --state held", vec![format!("{old}.2")]),
        (" --number +447731230001", vec![format!("{old}.1"), format!("{new}.1")]),
        (" --sender *@SITE.example --older 1s --state waiting", vec![format!("{old}.1"), format!("{new}.1")]),
        (" --sender <>", vec![]),
    ] {
        assert_eq!(column(&bench.json(&format!("list --json{filter}")).await, "id"), expected, "{filter}");
    }
}

#[tokio::test]
async fn a_list_longer_than_a_page_is_one_list() {
    let bench = Bench::new();
    bench.store(450, begin()).await;
    assert_eq!(column(&bench.json("list --json").await, "id").len(), 450);
    assert_eq!(column(&bench.json("cancel --all --json").await, "state"), vec!["refused"; 450]);
}

#[tokio::test]
async fn a_letter_is_shown_with_its_whole_history() {
    let bench = Bench::new();
    let letter = bench.store(2, begin()).await;
    let id = bench.spool.claim("smsitaly", begin(), 1).await.unwrap().remove(0).id;
    let reply = "250 accepted for delivery".to_owned();
    bench.spool.note(&id, Note::PartAccepted { reply }, begin() + Duration::from_secs(1)).await.unwrap();

    let shown = bench.json(&format!("show {letter} --json")).await;
    assert_eq!((&shown["id"], &shown["from"]), (&letter.as_str().into(), &"root@site.example".into()));
    let messages = &shown["messages"];
    assert_eq!(column(messages, "state"), ["sent", "waiting"]);
    assert_eq!(messages[0]["parts"][0]["text"], "disk full");
    assert_eq!(column(&messages[0]["history"], "what"), ["accepted", "sent"]);
    assert_eq!(messages[0]["history"][1]["detail"], "250 accepted for delivery");
    assert_eq!(messages[0]["history"][1]["gateway"], "smsitaly");

    let one = bench.json(&format!("show {letter}.2 --json")).await;
    assert_eq!(column(&one["messages"], "id"), [format!("{letter}.2")]);

    let (text, done) = bench.run(&format!("show {letter}")).await;
    done.unwrap();
    assert!(text.contains("disk full") && text.contains("250 accepted for delivery"), "{text}");
    assert!(!text.contains('\x1b'), "a subject must not steer the terminal: {text:?}");
}

#[tokio::test]
async fn what_is_not_there_is_an_error() {
    let bench = Bench::new();
    let letter = bench.store(1, begin()).await;
    for line in
        ["show nobody", "cancel nobody", &format!("show {letter}.2"), &format!("retry {letter}.2"), "hold nobody.1"]
    {
        let done = bench.run(line).await.1;
        assert!(matches!(done, Err(Failure::NoSuchMessage(_))), "{line}: {done:?}");
    }
}

#[tokio::test]
async fn a_letter_id_means_all_its_messages() {
    let bench = Bench::new();
    let letter = bench.store(2, begin()).await;
    let (out, done) = bench.run(&format!("hold {letter}")).await;
    done.unwrap();
    assert_eq!(out, format!("{letter}.1 held\n{letter}.2 held\n"));
    let (out, done) = bench.run(&format!("release {letter}.2")).await;
    done.unwrap();
    assert_eq!(out, format!("{letter}.2 waiting\n"));

    let (out, done) = bench.run(&format!("release {letter}")).await;
    assert!(matches!(done, Err(Failure::NotChanged(1))), "{done:?}");
    assert!(out.starts_with(&format!("{letter}.1 waiting\nmessage {letter}.2 is waiting")), "{out}");
}

#[tokio::test]
async fn retrying_everything_leaves_what_has_ended() {
    let bench = Bench::new();
    let ended = bench.store(1, begin()).await;
    bench.run(&format!("cancel {ended}")).await.1.unwrap();
    let held = bench.store(1, begin()).await;
    bench.run(&format!("hold {held}")).await.1.unwrap();
    assert_eq!(column(&bench.json("retry --all --json").await, "id"), [format!("{held}.1")]);
    assert_eq!(column(&bench.json("retry --older 1s --json").await, "id"), [format!("{held}.1")]);
    assert_eq!(column(&bench.json("retry --state refused --json").await, "id"), [format!("{ended}.1")]);
    assert_eq!(column(&bench.json("list --state waiting --json").await, "id").len(), 2);
}

#[tokio::test]
async fn the_spool_is_counted() {
    let bench = Bench::new();
    let letter = bench.store(3, begin()).await;
    bench.run(&format!("cancel {letter}.1")).await.1.unwrap();
    let stats = bench.json("stats --json").await;
    assert_eq!((&stats["waiting"], &stats["refused"], &stats["sent"]), (&2.into(), &1.into(), &0.into()));
    assert_eq!((&stats["waiting_for"]["smsitaly"], &stats["notices_owed"]), (&2.into(), &1.into()));
    assert_eq!(stats["oldest_waiting"], "2026-03-01T03:00:00Z");
    assert!(bench.run("stats").await.0.contains("waiting for smsitaly"));
}
