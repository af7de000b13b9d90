//! Tests of the room through its front door, on real files in throw-away directories.

mod accepting;
mod delivery;
mod fairness;
mod invariants;
mod notices;
mod opening;
mod operators;
mod storms;
mod trouble;

use std::time::Duration;

use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::address::Number;
use crate::sms::{Encoding, Part};
use crate::smtp::{Mailbox, ReversePath};

const FIRST: &str = "+447731234567";
const SECOND: &str = "+393331234567";
const GATEWAY: &str = "smsitaly";
/// How long a parcel of these tests may wait.
const LIFETIME: u64 = 3600;

/// A directory that goes away, and the settings of a spool in it.
struct Place {
    directory: TempDir,
    settings: Settings,
}

impl Place {
    fn new() -> Place {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings {
            path: directory.path().join("spool.db"),
            keep: Duration::from_secs(30 * 24 * 3600),
            dedup_window: Duration::from_secs(3600),
            limits: Arc::default(),
        };
        Place { directory, settings }
    }

    fn open(&self, role: Role) -> Spool {
        Spool::open(&self.settings, role).unwrap()
    }

    /// Another connection, as an operator with `sqlite3` has it.
    fn sqlite(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(&self.settings.path).unwrap()
    }
}

/// So many seconds after the moment when these tests begin.
fn at(second: u64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
    begin + Duration::from_secs(second)
}

fn mailbox(local: &str) -> Mailbox {
    Mailbox { local: local.to_owned(), domain: Some("site.example".to_owned()) }
}

fn text(parts: &[&str]) -> Fate {
    let part = |text: &&str| Part { text: (*text).to_owned(), units: text.len() };
    Fate::Waiting { encoding: Encoding::Latin1, parts: parts.iter().map(part).collect() }
}

fn parcel(number: &str, fate: Fate) -> NewParcel {
    NewParcel {
        address: format!("{number}@sms.example.com"),
        number: Number::from_e164(number).unwrap(),
        sender: "ALERTS".parse().unwrap(),
        gateways: vec![GATEWAY.to_owned(), "spare".to_owned()],
        expires: at(LIFETIME),
        priority: Priority::Normal,
        topic: None,
        notify: None,
        original: None,
        remark: None,
        fate,
    }
}

/// A letter from `root`, who wants to hear of failures, without a Message-ID.
fn letter(parcels: Vec<NewParcel>) -> NewLetter {
    NewLetter {
        from: ReversePath::Mailbox(mailbox("root")),
        notice_to: Some(mailbox("root")),
        message_id: None,
        subject: "disk full".to_owned(),
        headers: "Subject: disk full\n".to_owned(),
        source: "127.0.0.1 mon.site.example".to_owned(),
        accepted: at(0),
        returned: None,
        envelope_id: None,
        parcels,
    }
}

/// The letter under a Message-ID.
fn named(message_id: &str, letter: NewLetter) -> NewLetter {
    NewLetter { message_id: Some(message_id.to_owned()), ..letter }
}

/// Stores one message of these parts; gives its ID.
async fn store(spool: &Spool, parts: &[&str]) -> ParcelId {
    spool.commit(letter(vec![parcel(FIRST, text(parts))])).await.unwrap().remove(0).id
}

/// Stores one message of these parts and has a session take it.
async fn claimed(spool: &Spool, parts: &[&str]) -> ParcelId {
    let id = store(spool, parts).await;
    assert_eq!(ids(&spool.claim(GATEWAY, at(0), 10).await.unwrap()), std::slice::from_ref(&id));
    id
}

fn ids(parcels: &[Parcel]) -> Vec<ParcelId> {
    parcels.iter().map(|parcel| parcel.id.clone()).collect()
}

async fn record(spool: &Spool, id: &ParcelId) -> ParcelRecord {
    let letter = spool.letter(&id.letter).await.unwrap().unwrap();
    letter.parcels.into_iter().find(|record| record.parcel.id == *id).unwrap()
}

async fn state(spool: &Spool, id: &ParcelId) -> State {
    record(spool, id).await.parcel.state
}

fn accepted() -> Note {
    Note::PartAccepted { reply: "accepted for delivery".to_owned() }
}

fn refused() -> Note {
    Note::Refused { reply: "550 unknown".to_owned() }
}

fn retry(due: u64) -> Note {
    Note::Retry { reason: "421 busy".to_owned(), due: at(due), gateway: GATEWAY.to_owned() }
}
