//! Removes letters that are history: every parcel at its end since long ago, and nobody waiting for a notice.
//!
//! A letter goes as a whole, so that `queue show` never tells half of one.

use jiff::Timestamp;
use rusqlite::Connection;

use super::fault::Fault;
use super::rows::{self, integer, millis};

/// How many letters go in one transaction: the writer must not be kept from its other work.
const BATCH: usize = 200;

/// What one transaction removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pruned {
    pub parcels: usize,
    /// Whether there may be more to remove.
    pub more: bool,
}

/// Removes a batch of letters whose parcels all came to their end before `before`.
pub fn prune(db: &Connection, before: Timestamp) -> Result<Pruned, Fault> {
    let letters = finished(db, before)?;
    let mut count = db.prepare_cached("SELECT count(*) AS count FROM parcels WHERE letter = ?1")?;
    // Parcels and their history go with the letter, by the schema.
    let mut delete = db.prepare_cached("DELETE FROM letters WHERE id = ?1")?;
    let mut parcels = 0;
    for letter in &letters {
        parcels += count.query_one([letter], |row| rows::count(row, "count"))?;
        delete.execute([letter])?;
    }
    Ok(Pruned { parcels, more: letters.len() == BATCH })
}

fn finished(db: &Connection, before: Timestamp) -> Result<Vec<i64>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT DISTINCT p.letter FROM parcels AS p INDEXED BY parcels_state
         WHERE p.state <> 'waiting' AND p.state IN ('sent', 'refused', 'expired') AND p.due < ?1 AND NOT EXISTS (
             SELECT 1 FROM parcels AS other WHERE other.letter = p.letter AND (
                 other.state NOT IN ('sent', 'refused', 'expired') OR other.due >= ?1 OR other.notice = 'owed'
                 OR other.carries = 1))
         LIMIT ?2",
    )?;
    let found = find.query_map((millis(before), integer(BATCH)), |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}
