//! What telepost itself has to say to somebody by mail; it waits here until the site's mail server has it. Values only.

use jiff::Timestamp;

use crate::smtp::Mailbox;

/// A memo about to be posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewMemo {
    /// What the log calls it, such as `low-credit`.
    pub name: String,
    pub to: Mailbox,
    /// One line.
    pub subject: String,
    /// Lines ended by LF.
    pub text: String,
    pub made: Timestamp,
    /// From then on it is not worth being sent.
    pub expires: Timestamp,
}

/// A memo that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memo {
    pub id: i64,
    pub name: String,
    pub to: Mailbox,
    pub subject: String,
    pub text: String,
    pub expires: Timestamp,
    /// Tries to send it so far.
    pub attempts: u32,
}

/// What came of a memo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemoNote {
    /// The site's mail server took it, or it will never be sent: it is forgotten.
    Done,
    /// It is due again.
    Retry { due: Timestamp },
}
