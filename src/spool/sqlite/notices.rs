//! The notices that senders are owed: a queue of their own beside the parcels.

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::advance::{Entry, record};
use super::fault::Fault;
use super::marks::{self, Mark};
use super::rows::{self, Key, integer, millis, parcel_columns};
use crate::smtp::{Mailbox, OriginalRecipient};
use crate::spool::{DueNotice, NoticeNote, NoticeState, ParcelId};

/// How many letters are looked through in one transaction.
const DELAY_BATCH: usize = 500;

/// What is read of a notice.
macro_rules! notice_columns {
    () => {
        concat!(
            parcel_columns!(),
            ", p.notice_attempts, p.original_kind, p.original, l.notice_local, l.notice_domain, l.subject,
             l.message_id, l.headers, l.envelope_id"
        )
    };
}

/// Up to `limit` notices that are due, the longest due first.
pub fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, Fault> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        notice_columns!(),
        " FROM parcels AS p INDEXED BY parcels_notices JOIN letters AS l ON l.id = p.letter
         WHERE p.notice = 'owed' AND p.notice_due <= ?1 AND l.notice_local IS NOT NULL
         ORDER BY p.notice_due, p.letter, p.place LIMIT ?2"
    ))?;
    let found = find.query_map((millis(now), integer(limit)), notice)?;
    Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

/// As [`due`], only those to one sender. Looks through all that are due.
pub fn due_to(db: &Connection, to: &Mailbox, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, Fault> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        notice_columns!(),
        " FROM parcels AS p INDEXED BY parcels_notices JOIN letters AS l ON l.id = p.letter
         WHERE p.notice = 'owed' AND p.notice_due <= ?1 AND l.notice_local = ?2 AND l.notice_domain IS ?3
         ORDER BY p.notice_due, p.letter, p.place LIMIT ?4"
    ))?;
    let found = find.query_map((millis(now), &to.local, &to.domain, integer(limit)), notice)?;
    Ok(found.filter_map(Result::transpose).collect::<Result<_, _>>()?)
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Option<DueNotice>> {
    let parcel = rows::parcel(row)?;
    let Some(notice_to) = rows::notice_to(row)? else { return Ok(None) };
    let kind: Option<String> = row.get("original_kind")?;
    let address: Option<String> = row.get("original")?;
    Ok(Some(DueNotice {
        parcel,
        original: kind.zip(address).map(|(kind, address)| OriginalRecipient { kind, address }),
        envelope_id: row.get("envelope_id")?,
        notice_to,
        subject: row.get("subject")?,
        message_id: row.get("message_id")?,
        headers: row.get("headers")?,
        attempts: row.get("notice_attempts")?,
    }))
}

/// Owes a notice for what still waits and was accepted before `before`, a batch of letters at a time, each letter once;
/// gives whether there may be more. Those whose senders do not want to hear of a delay are passed over.
pub fn owe_delayed(db: &Connection, before: Timestamp, now: Timestamp) -> Result<bool, Fault> {
    let letters = marks::overdue(db, Mark::Delay, before, DELAY_BATCH)?;
    let mut owe = db.prepare_cached(
        "UPDATE parcels SET notice = 'owed', notice_due = ?2, notice_attempts = 0
         WHERE letter = ?1 AND state = 'waiting' AND (notify IS NULL OR notify LIKE '%delay%')
           AND EXISTS (SELECT 1 FROM letters WHERE id = ?1 AND notice_local IS NOT NULL)",
    )?;
    for letter in &letters {
        owe.execute((letter, millis(now)))?;
    }
    if let Some(last) = letters.last() {
        marks::set(db, Mark::Delay, *last)?;
    }
    Ok(letters.len() == DELAY_BATCH)
}

/// When the next notice is due.
pub fn next_due(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let mut find = db.prepare_cached("SELECT min(notice_due) AS due FROM parcels WHERE notice = 'owed'")?;
    Ok(find.query_one((), |row| rows::time_or_none(row, "due"))?)
}

/// Records what came of a notice. Should an operator have sent the parcel on its way again meanwhile, the notice is
/// no longer owed, and only the history tells of it.
pub fn note(db: &Connection, id: &ParcelId, note: &NoticeNote, now: Timestamp) -> Result<(), Fault> {
    let key = rows::key(db, id)?;
    let (notice, due, what, detail) = match note {
        NoticeNote::Sent => (NoticeState::Sent, now, "notice sent", ""),
        NoticeNote::Failed { reason } => (NoticeState::Failed, now, "notice failed", reason.as_str()),
        NoticeNote::Retry { due, reason } => (NoticeState::Owed, *due, "notice not accepted", reason.as_str()),
        NoticeNote::Later { due } => return put_off(db, key, *due),
    };
    let mut update = db.prepare_cached(
        "UPDATE parcels SET notice = ?3, notice_due = ?4, notice_attempts = notice_attempts + 1
         WHERE letter = ?1 AND place = ?2 AND notice = 'owed'",
    )?;
    update.execute((key.letter, key.place, notice.as_str(), millis(due)))?;
    record(db, key, now, &Entry { what, gateway: None, detail })
}

fn put_off(db: &Connection, key: Key, due: Timestamp) -> Result<(), Fault> {
    let mut update =
        db.prepare_cached("UPDATE parcels SET notice_due = ?3 WHERE letter = ?1 AND place = ?2 AND notice = 'owed'")?;
    update.execute((key.letter, key.place, millis(due)))?;
    Ok(())
}
