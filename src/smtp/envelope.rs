//! What the door hands over: who wrote, to whom, and the mail as it came.
//!
//! Values only; reading them off the wire is `command`'s and `data`'s work.

use std::fmt;
use std::net::IpAddr;

use super::permit::Permit;

/// A mailbox as it stood in a path (RFC 5321, section 4.1.2), with quoting and source route removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Mailbox {
    /// The local part, unquoted: `"a b"@c.d` has `a b` here.
    pub local: String,
    /// The domain in lower case; `None` for a bare local part such as `<postmaster>` or `<+447731234567>`.
    pub domain: Option<String>,
}

impl fmt::Display for Mailbox {
    /// Writes the mailbox as it may stand in a path or a header, quoted where RFC 5321 wants it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if is_dot_string(&self.local) {
            f.write_str(&self.local)?;
        } else {
            f.write_str("\"")?;
            for c in self.local.chars() {
                if matches!(c, '"' | '\\') {
                    f.write_str("\\")?;
                }
                write!(f, "{c}")?;
            }
            f.write_str("\"")?;
        }
        match &self.domain {
            Some(domain) => write!(f, "@{domain}"),
            None => Ok(()),
        }
    }
}

/// Whether a local part needs no quotes (RFC 5321 `Dot-string`, with RFC 6531's non-ASCII characters).
fn is_dot_string(local: &str) -> bool {
    // As `path` reads it: blanks of other scripts want quotes like a space.
    let is_foreign = |c: char| !c.is_ascii() && !c.is_whitespace();
    let is_atext = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_foreign(c);
    local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atext))
}

/// Where notices about a letter go (RFC 5321, section 4.1.2 `Reverse-path`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReversePath {
    /// `<>`: nobody wants to hear of it, and nobody may be told.
    Null,
    Mailbox(Mailbox),
}

impl ReversePath {
    /// The mailbox, when there is one.
    pub fn mailbox(&self) -> Option<&Mailbox> {
        match self {
            ReversePath::Null => None,
            ReversePath::Mailbox(mailbox) => Some(mailbox),
        }
    }
}

impl From<Option<Mailbox>> for ReversePath {
    fn from(mailbox: Option<Mailbox>) -> ReversePath {
        mailbox.map_or(ReversePath::Null, ReversePath::Mailbox)
    }
}

/// Who stands at the door.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Client {
    /// The peer's address; `None` on a Unix socket or for a letter that came by the command line.
    pub address: Option<IpAddr>,
    /// The name it gave in EHLO, HELO or LHLO.
    pub hello: String,
    /// The user it logged in as.
    pub user: Option<String>,
    /// What it may send.
    pub permit: Permit,
}

/// Who wrote, to whom, and from where it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub from: ReversePath,
    /// At least one; in the order of the RCPT commands.
    pub recipients: Vec<Recipient>,
    pub client: Client,
    /// How much of the message a notice gives back, when the sender said so.
    pub returned: Option<Returned>,
    /// The sender's own name for the message (RFC 3461 ENVID, decoded), told in notices.
    pub envelope_id: Option<String>,
}

impl Envelope {
    /// The envelope of a mail that did not come through the door.
    pub fn by_command_line(from: ReversePath, recipients: Vec<Mailbox>) -> Envelope {
        Envelope {
            from,
            recipients: recipients.into_iter().map(Recipient::from).collect(),
            client: Client { hello: "command line".to_owned(), ..Client::default() },
            returned: None,
            envelope_id: None,
        }
    }
}

/// One recipient and what the sender wishes to hear about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub mailbox: Mailbox,
    /// `None`: the sender wished nothing, and hears of a failure.
    pub notify: Option<Notify>,
    /// Whom the sender wrote to before forwarding changed it, told in notices.
    pub original: Option<OriginalRecipient>,
}

impl From<Mailbox> for Recipient {
    /// A recipient about whom nothing is wished.
    fn from(mailbox: Mailbox) -> Recipient {
        Recipient { mailbox, notify: None, original: None }
    }
}

/// When the sender wants to hear of a recipient (RFC 3461, section 4.1); all `false` is NEVER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notify {
    pub success: bool,
    pub failure: bool,
    pub delay: bool,
}

/// The recipient as the sender knows it (RFC 3461, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OriginalRecipient {
    /// The address type in lower case, such as `rfc822`.
    pub kind: String,
    /// Decoded from xtext; without control characters.
    pub address: String,
}

/// How much of a message a notice gives back (RFC 3461, section 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    Full,
    Headers,
}

/// How many answers the client can hear after the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// SMTP: one reply for all recipients together.
    Single,
    /// LMTP (RFC 2033): one reply for each recipient.
    PerRecipient,
}

/// What the bytes of a letter are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A message with its headers (RFC 5322).
    Mail,
    /// The words of one SMS without any headers, as the gateway's dialect brings them, in UTF-8 or Latin-1. The
    /// envelope's sender is null then, because nobody can be written to at a sender ID, and it has one recipient.
    BareText {
        /// Up to 16 digits, with or without a plus sign before them, or up to 11 letters and digits.
        sender_id: String,
    },
}

/// One mail as it came through the door.
#[derive(Clone, Debug)]
pub struct Letter {
    pub envelope: Envelope,
    pub content: Content,
    /// With CRLF line ends, dots already unstuffed.
    pub bytes: Vec<u8>,
    pub answers: Answers,
}
