//! The template: which pieces of a mail make the message, in which order, and which of them gives way first.
//!
//! It never looks at what a medium can carry; it makes a draft.
//!
//! A field stands between braces: `{subject}`. Functions follow it, each after a bar, and work from left to right:
//! `{subject|strip_re|max 40}`. Braces themselves are written `{{` and `}}`.
//!
//! | field | is |
//! |---|---|
//! | `{subject}` `{body}` | the mail's subject, its readable text |
//! | `{from}` `{from_name}` | the author's address, the author's name |
//! | `{to}` | the recipient |
//! | `{time}` | the hour and minute at which the mail was written, in the author's zone |
//! | `{header.X-Name}` | a header field by its name, the first if there are several |
//! | `{state}` | what a rule's regular expression captured under this name; goes before a field of the same name |
//!
//! | function | does |
//! |---|---|
//! | `strip_re` | leaves out `Re:`, `Fwd:` and the like at the start |
//! | `first_line` | leaves out all but the first line |
//! | `upper` `lower` | changes the case |
//! | `max 40` | cuts to 40 characters, the ellipsis included |
//! | `or "no subject"` | says this instead of nothing |
//! | `shrink` `shrink 2` | says that this field gives way first when the text is too long (as number 2) |
//!
//! **When the text is too long** the fields marked `shrink` are cut, from their ends: 1 (which need not be written) to
//! nothing before 2 is touched, and so on. Then the others, the last field first. What stands between the fields stays
//! as long as they do. So `{subject}: {body}` loses the end of the body, and `{body|shrink} {header.X-Link}` keeps the
//! link.
//!
//! **An empty field** takes the separator beside it along, and brackets or quotes around it.

mod expression;
mod fields;
mod function;

pub use fields::Fields;

use super::draft::Draft;
use expression::Expression;

/// A template such as `{subject}: {body}`, valid by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(Expression),
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no field {{{name}}}: {}", fields::known(captures))]
    UnknownField { name: String, captures: Vec<String> },
    #[error("there is no function {0}: functions are {known}", known = function::KNOWN)]
    UnknownFunction(String),
    #[error("{function} needs {needs}")]
    Argument { function: String, needs: &'static str },
    #[error("a {{ has no }} after it; write {{{{ for the character itself")]
    Unclosed,
    #[error("a }} has no {{ before it; write }}}} for the character itself")]
    Unopened,
}

impl Template {
    /// Reads a template that knows no captures.
    pub fn parse(source: &str) -> Result<Template, TemplateError> {
        Template::parse_with(source, &[])
    }

    /// Reads a template that may use these names of captures.
    pub fn parse_with(source: &str, captures: &[&str]) -> Result<Template, TemplateError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let (brace, after) = (&rest[at..=at], &rest[at + 1..]);
            if let Some(after_both) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after_both;
                continue;
            }
            if brace == "}" {
                return Err(TemplateError::Unopened);
            }
            let (inside, after_field) = expression::until_brace(after).ok_or(TemplateError::Unclosed)?;
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Field(Expression::parse(inside, captures)?));
            rest = after_field;
        }
        literal.push_str(rest);
        pieces.push(Piece::Literal(literal));
        Ok(Template { source: source.to_owned(), pieces })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// What the template comes to, whole and in one line: a name for something rather than a text to send.
    pub fn name(&self, fields: &Fields<'_>) -> String {
        self.fill(fields, "").text().replace('\n', " ")
    }

    /// Fills the template in; `ellipsis` marks what `max` cuts.
    pub(super) fn fill(&self, fields: &Fields<'_>, ellipsis: &str) -> Draft {
        let mut draft = Draft::default();
        for piece in &self.pieces {
            match piece {
                Piece::Literal(literal) => draft.push_literal(literal),
                Piece::Field(expression) => draft.push_field(&expression.value(fields, ellipsis), expression.shrink()),
            }
        }
        draft
    }
}

#[cfg(test)]
mod tests;
