//! What the typesetter is told. Filled in by `config`, values only.

use super::template::Template;

/// What one gateway can carry, or all gateways of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Medium {
    pub charset: Charset,
    /// Units of one part that stands alone. A text that goes as UCS-2 gets seven sixteenths of it: 70 for 160.
    pub max_length: usize,
    pub joining: Joining,
    pub ucs2: Ucs2,
}

/// The characters a gateway takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    /// US-ASCII.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// 3GPP TS 23.038 default alphabet with its extension table.
    Gsm7,
    /// Everything: the gateway itself turns UTF-8 into GSM 7-bit or UCS-2, and bills accordingly.
    Utf8,
    /// What US-ASCII and the GSM alphabet share. No gateway asks for it; some routes need it, see [`Medium::narrowest`].
    AsciiInGsm7,
    /// What ISO 8859-1 and the GSM alphabet share, likewise.
    Latin1InGsm7,
}

/// How the parts of a long text find together on the phone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Joining {
    /// They don't: each part begins with its number, `1/3 `.
    #[default]
    Numbered,
    /// The phone joins them by a header (TS 23.040, section 9.2.3.24.1) that takes 7 septets or 3 UCS-2 units of each.
    Joined,
}

/// What becomes of characters that only UCS-2 could carry. Where the gateway can't send UCS-2, all three are one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ucs2 {
    /// They are replaced like under `Transliterate`; a text with others is refused.
    Refuse,
    /// They are replaced by what is closest in the GSM alphabet. Chinese, Japanese and Korean have nothing close: a
    /// text with them goes as UCS-2, and then as it was written.
    #[default]
    Transliterate,
    /// A text with them goes as UCS-2, as it was written.
    Allow,
}

/// What happens to a text that is longer than one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overflow {
    /// Cut to one part, with the ellipsis where something is missing.
    Truncate,
    /// Several parts, up to `max_parts`; what goes beyond them is cut.
    Split,
    /// Several parts, up to `max_parts`; nothing is ever cut, a longer text is refused.
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

impl Medium {
    /// A gateway that neither joins parts nor is asked to avoid UCS-2 at any price.
    pub const fn new(charset: Charset, max_length: usize) -> Medium {
        Medium { charset, max_length, joining: Joining::Numbered, ucs2: Ucs2::Transliterate }
    }

    /// What every one of these can carry, so that a text set once may take any of them; `None` for none.
    pub fn narrowest(media: impl Iterator<Item = Medium>) -> Option<Medium> {
        media.reduce(|one, other| Medium {
            charset: one.charset.shared_with(other.charset),
            max_length: one.max_length.min(other.max_length),
            joining: if one.joining == other.joining { one.joining } else { Joining::Numbered },
            ucs2: one.ucs2.min(other.ucs2),
        })
    }
}

impl Charset {
    /// What both can carry. ISO 8859-1 and the GSM alphabet overlap and neither holds the other, and a gateway that
    /// takes UTF-8 sends what the GSM alphabet lacks at more than twice the price: so what remains is what both hold,
    /// and each character counts as the dearer of the two counts it.
    fn shared_with(self, other: Charset) -> Charset {
        use Charset::{Ascii, AsciiInGsm7, Gsm7, Latin1, Latin1InGsm7, Utf8};
        let is_ascii = |charset| matches!(charset, Ascii | AsciiInGsm7);
        match (self, other) {
            (one, other) if one == other => one,
            (Gsm7, Utf8) | (Utf8, Gsm7) => Gsm7,
            (Ascii, Latin1) | (Latin1, Ascii) => Ascii,
            (one, other) if is_ascii(one) || is_ascii(other) => AsciiInGsm7,
            _ => Latin1InGsm7,
        }
    }
}
