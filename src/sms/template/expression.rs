//! What stands between two braces: a field and its functions.

use std::borrow::Cow;

use super::TemplateError;
use super::fields::{Field, Fields};
use super::function::Function;
use crate::sms::draft::Shrink;

/// A field, what is done with it, and when it gives way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expression {
    field: Field,
    functions: Vec<Function>,
    shrink: Shrink,
}

impl Expression {
    pub(super) fn parse(inside: &str, captures: &[&str]) -> Result<Expression, TemplateError> {
        let mut steps = split_unquoted(inside, '|');
        let field = Field::named(steps.next().unwrap_or_default().trim(), captures)?;
        let mut expression = Expression { field, functions: Vec::new(), shrink: Shrink::Late };
        for step in steps {
            let step = step.trim();
            let (name, argument) = step.split_once(char::is_whitespace).unwrap_or((step, ""));
            match name {
                "shrink" => expression.shrink = Shrink::Early(shrink_number(argument.trim())?),
                _ => expression.functions.push(Function::named(name, argument.trim())?),
            }
        }
        Ok(expression)
    }

    pub(super) fn shrink(&self) -> Shrink {
        self.shrink
    }

    pub(super) fn value<'a>(&self, fields: &Fields<'a>, ellipsis: &str) -> Cow<'a, str> {
        let value = fields.get(&self.field);
        self.functions.iter().fold(value, |value, function| function.apply(value, ellipsis))
    }
}

fn shrink_number(argument: &str) -> Result<u32, TemplateError> {
    let wrong = || TemplateError::Argument {
        function: "shrink".to_owned(),
        needs: "nothing after it, or a number from 1 on: smaller numbers give way first",
    };
    match argument {
        "" => Ok(1),
        number => number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong),
    }
}

/// What stands before the brace that closes an expression, and what comes after it; braces in quotes close nothing.
pub(super) fn until_brace(text: &str) -> Option<(&str, &str)> {
    let end = find_unquoted(text, '}')?;
    Some((&text[..end], &text[end + 1..]))
}

fn split_unquoted(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (step, after) = match find_unquoted(text, separator) {
            Some(at) => (&text[..at], Some(&text[at + separator.len_utf8()..])),
            None => (text, None),
        };
        rest = after;
        Some(step)
    })
}

/// Where a character stands for the first time outside quotes. A quote is closed by its own kind only.
fn find_unquoted(text: &str, wanted: char) -> Option<usize> {
    let mut open = None;
    for (at, character) in text.char_indices() {
        match open {
            None if character == wanted => return Some(at),
            None if matches!(character, '"' | '\'') => open = Some(character),
            Some(quote) if character == quote => open = None,
            _ => {}
        }
    }
    None
}
