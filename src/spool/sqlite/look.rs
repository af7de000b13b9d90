//! What operators look at, and when the dispatcher looks again.
//!
//! `INDEXED BY` as in `relay`.

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use super::fault::Fault;
use super::rows::{self, integer, millis, parcel_columns};
use crate::spool::{Filter, HistoryEntry, LetterRecord, Listed, ParcelId, ParcelRecord, State, Stats};

/// When the next parcel is due at one of the gateways, becomes due at one of the `others`, or runs out of time.
pub fn next_due(db: &Connection, gateways: &[String], others: &[String]) -> Result<Option<Timestamp>, Fault> {
    let mut ready = db.prepare_cached(
        "SELECT due FROM parcels INDEXED BY parcels_ready WHERE state = 'waiting' AND ready = 1 AND gateway = ?1 LIMIT 1",
    )?;
    let mut later = db.prepare_cached(
        "SELECT min(due) AS due FROM parcels INDEXED BY parcels_later
         WHERE state = 'waiting' AND ready = 0 AND gateway = ?1",
    )?;
    let mut expiry =
        db.prepare_cached("SELECT min(expires) AS due FROM parcels INDEXED BY parcels_expiry WHERE state = 'waiting'")?;
    let mut next = expiry.query_one((), |row| rows::time_or_none(row, "due"))?;
    for gateway in gateways {
        let first = ready.query_one([gateway], |row| rows::time(row, "due")).optional()?;
        next = [next, first].into_iter().flatten().min();
    }
    for gateway in gateways.iter().chain(others) {
        let first = later.query_one([gateway], |row| rows::time_or_none(row, "due"))?;
        next = [next, first].into_iter().flatten().min();
    }
    Ok(next)
}

/// Up to `limit` parcels that the filter lets through, by age of their letters and from the one behind `after` on.
pub fn list(db: &Connection, filter: &Filter, after: Option<&ParcelId>, limit: usize) -> Result<Vec<Listed>, Fault> {
    let (conditions, mut values) = conditions(filter, after);
    values.push(Value::Integer(integer(limit)));
    // Names begin with the time: they are an order that paging can rely on while the spool changes. CROSS JOIN keeps
    // SQLite to it; else it would sort all that a filter lets through, for every page again.
    let sql = format!(
        "SELECT {}, l.sender, l.subject FROM letters AS l CROSS JOIN parcels AS p ON p.letter = l.id
         WHERE {conditions} ORDER BY l.name, p.place LIMIT ?",
        parcel_columns!()
    );
    let mut find = db.prepare_cached(&sql)?;
    let found = find.query_map(params_from_iter(values), |row| {
        Ok(Listed { parcel: rows::parcel(row)?, from: row.get("sender")?, subject: row.get("subject")? })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The filter as SQL. Every text in it is fixed; what the operator wrote goes into the values.
fn conditions(filter: &Filter, after: Option<&ParcelId>) -> (String, Vec<Value>) {
    let mut conditions = vec!["TRUE"];
    let mut values = Vec::new();
    let mut add = |condition, value: Option<Value>| {
        conditions.push(condition);
        values.extend(value);
    };
    if let Some(letter) = &filter.letter {
        add("l.name = ?", Some(Value::Text(letter.clone())));
    }
    if let Some(place) = filter.place {
        add("p.place = ?", Some(Value::Integer(place.into())));
    }
    if let Some(state) = filter.state {
        add("p.state = ?", Some(Value::Text(state.as_str().to_owned())));
    }
    if let Some(number) = &filter.number {
        add("p.number = ?", Some(Value::Text(number.as_str().to_owned())));
    }
    match filter.sender.as_deref() {
        None => {}
        Some("<>") => add("l.sender IS NULL", None),
        Some(pattern) => add("l.sender LIKE ? ESCAPE '\\'", Some(Value::Text(like(pattern)))),
    }
    if let Some(moment) = filter.accepted_before {
        add("l.accepted < ?", Some(Value::Integer(millis(moment))));
    }
    if let Some(ParcelId { letter, place }) = after {
        add("(l.name, p.place) > (?, ?)", Some(Value::Text(letter.clone())));
        values.push(Value::Integer((*place).into()));
    }
    (conditions.join(" AND "), values)
}

/// A pattern with `*` as LIKE wants it, everything else standing for itself.
fn like(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    for c in pattern.chars() {
        match c {
            '*' => out.push('%'),
            '%' | '_' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// All that is known of a letter; `None` when there is none of that name.
pub fn letter(db: &Connection, name: &str) -> Result<Option<LetterRecord>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT id, name, sender, notice_local, notice_domain, message_id, subject, source, accepted
         FROM letters WHERE name = ?1",
    )?;
    let found = find.query_one([name], |row| {
        let letter = LetterRecord {
            id: row.get("name")?,
            from: row.get("sender")?,
            notice_to: rows::notice_to(row)?,
            message_id: row.get("message_id")?,
            subject: row.get("subject")?,
            source: row.get("source")?,
            accepted: rows::time(row, "accepted")?,
            parcels: Vec::new(),
        };
        Ok((row.get::<_, i64>("id")?, letter))
    });
    let Some((id, mut letter)) = found.optional()? else { return Ok(None) };
    letter.parcels = parcels(db, id)?;
    Ok(Some(letter))
}

fn parcels(db: &Connection, letter: i64) -> Result<Vec<ParcelRecord>, Fault> {
    let mut find = db.prepare_cached(concat!(
        "SELECT ",
        parcel_columns!(),
        ", p.notice FROM parcels AS p JOIN letters AS l ON l.id = p.letter WHERE p.letter = ?1 ORDER BY p.place"
    ))?;
    let found = find.query_map([letter], |row| {
        Ok(ParcelRecord { parcel: rows::parcel(row)?, notice: rows::notice_state(row)?, history: Vec::new() })
    })?;
    let mut parcels = found.collect::<Result<Vec<_>, _>>()?;
    for record in &mut parcels {
        record.history = history(db, letter, record.parcel.id.place)?;
    }
    Ok(parcels)
}

fn history(db: &Connection, letter: i64, place: u32) -> Result<Vec<HistoryEntry>, Fault> {
    let mut find = db.prepare_cached(
        "SELECT time, what, gateway, detail FROM events WHERE letter = ?1 AND place = ?2 ORDER BY step",
    )?;
    let found = find.query_map((letter, place), |row| {
        Ok(HistoryEntry {
            time: rows::time(row, "time")?,
            what: row.get("what")?,
            gateway: row.get("gateway")?,
            detail: row.get("detail")?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The spool in numbers.
pub fn stats(db: &Connection) -> Result<Stats, Fault> {
    let mut stats = Stats::default();
    let mut states = db.prepare_cached(
        "SELECT state, count(*) AS count FROM parcels INDEXED BY parcels_state WHERE state <> 'waiting' GROUP BY state",
    )?;
    let counts = states.query_map((), |row| Ok((rows::state(row, "state")?, rows::count(row, "count")?)))?;
    for counted in counts {
        let (state, count): (State, usize) = counted?;
        stats.by_state[state as usize] = count;
    }
    let mut waiting = db.prepare_cached(
        "SELECT gateway, sum(some) AS count FROM (
             SELECT gateway, count(*) AS some FROM parcels INDEXED BY parcels_ready
             WHERE state = 'waiting' AND ready = 1 GROUP BY gateway
             UNION ALL
             SELECT gateway, count(*) FROM parcels INDEXED BY parcels_later
             WHERE state = 'waiting' AND ready = 0 GROUP BY gateway)
         GROUP BY gateway ORDER BY gateway",
    )?;
    let counts = waiting.query_map((), |row| Ok((row.get("gateway")?, rows::count(row, "count")?)))?;
    stats.waiting_by_gateway = counts.collect::<Result<_, _>>()?;
    stats.by_state[State::Waiting as usize] = stats.waiting_by_gateway.iter().map(|(_, count)| count).sum();
    // Letters are numbered as they come, so that the first one is the oldest; asking for the oldest moment instead
    // would look up every letter that waits.
    let mut oldest = db.prepare_cached(
        "SELECT accepted FROM letters WHERE id =
             (SELECT min(letter) FROM parcels INDEXED BY parcels_waiting WHERE state = 'waiting')",
    )?;
    stats.oldest_waiting = oldest.query_one((), |row| rows::time(row, "accepted")).optional()?;
    let mut owed = db.prepare_cached("SELECT count(*) AS count FROM parcels WHERE notice = 'owed'")?;
    stats.notices_owed = owed.query_one((), |row| rows::count(row, "count"))?;
    Ok(stats)
}
