//! What a template's fields stand for.

use std::borrow::Cow;

use super::TemplateError;
use crate::message::Text;
use crate::rules::Captures;

/// How a header field is asked for.
const HEADER: &str = "header.";

/// All that a template may speak of: a mail and what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'a> {
    text: &'a Text,
    to: Option<&'a str>,
    captures: Option<&'a Captures>,
}

impl<'a> Fields<'a> {
    /// A mail alone: `{to}` is its `To:` field, captures are empty.
    pub fn new(text: &'a Text) -> Fields<'a> {
        Fields { text, to: None, captures: None }
    }

    /// The recipient that `{to}` stands for.
    pub fn to(self, recipient: &'a str) -> Fields<'a> {
        Fields { to: Some(recipient), ..self }
    }

    /// What the rule that matched has captured.
    pub fn captures(self, captures: &'a Captures) -> Fields<'a> {
        Fields { captures: Some(captures), ..self }
    }

    pub(super) fn get(&self, field: &Field) -> Cow<'a, str> {
        let author = self.text.author.as_ref();
        match field {
            Field::Subject => self.text.subject.as_str().into(),
            Field::Body => self.text.body.as_str().into(),
            Field::From => author.map_or("", |author| &author.address).into(),
            Field::FromName => author.map_or("", |author| &author.name).into(),
            Field::To => self.to.unwrap_or_else(|| header(self.text, "to")).into(),
            Field::Time => {
                self.text.date.as_ref().map(|date| date.strftime("%H:%M").to_string()).unwrap_or_default().into()
            }
            Field::Header(name) => header(self.text, name).into(),
            Field::Capture(name) => self.captures.map_or("", |captures| captures.get(name)).into(),
        }
    }
}

/// What may stand first between braces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Subject,
    Body,
    From,
    FromName,
    To,
    Time,
    Header(String),
    Capture(String),
}

const PLAIN: [(&str, Field); 6] = [
    ("subject", Field::Subject),
    ("body", Field::Body),
    ("from", Field::From),
    ("from_name", Field::FromName),
    ("to", Field::To),
    ("time", Field::Time),
];

impl Field {
    pub(super) fn named(name: &str, captures: &[&str]) -> Result<Field, TemplateError> {
        if captures.contains(&name) {
            return Ok(Field::Capture(name.to_owned()));
        }
        if let Some(header) = name.strip_prefix(HEADER).filter(|header| is_header_name(header)) {
            return Ok(Field::Header(header.to_owned()));
        }
        let plain = PLAIN.into_iter().find(|(known, _)| *known == name).map(|(_, field)| field);
        plain.ok_or_else(|| TemplateError::UnknownField {
            name: name.to_owned(),
            captures: captures.iter().map(|capture| (*capture).to_owned()).collect(),
        })
    }
}

/// The fields there are, for the error that names one there isn't.
pub(super) fn known(captures: &[String]) -> String {
    let plain: Vec<String> = PLAIN.iter().map(|(name, _)| format!("{{{name}}}")).collect();
    let captures: Vec<String> = captures.iter().map(|name| format!("{{{name}}}")).collect();
    let beside =
        if captures.is_empty() { String::new() } else { format!(", this rule captures {}", captures.join(" ")) };
    format!("fields are {} {{{HEADER}NAME}}{beside}", plain.join(" "))
}

/// RFC 5322, section 3.6.8: printable ASCII without the colon.
fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

fn header<'a>(text: &'a Text, name: &str) -> &'a str {
    text.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
}
