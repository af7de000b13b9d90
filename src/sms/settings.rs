//! What the typesetter is told. Filled in by `config`, values only.

use super::template::Template;

/// What one gateway can carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Medium {
    pub charset: Charset,
    /// Units of one part.
    pub max_length: usize,
}

/// The characters a gateway takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Charset {
    /// US-ASCII.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// 3GPP TS 23.038 default alphabet with its extension table.
    Gsm7,
    /// Everything: the gateway itself turns UTF-8 into GSM 7-bit or UCS-2, and bills accordingly.
    Utf8,
}

/// What happens to a text that is longer than one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Cut, with the ellipsis at the end.
    Truncate,
    /// Numbered parts, up to `max_parts`; what goes beyond them is cut.
    Split,
    /// The mail is refused.
    Refuse,
}

/// The `[message]` keys that say how the text is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub template: Template,
    /// At least 1.
    pub max_parts: usize,
    pub overflow: Overflow,
    /// Marks a cut.
    pub ellipsis: String,
}
