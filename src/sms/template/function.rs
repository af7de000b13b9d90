//! The functions of a template.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

use super::TemplateError;
use crate::sms::cut::Shortened;

/// The functions there are, for the error that names one there isn't.
pub(super) const KNOWN: &str = "strip_re first_line upper lower max or shrink";

/// What mail programs put before the subject of an answer or a forwarded mail, in lower case: English, German, Dutch,
/// Italian, French, Spanish, Portuguese, Polish and the Nordic languages. `R` and `I` are Outlook's in Italian.
const PREFIXES: [&str; 24] = [
    "re", "fwd", "fw", "aw", "antw", "wg", "doorst", "r", "rif", "i", "inoltra", "rép", "tr", "rv", "reenv", "res",
    "enc", "odp", "pd", "sv", "vs", "vb", "vl", "ynt",
];
/// More of them than anybody writes.
const MAX_PREFIXES: usize = 50;

/// A function that makes a text of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Function {
    StripRe,
    FirstLine,
    Upper,
    Lower,
    Max(usize),
    Or(String),
}

impl Function {
    /// A function by its name and what follows the name.
    pub(super) fn named(name: &str, argument: &str) -> Result<Function, TemplateError> {
        let wrong = |needs| TemplateError::Argument { function: name.to_owned(), needs };
        let plain = |function| if argument.is_empty() { Ok(function) } else { Err(wrong("nothing after it")) };
        match name {
            "strip_re" => plain(Function::StripRe),
            "first_line" => plain(Function::FirstLine),
            "upper" => plain(Function::Upper),
            "lower" => plain(Function::Lower),
            "max" => match argument.parse() {
                Ok(length) if length > 0 => Ok(Function::Max(length)),
                _ => Err(wrong("a number of characters, such as max 40")),
            },
            "or" => unquote(argument)
                .map(|text| Function::Or(text.to_owned()))
                .ok_or_else(|| wrong("a text in quotes, such as or \"none\"")),
            other => Err(TemplateError::UnknownFunction(other.to_owned())),
        }
    }

    pub(super) fn apply<'a>(&self, text: Cow<'a, str>, ellipsis: &str) -> Cow<'a, str> {
        match self {
            Function::StripRe => strip_re(&text).to_owned().into(),
            Function::FirstLine => text.trim_start().lines().next().unwrap_or_default().trim_end().to_owned().into(),
            Function::Upper => text.to_uppercase().into(),
            Function::Lower => text.to_lowercase().into(),
            Function::Max(length) => shorten(text, *length, ellipsis),
            Function::Or(other) if text.trim().is_empty() => other.clone().into(),
            Function::Or(_) => text,
        }
    }
}

/// The text between two quotes of one kind.
fn unquote(argument: &str) -> Option<&str> {
    let quote = argument.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inside = argument.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains(quote)).then_some(inside)
}

fn strip_re(text: &str) -> &str {
    let mut rest = text.trim_start();
    for _ in 0..MAX_PREFIXES {
        match without_prefix(rest) {
            Some(after) => rest = after.trim_start(),
            None => break,
        }
    }
    rest
}

/// What follows `Re:`, `RE :`, `Re[2]:`, `Re(2):` or `Re：`.
fn without_prefix(text: &str) -> Option<&str> {
    let (prefix, after) = text.split_once([':', '：'])?;
    let word = prefix.trim_end().trim_end_matches(|c: char| c.is_ascii_digit() || "[]()^*".contains(c));
    PREFIXES.contains(&word.trim_end().to_lowercase().as_str()).then_some(after)
}

/// The mark counts in the length; where there is no room for it, it is left out.
fn shorten<'a>(text: Cow<'a, str>, length: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.graphemes(true).nth(length).is_none() {
        return text;
    }
    let head: String = text.graphemes(true).take(length + 1).collect();
    let mark = ellipsis.graphemes(true).count();
    let (mark, ellipsis) = if mark < length { (mark, ellipsis) } else { (0, "") };
    let head = Shortened::new(head, ellipsis);
    head.text(head.word_end(length - mark)).into()
}
