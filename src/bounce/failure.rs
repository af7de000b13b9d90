//! What the returns desk is told about a message that could not be sent. Values only.

use jiff::Timestamp;

use crate::address::Number;
use crate::smtp::Mailbox;

/// The facts of one failed message, as a notice tells them. Every text in it may come from a stranger and holds
/// whatever a stranger likes; making it harmless is the notice's work.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What the log and `queue show` call it.
    pub id: String,
    /// Who is told.
    pub notice_to: Mailbox,
    /// The recipient as the client wrote it.
    pub address: String,
    /// The telephone that `address` stands for.
    pub number: Number,
    pub kind: Kind,
    /// How many of the parts, from the first, the gateway has accepted.
    pub accepted_parts: usize,
    /// How many parts there are; at least 1.
    pub total_parts: usize,
    /// When it was accepted from the client.
    pub arrival: Timestamp,
    /// When it was last tried; `None` when it never was.
    pub last_attempt: Option<Timestamp>,
    /// The mail's subject, decoded.
    pub subject: String,
    /// The mail's `Message-ID:` without angle brackets.
    pub message_id: Option<String>,
    /// A few of the mail's header fields as text, lines ended by LF.
    pub headers: String,
}

/// How a message ended unsent, with the last word on it: the gateway's own where it gave one, else what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody said no for good: the gateway, or an operator.
    Refused { reply: String },
    /// Its time ran out.
    Expired { reason: String },
}

impl Kind {
    /// The last word, whichever end it was.
    pub fn words(&self) -> &str {
        match self {
            Kind::Refused { reply } => reply,
            Kind::Expired { reason } => reason,
        }
    }
}
