//! Chooses the alphabet and brings the others together: galley, layout and, where needed, the cut.
//!
//! It never sends a text in an encoding that lacks one of its characters: such a text goes as UCS-2, or not at all.

use super::alphabet::Alphabet;
use super::cut::{self, Cut};
use super::draft::Draft;
use super::error::FitError;
use super::galley::{Foreign, Galley};
use super::layout::{Break, Sheet, lay_out};
use super::parts::{ForeignChar, Part, Sms};
use super::settings::{Charset, Joining, Medium, Overflow, Settings, Ucs2};
use super::transliterate;

/// What the joining header takes of a part (TS 23.040, section 9.2.3.24.1): 6 octets, filled up to whole septets.
const HEADER_SEPTETS: usize = 7;
/// The same in UCS-2.
const HEADER_UCS2: usize = 3;

/// An alphabet and what happens to characters beyond it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Setting {
    alphabet: Alphabet,
    foreign: Foreign,
}

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
    let job = Job { draft, text: &text, medium, settings };
    let (cheap, dear) = settings_of(medium);
    let cut = job.fit(cheap, Accept::Foreign)?;
    let Some(character) = cut.set.foreign else {
        return finish(cheap, None, cut, text);
    };
    let because = ForeignChar { character, position: position(&text, character) };
    let Some(dear) = dear else {
        return Err(FitError::NotCarried { foreign: because, encoding: cheap.alphabet.encoding() });
    };
    let cut = job.fit(dear, Accept::Foreign)?;
    // Dear parts are short: when the cut took all that made them dear, cheap parts hold more.
    let all_is_cheap = || cut.set.parts.iter().all(|part| cheap.galley(&part.text, usize::MAX).foreign().is_none());
    let may_go_cheaply = !cut.dropped.is_empty() && all_is_cheap();
    match may_go_cheaply.then(|| job.fit(cheap, Accept::NoForeign)) {
        Some(Ok(cut)) => finish(cheap, None, cut, text),
        Some(Err(_)) | None => finish(dear, Some(because), cut, text),
    }
}

fn finish(setting: Setting, because: Option<ForeignChar>, cut: Cut<Fitted>, text: String) -> Result<Sms, FitError> {
    let Cut { set: Fitted { parts, .. }, dropped } = cut;
    if parts.is_empty() {
        return Err(FitError::Empty);
    }
    let encoding = setting.alphabet.encoding();
    Ok(Sms { encoding, because, parts, truncated: !dropped.is_empty(), dropped, text })
}

/// How the medium is served: cheaply, and where need be at a higher price.
fn settings_of(medium: &Medium) -> (Setting, Option<Setting>) {
    let replace = |alphabet| Setting { alphabet, foreign: Foreign::Replace };
    let keep = |alphabet| Setting { alphabet, foreign: Foreign::Keep };
    match (medium.charset, medium.ucs2) {
        (Charset::Ascii, _) => (replace(Alphabet::Ascii), None),
        (Charset::Latin1, _) => (replace(Alphabet::Latin1), None),
        (Charset::AsciiInGsm7, _) => (replace(Alphabet::AsciiInGsm7), None),
        (Charset::Latin1InGsm7, _) => (replace(Alphabet::Latin1InGsm7), None),
        (Charset::Gsm7, _) | (Charset::Utf8, Ucs2::Refuse) => (replace(Alphabet::Gsm7), None),
        (Charset::Utf8, Ucs2::Transliterate) => (replace(Alphabet::Gsm7), Some(keep(Alphabet::Ucs2))),
        (Charset::Utf8, Ucs2::Allow) => (keep(Alphabet::Gsm7), Some(keep(Alphabet::Ucs2))),
    }
}

impl Setting {
    fn galley(self, text: &str, limit: usize) -> Galley {
        Galley::set(text, self.alphabet, self.foreign, limit)
    }
}

/// What counts as a fit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Accept {
    /// Also a text with characters that the alphabet lacks; they are named.
    Foreign,
    /// Only one without: the cut goes before the first of them.
    NoForeign,
}

/// One draft on its way.
struct Job<'a> {
    draft: &'a Draft,
    /// All of the draft.
    text: &'a str,
    medium: &'a Medium,
    settings: &'a Settings,
}

impl Job<'_> {
    fn fit(&self, setting: Setting, accept: Accept) -> Result<Cut<Fitted>, FitError> {
        let sheet = self.sheet(setting.alphabet);
        let capacity = sheet.capacity();
        let print = |text: &str, worst: Break| {
            let galley = setting.galley(text, capacity);
            let parts = lay_out(&galley, &sheet, worst)?;
            let is_accepted = accept == Accept::Foreign || galley.foreign().is_none();
            is_accepted.then_some(Fitted { parts, foreign: galley.foreign() })
        };
        if let Some(set) = print(self.text, Break::Cluster) {
            return Ok(Cut { set, dropped: Vec::new() });
        }
        let cut = match self.settings.overflow {
            Overflow::Refuse => None,
            // A text that is cut anyway need not be squeezed by cutting words between parts.
            Overflow::Truncate | Overflow::Split => {
                let ellipsis = transliterate::replace_all(&self.settings.ellipsis, setting.alphabet);
                let print = |text: &str| print(text, Break::Word).filter(|fitted| !fitted.parts.is_empty());
                cut::cut(self.draft, &ellipsis, capacity, print)
            }
        };
        cut.ok_or(FitError::TooLong { max_parts: sheet.max_parts, max_length: sheet.alone })
    }

    fn sheet(&self, alphabet: Alphabet) -> Sheet {
        let max_length = self.medium.max_length;
        let (alone, header) = match alphabet {
            // 140 octets hold 160 septets or 70 characters of UCS-2.
            Alphabet::Ucs2 => (max_length.saturating_mul(7) / 16, HEADER_UCS2),
            _ => (max_length, HEADER_SEPTETS),
        };
        let among_several = match self.medium.joining {
            Joining::Numbered => alone,
            Joining::Joined => alone.saturating_sub(header),
        };
        let max_parts = match self.settings.overflow {
            Overflow::Truncate => 1,
            Overflow::Split | Overflow::Refuse => self.settings.max_parts.max(1),
        };
        Sheet { alone, among_several, joining: self.medium.joining, max_parts }
    }
}

/// Where a character stands for the first time, from 1.
fn position(text: &str, character: char) -> usize {
    text.chars().position(|c| c == character).map_or(0, |at| at + 1)
}
