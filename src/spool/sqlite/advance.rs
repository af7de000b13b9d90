//! Moves one parcel by one step of the table of states, and writes it into the history. Nothing else changes a state.

use jiff::Timestamp;
use rusqlite::{Connection, named_params};

use super::fault::Fault;
use super::rows::{self, Key, millis};
use crate::spool::state::{Step, moves};
use crate::spool::{NoticeState, Order, ParcelId, SpoolError, State};

/// A step, and what goes with it.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    pub step: Step,
    /// When the step happens.
    pub now: Timestamp,
    /// When a parcel that waits again is due; `None`: at once.
    pub due: Option<Timestamp>,
    /// The gateway that gets it next; `None`: the same.
    pub gateway: Option<&'a str>,
    /// What the other side said, or why; `None`: nothing was said, and the last word stays.
    pub said: Option<&'a str>,
}

impl<'a> Change<'a> {
    /// A step about which nothing was said.
    pub fn silent(step: Step, now: Timestamp) -> Change<'a> {
        Change { step, now, due: None, gateway: None, said: None }
    }

    /// A step and the words that were said.
    pub fn said(step: Step, now: Timestamp, words: &'a str) -> Change<'a> {
        Change { said: Some(words), ..Change::silent(step, now) }
    }
}

/// What of a parcel decides about its next step.
struct Standing {
    id: ParcelId,
    state: State,
    gateway: String,
    accepted_parts: usize,
    parts: usize,
    expires: i64,
    lifetime: i64,
    notice: NoticeState,
    /// Whether there is somebody who wants to hear of a bad end, or of a good one.
    tells_failure: bool,
    tells_success: bool,
}

/// Makes the step; gives the state it leads to. `PartAccepted` becomes `LastPartAccepted` by itself.
pub fn advance(db: &Connection, key: Key, change: &Change<'_>) -> Result<State, Fault> {
    let standing = standing(db, key)?;
    let step = match change.step {
        Step::PartAccepted if standing.accepted_parts + 1 >= standing.parts => Step::LastPartAccepted,
        step => step,
    };
    let next = next(&standing, step)?;
    let now = millis(change.now);
    let (notice, told_at) = notice(&standing, step, next, now);
    let due = change.due.filter(|_| next == State::Waiting).map_or(now, millis);
    let mut update = db.prepare_cached(
        "UPDATE parcels SET
             state = :state,
             due = iif(:stays, due, :due),
             ready = :ready,
             gateway = coalesce(:gateway, gateway),
             accepted_parts = accepted_parts + :parts,
             attempts = attempts + :attempts,
             expires = :expires,
             gather = NULL,
             digest = NULL,
             last_reply = coalesce(:said, last_reply),
             notice = :notice,
             notice_due = coalesce(:told_at, notice_due),
             notice_attempts = iif(:told_at IS NULL, notice_attempts, 0)
         WHERE letter = :letter AND place = :place",
    )?;
    update.execute(named_params! {
        ":state": next.as_str(),
        ":stays": step == Step::PartAccepted,
        ":due": due,
        ":ready": next == State::Waiting && due <= now,
        ":gateway": change.gateway,
        ":parts": step.accepted_parts(),
        ":attempts": u32::from(step.ends_a_try()),
        ":expires": expires(&standing, step, now),
        ":said": change.said,
        ":notice": notice.as_str(),
        ":told_at": told_at,
        ":letter": key.letter,
        ":place": key.place,
    })?;
    if let Some(what) = what(step) {
        let gateway = at_gateway(step).then_some(standing.gateway.as_str());
        record(db, key, change.now, &Entry { what, gateway, detail: change.said.unwrap_or_default() })?;
    }
    Ok(next)
}

fn standing(db: &Connection, key: Key) -> Result<Standing, Fault> {
    let mut find = db.prepare_cached(
        "SELECT l.name, p.state, p.gateway, p.accepted_parts, json_array_length(p.parts) AS parts, p.expires,
                p.lifetime, p.notice, l.notice_local IS NOT NULL AND coalesce(p.notify, 'failure') LIKE '%failure%' AS tells_failure,
                l.notice_local IS NOT NULL AND coalesce(p.notify, '') LIKE '%success%' AS tells_success
         FROM parcels AS p JOIN letters AS l ON l.id = p.letter WHERE p.letter = ?1 AND p.place = ?2",
    )?;
    let standing = find.query_one((key.letter, key.place), |row| {
        Ok(Standing {
            id: ParcelId { letter: row.get("name")?, place: key.place },
            state: rows::state(row, "state")?,
            gateway: row.get("gateway")?,
            accepted_parts: rows::count(row, "accepted_parts")?,
            parts: rows::count(row, "parts")?,
            expires: row.get("expires")?,
            lifetime: row.get("lifetime")?,
            notice: rows::notice_state(row)?,
            tells_failure: row.get("tells_failure")?,
            tells_success: row.get("tells_success")?,
        })
    })?;
    Ok(standing)
}

fn next(standing: &Standing, step: Step) -> Result<State, SpoolError> {
    let impossible = || SpoolError::Impossible { id: standing.id.clone(), state: standing.state, what: name(step) };
    let next = moves(standing.state, step).ok_or_else(impossible)?;
    match next {
        State::Waiting if standing.parts == 0 => Err(SpoolError::NothingToSend(standing.id.clone())),
        next => Ok(next),
    }
}

/// An operator who lets it go gives it as long again as it had at first: else what expired would expire at once.
fn expires(standing: &Standing, step: Step, now: i64) -> i64 {
    match step {
        Step::Ordered(Order::Retry | Order::Release) => {
            let anew = now.saturating_add(standing.lifetime).min(millis(Timestamp::MAX));
            standing.expires.max(anew)
        }
        _ => standing.expires,
    }
}

/// Whether the sender is to be told, and from when on: once for each time that the parcel comes to an end, if he wants to
/// hear of such an end. A parcel that goes on after a bad end takes back a notice that has not left yet, and one that
/// ends takes back that it is late. That a problem is over is no end to be told.
fn notice(standing: &Standing, step: Step, next: State, now: i64) -> (NoticeState, Option<i64>) {
    let had_ended = matches!(standing.state, State::Refused | State::Expired);
    match next {
        State::Refused if step == Step::Overtaken => (NoticeState::None, None),
        State::Refused | State::Expired if standing.tells_failure => (NoticeState::Owed, Some(now)),
        State::Sent if standing.tells_success => (NoticeState::Owed, Some(now)),
        State::Refused | State::Expired | State::Sent => (NoticeState::None, None),
        State::Waiting | State::Held if had_ended => (NoticeState::None, None),
        State::Waiting | State::Sending | State::Held => (standing.notice, None),
    }
}

/// What the history calls it; taking and giving back untried are not worth a line.
fn what(step: Step) -> Option<&'static str> {
    match step {
        Step::Claimed | Step::Released => None,
        step => Some(name(step)),
    }
}

fn name(step: Step) -> &'static str {
    match step {
        Step::Claimed => "sending",
        Step::PartAccepted => "part accepted",
        Step::LastPartAccepted => "sent",
        Step::Retry => "not accepted",
        Step::Held => "held",
        Step::Refused => "refused",
        Step::Released => "giving it back",
        Step::Expired => "expired",
        Step::Overtaken => "cancelled by recovery",
        Step::DigestSent => "sent in a digest",
        Step::DigestRefused => "refused in a digest",
        Step::DigestExpired => "expired in a digest",
        Step::FoundToRetry => "found sending, to be sent again",
        Step::FoundToHold => "found sending, held",
        Step::Moved => "moved to another gateway",
        Step::Stranded => "held",
        Step::Ordered(Order::Retry) => "retry by operator",
        Step::Ordered(Order::Hold) => "hold by operator",
        Step::Ordered(Order::Release) => "release by operator",
        Step::Ordered(Order::Cancel) => "cancel by operator",
    }
}

/// Whether it happens at the gateway and not here.
fn at_gateway(step: Step) -> bool {
    step.ends_a_try() || step == Step::PartAccepted
}

/// One line of history.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    pub what: &'a str,
    pub gateway: Option<&'a str>,
    pub detail: &'a str,
}

/// Writes a line into the parcel's history.
pub fn record(db: &Connection, key: Key, time: Timestamp, entry: &Entry<'_>) -> Result<(), Fault> {
    let mut insert = db.prepare_cached(
        "INSERT INTO events (letter, place, step, time, what, gateway, detail)
         SELECT ?1, ?2, coalesce(max(step), 0) + 1, ?3, ?4, ?5, ?6 FROM events WHERE letter = ?1 AND place = ?2",
    )?;
    insert.execute((key.letter, key.place, millis(time), entry.what, entry.gateway, entry.detail))?;
    Ok(())
}
