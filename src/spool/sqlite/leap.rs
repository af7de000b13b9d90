//! Puts the moments of what waits right after the machine's clock was set: they were told as waits, and are kept as
//! moments of a clock that shows another time now.
//!
//! Known limit: each is one transaction over everything that waits, and keeps the writer for a moment when that is a
//! hundred thousand. Clocks are seldom set.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use super::fault::Fault;
use super::rows::{json, millis};

/// Lets nothing wait longer than it was told to, from `now` on. What waits for a retry is due when its moment lies
/// farther away than the one of `delays` that belongs to its tries (the last one repeats), a notice or a memo when it
/// lies farther away than `longest`; and nobody lives longer than at first. Gives how many parcels are due by that.
pub fn draw_in(db: &Connection, now: Timestamp, delays: &[Duration], longest: Duration) -> Result<usize, Fault> {
    let (now, longest) = (millis(now), milliseconds(longest));
    let delays: Vec<i64> = delays.iter().copied().map(milliseconds).collect();
    // What was not tried yet waits for the end of quiet hours, which is a moment of the clock.
    let mut retries = db.prepare_cached(
        "UPDATE parcels SET due = :now
         WHERE state = 'waiting' AND ready = 0 AND attempts > 0 AND due > :now +
             coalesce(json_extract(:delays, '$[' || (min(attempts, json_array_length(:delays)) - 1) || ']'), 0)",
    )?;
    let due = retries.execute(named_params! { ":now": now, ":delays": json(&delays)? })?;
    let mut lives = db.prepare_cached(
        "UPDATE parcels SET expires = ?1 + lifetime
         WHERE state = 'waiting' AND (ready = 1 OR attempts > 0) AND expires > ?1 + lifetime",
    )?;
    lives.execute([now])?;
    let mut notices =
        db.prepare_cached("UPDATE parcels SET notice_due = ?1 WHERE notice = 'owed' AND notice_due > ?1 + ?2")?;
    notices.execute([now, longest])?;
    db.prepare_cached("UPDATE memos SET due = ?1 WHERE due > ?1 + ?2")?.execute([now, longest])?;
    Ok(due)
}

/// Lets what is still on its way live longer by `by`, unless it was accepted from `since` until `now`.
pub fn prolong(db: &Connection, by: Duration, since: Timestamp, now: Timestamp) -> Result<(), Fault> {
    let mut lives = db.prepare_cached(
        "UPDATE parcels SET expires = min(expires + ?1, ?2)
         WHERE state IN ('waiting', 'sending') AND (SELECT accepted FROM letters WHERE id = letter) NOT BETWEEN ?3 AND ?4",
    )?;
    lives.execute([milliseconds(by), millis(Timestamp::MAX), millis(since), millis(now)])?;
    Ok(())
}

fn milliseconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
