//! What a recovery does to the problems of its key: those that are still here need not go any more.
//!
//! Only the problems since the last recovery matter. Whether one *may* have gone out counts as if it had: then the
//! recovery goes too, because somebody may have been woken. Known limit: of very many problems of one key the newest
//! thousand are cancelled, the rest goes its way.

use jiff::Timestamp;
use rusqlite::Connection;

use super::advance::{Change, advance};
use super::fault::Fault;
use super::rows::Key;
use crate::spool::state::Step;
use crate::spool::{Fate, NewParcel, ParcelId, Standing, State};

/// The most problems that one recovery cancels.
const MOST: u32 = 1000;
/// How the history tells that a message may have gone out though nobody knows.
const IN_DOUBT: &str = "may have been sent%";

/// What there is of a recovery's problems.
#[derive(Debug)]
pub struct Problems {
    /// Those that have certainly not gone out and can still be stopped.
    pub unsent: Vec<Key>,
    /// Whether there are problems at all, and none of them went out.
    pub none_went_out: bool,
}

/// The problems that are over with this parcel; `None` when it is no recovery that could be sent.
pub fn problems(db: &Connection, parcel: &NewParcel) -> Result<Option<Problems>, Fault> {
    let topic = parcel.topic.as_ref().filter(|topic| topic.standing == Standing::Recovery);
    let (Some(topic), Fate::Waiting { .. }) = (topic, &parcel.fate) else { return Ok(None) };
    let mut find = db.prepare_cached(
        "SELECT p.letter, p.place,
                p.state IN ('waiting', 'held') AND p.accepted_parts = 0 AND p.digest IS NULL AND NOT doubt AS is_unsent,
                p.state IN ('sending', 'sent') OR p.accepted_parts > 0 OR p.digest IS NOT NULL OR doubt AS went_out
         FROM (SELECT *, attempts > 0 AND EXISTS (
                   SELECT 1 FROM events AS e WHERE e.letter = q.letter AND e.place = q.place AND e.detail LIKE ?3
               ) AS doubt
               FROM parcels AS q INDEXED BY parcels_topic
               WHERE q.topic = ?1 AND q.number = ?2 AND q.standing = 'problem'
                 AND q.letter > coalesce((
                     SELECT max(r.letter) FROM parcels AS r INDEXED BY parcels_topic
                     WHERE r.topic = ?1 AND r.number = ?2 AND r.standing = 'recovery'), 0)
               ORDER BY q.letter DESC LIMIT ?4) AS p",
    )?;
    let found = find.query_map((&topic.key, parcel.number.as_str(), IN_DOUBT, MOST), |row| {
        let key = Key { letter: row.get("letter")?, place: row.get("place")? };
        Ok((key, row.get::<_, bool>("is_unsent")?, row.get::<_, bool>("went_out")?))
    })?;
    let found = found.collect::<Result<Vec<_>, _>>()?;
    let none_went_out = !found.is_empty() && found.iter().all(|(_, _, went_out)| !went_out);
    let unsent = found.into_iter().filter(|(_, is_unsent, _)| *is_unsent).map(|(key, ..)| key).collect();
    Ok(Some(Problems { unsent, none_went_out }))
}

/// Cancels the problems, and their recovery when nobody heard of them; gives the state of the recovery when that is so.
pub fn settle(
    db: &Connection,
    problems: &Problems,
    recovery: (Key, &ParcelId),
    now: Timestamp,
) -> Result<Option<State>, Fault> {
    let (key, id) = recovery;
    let words = format!("over before it was sent: {id} tells of the recovery");
    for problem in &problems.unsent {
        advance(db, *problem, &Change::said(Step::Overtaken, now, &words))?;
    }
    if !problems.none_went_out {
        return Ok(None);
    }
    let words = "nothing of the problem was sent, so nothing of the recovery is";
    advance(db, key, &Change::said(Step::Overtaken, now, words)).map(Some)
}
