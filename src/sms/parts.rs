//! A text, fitted: the parts as they will arrive on the phone. Values only.

use std::fmt;

/// How the parts travel and what a unit of their length is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// 3GPP TS 23.038 default alphabet; a unit is a septet, characters of the extension table take two.
    Gsm7,
    /// UTF-16 code units (TS 23.038 UCS2); a unit is 16 bits.
    Ucs2,
    /// ISO 8859-1; a unit is a character, a line break (sent as CRLF) takes two.
    Latin1,
    /// US-ASCII; units as in Latin-1.
    Ascii,
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Encoding::Gsm7 => "gsm7",
            Encoding::Ucs2 => "ucs2",
            Encoding::Latin1 => "latin1",
            Encoding::Ascii => "ascii",
        })
    }
}

/// One part: what one SMS carries.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Part {
    pub text: String,
    /// Its length in units of the encoding, as the gateway bills it; its number counts, a header that joins it to
    /// other parts does not.
    pub units: usize,
}

/// A character that an alphabet lacks, and where it stands; shown as `U+2019 at 14`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignChar {
    pub character: char,
    /// In characters of the whole text, from 1.
    pub position: usize,
}

impl fmt::Display for ForeignChar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "U+{:04X} at {}", u32::from(self.character), self.position)
    }
}

/// A text fitted for one gateway: at least one part, every part within the gateway's length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    pub encoding: Encoding,
    /// Why the text goes as UCS-2: the first character that the GSM alphabet lacks. `None` for other encodings.
    pub because: Option<ForeignChar>,
    pub parts: Vec<Part>,
    /// Whether something of the text had to be left out.
    pub truncated: bool,
    /// What was left out, in the order of the text; empty exactly when not `truncated`.
    pub dropped: Vec<String>,
    /// The whole text before it was fitted.
    pub text: String,
}
