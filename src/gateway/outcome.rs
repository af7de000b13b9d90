//! What goes out and what comes back. Values only.

use crate::address::{Number, SenderId};
use crate::sms::Encoding;

/// One part of one message, ready to go.
#[derive(Clone, Copy, Debug)]
pub struct Submission<'a> {
    pub number: &'a Number,
    pub sender: &'a SenderId,
    pub encoding: Encoding,
    /// The part's text, lines ended by LF.
    pub text: &'a str,
}

/// What became of a submission. The text is the gateway's own word where it gave one, else what happened; it goes
/// into the log, the queue's history and the notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The gateway has taken it.
    Sent { reply: String },
    /// It has certainly not been taken; the same may be tried again later.
    Retry { reason: String },
    /// The text left and no answer came: it may have been taken or not.
    Unknown { reason: String },
    /// The gateway said no for good.
    Refused { about: About, reply: String },
    /// It has certainly not been taken, and none will be: our account is in trouble (no credit, blocked). No fault of
    /// the message, which may go at once by another gateway.
    Blocked { reason: String },
}

/// What of a submission a refusal is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    Sender,
    Recipient,
    Text,
}
