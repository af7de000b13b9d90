//! What a person would read of a mail, and the few header fields that later rooms ask for. Values only.

/// The author of a mail (RFC 5322 `From:`, the first mailbox of it).
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
}
