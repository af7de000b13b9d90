//! What lies in the spool. Values only.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::{Priority, State, Topic};
use crate::address::{Number, SenderId};
use crate::sms::{Encoding, Part};
use crate::smtp::{Mailbox, Notify, OriginalRecipient, Returned, ReversePath};

/// Names one parcel: the letter's ID, a dot and the parcel's place in it (`7k2m9q4xw1.2`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// The text does not name a parcel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no message ID, which looks like 7k2m9q4xw1.2")]
pub struct ParcelIdError(pub String);

impl FromStr for ParcelId {
    type Err = ParcelIdError;

    fn from_str(text: &str) -> Result<ParcelId, ParcelIdError> {
        let named = text.split_once('.').and_then(|(letter, place)| Some((letter, place.parse().ok()?)));
        let (letter, place) = named.ok_or_else(|| ParcelIdError(text.to_owned()))?;
        Ok(ParcelId { letter: letter.to_owned(), place })
    }
}

/// A letter about to be committed: what all its parcels share.
#[derive(Clone, Debug)]
pub struct NewLetter {
    pub from: ReversePath,
    /// Who is told when it can't be sent; `None` for a null sender and for automatic mail (RFC 3834).
    pub notice_to: Option<Mailbox>,
    /// Without one a letter that is handed over twice is stored twice.
    pub message_id: Option<String>,
    pub subject: String,
    /// A few header fields of the mail as text, lines ended by LF, for the third part of a notice (RFC 3464).
    pub headers: String,
    /// Who handed it over: `smtp 127.0.0.1`, `command line`, …
    pub source: String,
    pub accepted: Timestamp,
    /// How much of the mail a notice gives back, when the sender said so.
    pub returned: Option<Returned>,
    /// The sender's own name for the mail, told in notices.
    pub envelope_id: Option<String>,
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
    pub expires: Timestamp,
    pub priority: Priority,
    pub topic: Option<Topic>,
    /// When the sender wants to hear of it; `None`: he wished nothing, and hears of a failure.
    pub notify: Option<Notify>,
    /// The recipient as the sender knows it, told in notices.
    pub original: Option<OriginalRecipient>,
    /// What is worth knowing of how it came about, for its history: `rule zabbix, ucs2 because U+2019 at 14`.
    pub remark: Option<String>,
    pub fate: Fate,
}

/// What a parcel is from the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// To be sent. At least one part.
    Waiting { encoding: Encoding, parts: Vec<Part> },
    /// To be sent when an operator lets it go. At least one part.
    Held { encoding: Encoding, parts: Vec<Part>, reason: String },
    /// It can't be sent, and only a notice can still tell the sender.
    Refused { reason: String },
}

/// What became of one parcel of a committed letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    pub id: ParcelId,
    /// Whether it was accepted before: then `id` is that of the first time, and nothing new was stored.
    pub duplicate: bool,
    /// Where it stands now.
    pub state: State,
}

/// One recipient's message as it lies in the spool.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub id: ParcelId,
    pub state: State,
    pub priority: Priority,
    pub address: String,
    pub number: Number,
    pub sender: SenderId,
    pub gateways: Vec<String>,
    /// The one of `gateways` that has it or gets it next.
    pub gateway: String,
    /// How `parts` travel; says nothing when there are none.
    pub encoding: Encoding,
    /// None at all when it was refused from the start ([`Fate::Refused`]).
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
