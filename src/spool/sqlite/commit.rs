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

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::advance::{self, Entry};
use super::fault::Fault;
use super::gate;
use super::rows::{self, Key, json, millis};
use super::topics::{self, Problems};
use crate::limits::{self, Judgement, Limit};
use crate::sms::{Encoding, Part};
use crate::spool::id::letter_name;
use crate::spool::{Committed, Fate, NewLetter, NewParcel, NoticeState, ParcelId, SpoolError, State};

/// How many letters of one Message-ID are compared, newest first: some programs write the same one into every mail.
const COMPARED: u32 = 100;
/// How often a name that is taken is drawn again.
const DRAWS: usize = 8;

/// What accepting goes by.
#[derive(Clone, Debug)]
pub struct Terms {
    /// For how long the same letter is accepted only once.
    pub window: Duration,
    pub limits: Arc<limits::Settings>,
}

/// Stores the letter; gives what became of each parcel, in order. The error [`SpoolError::Over`] says that none of them
/// can be taken.
pub fn commit(db: &Connection, letter: &NewLetter, terms: &Terms) -> Result<Vec<Committed>, Fault> {
    let plans = letter.parcels.iter().map(|parcel| plan(db, letter, parcel, terms)).collect::<Result<Vec<_>, _>>()?;
    if let Some(over) = all_over(&plans) {
        return Err(SpoolError::Over(over.clone()).into());
    }
    let mut new: Option<(i64, String)> = None;
    let mut committed = Vec::with_capacity(plans.len());
    let mut places = 1..;
    for plan in plans {
        let packed = match plan {
            Plan::Duplicate { key, first } => {
                note_duplicate(db, key, letter)?;
                committed.push(first);
                continue;
            }
            Plan::Store(packed) => packed,
            Plan::Over { packed, over } => refused_or_held(packed, &over, letter),
        };
        let (row, name) = match new.take() {
            Some(stored) => stored,
            None => store_letter(db, letter)?,
        };
        let place = places.next().unwrap_or(u32::MAX);
        let (key, id) = (Key { letter: row, place }, ParcelId { letter: name.clone(), place });
        store_parcel(db, key, letter, &packed)?;
        if packed.is_held_over_limit() {
            gate::note_held(db, letter.accepted)?;
        }
        let state = match &packed.problems {
            Some(problems) => topics::settle(db, problems, (key, &id), letter.accepted)?.unwrap_or(packed.state),
            None => packed.state,
        };
        committed.push(Committed { id, duplicate: false, state });
        new = Some((row, name));
    }
    Ok(committed)
}

/// Stores a letter of one parcel as it is, whatever was accepted before and whatever limits say.
pub fn store_alone(db: &Connection, letter: &NewLetter) -> Result<Option<(Key, ParcelId)>, Fault> {
    let Some(parcel) = letter.parcels.first() else { return Ok(None) };
    let (row, name) = store_letter(db, letter)?;
    let key = Key { letter: row, place: 1 };
    store_parcel(db, key, letter, &Packed::of(parcel, letter)?)?;
    Ok(Some((key, ParcelId { letter: name, place: 1 })))
}

/// What is to be done with a parcel.
enum Plan<'a> {
    Duplicate {
        key: Key,
        first: Committed,
    },
    Store(Packed<'a>),
    /// It is over a limit, and such are refused.
    Over {
        packed: Packed<'a>,
        over: Limit,
    },
}

fn plan<'a>(db: &Connection, letter: &NewLetter, parcel: &'a NewParcel, terms: &Terms) -> Result<Plan<'a>, Fault> {
    let packed = Packed::of(parcel, letter)?;
    if let Some((key, first)) = accepted_before(db, letter, &packed, terms.window)? {
        return Ok(Plan::Duplicate { key, first });
    }
    let packed = Packed { problems: topics::problems(db, parcel)?, ..packed };
    let goes = !packed.problems.as_ref().is_some_and(|problems| problems.none_went_out);
    match &parcel.fate {
        Fate::Waiting { parts, .. } if goes => {
            Ok(packed.judged(gate::judge(db, &terms.limits, letter, parcel, parts.len())?))
        }
        Fate::Waiting { .. } | Fate::Held { .. } | Fate::Refused { .. } => Ok(Plan::Store(packed)),
    }
}

/// The limit that all the parcels are over that could be taken at all, if there are any.
fn all_over<'p>(plans: &'p [Plan<'_>]) -> Option<&'p Limit> {
    let is_taken = |plan: &Plan<'_>| match plan {
        Plan::Duplicate { .. } => true,
        Plan::Store(packed) => packed.state != State::Refused,
        Plan::Over { .. } => false,
    };
    if plans.iter().any(is_taken) {
        return None;
    }
    plans.iter().find_map(|plan| if let Plan::Over { over, .. } = plan { Some(over) } else { None })
}

/// Others of the letter are taken, so the answer is 250. Where a notice can tell of it, the parcel is refused; where
/// nobody can be told, it is held, so that it does not end in silence.
fn refused_or_held<'a>(packed: Packed<'a>, over: &Limit, letter: &NewLetter) -> Packed<'a> {
    let state = if can_be_told(letter, packed.parcel) { State::Refused } else { State::Held };
    Packed { state, reason: Some(format!("over {over}").into()), ..packed }
}

/// Whether somebody hears of it when the parcel comes to a bad end.
fn can_be_told(letter: &NewLetter, parcel: &NewParcel) -> bool {
    letter.notice_to.is_some() && parcel.notify.is_none_or(|notify| notify.failure)
}

/// A new parcel in the form of its columns.
struct Packed<'a> {
    parcel: &'a NewParcel,
    state: State,
    encoding: Encoding,
    parts: String,
    reason: Option<Cow<'a, str>>,
    due: Timestamp,
    /// When the digest is due that it is gathered for.
    gather: Option<Timestamp>,
    /// What is over with it.
    problems: Option<Problems>,
}

impl<'a> Packed<'a> {
    fn of(parcel: &'a NewParcel, letter: &NewLetter) -> Result<Packed<'a>, Fault> {
        let (state, encoding, parts, reason) = match &parcel.fate {
            Fate::Waiting { encoding, parts } => (State::Waiting, *encoding, json(parts)?, None),
            Fate::Held { encoding, parts, reason } => (State::Held, *encoding, json(parts)?, Some(reason)),
            Fate::Refused { reason } => (State::Refused, Encoding::Ascii, json(&Vec::<Part>::new())?, Some(reason)),
        };
        let reason = reason.map(|reason| Cow::Borrowed(reason.as_str()));
        Ok(Packed { parcel, state, encoding, parts, reason, due: letter.accepted, gather: None, problems: None })
    }

    /// Whether only an operator lets it go, and only because of a limit.
    fn is_held_over_limit(&self) -> bool {
        self.state == State::Held && self.gather.is_none() && matches!(self.parcel.fate, Fate::Waiting { .. })
    }

    /// As the storm gate says.
    fn judged(self, judgement: Judgement) -> Plan<'a> {
        match judgement {
            Judgement::Pass { due } => Plan::Store(Packed { due, ..self }),
            Judgement::Hold { over } => {
                let reason = Some(format!("over {over}").into());
                Plan::Store(Packed { state: State::Held, reason, ..self })
            }
            Judgement::Gather { over, due, .. } => {
                let reason = Some(format!("over {over}, gathered for a digest at {due:.0}").into());
                Plan::Store(Packed { state: State::Held, reason, gather: Some(due), ..self })
            }
            Judgement::Refuse { over } => Plan::Over { packed: self, over },
        }
    }
}

/// The parcel that was accepted before, if this one is the same.
fn accepted_before(
    db: &Connection,
    letter: &NewLetter,
    packed: &Packed<'_>,
    window: Duration,
) -> Result<Option<(Key, Committed)>, Fault> {
    let Some(message_id) = letter.message_id.as_deref().filter(|_| !window.is_zero()) else { return Ok(None) };
    let window = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
    // Equal parts make an equal text; only what was refused from the start has none.
    let mut find = db.prepare_cached(
        "SELECT p.letter, l.name, p.place, p.state
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
        let id = ParcelId { letter: row.get("name")?, place: key.place };
        Ok((key, Committed { id, duplicate: true, state: rows::state(row, "state")? }))
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
    let Packed { parcel, state, encoding, parts, reason, due, gather, .. } = packed;
    let now = millis(letter.accepted);
    let lifetime = millis(parcel.expires).saturating_sub(now);
    let owed = *state == State::Refused && can_be_told(letter, parcel);
    let notice = if owed { NoticeState::Owed } else { NoticeState::None };
    let mut insert = db.prepare_cached(
        "INSERT INTO parcels (letter, place, state, address, number, sender_id, gateways, gateway, encoding, parts,
                              due, expires, lifetime, last_reply, notice, notice_due, priority, sender, ready, topic,
                              standing, notify, original_kind, original, gather)
         VALUES (:letter, :place, :state, :address, :number, :sender_id, :gateways, :gateway, :encoding, :parts,
                 :due, :expires, :lifetime, :reason, :notice, :now, :priority, :sender, :ready, :topic,
                 :standing, :notify, :original_kind, :original, :gather)",
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
        ":due": millis(*due),
        // What quiet hours put off lives as long after them.
        ":expires": millis(*due).saturating_add(lifetime).min(millis(Timestamp::MAX)),
        ":lifetime": lifetime,
        ":reason": reason,
        ":notice": notice.as_str(),
        ":priority": parcel.priority.as_str(),
        ":sender": sender(letter).unwrap_or_default(),
        ":ready": *state == State::Waiting && *due <= letter.accepted,
        ":topic": parcel.topic.as_ref().map(|topic| &topic.key),
        ":standing": parcel.topic.as_ref().map(|topic| topic.standing.as_str()),
        ":notify": parcel.notify.map(rows::notify_words),
        ":original_kind": parcel.original.as_ref().map(|original| &original.kind),
        ":original": parcel.original.as_ref().map(|original| &original.address),
        ":gather": gather.map(millis),
    })?;
    let detail = match &parcel.remark {
        Some(remark) => &format!("{}; {remark}", letter.source),
        None => &letter.source,
    };
    advance::record(db, key, letter.accepted, &Entry { what: "accepted", gateway: None, detail })?;
    let put_off = (*due > letter.accepted).then(|| format!("not before {due:.0}: quiet hours").into());
    match reason.as_ref().or(put_off.as_ref()) {
        Some(reason) => {
            let what = state.as_str();
            advance::record(db, key, letter.accepted, &Entry { what, gateway: None, detail: reason })
        }
        None => Ok(()),
    }
}
