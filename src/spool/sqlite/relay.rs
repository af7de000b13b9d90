//! What the dispatcher asks of the writer: what is due, what came of it, what has run out of time, what a crash left.
//! And what operators order.
//!
//! `INDEXED BY` stands where the planner, left alone, walks through everything that waits; a query whose index is gone
//! fails instead of growing slow.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, Params};

use super::advance::{Change, advance};
use super::fault::Fault;
use super::marks::{self, Mark};
use super::ring::{Ring, Source};
use super::rows::{self, Key, millis, parcel_columns};
use crate::spool::state::Step;
use crate::spool::{Note, Order, Ordered, Overdue, Parcel, ParcelId, Priority, State};

/// How many parcels expire in one transaction: the writer must not be kept from its other work.
const EXPIRE_BATCH: u32 = 500;
/// How many parcels become ready in one transaction.
const READY_BATCH: u32 = 500;

/// A claim that somebody will make.
#[derive(Debug)]
pub struct Claim {
    pub gateway: String,
    /// What waits for these may be taken over.
    pub others: Vec<String>,
    pub ring: Arc<Mutex<Ring>>,
}

impl Claim {
    /// Takes up to `limit` parcels that are due at the gateway and the others, which take turns; they are `sending` from
    /// now on, at the gateway. The ring says which sender's turn it is.
    pub fn make(&self, db: &Connection, now: Timestamp, limit: usize) -> Result<Vec<Parcel>, Fault> {
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        let from = std::iter::once(&self.gateway).chain(&self.others);
        let sources: Vec<Source<'_>> = from.map(|from| Source { from, to: &self.gateway }).collect();
        claim(db, &mut ring, &sources, now, limit)
    }
}

fn claim(
    db: &Connection,
    ring: &mut Ring,
    sources: &[Source<'_>],
    now: Timestamp,
    limit: usize,
) -> Result<Vec<Parcel>, Fault> {
    for source in sources {
        make_ready(db, source.from, now)?;
    }
    let mut claimed = Vec::new();
    for priority in Priority::ALL.into_iter().rev() {
        let mut open: VecDeque<Source<'_>> = sources.iter().copied().collect();
        while let Some(source) = open.pop_front().filter(|_| claimed.len() < limit) {
            let Some(key) = ring.next(db, source, priority, now)? else { continue };
            advance(db, key, &Change { gateway: Some(source.to), ..Change::silent(Step::Claimed, now) })?;
            claimed.push(parcel(db, key)?);
            open.push_back(source);
        }
    }
    Ok(claimed)
}

/// Looks for parcels that wait for a gateway which is not one of `configured`, a batch of them: the next one of their
/// list that is gets them. Without one, or when the old one has begun with it, they are held. Gives them with their
/// new states.
pub fn rehome(db: &Connection, configured: &[String], now: Timestamp) -> Result<Vec<(ParcelId, State)>, Fault> {
    let mut rehomed = Vec::new();
    for gateway in gateways(db)?.iter().filter(|name| !configured.contains(name)) {
        let lost = keys(
            db,
            "SELECT p.letter, p.place, l.name FROM parcels AS p JOIN letters AS l ON l.id = p.letter
             WHERE p.state = 'waiting' AND p.gateway = ?1 LIMIT ?2",
            (gateway, READY_BATCH),
        )?;
        for (key, id) in lost {
            rehomed.push((id, advance(db, key, &home(&parcel(db, key)?, configured, now))?));
        }
    }
    Ok(rehomed)
}

fn home<'a>(parcel: &Parcel, configured: &'a [String], now: Timestamp) -> Change<'a> {
    let home = parcel.gateways.iter().find_map(|name| configured.iter().find(|known| *known == name));
    match home {
        _ if parcel.accepted_parts > 0 => {
            Change::said(Step::Stranded, now, "its gateway is no longer configured, and has sent its first parts")
        }
        Some(home) => Change { gateway: Some(home), ..Change::silent(Step::Moved, now) },
        None => Change::said(Step::Stranded, now, "none of its gateways is configured any more"),
    }
}

/// The gateways for which something waits.
fn gateways(db: &Connection) -> Result<Vec<String>, Fault> {
    let mut next = db.prepare_cached(
        "SELECT min(gateway) AS name FROM (
             SELECT min(gateway) AS gateway FROM parcels INDEXED BY parcels_ready
             WHERE state = 'waiting' AND ready = 1 AND gateway > ?1
             UNION ALL
             SELECT min(gateway) FROM parcels INDEXED BY parcels_later
             WHERE state = 'waiting' AND ready = 0 AND gateway > ?1)",
    )?;
    let mut names: Vec<String> = Vec::new();
    while let Some(name) =
        next.query_one([names.last().map_or("", String::as_str)], |row| row.get::<_, Option<String>>("name"))?
    {
        names.push(name);
    }
    Ok(names)
}

/// Lets those take part whose moment has come, a batch of them, the longest due first.
fn make_ready(db: &Connection, gateway: &str, now: Timestamp) -> Result<(), Fault> {
    let due = keys(
        db,
        "SELECT p.letter, p.place, '' AS name FROM parcels AS p INDEXED BY parcels_later
         WHERE p.state = 'waiting' AND p.ready = 0 AND p.gateway = ?1 AND p.due <= ?2 ORDER BY p.due LIMIT ?3",
        (gateway, millis(now), READY_BATCH),
    )?;
    let mut update = db.prepare_cached("UPDATE parcels SET ready = 1 WHERE letter = ?1 AND place = ?2")?;
    for (key, _) in due {
        update.execute((key.letter, key.place))?;
    }
    Ok(())
}

/// Records what came of a parcel; gives the state it is in now.
pub fn note(db: &Connection, id: &ParcelId, note: &Note, now: Timestamp) -> Result<State, Fault> {
    let change = match note {
        Note::PartAccepted { reply } => Change::said(Step::PartAccepted, now, reply),
        Note::Retry { reason, due, gateway } => {
            Change { due: Some(*due), gateway: Some(gateway), ..Change::said(Step::Retry, now, reason) }
        }
        Note::Held { reason } => Change::said(Step::Held, now, reason),
        Note::Refused { reply } => Change::said(Step::Refused, now, reply),
        Note::Released => Change::silent(Step::Released, now),
    };
    advance(db, rows::key(db, id)?, &change)
}

/// Ends parcels that waited too long, a batch of them; gives their IDs.
pub fn expire(db: &Connection, now: Timestamp) -> Result<Vec<ParcelId>, Fault> {
    let late = keys(
        db,
        "SELECT p.letter, p.place, l.name
         FROM parcels AS p INDEXED BY parcels_expiry JOIN letters AS l ON l.id = p.letter
         WHERE p.state = 'waiting' AND p.expires <= ?1 ORDER BY p.expires LIMIT ?2",
        (millis(now), EXPIRE_BATCH),
    )?;
    let mut expired = Vec::with_capacity(late.len());
    for (key, id) in late {
        advance(db, key, &Change::silent(Step::Expired, now))?;
        expired.push(id);
    }
    Ok(expired)
}

/// Deals with what was `sending` when the last relay ended: held when its gateway is one of `hold_for`, else due again
/// at once. They are as few as the relay had sessions.
pub fn recover(db: &Connection, now: Timestamp, hold_for: &[String]) -> Result<Vec<(ParcelId, State)>, Fault> {
    let found = keys(
        db,
        "SELECT p.letter, p.place, l.name FROM parcels AS p INDEXED BY parcels_state JOIN letters AS l ON l.id = p.letter
         WHERE p.state <> 'waiting' AND p.state = 'sending' ORDER BY p.letter, p.place",
        (),
    )?;
    let mut recovered = Vec::with_capacity(found.len());
    for (key, id) in found {
        let step = match hold_for.contains(&parcel(db, key)?.gateway) {
            true => Step::FoundToHold,
            false => Step::FoundToRetry,
        };
        let change = Change::said(step, now, "may have been sent: telepost ended while a session had it");
        recovered.push((id, advance(db, key, &change)?));
    }
    Ok(recovered)
}

/// What was accepted before `before` and still waits, up to `limit` letters of it; each is given once.
pub fn take_overdue(db: &Connection, before: Timestamp, limit: usize) -> Result<Vec<Overdue>, Fault> {
    let letters = marks::overdue(db, Mark::Escalation, before, limit)?;
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        parcel_columns!(),
        ", l.sender AS envelope_sender, l.subject FROM parcels AS p JOIN letters AS l ON l.id = p.letter
         WHERE p.letter = ?1 AND p.state = 'waiting' ORDER BY p.place"
    ))?;
    let mut overdue = Vec::new();
    for letter in &letters {
        let found = find.query_map([letter], |row| {
            Ok(Overdue { parcel: rows::parcel(row)?, from: row.get("envelope_sender")?, subject: row.get("subject")? })
        })?;
        overdue.extend(found.collect::<Result<Vec<_>, _>>()?);
    }
    if let Some(last) = letters.last() {
        marks::set(db, Mark::Escalation, *last)?;
    }
    Ok(overdue)
}

/// Carries out an operator's order for each of the parcels; one that can't be does not keep the others.
pub fn order(db: &Connection, order: Order, ids: Vec<ParcelId>, now: Timestamp) -> Result<Vec<Ordered>, Fault> {
    let step = Step::Ordered(order);
    let change = match order {
        Order::Cancel => Change::said(step, now, "cancelled by an operator"),
        Order::Hold => Change::said(step, now, "held by an operator"),
        Order::Retry | Order::Release => Change::silent(step, now),
    };
    let mut ordered = Vec::with_capacity(ids.len());
    for id in ids {
        let outcome = match rows::key(db, &id).and_then(|key| advance(db, key, &change)) {
            Ok(state) => Ok(state),
            Err(Fault::Spool(error)) => Err(error),
            Err(fault) => return Err(fault),
        };
        ordered.push(Ordered { id, order, outcome });
    }
    Ok(ordered)
}

/// The keys that a query finds, all of them before the first is changed, and their IDs by the column `name`.
fn keys(db: &Connection, sql: &str, values: impl Params) -> Result<Vec<(Key, ParcelId)>, Fault> {
    let mut find = db.prepare_cached(sql)?;
    let found = find.query_map(values, |row| {
        let key = Key { letter: row.get("letter")?, place: row.get("place")? };
        Ok((key, ParcelId { letter: row.get("name")?, place: key.place }))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn parcel(db: &Connection, key: Key) -> Result<Parcel, Fault> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        parcel_columns!(),
        " FROM parcels AS p JOIN letters AS l ON l.id = p.letter WHERE p.letter = ?1 AND p.place = ?2"
    ))?;
    Ok(find.query_one((key.letter, key.place), rows::parcel)?)
}
