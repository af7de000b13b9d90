//! The memos: what telepost itself has to say, a queue of its own.

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use super::fault::Fault;
use super::rows::{self, integer, millis};
use crate::smtp::Mailbox;
use crate::spool::{Memo, MemoNote, NewMemo};

/// Stores memos; they are due at once.
pub fn post(db: &Connection, memos: &[NewMemo]) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO memos (name, to_local, to_domain, subject, text, due, expires)
         VALUES (:name, :local, :domain, :subject, :text, :due, :expires)",
    )?;
    for memo in memos {
        insert.execute(named_params! {
            ":name": memo.name,
            ":local": memo.to.local,
            ":domain": memo.to.domain,
            ":subject": memo.subject,
            ":text": memo.text,
            ":due": millis(memo.made),
            ":expires": millis(memo.expires),
        })?;
    }
    Ok(())
}

/// Up to `limit` memos that are due, the longest due first.
pub fn due(db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Memo>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT id, name, to_local, to_domain, subject, text, expires, attempts FROM memos INDEXED BY memos_due
         WHERE due <= ?1 ORDER BY due, id LIMIT ?2",
    )?;
    let found = find.query_map((millis(now), integer(limit)), |row| {
        Ok(Memo {
            id: row.get("id")?,
            name: row.get("name")?,
            to: Mailbox { local: row.get("to_local")?, domain: row.get("to_domain")? },
            subject: row.get("subject")?,
            text: row.get("text")?,
            expires: rows::time(row, "expires")?,
            attempts: row.get("attempts")?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// When the next one is due.
pub fn next_due(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let mut find = db.prepare_cached("SELECT min(due) AS due FROM memos INDEXED BY memos_due")?;
    Ok(find.query_one((), |row| rows::time_or_none(row, "due"))?)
}

/// Records what came of a memo.
pub fn note(db: &Connection, id: i64, note: &MemoNote) -> Result<(), Fault> {
    match note {
        MemoNote::Done => db.prepare_cached("DELETE FROM memos WHERE id = ?1")?.execute([id])?,
        MemoNote::Retry { due } => {
            let mut update = db.prepare_cached("UPDATE memos SET due = ?2, attempts = attempts + 1 WHERE id = ?1")?;
            update.execute((id, millis(*due)))?
        }
    };
    Ok(())
}
