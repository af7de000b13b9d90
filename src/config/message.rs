//! `[message]`: what of a mail makes the text, and how the text is set.

use super::section::Section;
use super::value::{self, Choice, Count, Found, Value, Wrong};
use crate::message;
use crate::sms::{self, Overflow, Template};

const TEMPLATE: &str = "{subject}: {body}";

/// The letter opener's settings and the typesetter's.
pub(super) fn read(section: &mut Section<'_, '_>) -> (message::Settings, Option<sms::Settings>) {
    let template = match Template::parse(TEMPLATE) {
        Ok(default) => Some(section.or("template", default)),
        Err(_) => section.required("template"),
    };
    let max_parts = section.or("max_parts", Count::ONE).get();
    let overflow = section.or("overflow", Overflow::Truncate);
    let Ellipsis(ellipsis) = section.or("ellipsis", Ellipsis("...".to_owned()));
    let message = letter(section);
    warn_of_lengths(section, overflow, max_parts);
    let sms = template.map(|template| sms::Settings { template, max_parts, overflow, ellipsis });
    (message, sms)
}

/// Says so when two keys that belong together mean nothing together.
pub(super) fn warn_of_lengths(section: &mut Section<'_, '_>, overflow: Overflow, max_parts: usize) {
    match overflow {
        Overflow::Split if max_parts == 1 => {
            section.warning("overflow", "does not split anything as long as max_parts is 1");
        }
        Overflow::Truncate if max_parts > 1 => {
            section.warning("max_parts", "means nothing as long as overflow is \"truncate\"");
        }
        _ => {}
    }
}

/// The keys of the letter opener: what of a mail is not worth an SMS.
fn letter(section: &mut Section<'_, '_>) -> message::Settings {
    let defaults = message::Settings::default();
    let marks: Vec<Mark> = defaults.end_marks.into_iter().map(Mark).collect();
    message::Settings {
        strip_quotes: section.or("strip_quotes", defaults.strip_quotes),
        strip_signature: section.or("strip_signature", defaults.strip_signature),
        strip_disclaimer: section.or("strip_disclaimer", defaults.strip_disclaimer),
        end_marks: section.or("end_marks", marks).into_iter().map(|Mark(mark)| mark).collect(),
        cut_from: section.or("cut_from", defaults.cut_from),
        drop_lines: section.or("drop_lines", defaults.drop_lines),
    }
}

impl Choice for Overflow {
    const WORDS: &'static [(&'static str, Overflow)] =
        &[("truncate", Overflow::Truncate), ("split", Overflow::Split), ("refuse", Overflow::Refuse)];
}

impl Value for Template {
    const WANTED: &'static str = r#"a template such as "{subject}: {body}""#;

    fn read(found: &Found<'_>) -> Result<Template, Vec<Wrong>> {
        found.parse(|text| match Template::parse(text) {
            Ok(_) if text.trim().is_empty() => Err(value::not(Self::WANTED, text)),
            Ok(template) => Ok(template),
            Err(error) => Err(error.to_string()),
        })
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}

/// What marks a cut.
pub(super) struct Ellipsis(pub String);

impl Value for Ellipsis {
    const WANTED: &'static str = r#"a few characters such as "...", or "" for none"#;

    fn read(found: &Found<'_>) -> Result<Ellipsis, Vec<Wrong>> {
        found.parse_or_not(|text| (!text.contains(char::is_control)).then(|| Ellipsis(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

/// What ends a text.
struct Mark(String);

impl Value for Mark {
    const WANTED: &'static str = r###"a few characters such as "##""###;

    fn read(found: &Found<'_>) -> Result<Mark, Vec<Wrong>> {
        let may_be = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
        found.parse_or_not(|text| may_be(text).then(|| Mark(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

impl Value for message::Pattern {
    const WANTED: &'static str = r#"a regular expression such as "^Ticket closed""#;

    fn read(found: &Found<'_>) -> Result<message::Pattern, Vec<Wrong>> {
        found.parse(|text| message::Pattern::parse(text).map_err(|error| value::last_line(&error.to_string())))
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}
