//! What the door says: replies with an enhanced status code (RFC 5321, section 4.2; RFC 2034; RFC 3463).

use std::fmt;
use std::future::Future;

use super::envelope::{Letter, Mailbox};
use super::permit::Permit;

/// One reply: `550 5.1.1 no such number`. Text never holds CR or LF; every line of it goes out as a line of the reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The three-digit code of RFC 5321.
    pub code: u16,
    /// The enhanced code of RFC 3463, such as `5.1.1`; `None` for greetings, 354 and the answers to EHLO.
    pub enhanced: Option<&'static str>,
    /// One line at least.
    pub lines: Vec<String>,
}

impl Reply {
    /// A reply of one line with an enhanced code. Control characters in `text` become spaces: nothing that a client
    /// sent may start a line of its own.
    pub fn new(code: u16, enhanced: &'static str, text: impl Into<String>) -> Reply {
        Reply { code, enhanced: Some(enhanced), lines: vec![printable(text.into())] }
    }

    /// A reply of one line without an enhanced code.
    pub fn plain(code: u16, text: impl Into<String>) -> Reply {
        Reply { code, enhanced: None, lines: vec![printable(text.into())] }
    }

    /// Whether the other side may try the same again later (4xx).
    pub fn is_temporary(&self) -> bool {
        (400..500).contains(&self.code)
    }
}

fn printable(text: String) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

impl fmt::Display for Reply {
    /// Writes the reply as it goes out, every line ended by CRLF.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, line) in self.lines.iter().enumerate() {
            let mark = if n + 1 == self.lines.len() { ' ' } else { '-' };
            write!(f, "{}{mark}", self.code)?;
            if let Some(enhanced) = self.enhanced {
                write!(f, "{enhanced} ")?;
            }
            write!(f, "{line}\r\n")?;
        }
        Ok(())
    }
}

/// What became of one recipient of a letter: how it was taken, or the reply that refuses it.
pub type Verdict = Result<Accepted, Reply>;

/// How a recipient's message was taken from the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is safe on disk under this ID.
    Queued { id: String },
    /// The operator wants it thrown away, and it was.
    Dropped {
        /// At the end of "dropped by …".
        by: String,
    },
}

impl fmt::Display for Accepted {
    /// As the client reads it after the reply's code.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Accepted::Queued { id } => write!(f, "queued as {id}"),
            Accepted::Dropped { by } => write!(f, "dropped by {by}"),
        }
    }
}

/// Whoever stands behind the door and takes the letters: in telepost the `intake`, in tests a fake.
pub trait Reception: Send + Sync + 'static {
    /// Asked at RCPT: may this recipient be written to, by a client with this permit? The error is the reply that the
    /// client gets.
    fn may_accept(&self, recipient: &Mailbox, permit: &Permit) -> Result<(), Reply>;

    /// Takes a letter over. One verdict for each of `letter.envelope.recipients`, in their order; every verdict that
    /// is `Ok` says that the recipient's message is safe on disk, or was thrown away because the operator wants that.
    fn receive(&self, letter: Letter) -> impl Future<Output = Vec<Verdict>> + Send;

    /// Whether mail for this recipient is for one of our telephones, or meant for one and wrong.
    fn is_ours(&self, recipient: &Mailbox) -> bool;

    /// Whether a mail that passes by on its way to a mailbox may ring a telephone too.
    fn may_ring(&self) -> bool;

    /// Takes note of a mail that passes by. Its envelope names all recipients, those that are ours too, who get it by
    /// another road. One verdict for each recipient that it rings; none when no rule wants it to.
    fn ring(&self, passing: Letter) -> impl Future<Output = Vec<Verdict>> + Send;
}
