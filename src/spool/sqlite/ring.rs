//! Whose turn it is: within a priority, the senders who have something due at a gateway take turns, one parcel each.
//!
//! All that is remembered is who had the last turn; the next one is found by one step through an index, however many
//! parcels and senders wait. A number for each parcel, given out when it is stored, was rejected: a retry or another
//! gateway would need a new one, and a sender's old message would then queue behind its own new ones.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::rows::{Key, millis};
use crate::spool::Priority;

/// Who had the last turn, at each gateway and for each priority. As small as there are gateways.
#[derive(Debug, Default)]
pub struct Ring {
    last: HashMap<(String, Priority), String>,
}

impl Ring {
    /// The oldest parcel of the sender whose turn it is; `None` when nothing of this priority is due.
    pub fn next(
        &mut self,
        db: &Connection,
        gateway: &str,
        priority: Priority,
        now: Timestamp,
    ) -> Result<Option<Key>, Fault> {
        let at = (gateway.to_owned(), priority);
        let after = self.last.get(&at).map(String::as_str);
        let found = match find(db, gateway, priority, now, after)? {
            None if after.is_some() => find(db, gateway, priority, now, None)?,
            found => found,
        };
        Ok(found.map(|(key, sender)| {
            self.last.insert(at, sender);
            key
        }))
    }
}

/// The oldest parcel of the first sender behind `after`, or of the very first one.
fn find(
    db: &Connection,
    gateway: &str,
    priority: Priority,
    now: Timestamp,
    after: Option<&str>,
) -> Result<Option<(Key, String)>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT letter, place, sender FROM parcels INDEXED BY parcels_ready
         WHERE state = 'waiting' AND ready = 1 AND gateway = ?1 AND priority = ?2 AND sender >= ?3 AND expires > ?4
         ORDER BY sender, letter, place LIMIT 1",
    )?;
    // No text lies between a text and the same with a NUL behind it; the null sender is ''.
    let from = after.map(|after| format!("{after}\0")).unwrap_or_default();
    let found = find.query_one((gateway, priority.as_str(), from, millis(now)), |row| {
        Ok((Key { letter: row.get("letter")?, place: row.get("place")? }, row.get("sender")?))
    });
    Ok(found.optional()?)
}
