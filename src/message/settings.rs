//! What the letter opener is told. Filled in by `config`, values only.

use std::fmt;

use regex::{Regex, RegexBuilder};

/// How large one pattern may become when compiled; a few kilobytes of pattern, not a few megabytes.
const PATTERN_SIZE: usize = 1 << 20;

/// The `[message]` keys that say what belongs to the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Leave out what the author quotes of earlier mails.
    pub strip_quotes: bool,
    /// Leave out the author's signature.
    pub strip_signature: bool,
    /// Leave out legal disclaimers.
    pub strip_disclaimer: bool,
    /// What ends the text wherever it stands; empty: nothing does.
    pub end_marks: Vec<String>,
    /// From a line that one of these finds something in, that line included, the rest is left out.
    pub cut_from: Vec<Pattern>,
    /// Every line that one of these finds something in is left out.
    pub drop_lines: Vec<Pattern>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            strip_quotes: true,
            strip_signature: true,
            strip_disclaimer: true,
            end_marks: vec!["##".to_owned(), "$$".to_owned()],
            cut_from: Vec::new(),
            drop_lines: Vec::new(),
        }
    }
}

/// An operator's regular expression (syntax of the crate `regex`, linear time), looked for anywhere in a line.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

/// Why a text is no pattern; the words say where, for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PatternError(String);

impl Pattern {
    /// Reads an expression; `(?i)` at its head makes letters match in either case.
    pub fn parse(source: &str) -> Result<Pattern, PatternError> {
        if source.is_empty() {
            return Err(PatternError("an empty pattern would match every line".to_owned()));
        }
        let compiled = RegexBuilder::new(source).size_limit(PATTERN_SIZE).build();
        compiled.map(Pattern).map_err(|error| PatternError(error.to_string()))
    }

    pub(super) fn is_in(&self, line: &str) -> bool {
        self.0.is_match(line)
    }

    /// The expression as it was written.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Pattern) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_pattern_is_said_when_it_is_read() {
        for bad in ["", "(", "a{1000000}", "(?<n"] {
            assert!(Pattern::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Pattern::parse("^-+$").unwrap().as_str(), "^-+$");
    }
}
