//! What a person would read of a mail, and the few header fields that later rooms ask for. Values only.

use super::trim::Trimmed;

/// A mailbox of a header field (RFC 5322, section 3.4).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Author {
    /// `root@host.example`; as it was written, not checked.
    pub address: String,
    /// The display name, decoded; empty when there is none.
    pub name: String,
}

/// A mail, opened: all strings are decoded, in NFC, without control characters other than line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// One line; empty when there is none.
    pub subject: String,
    /// The readable text, lines ended by LF, no blank lines at the ends; empty when there is none.
    pub body: String,
    /// The first mailbox of `From:`, or of `Sender:` when there is no other.
    pub author: Option<Author>,
    /// The mail's `Date:`, in the zone it was written in.
    pub date: Option<jiff::ZonedDateTime>,
    /// `Message-ID:` without angle brackets.
    pub message_id: Option<String>,
    /// Whether a program wrote it that wants no automatic answer (RFC 3834: Auto-Submitted; and the older
    /// Precedence: bulk, list, junk).
    pub automatic: bool,
    /// Every header field in order: name as written, value unfolded and decoded.
    pub headers: Vec<(String, String)>,
    /// The addresses of To, Cc and Bcc, groups opened; as they were written, not checked.
    pub recipients: Vec<String>,
    /// What was met on the way and is not in the text.
    pub findings: Findings,
}

/// What the letter opener met and left out; for `preview` and for counting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// The text lies in something that can't be opened.
    pub locked: Option<Locked>,
    /// What was left out of the body, reason by reason.
    pub trimmed: Vec<Trimmed>,
    /// The mail is longer than any SMS could need: its end was not read.
    pub is_cut: bool,
}

/// What hides a text from us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// A winmail.dat (TNEF) without readable text.
    Tnef,
    /// S/MIME or OpenPGP.
    Encrypted,
}

impl Text {
    /// The addresses of To, Cc and Bcc, for `sendmail -t`.
    pub fn recipients(&self) -> Vec<String> {
        self.recipients.clone()
    }
}
