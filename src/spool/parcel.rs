//! What lies in the spool. Values only.
//!
//! # States of a parcel
//!
//! | state | means | moves to |
//! |---|---|---|
//! | waiting | due at some time | sending, held, refused (cancelled), expired |
//! | sending | a session has it | waiting (retry), sent, held (unknown), refused, expired |
//! | held | waits for an operator | waiting (release, retry), refused (cancelled) |
//! | sent | the gateway took every part | end |
//! | refused | the gateway or an operator said no | end; waiting (retry) |
//! | expired | its time ran out | end; waiting (retry) |
//!
//! At every moment each parcel is in exactly one of them. An end with notice due stays on the books until the notice
//! has gone.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::address::{Number, SenderId};
use crate::sms::{Encoding, Part};
use crate::smtp::{Mailbox, ReversePath};

/// Where a parcel stands; the words that logs, metrics, the command line and the manual use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Waiting,
    Sending,
    Sent,
    Held,
    Refused,
    Expired,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Waiting, State::Sending, State::Sent, State::Held, State::Refused, State::Expired];

    /// The one word for the state.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Held => "held",
            State::Refused => "refused",
            State::Expired => "expired",
        }
    }
}

impl FromStr for State {
    type Err = ();

    /// The inverse of [`State::as_str`].
    fn from_str(word: &str) -> Result<State, ()> {
        State::ALL.into_iter().find(|state| state.as_str() == word).ok_or(())
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Names one parcel: the letter's ID, a dot and the parcel's place in it (`7k2m9q4xw1.2`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ParcelId {
    /// What the client was told in `250 2.0.0 queued as ID`: lower-case letters and digits.
    pub letter: String,
    /// From 1.
    pub place: u32,
}

impl fmt::Display for ParcelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.letter, self.place)
    }
}

impl FromStr for ParcelId {
    type Err = ();

    fn from_str(text: &str) -> Result<ParcelId, ()> {
        let (letter, place) = text.split_once('.').ok_or(())?;
        Ok(ParcelId { letter: letter.to_owned(), place: place.parse().map_err(|_| ())? })
    }
}

/// A letter about to be committed: what all its parcels share.
#[derive(Clone, Debug)]
pub struct NewLetter {
    pub from: ReversePath,
    /// Who is told when it can't be sent; `None` for a null sender and for automatic mail (RFC 3834).
    pub notice_to: Option<Mailbox>,
    pub message_id: Option<String>,
    pub subject: String,
    /// A few header fields of the mail as text, lines ended by LF, for the third part of a notice (RFC 3464).
    pub headers: String,
    /// Who handed it over: `smtp 127.0.0.1`, `command line`, …
    pub source: String,
    pub accepted: Timestamp,
    /// At least one.
    pub parcels: Vec<NewParcel>,
}

/// One recipient's message about to be committed.
#[derive(Clone, Debug)]
pub struct NewParcel {
    /// The recipient as the client wrote it, for notices.
    pub address: String,
    pub number: Number,
    pub sender: SenderId,
    /// Gateways in order of preference; at least one. The first try goes to the first.
    pub gateways: Vec<String>,
    pub encoding: Encoding,
    /// At least one.
    pub parts: Vec<Part>,
    pub expires: Timestamp,
}

/// One recipient's message as it lies in the spool.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub id: ParcelId,
    pub state: State,
    pub address: String,
    pub number: Number,
    pub sender: SenderId,
    pub gateways: Vec<String>,
    /// The one of `gateways` that has it or gets it next.
    pub gateway: String,
    pub encoding: Encoding,
    pub parts: Vec<Part>,
    /// How many of `parts`, from the first, the gateway has accepted: they are never sent again.
    pub accepted_parts: usize,
    /// Tries so far.
    pub attempts: u32,
    /// When it is due (waiting), or when it reached its state.
    pub due: Timestamp,
    pub expires: Timestamp,
    pub accepted: Timestamp,
    /// The last word of the gateway or of an operator, when there was one.
    pub last_reply: Option<String>,
}
