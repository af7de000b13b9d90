//! Chooses the alphabet and brings the others together: galley, layout and, where needed, the cut.

use super::alphabet::Alphabet;
use super::cut::{self, Cut};
use super::draft::Draft;
use super::error::FitError;
use super::galley::{Foreign, Galley};
use super::layout::{Break, Sheet, lay_out};
use super::parts::{ForeignChar, Part, Sms};
use super::settings::{Charset, Joining, Medium, Overflow, Settings, Ucs2};

/// What the joining header takes of a part (TS 23.040, section 9.2.3.24.1): 6 octets, filled up to whole septets.
const HEADER_SEPTETS: usize = 7;
/// The same in UCS-2.
const HEADER_UCS2: usize = 3;

/// An alphabet and what happens to characters beyond it.
type Setting = (Alphabet, Foreign);

/// A text that fits, in one alphabet.
struct Fitted {
    parts: Vec<Part>,
    foreign: Option<char>,
}

/// Sets a draft. The first alphabet of the medium that carries what is left after fitting is taken: a character that
/// is cut off anyway neither makes the rest dearer nor gets it refused.
pub(super) fn set(draft: &Draft, medium: &Medium, settings: &Settings) -> Result<Sms, FitError> {
    let text = draft.text();
    if text.is_empty() {
        return Err(FitError::Empty);
    }
    let max_parts = match settings.overflow {
        Overflow::Truncate => 1,
        Overflow::Split | Overflow::Refuse => settings.max_parts.max(1),
    };
    let mut because = None;
    for &(alphabet, foreign) in alphabets(medium) {
        let sheet = sheet(alphabet, medium, max_parts);
        let Cut { set: fitted, dropped } = fit(draft, &text, (alphabet, foreign), &sheet, settings)
            .ok_or(FitError::TooLong { max_parts, max_length: sheet.alone })?;
        if fitted.parts.is_empty() {
            return Err(FitError::Empty);
        }
        let Some(character) = fitted.foreign else {
            let truncated = !dropped.is_empty();
            return Ok(Sms { encoding: alphabet.encoding(), because, parts: fitted.parts, truncated, dropped, text });
        };
        because.get_or_insert(ForeignChar { character, position: position(&text, character) });
    }
    let foreign = because.unwrap_or(ForeignChar { character: char::REPLACEMENT_CHARACTER, position: 0 });
    Err(FitError::NotCarried { foreign, charset: medium.charset })
}

/// The alphabets of a medium, the cheaper one first.
fn alphabets(medium: &Medium) -> &'static [Setting] {
    use Foreign::{Keep, Replace};
    match (medium.charset, medium.ucs2) {
        (Charset::Ascii, _) => &[(Alphabet::Ascii, Replace)],
        (Charset::Latin1, _) => &[(Alphabet::Latin1, Replace)],
        (Charset::Gsm7, _) | (Charset::Utf8, Ucs2::Refuse) => &[(Alphabet::Gsm7, Replace)],
        (Charset::AsciiInGsm7, _) => &[(Alphabet::AsciiInGsm7, Replace)],
        (Charset::Latin1InGsm7, _) => &[(Alphabet::Latin1InGsm7, Replace)],
        (Charset::Utf8, Ucs2::Transliterate) => &[(Alphabet::Gsm7, Replace), (Alphabet::Ucs2, Keep)],
        (Charset::Utf8, Ucs2::Allow) => &[(Alphabet::Gsm7, Keep), (Alphabet::Ucs2, Keep)],
    }
}

fn sheet(alphabet: Alphabet, medium: &Medium, max_parts: usize) -> Sheet {
    let (alone, header) = match alphabet {
        // 140 octets hold 160 septets or 70 characters of UCS-2.
        Alphabet::Ucs2 => (medium.max_length.saturating_mul(7) / 16, HEADER_UCS2),
        _ => (medium.max_length, HEADER_SEPTETS),
    };
    let among_several = match medium.joining {
        Joining::Numbered => alone,
        Joining::Joined => alone.saturating_sub(header),
    };
    Sheet { alone, among_several, joining: medium.joining, max_parts }
}

/// Fits a draft, whose whole text is `text`, into one alphabet; `None` when that takes a cut and none is allowed.
fn fit(draft: &Draft, text: &str, setting: Setting, sheet: &Sheet, settings: &Settings) -> Option<Cut<Fitted>> {
    let capacity = sheet.capacity();
    let print = |text: &str, worst: Break| {
        let galley = Galley::set(text, setting.0, setting.1, capacity);
        let parts = lay_out(&galley, sheet, worst)?;
        Some(Fitted { parts, foreign: galley.foreign() })
    };
    if let Some(set) = print(text, Break::Cluster) {
        return Some(Cut { set, dropped: Vec::new() });
    }
    match settings.overflow {
        Overflow::Refuse => None,
        // A text that is cut anyway need not be squeezed by cutting words between parts.
        Overflow::Truncate | Overflow::Split => {
            cut::cut(draft, &settings.ellipsis, capacity, |text| print(text, Break::Word))
        }
    }
}

fn position(text: &str, character: char) -> usize {
    text.chars().position(|c| c == character).map_or(0, |at| at + 1)
}
