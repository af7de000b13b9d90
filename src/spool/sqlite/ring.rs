//! Whose turn it is: within a priority, the senders who have something due at a gateway take turns, one parcel each.
//!
//! All that is remembered is who had the last turn; the next one is found by one step through an index, however many
//! parcels and senders wait. A number for each parcel, given out when it is stored, was rejected: a retry or another
//! gateway would need a new one, and a sender's old message would then queue behind its own new ones.
//!
//! Known limit: a sender has a turn for each list of gateways that its messages may take.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::fault::Fault;
use super::rows::{Key, millis};
use crate::spool::Priority;

/// Where parcels wait, and who wants them.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The gateway they wait for.
    pub from: &'a str,
    /// The one that is to have them: the same, or another one of their list.
    pub to: &'a str,
}

impl Source<'_> {
    /// Whether parcels with this list of gateways may go there.
    fn suits(&self, gateways: &str) -> bool {
        let listed = || serde_json::from_str::<Vec<String>>(gateways).unwrap_or_default();
        self.from == self.to || listed().iter().any(|name| name == self.to)
    }
}

/// Who had the last turn, for each source and priority. As small as there are gateways.
#[derive(Debug, Default)]
pub struct Ring {
    last: HashMap<(String, String, Priority), Place>,
}

/// A place in the ring: a list of gateways as it stands in its column, and a sender.
#[derive(Clone, Debug, Default)]
struct Place {
    gateways: String,
    sender: String,
}

impl Place {
    /// The next place there can be. No text lies between a text and the same with a NUL behind it; the null sender
    /// is ''.
    fn after(self) -> Place {
        Place { sender: self.sender + "\0", ..self }
    }

    /// The first place of the next list.
    fn after_list(self) -> Place {
        Place { gateways: self.gateways + "\0", sender: String::new() }
    }
}

impl Ring {
    /// The oldest parcel of the sender whose turn it is; `None` when nothing of this priority is due.
    pub fn next(
        &mut self,
        db: &Connection,
        source: Source<'_>,
        priority: Priority,
        now: Timestamp,
    ) -> Result<Option<Key>, Fault> {
        let at = (source.from.to_owned(), source.to.to_owned(), priority);
        let begin = self.last.get(&at).cloned().map(Place::after).unwrap_or_default();
        let found = match find_suiting(db, source, priority, now, begin)? {
            None if self.last.contains_key(&at) => find_suiting(db, source, priority, now, Place::default())?,
            found => found,
        };
        Ok(found.map(|(key, place)| {
            self.last.insert(at, place);
            key
        }))
    }
}

/// The first one from `begin` on that may go where it is wanted. Steps over whole lists, of which there are few.
fn find_suiting(
    db: &Connection,
    source: Source<'_>,
    priority: Priority,
    now: Timestamp,
    begin: Place,
) -> Result<Option<(Key, Place)>, Fault> {
    let mut begin = begin;
    loop {
        match find(db, source, priority, now, &begin)? {
            Some((_, place)) if !source.suits(&place.gateways) => begin = place.after_list(),
            found => return Ok(found),
        }
    }
}

fn find(
    db: &Connection,
    source: Source<'_>,
    priority: Priority,
    now: Timestamp,
    begin: &Place,
) -> Result<Option<(Key, Place)>, Fault> {
    // What a gateway has begun it must finish: the parts of one message arrive in order only there.
    let mut find = db.prepare_cached(
        "SELECT letter, place, gateways, sender FROM parcels INDEXED BY parcels_ready
         WHERE state = 'waiting' AND ready = 1 AND gateway = ?1 AND priority = ?2 AND (gateways, sender) >= (?3, ?4)
           AND expires > ?5 AND (accepted_parts = 0 OR ?6)
         ORDER BY gateways, sender, letter, place LIMIT 1",
    )?;
    let stays = source.from == source.to;
    let values = (source.from, priority.as_str(), &begin.gateways, &begin.sender, millis(now), stays);
    let found = find.query_one(values, |row| {
        let place = Place { gateways: row.get("gateways")?, sender: row.get("sender")? };
        Ok((Key { letter: row.get("letter")?, place: row.get("place")? }, place))
    });
    Ok(found.optional()?)
}
