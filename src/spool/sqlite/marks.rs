//! Marks: up to which letter something has been looked through. Letters are numbered as they come, so that each is looked
//! at once, when it has grown old enough, however many wait.
//!
//! What quiet hours put off waits for nobody's fault and is passed over, then and later.
//!
//! Known limit: after the clock has jumped back, a letter of before holds up those behind it until it is old enough.

use jiff::Timestamp;
use rusqlite::Connection;

use super::fault::Fault;
use super::rows::{integer, millis};

/// What is looked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// For senders who wait too long.
    Delay,
    /// For operators who must hear of it by mail.
    Escalation,
}

impl Mark {
    fn name(self) -> &'static str {
        match self {
            Mark::Delay => "delay",
            Mark::Escalation => "escalation",
        }
    }
}

/// Up to `limit` letters behind the mark that were accepted before `before` and of which something still waits.
pub fn overdue(db: &Connection, mark: Mark, before: Timestamp, limit: usize) -> Result<Vec<i64>, Fault> {
    // Numbers are given again once all letters are gone: then the mark is too high, and starts anew.
    let mut find = db.prepare_cached(
        "SELECT DISTINCT p.letter FROM parcels AS p INDEXED BY parcels_waiting
         WHERE p.state = 'waiting' AND (p.ready = 1 OR p.attempts > 0) AND p.letter >
             (SELECT iif(mark > newest, 0, mark) FROM (
                  SELECT coalesce((SELECT letter FROM marks WHERE name = ?1), 0) AS mark,
                         coalesce((SELECT max(id) FROM letters), 0) AS newest))
         ORDER BY p.letter LIMIT ?2",
    )?;
    let letters = find.query_map((mark.name(), integer(limit)), |row| row.get(0))?;
    let letters = letters.collect::<Result<Vec<i64>, _>>()?;
    let mut accepted = db.prepare_cached("SELECT accepted FROM letters WHERE id = ?1")?;
    let mut old = Vec::new();
    for letter in letters {
        if accepted.query_one([letter], |row| row.get::<_, i64>(0))? > millis(before) {
            break;
        }
        old.push(letter);
    }
    Ok(old)
}

/// All letters up to this one have been looked at.
pub fn set(db: &Connection, mark: Mark, letter: i64) -> Result<(), Fault> {
    let mut upsert = db.prepare_cached(
        "INSERT INTO marks (name, letter) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET letter = ?2",
    )?;
    upsert.execute((mark.name(), letter))?;
    Ok(())
}
