//! Folds what was gathered for a number into one message, and lets everything in it end as that one does.
//!
//! ```text
//!   held, gathered ──due──► fold: the digest is stored, waiting; what is in it knows it
//!                           the digest ends ──► settle: what is in it ends the same way, some hundreds at a time
//! ```
//!
//! Until then what is in it stays held, so nothing that was answered with 250 is ever only a line in another text. Known
//! limit: a fold is one transaction however much was gathered, and keeps the writer for a moment when that are tens of
//! thousands; in several it would be several digests.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::advance::{Change, advance};
use super::commit;
use super::fault::Fault;
use super::rows::{self, Key, integer, millis};
use crate::address::Number;
use crate::limits::MAX_SUBJECTS;
use crate::spool::state::Step;
use crate::spool::{DueDigest, NewLetter, ParcelId, Priority, State};

/// How many parcels end with their digest in one transaction: the writer must not be kept from its other work.
const SETTLE_BATCH: usize = 500;

/// The digest that is due the longest.
pub fn due(db: &Connection, now: Timestamp) -> Result<Option<DueDigest>, Fault> {
    let mut first = db.prepare_cached(
        "SELECT number, gather FROM parcels INDEXED BY parcels_gathered
         WHERE gather <= ?1 AND digest IS NULL ORDER BY gather LIMIT 1",
    )?;
    let found = first.query_one([millis(now)], |row| {
        Ok((rows::read(row, "number", Number::from_e164)?, rows::time(row, "gather")?))
    });
    let Some((number, due)) = found.optional()? else { return Ok(None) };
    let mut all = db.prepare_cached(
        "SELECT count(*) AS count, max(letter) AS last, max(priority = 'urgent') AS is_urgent
         FROM parcels INDEXED BY parcels_gathering WHERE number = ?1 AND gather = ?2 AND digest IS NULL",
    )?;
    let of_it = (number.as_str(), millis(due));
    let (count, last, is_urgent): (usize, i64, bool) =
        all.query_one(of_it, |row| Ok((rows::count(row, "count")?, row.get("last")?, row.get("is_urgent")?)))?;
    let mut newest = db.prepare_cached(
        "SELECT sender_id, gateways FROM parcels WHERE letter = ?1 AND number = ?2 AND gather IS NOT NULL LIMIT 1",
    )?;
    let (sender, gateways) = newest.query_one((last, number.as_str()), |row| {
        Ok((rows::read(row, "sender_id", str::parse)?, rows::read(row, "gateways", |json| serde_json::from_str(json))?))
    })?;
    let priority = if is_urgent { Priority::Urgent } else { Priority::Normal };
    Ok(Some(DueDigest { subjects: subjects(db, &number, due)?, number, due, count, sender, gateways, priority }))
}

/// The subjects in the order in which they came first, and how often each did. A message without one goes by its text.
fn subjects(db: &Connection, number: &Number, due: Timestamp) -> Result<Vec<(String, usize)>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT coalesce(nullif(trim(l.subject), ''), json_extract(p.parts, '$[0].text'), '') AS about,
                count(*) AS count
         FROM parcels AS p INDEXED BY parcels_gathering JOIN letters AS l ON l.id = p.letter
         WHERE p.number = ?1 AND p.gather = ?2 AND p.digest IS NULL
         GROUP BY about ORDER BY min(p.letter) LIMIT ?3",
    )?;
    // One more than can be listed, so that it shows that there were more.
    let most = integer(MAX_SUBJECTS + 1);
    let found = find
        .query_map((number.as_str(), millis(due), most), |row| Ok((row.get("about")?, rows::count(row, "count")?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// When the next digest is due.
pub fn next_due(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT min(gather) AS due FROM parcels INDEXED BY parcels_gathered WHERE gather IS NOT NULL AND digest IS NULL",
    )?;
    Ok(find.query_one((), |row| rows::time_or_none(row, "due"))?)
}

/// Stores the digest as `letter`, which has one parcel, and puts into it what was gathered. `None`, and nothing is done,
/// when something was added or taken away since it was looked at: a digest tells the truth about its number.
pub fn fold(db: &Connection, digest: &DueDigest, letter: &NewLetter) -> Result<Option<ParcelId>, Fault> {
    let of_it = (digest.number.as_str(), millis(digest.due));
    let mut count = db.prepare_cached(
        "SELECT count(*) AS count FROM parcels INDEXED BY parcels_gathering
         WHERE number = ?1 AND gather = ?2 AND digest IS NULL",
    )?;
    if count.query_one(of_it, |row| rows::count(row, "count"))? != digest.count {
        return Ok(None);
    }
    let Some((key, id)) = commit::store_alone(db, letter)? else { return Ok(None) };
    db.prepare_cached("UPDATE parcels SET carries = 1 WHERE letter = ?1 AND place = ?2")?
        .execute((key.letter, key.place))?;
    let mut put = db.prepare_cached(
        "UPDATE parcels INDEXED BY parcels_gathering SET digest = ?3
         WHERE number = ?1 AND gather = ?2 AND digest IS NULL",
    )?;
    put.execute((of_it.0, of_it.1, key.letter))?;
    let mut tell = db.prepare_cached(
        "INSERT INTO events (letter, place, step, time, what, gateway, detail)
         SELECT p.letter, p.place, 1 + (SELECT max(step) FROM events AS e WHERE e.letter = p.letter AND e.place = p.place),
                ?2, 'gathered into a digest', NULL, ?3
         FROM parcels AS p INDEXED BY parcels_digested WHERE p.digest = ?1",
    )?;
    tell.execute((key.letter, millis(letter.accepted), id.to_string()))?;
    Ok(Some(id))
}

/// Lets a batch of parcels end as their digest did; gives them with their states. Empty when all have.
pub fn settle(db: &Connection, now: Timestamp) -> Result<Vec<(ParcelId, State)>, Fault> {
    let mut ended = db.prepare_cached(
        "SELECT p.letter, p.place, l.name, p.state, p.last_reply
         FROM parcels AS p INDEXED BY parcels_carrying JOIN letters AS l ON l.id = p.letter
         WHERE p.carries = 1 AND p.state IN ('sent', 'refused', 'expired') LIMIT 1",
    )?;
    let found = ended.query_one((), |row| {
        let key = Key { letter: row.get("letter")?, place: row.get("place")? };
        let id = ParcelId { letter: row.get("name")?, place: key.place };
        Ok((key, id, rows::state(row, "state")?, row.get::<_, Option<String>>("last_reply")?))
    });
    let Some((digest, id, state, reply)) = found.optional()? else { return Ok(Vec::new()) };
    let step = match state {
        State::Sent => Step::DigestSent,
        State::Expired => Step::DigestExpired,
        _ => Step::DigestRefused,
    };
    let words = format!("in the digest {id}: {}", reply.as_deref().unwrap_or(state.as_str()));
    let carried = carried(db, digest)?;
    let mut settled = Vec::with_capacity(carried.len());
    for (key, id) in &carried {
        settled.push((id.clone(), advance(db, *key, &Change::said(step, now, &words))?));
    }
    if carried.len() < SETTLE_BATCH {
        db.prepare_cached("UPDATE parcels SET carries = 0 WHERE letter = ?1 AND place = ?2")?
            .execute((digest.letter, digest.place))?;
    }
    Ok(settled)
}

fn carried(db: &Connection, digest: Key) -> Result<Vec<(Key, ParcelId)>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT p.letter, p.place, l.name FROM parcels AS p INDEXED BY parcels_digested
         JOIN letters AS l ON l.id = p.letter WHERE p.digest = ?1 ORDER BY p.letter, p.place LIMIT ?2",
    )?;
    let found = find.query_map((digest.letter, integer(SETTLE_BATCH)), |row| {
        let key = Key { letter: row.get("letter")?, place: row.get("place")? };
        Ok((key, ParcelId { letter: row.get("name")?, place: key.place }))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}
