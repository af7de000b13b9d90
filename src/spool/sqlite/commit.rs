//! Stores a letter, unless it was accepted before.
//!
//! A mail server that never saw our 250 hands the mail over again. What is *the same* is decided parcel by parcel:
//! Message-ID, envelope sender, telephone and text are equal, and the first was accepted within the window. What the
//! first has become matters too:
//!
//! | the first is | the second |
//! |---|---|
//! | waiting, sending, held, sent | is a duplicate: the first is, or will be, on the phone |
//! | refused, expired | is stored: its sender was told of the failure and tries again on purpose |
//! | refused from the start | is a duplicate when it is refused from the start as well: one notice is enough |
//!
//! Without a Message-ID there are no duplicates: two alerts of one text can be two alarms.

use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::advance::{self, Entry};
use super::fault::Fault;
use super::rows::{self, Key, json, millis};
use crate::sms::{Encoding, Part};
use crate::spool::id::letter_name;
use crate::spool::{Committed, Fate, NewLetter, NewParcel, NoticeState, ParcelId, State};

/// How many letters of one Message-ID are compared, newest first: some programs write the same one into every mail.
const COMPARED: u32 = 100;
/// How often a name that is taken is drawn again.
const DRAWS: usize = 8;

/// Stores the letter; gives what became of each parcel, in order.
pub fn commit(db: &Connection, letter: &NewLetter, window: Duration) -> Result<Vec<Committed>, Fault> {
    let mut new: Option<(i64, String)> = None;
    let mut committed = Vec::with_capacity(letter.parcels.len());
    let mut places = 1..;
    for parcel in &letter.parcels {
        let packed = Packed::of(parcel)?;
        if let Some((key, id)) = accepted_before(db, letter, &packed, window)? {
            note_duplicate(db, key, letter)?;
            committed.push(Committed { id, duplicate: true });
            continue;
        }
        let (row, name) = match new.take() {
            Some(stored) => stored,
            None => store_letter(db, letter)?,
        };
        let place = places.next().unwrap_or(u32::MAX);
        store_parcel(db, Key { letter: row, place }, letter, &packed)?;
        committed.push(Committed { id: ParcelId { letter: name.clone(), place }, duplicate: false });
        new = Some((row, name));
    }
    Ok(committed)
}

/// A new parcel in the form of its columns.
struct Packed<'a> {
    parcel: &'a NewParcel,
    state: State,
    encoding: Encoding,
    parts: String,
    reason: Option<&'a str>,
}

impl Packed<'_> {
    fn of(parcel: &NewParcel) -> Result<Packed<'_>, Fault> {
        let (state, encoding, parts, reason) = match &parcel.fate {
            Fate::Waiting { encoding, parts } => (State::Waiting, *encoding, json(parts)?, None),
            Fate::Held { encoding, parts, reason } => (State::Held, *encoding, json(parts)?, Some(reason.as_str())),
            Fate::Refused { reason } => {
                (State::Refused, Encoding::Ascii, json(&Vec::<Part>::new())?, Some(reason.as_str()))
            }
        };
        Ok(Packed { parcel, state, encoding, parts, reason })
    }
}

/// The parcel that was accepted before, if this one is the same.
fn accepted_before(
    db: &Connection,
    letter: &NewLetter,
    packed: &Packed<'_>,
    window: Duration,
) -> Result<Option<(Key, ParcelId)>, Fault> {
    let Some(message_id) = letter.message_id.as_deref().filter(|_| !window.is_zero()) else { return Ok(None) };
    let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
    // Equal parts make an equal text; only what was refused from the start has none.
    let mut find = db.prepare_cached(
        "SELECT p.letter, l.name, p.place
         FROM (SELECT id, name, sender FROM letters WHERE message_id = ?1 AND accepted > ?2
               ORDER BY accepted DESC LIMIT ?6) AS l
         JOIN parcels AS p ON p.letter = l.id
         WHERE l.sender IS ?3 AND p.number = ?4 AND p.parts = ?5
           AND (p.state IN ('waiting', 'sending', 'held', 'sent') OR p.parts = '[]')
         ORDER BY p.letter LIMIT 1",
    )?;
    let values = (
        message_id,
        millis(letter.accepted).saturating_sub(window),
        sender(letter),
        packed.parcel.number.as_str(),
        &packed.parts,
        COMPARED,
    );
    let found = find.query_one(values, |row| {
        let key = Key { letter: row.get("letter")?, place: row.get("place")? };
        Ok((key, ParcelId { letter: row.get("name")?, place: key.place }))
    });
    Ok(found.optional()?)
}

fn sender(letter: &NewLetter) -> Option<String> {
    letter.from.mailbox().map(ToString::to_string)
}

fn note_duplicate(db: &Connection, first: Key, letter: &NewLetter) -> Result<(), Fault> {
    let entry = Entry { what: "handed over again", gateway: None, detail: &letter.source };
    advance::record(db, first, letter.accepted, &entry)
}

/// Stores what the parcels share, under a name that nobody has; gives its row and its name.
fn store_letter(db: &Connection, letter: &NewLetter) -> Result<(i64, String), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO letters (name, sender, notice_local, notice_domain, message_id, subject, headers, source, accepted,
                              returned, envelope_id)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?;
    let notice_to = letter.notice_to.as_ref();
    let mut draws = 1;
    loop {
        let name = letter_name(letter.accepted, fastrand::u64(..));
        let stored = insert.insert((
            &name,
            sender(letter),
            notice_to.map(|mailbox| &mailbox.local),
            notice_to.and_then(|mailbox| mailbox.domain.as_ref()),
            &letter.message_id,
            &letter.subject,
            &letter.headers,
            &letter.source,
            millis(letter.accepted),
            letter.returned.map(rows::returned_word),
            &letter.envelope_id,
        ));
        match stored {
            Ok(row) => return Ok((row, name)),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) && draws < DRAWS => {
                draws += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn store_parcel(db: &Connection, key: Key, letter: &NewLetter, packed: &Packed<'_>) -> Result<(), Fault> {
    let Packed { parcel, state, encoding, parts, reason } = packed;
    let now = millis(letter.accepted);
    let wants_to_hear = parcel.notify.is_none_or(|notify| notify.failure);
    let owed = *state == State::Refused && letter.notice_to.is_some() && wants_to_hear;
    let notice = if owed { NoticeState::Owed } else { NoticeState::None };
    let mut insert = db.prepare_cached(
        "INSERT INTO parcels (letter, place, state, address, number, sender_id, gateways, gateway, encoding, parts,
                              due, expires, lifetime, last_reply, notice, notice_due, priority, sender, ready, topic,
                              standing, notify, original_kind, original)
         VALUES (:letter, :place, :state, :address, :number, :sender_id, :gateways, :gateway, :encoding, :parts,
                 :now, :expires, :expires - :now, :reason, :notice, :now, :priority, :sender, :ready, :topic,
                 :standing, :notify, :original_kind, :original)",
    )?;
    insert.execute(rusqlite::named_params! {
        ":letter": key.letter,
        ":place": key.place,
        ":state": state.as_str(),
        ":address": parcel.address,
        ":number": parcel.number.as_str(),
        ":sender_id": parcel.sender.as_str(),
        ":gateways": json(&parcel.gateways)?,
        ":gateway": parcel.gateways.first().map(String::as_str).unwrap_or_default(),
        ":encoding": encoding.to_string(),
        ":parts": parts,
        ":now": now,
        ":expires": millis(parcel.expires),
        ":reason": reason,
        ":notice": notice.as_str(),
        ":priority": parcel.priority.as_str(),
        ":sender": sender(letter).unwrap_or_default(),
        ":ready": *state == State::Waiting,
        ":topic": parcel.topic.as_ref().map(|topic| &topic.key),
        ":standing": parcel.topic.as_ref().map(|topic| topic.standing.as_str()),
        ":notify": parcel.notify.map(rows::notify_words),
        ":original_kind": parcel.original.as_ref().map(|original| &original.kind),
        ":original": parcel.original.as_ref().map(|original| &original.address),
    })?;
    let detail = match &parcel.remark {
        Some(remark) => &format!("{}; {remark}", letter.source),
        None => &letter.source,
    };
    advance::record(db, key, letter.accepted, &Entry { what: "accepted", gateway: None, detail })?;
    match reason {
        Some(reason) => {
            let what = state.as_str();
            advance::record(db, key, letter.accepted, &Entry { what, gateway: None, detail: reason })
        }
        None => Ok(()),
    }
}
