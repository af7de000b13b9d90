//! Values ↔ columns. A column that holds what can't be is an error, never a guess.

use std::error::Error;
use std::fmt;

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Connection, OptionalExtension, Row};

use super::fault::Fault;
use crate::address::Number;
use crate::sms::Encoding;
use crate::smtp::{Mailbox, Notify, Returned};
use crate::spool::{NoticeState, Parcel, ParcelId, SpoolError, State};

/// The columns that [`parcel`] reads, from `parcels AS p JOIN letters AS l`.
macro_rules! parcel_columns {
    () => {
        "l.name, p.place, p.state, p.priority, p.address, p.number, p.sender_id, p.gateways, p.gateway, p.encoding, p.parts, \
         p.accepted_parts, p.attempts, p.due, p.expires, l.accepted AS accepted, p.last_reply"
    };
}
pub(super) use parcel_columns;

/// Where a parcel lies: the primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub letter: i64,
    pub place: u32,
}

/// Looks up where the parcel lies.
pub fn key(db: &Connection, id: &ParcelId) -> Result<Key, Fault> {
    let mut find = db.prepare_cached(
        "SELECT p.letter FROM letters AS l JOIN parcels AS p ON p.letter = l.id WHERE l.name = ?1 AND p.place = ?2",
    )?;
    let letter = find.query_one((&id.letter, id.place), |row| row.get(0)).optional()?;
    let letter = letter.ok_or_else(|| SpoolError::NoSuchParcel(id.clone()))?;
    Ok(Key { letter, place: id.place })
}

/// Reads a parcel from the columns of [`parcel_columns!`].
pub fn parcel(row: &Row<'_>) -> rusqlite::Result<Parcel> {
    Ok(Parcel {
        id: ParcelId { letter: row.get("name")?, place: row.get("place")? },
        state: state(row, "state")?,
        priority: read(row, "priority", str::parse)?,
        address: row.get("address")?,
        number: read(row, "number", Number::from_e164)?,
        sender: read(row, "sender_id", str::parse)?,
        gateways: read(row, "gateways", |json| serde_json::from_str(json))?,
        gateway: row.get("gateway")?,
        encoding: read(row, "encoding", encoding)?,
        parts: read(row, "parts", |json| serde_json::from_str(json))?,
        accepted_parts: count(row, "accepted_parts")?,
        attempts: row.get("attempts")?,
        due: time(row, "due")?,
        expires: time(row, "expires")?,
        accepted: time(row, "accepted")?,
        last_reply: row.get("last_reply")?,
    })
}

/// Reads a column's word as what it stands for.
pub fn read<T, E>(row: &Row<'_>, column: &str, parse: impl FnOnce(&str) -> Result<T, E>) -> rusqlite::Result<T>
where
    E: Error + Send + Sync + 'static,
{
    let word: String = row.get(column)?;
    parse(&word).map_err(|error| unfit(row, column, error))
}

pub fn state(row: &Row<'_>, column: &str) -> rusqlite::Result<State> {
    read(row, column, str::parse)
}

pub fn notice_state(row: &Row<'_>) -> rusqlite::Result<NoticeState> {
    let find = |word: &str| {
        NoticeState::ALL.into_iter().find(|state| state.as_str() == word).ok_or_else(|| Unknown(word.to_owned()))
    };
    read(row, "notice", find)
}

/// Whom to tell, from `notice_local` and `notice_domain`.
pub fn notice_to(row: &Row<'_>) -> rusqlite::Result<Option<Mailbox>> {
    let domain = row.get("notice_domain")?;
    Ok(row.get::<_, Option<String>>("notice_local")?.map(|local| Mailbox { local, domain }))
}

/// RET as a column holds it.
pub fn returned_word(returned: Returned) -> &'static str {
    match returned {
        Returned::Full => "full",
        Returned::Headers => "headers",
    }
}

/// NOTIFY as a column holds it.
pub fn notify_words(notify: Notify) -> String {
    let Notify { success, failure, delay } = notify;
    let words = [(success, "success"), (failure, "failure"), (delay, "delay")];
    let asked: Vec<&str> = words.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| word).collect();
    if asked.is_empty() { "never".to_owned() } else { asked.join(",") }
}

pub fn count(row: &Row<'_>, column: &str) -> rusqlite::Result<usize> {
    let found: i64 = row.get(column)?;
    usize::try_from(found).map_err(|error| unfit(row, column, error))
}

pub fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<Timestamp> {
    moment(row.get(column)?).map_err(|error| unfit(row, column, error))
}

pub fn time_or_none(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<Timestamp>> {
    let found: Option<i64> = row.get(column)?;
    found.map(moment).transpose().map_err(|error| unfit(row, column, error))
}

fn moment(millis: i64) -> Result<Timestamp, jiff::Error> {
    Timestamp::from_millisecond(millis)
}

/// A moment as a column holds it: whole milliseconds, what is finer is cut off.
pub fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

fn encoding(word: &str) -> Result<Encoding, Unknown> {
    let all = [Encoding::Gsm7, Encoding::Ucs2, Encoding::Latin1, Encoding::Ascii];
    all.into_iter().find(|encoding| encoding.to_string() == word).ok_or_else(|| Unknown(word.to_owned()))
}

/// A count as a column or a LIMIT holds it.
pub fn integer(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A value as JSON for a column.
pub fn json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn unfit(row: &Row<'_>, column: &str, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    let index = row.as_ref().column_index(column).unwrap_or_default();
    rusqlite::Error::FromSqlConversionFailure(index, Type::Text, error.into())
}

/// A word that is none of those a column may hold.
#[derive(Debug)]
struct Unknown(String);

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} does not belong there", self.0)
    }
}

impl Error for Unknown {}
