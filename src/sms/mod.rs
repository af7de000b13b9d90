//! The typesetter: fits a text into SMS. Pure.
//!
//! It never chooses a recipient or a gateway; it is told what the gateway can carry. A text that can't be set is an
//! error, never an empty or a garbled SMS.
//!
//! A text goes through the files of this room in this order: `template` fills in a draft, `tidy`
//! cleans it, `galley` sets it in an `alphabet` (by way of `transliterate`), `layout` makes parts of the galley, and
//! when there are too many of them, `cut` shortens the draft until they fit. Work is bounded by what an SMS can hold,
//! apart from a few passes over the whole text.
//!
//! Known limit: national language shift tables (TS 23.038, section 6.2.1.2) are not used; what only they could carry
//! is transliterated or goes as UCS-2.

mod alphabet;
mod cluster;
mod cut;
mod draft;
mod error;
mod galley;
mod gsm7;
mod layout;
mod parts;
mod press;
mod settings;
mod template;
mod tidy;
mod transliterate;

pub use error::FitError;
pub use parts::{Encoding, ForeignChar, Part, Sms};
pub use settings::{Charset, Joining, Medium, Overflow, Settings, Ucs2};
pub use template::{Fields, Template, TemplateError};

use draft::Draft;

/// Sets a mail: fills in the template, then fits what comes out.
pub fn compose(fields: &Fields<'_>, medium: &Medium, settings: &Settings) -> Result<Sms, FitError> {
    press::set(&settings.template.fill(fields, &settings.ellipsis), medium, settings)
}

/// Sets bare words, without a template.
pub fn fit(words: &str, medium: &Medium, settings: &Settings) -> Result<Sms, FitError> {
    press::set(&Draft::of_words(words), medium, settings)
}

#[cfg(test)]
mod tests;
