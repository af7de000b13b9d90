//! Asks the storm gate about a parcel that is to be stored: brings it the counts that lie here, and writes down what it
//! answers. All within the transaction that stores the parcel, so that limits hold whoever else is storing.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::rows::{self, millis};
use crate::limits::{self, Ask, Count, Judgement, Meter, Metered, Scope, Urgency};
use crate::spool::{NewLetter, NewParcel, Priority};

/// How long counts are kept that are not of a month: the longest sliding limit is a day, and a day may have 25 hours.
const KEEP_HOURS: i64 = 50;
/// How long those of a month are kept, and what operators were told.
const KEEP_MONTH_HOURS: i64 = 62 * 24;
/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;
/// How many counts are forgotten in one transaction: the writer must not be kept from its other work.
const FORGET_BATCH: usize = 2000;

/// What becomes of a parcel of so many parts.
pub fn judge(
    db: &Connection,
    settings: &limits::Settings,
    letter: &NewLetter,
    parcel: &NewParcel,
    parts: usize,
) -> Result<Judgement, Fault> {
    let sender = letter.from.mailbox().map(ToString::to_string);
    let ask = Ask {
        number: &parcel.number,
        sender: sender.as_deref(),
        parts: u32::try_from(parts).unwrap_or(u32::MAX),
        urgency: if parcel.priority == Priority::Urgent { Urgency::Urgent } else { Urgency::Ordinary },
        now: letter.accepted,
    };
    let meters = settings.meters(&ask).into_iter();
    let metered = meters.map(|meter| metered(db, meter, ask.now)).collect::<Result<Vec<_>, _>>()?;
    let open = match settings.on_limit {
        limits::OnLimit::Digest => open_digest(db, &ask)?,
        limits::OnLimit::Hold | limits::OnLimit::Refuse => None,
    };
    let judgement = limits::judge(settings, &ask, &metered, open);
    for charge in judgement.charges(&ask, &metered) {
        count(db, charge.meter, charge.at, charge.parts)?;
    }
    Ok(judgement)
}

fn metered(db: &Connection, meter: Meter, now: Timestamp) -> Result<Metered, Fault> {
    let mut find = db.prepare_cached("SELECT at, parts FROM counts WHERE scope = ?1 AND key = ?2 AND at >= ?3")?;
    let found = find.query_map((meter.scope.as_str(), &meter.key, millis(meter.since(now))), |row| {
        Ok(Count { at: rows::time(row, "at")?, parts: row.get("parts")? })
    })?;
    let counts = found.collect::<Result<_, _>>()?;
    Ok(Metered { meter, counts })
}

/// When the digest of the number is due that gathers now.
fn open_digest(db: &Connection, ask: &Ask<'_>) -> Result<Option<Timestamp>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT min(gather) AS due FROM parcels INDEXED BY parcels_gathering
         WHERE number = ?1 AND gather > ?2 AND digest IS NULL",
    )?;
    Ok(find.query_one((ask.number.as_str(), millis(ask.now)), |row| rows::time_or_none(row, "due"))?)
}

fn count(db: &Connection, meter: &Meter, at: Timestamp, parts: u32) -> Result<(), Fault> {
    let mut add = db.prepare_cached(
        "INSERT INTO counts (scope, key, at, parts) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET parts = min(parts + excluded.parts, 4294967295)",
    )?;
    add.execute((meter.scope.as_str(), &meter.key, millis(at), parts))?;
    Ok(())
}

/// How many parts are counted in the day or month that begins at `begin`, and of which percentage operators were told.
pub fn used(db: &Connection, scope: Scope, begin: Timestamp) -> Result<(u32, u8), Fault> {
    let key = (scope.as_str(), millis(begin));
    let mut counted = db.prepare_cached("SELECT parts FROM counts WHERE scope = ?1 AND key = '' AND at = ?2")?;
    let parts = counted.query_one(key, |row| row.get("parts")).optional()?;
    let mut told = db.prepare_cached("SELECT percent FROM told WHERE scope = ?1 AND at = ?2")?;
    let percent = told.query_one(key, |row| row.get("percent")).optional()?;
    Ok((parts.unwrap_or(0), percent.unwrap_or(0)))
}

/// Remembers that operators were told how much of a budget is used up.
pub fn tell_used(db: &Connection, scope: Scope, begin: Timestamp, percent: u8) -> Result<(), Fault> {
    tell(db, scope.as_str(), begin, percent)
}

/// Remembers that a message was held over a limit: operators are owed a word about this hour.
pub fn note_held(db: &Connection, now: Timestamp) -> Result<(), Fault> {
    let hour = millis(now).div_euclid(HOUR) * HOUR;
    let mut insert =
        db.prepare_cached("INSERT INTO told (scope, at, percent) VALUES ('held', ?1, 0) ON CONFLICT DO NOTHING")?;
    insert.execute([hour])?;
    Ok(())
}

/// The first hour in which messages were held over a limit and of which operators have not been told.
pub fn held_hour(db: &Connection) -> Result<Option<Timestamp>, Fault> {
    let mut find = db.prepare_cached("SELECT min(at) AS at FROM told WHERE scope = 'held' AND percent = 0")?;
    Ok(find.query_one((), |row| rows::time_or_none(row, "at"))?)
}

/// Remembers that operators were told of that hour.
pub fn tell_held(db: &Connection, hour: Timestamp) -> Result<(), Fault> {
    tell(db, "held", hour, 100)
}

fn tell(db: &Connection, scope: &str, at: Timestamp, percent: u8) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO told (scope, at, percent) VALUES (?1, ?2, ?3)
         ON CONFLICT DO UPDATE SET percent = max(percent, excluded.percent)",
    )?;
    insert.execute((scope, millis(at), percent))?;
    Ok(())
}

/// Forgets a batch of counts that no longer matter; gives whether there may be more.
pub fn forget(db: &Connection, now: Timestamp) -> Result<bool, Fault> {
    let before = |hours: i64| millis(now).saturating_sub(hours * HOUR);
    let mut old = db.prepare_cached(
        "DELETE FROM counts WHERE (scope, key, at) IN (
             SELECT scope, key, at FROM counts WHERE at < ?1 AND scope <> 'month' LIMIT ?2)",
    )?;
    let forgotten = old.execute((before(KEEP_HOURS), rows::integer(FORGET_BATCH)))?;
    db.prepare_cached("DELETE FROM counts WHERE scope = 'month' AND at < ?1")?.execute([before(KEEP_MONTH_HOURS)])?;
    db.prepare_cached("DELETE FROM told WHERE at < ?1")?.execute([before(KEEP_MONTH_HOURS)])?;
    Ok(forgotten == FORGET_BATCH)
}
