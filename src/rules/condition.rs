//! One condition of a rule: which field of a mail, and what must stand there. Pure.
//!
//! Expressions are those of the `regex` crate: linear in time whatever the mail holds, so there are no backreferences
//! and no look-around.

use regex::{Regex, RegexBuilder};

use crate::address::Pattern;

/// Bytes that a compiled expression may take: a repetition of repetitions is refused instead of eating memory.
const MAX_COMPILED: usize = 1024 * 1024;

/// Which part of a mail a condition looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The author's address, or the envelope's sender: one of them is enough.
    From,
    /// The recipient as the client wrote it, or the number it stands for.
    To,
    Subject,
    /// The readable text, after quotes and signature are off.
    Body,
    /// Every header field of this name, in either case; one of them is enough.
    Header(String),
}

/// What must stand in a field: a `*` pattern that the whole of it fits, or an expression that is found in it.
#[derive(Clone, Debug)]
pub struct Criterion {
    source: String,
    test: Test,
}

#[derive(Clone, Debug)]
enum Test {
    Pattern(Pattern),
    Expression(Regex),
}

/// Why a text is no criterion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CriterionError {
    #[error("the expression has no / at its end: write /…/, or /…/i for either case")]
    Unclosed,
    #[error("{0:?} is no flag of an expression: there is i, for either case")]
    Flag(char),
    #[error("{0}")]
    Expression(String),
}

impl PartialEq for Criterion {
    fn eq(&self, other: &Criterion) -> bool {
        self.source == other.source
    }
}

impl Criterion {
    /// Reads `nagios@*`, in which `*` is anything and case does not matter, or `/expression/`, in which it does unless
    /// `i` follows.
    pub fn parse(source: &str) -> Result<Criterion, CriterionError> {
        let test = match source.strip_prefix('/') {
            Some(rest) => Test::Expression(expression(rest)?),
            None => Test::Pattern(Pattern::new(source)),
        };
        Ok(Criterion { source: source.to_owned(), test })
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.source
    }

    /// The names that its captures go by: `(?<name>…)`.
    pub fn capture_names(&self) -> impl Iterator<Item = &str> {
        let expression = match &self.test {
            Test::Expression(expression) => Some(expression),
            Test::Pattern(_) => None,
        };
        expression.into_iter().flat_map(|expression| expression.capture_names().flatten())
    }

    /// The named captures and what they caught when `text` fits; a capture that took no part is left out.
    pub(super) fn fit(&self, text: &str) -> Option<Vec<(String, String)>> {
        match &self.test {
            Test::Pattern(pattern) => pattern.matches(text).then(Vec::new),
            Test::Expression(expression) => {
                let found = expression.captures(text)?;
                let caught = |name: &str| found.name(name).map(|text| (name.to_owned(), text.as_str().to_owned()));
                Some(expression.capture_names().flatten().filter_map(caught).collect())
            }
        }
    }
}

fn expression(rest: &str) -> Result<Regex, CriterionError> {
    let (source, flags) = rest.rsplit_once('/').ok_or(CriterionError::Unclosed)?;
    if let Some(flag) = flags.chars().find(|flag| *flag != 'i') {
        return Err(CriterionError::Flag(flag));
    }
    RegexBuilder::new(source)
        .case_insensitive(!flags.is_empty())
        .size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| CriterionError::Expression(error.to_string()))
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub field: Field,
    pub criterion: Criterion,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caught(source: &str, text: &str) -> Option<Vec<(String, String)>> {
        Criterion::parse(source).unwrap().fit(text)
    }

    #[test]
    fn a_pattern_fits_the_whole_and_an_expression_is_found_anywhere() {
        for (source, text, fits) in [
            ("*CRITICAL*", "db01 is critical", true),
            ("CRITICAL", "db01 is CRITICAL", false),
            ("/CRITICAL/", "db01 is CRITICAL", true),
            ("/CRITICAL/", "db01 is critical", false),
            ("/CRITICAL/i", "db01 is critical", true),
            ("/^a\\/b$/", "a/b", true),
            ("*", "two\nlines", true),
        ] {
            assert_eq!(caught(source, text).is_some(), fits, "{source} on {text:?}");
        }
    }

    #[test]
    fn captures_go_by_their_names_and_those_that_took_no_part_are_left_out() {
        let source = "/^(?<state>Problem|Resolved): (?<what>.+?)( on (?<host>.+))?$/";
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(
            caught(source, "Problem: disk full on db01"),
            Some(vec![pair("state", "Problem"), pair("what", "disk full"), pair("host", "db01")])
        );
        assert_eq!(
            caught(source, "Resolved: disk full"),
            Some(vec![pair("state", "Resolved"), pair("what", "disk full")])
        );
        let names: Vec<String> = Criterion::parse(source).unwrap().capture_names().map(str::to_owned).collect();
        assert_eq!(names, ["state", "what", "host"]);
    }

    #[test]
    fn what_is_no_expression_is_told_so() {
        assert_eq!(Criterion::parse("/abc"), Err(CriterionError::Unclosed));
        assert_eq!(Criterion::parse("/abc/x"), Err(CriterionError::Flag('x')));
        assert!(matches!(Criterion::parse("/(/"), Err(CriterionError::Expression(_))));
        assert!(matches!(Criterion::parse("/(a{1000}){1000}/"), Err(CriterionError::Expression(_))));
    }
}
