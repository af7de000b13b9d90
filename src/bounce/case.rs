//! What the returns desk is told about a message. Values only.

use jiff::Timestamp;

use crate::address::Number;
use crate::smtp::{Mailbox, OriginalRecipient};

/// The facts of one message, as a notice tells them. Every text in it may come from a stranger and holds
/// whatever a stranger likes; making it harmless is the notice's work.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the log and `queue show` call it.
    pub id: String,
    /// Who is told.
    pub notice_to: Mailbox,
    /// The recipient as the client wrote it.
    pub address: String,
    /// The recipient as the sender knows it, when that is another one (RFC 3461 ORCPT).
    pub original: Option<OriginalRecipient>,
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
    /// The sender's own name for the mail (RFC 3461 ENVID).
    pub envelope_id: Option<String>,
    /// A few of the mail's header fields as text, lines ended by LF.
    pub headers: String,
}

/// What there is to tell, with the last word on it: the gateway's own where it gave one, else what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Somebody said no for good: the gateway, or an operator.
    Refused { reply: String },
    /// Its time ran out.
    Expired { reason: String },
    /// The gateway has taken all of it. Whether it reached the telephone nobody knows.
    Relayed { reply: String },
    /// It still waits, and will be tried until `until`.
    Delayed { reason: String, until: Timestamp },
}

impl Kind {
    /// The last word, whatever it is about.
    pub fn words(&self) -> &str {
        match self {
            Kind::Refused { reply } | Kind::Relayed { reply } => reply,
            Kind::Expired { reason } | Kind::Delayed { reason, .. } => reason,
        }
    }
}
