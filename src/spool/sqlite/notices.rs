//! The notices that senders are owed: a queue of their own beside the parcels.

use jiff::Timestamp;
use rusqlite::Connection;

use super::advance::{Entry, record};
use super::fault::Fault;
use super::rows::{self, integer, millis, parcel_columns};
use crate::spool::{DueNotice, NoticeNote, NoticeState, ParcelId};

/// Up to `limit` notices that are due, the longest due first.
pub fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<DueNotice>, Fault> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        parcel_columns!(),
        ", p.notice_attempts, l.notice_local, l.notice_domain, l.subject, l.message_id, l.headers
         FROM parcels AS p JOIN letters AS l ON l.id = p.letter
         WHERE p.notice = 'owed' AND p.notice_due <= ?1 AND l.notice_local IS NOT NULL
         ORDER BY p.notice_due, p.letter, p.place LIMIT ?2"
    ))?;
    let found = find.query_and_then((millis(now), integer(limit)), |row| {
        let parcel = rows::parcel(row)?;
        let Some(notice_to) = rows::notice_to(row)? else { return Ok(None) };
        Ok::<_, Fault>(Some(DueNotice {
            parcel,
            notice_to,
            subject: row.get("subject")?,
            message_id: row.get("message_id")?,
            headers: row.get("headers")?,
            attempts: row.get("notice_attempts")?,
        }))
    })?;
    found.filter_map(Result::transpose).collect()
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
    };
    let mut update = db.prepare_cached(
        "UPDATE parcels SET notice = ?3, notice_due = ?4, notice_attempts = notice_attempts + 1
         WHERE letter = ?1 AND place = ?2 AND notice = 'owed'",
    )?;
    update.execute((key.letter, key.place, notice.as_str(), millis(due)))?;
    record(db, key, now, &Entry { what, gateway: None, detail })
}
