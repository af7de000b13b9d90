//! The template: which pieces of a mail make the message, and in which order.
//!
//! Known limit: a field stands for itself, there are no functions on it yet.

use crate::message::Text;

/// A template such as `{subject}: {body}`, valid by construction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    source: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(Field),
}

/// What may stand between braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Subject,
    Body,
    From,
    FromName,
    Time,
}

/// Why a text is no template.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    #[error("there is no field {{{0}}}: fields are {{subject}} {{body}} {{from}} {{from_name}} {{time}}")]
    UnknownField(String),
    #[error("a {{ has no }} after it; write {{{{ for the character itself")]
    Unclosed,
    #[error("a }} has no {{ before it; write }}}} for the character itself")]
    Unopened,
}

impl Template {
    /// Reads a template; braces themselves are written `{{` and `}}`.
    pub fn parse(source: &str) -> Result<Template, TemplateError> {
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
            let (name, after_field) = after.split_once('}').ok_or(TemplateError::Unclosed)?;
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            pieces.push(Piece::Field(Field::named(name)?));
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

    /// Fills the template in.
    pub fn render(&self, text: &Text) -> String {
        self.pieces.iter().map(|piece| piece.render(text)).collect()
    }
}

impl Piece {
    fn render(&self, text: &Text) -> String {
        match self {
            Piece::Literal(literal) => literal.clone(),
            Piece::Field(field) => field.of(text),
        }
    }
}

impl Field {
    fn named(name: &str) -> Result<Field, TemplateError> {
        match name.trim() {
            "subject" => Ok(Field::Subject),
            "body" => Ok(Field::Body),
            "from" => Ok(Field::From),
            "from_name" => Ok(Field::FromName),
            "time" => Ok(Field::Time),
            other => Err(TemplateError::UnknownField(other.to_owned())),
        }
    }

    fn of(self, text: &Text) -> String {
        let author = text.author.as_ref();
        match self {
            Field::Subject => text.subject.clone(),
            Field::Body => text.body.clone(),
            Field::From => author.map(|author| author.address.clone()).unwrap_or_default(),
            Field::FromName => author.map(|author| author.name.clone()).unwrap_or_default(),
            Field::Time => text.date.as_ref().map(|date| date.strftime("%H:%M").to_string()).unwrap_or_default(),
        }
    }
}
