//! Leaves out what the author did not write for this mail: quotes, signatures, disclaimers, what stands behind an end
//! mark, and what the operator's patterns name.
//!
//! It never leaves everything out: a step that would leave no word is not taken. A mail that passes another one on
//! keeps it, with everything in it: that is what was sent.
//!
//! Known limit: introductions of quotes are known in English, Italian, German, French, Spanish, Dutch, Polish and
//! Portuguese.

mod disclaimer;
mod introduction;
mod mark;
mod signature;

use std::sync::LazyLock;

use regex::Regex;

use super::line::Line;
use super::settings::{Pattern, Settings};

/// Trimming one thing may bring together what is another; more rounds than this no real mail needs.
const MAX_ROUNDS: usize = 4;

/// Why lines were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// They quote an earlier mail.
    Quote,
    Signature,
    Disclaimer,
    /// They stand behind an end mark.
    EndMark,
    /// One of the operator's patterns names them.
    Pattern,
}

/// Lines that were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trimmed {
    pub reason: Reason,
    /// How many, blank ones not counted.
    pub lines: usize,
}

/// Whether a mail answers or passes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Anything but a forwarded mail.
    Own,
    /// Somebody else's words are the point of it.
    Forward,
}

impl Purpose {
    /// By the subject, `Fwd:` and its like in the languages above, behind any `Re:`; or by the line that mail programs put
    /// above what is passed on.
    pub(super) fn of(subject: &str, lines: &[Line]) -> Purpose {
        let introduces = |line: &Line| finds(&introduction::FORWARDED, line.text.trim());
        if lines.iter().any(introduces) { Purpose::Forward } else { Purpose::by(subject) }
    }

    fn by(subject: &str) -> Purpose {
        const FORWARDS: [&str; 10] = ["fw", "fwd", "wg", "i", "tr", "rv", "doorst", "pd", "enc", "vb"];
        let mut rest = subject;
        while let Some((prefix, after)) = rest.split_once(':') {
            let prefix = prefix.trim().to_lowercase();
            if FORWARDS.contains(&prefix.as_str()) {
                return Purpose::Forward;
            }
            if !matches!(prefix.as_str(), "re" | "r" | "rif" | "aw" | "sv" | "antw" | "odp") {
                break;
            }
            rest = after;
        }
        Purpose::Own
    }
}

/// The lines that stay, and what went.
pub(super) fn trim(mut lines: Vec<Line>, purpose: Purpose, settings: &Settings) -> (Vec<Line>, Vec<Trimmed>) {
    let mut trimmed: Vec<Trimmed> = Vec::new();
    for _ in 0..MAX_ROUNDS {
        let mut is_done = true;
        for (reason, keep) in steps(purpose, settings) {
            let kept = keep(&lines, settings);
            if kept != lines && kept.iter().any(Line::has_words) {
                is_done = false;
                count(&mut trimmed, reason, words(&lines) - words(&kept));
                lines = kept;
            }
        }
        if is_done {
            break;
        }
    }
    (lines, trimmed)
}

/// Gives the lines that stay.
type Keep = fn(&[Line], &Settings) -> Vec<Line>;

/// What is to be left out, in this order: what stands in a quote is no mark and no signature of this mail.
fn steps(purpose: Purpose, settings: &Settings) -> impl Iterator<Item = (Reason, Keep)> {
    let is_own = purpose == Purpose::Own;
    let all: [(bool, Reason, Keep); 5] = [
        (settings.strip_quotes && is_own, Reason::Quote, |lines, _| introduction::kept(lines)),
        (true, Reason::EndMark, |lines, settings| mark::kept(lines, &settings.end_marks)),
        (settings.strip_signature && is_own, Reason::Signature, |lines, _| signature::kept(lines)),
        (settings.strip_disclaimer, Reason::Disclaimer, |lines, _| disclaimer::kept(lines)),
        (true, Reason::Pattern, unnamed),
    ];
    all.into_iter().filter(|(is_wanted, ..)| *is_wanted).map(|(_, reason, keep)| (reason, keep))
}

fn count(trimmed: &mut Vec<Trimmed>, reason: Reason, lines: usize) {
    match trimmed.iter_mut().find(|entry| entry.reason == reason) {
        Some(entry) => entry.lines += lines,
        None if lines > 0 => trimmed.push(Trimmed { reason, lines }),
        None => {}
    }
}

fn words(lines: &[Line]) -> usize {
    lines.iter().filter(|line| !line.is_blank()).count()
}

/// The lines that none of the operator's patterns names.
fn unnamed(lines: &[Line], settings: &Settings) -> Vec<Line> {
    let is_in = |patterns: &[Pattern], line: &Line| patterns.iter().any(|pattern| pattern.is_in(&line.text));
    let above = lines.iter().take_while(|line| !is_in(&settings.cut_from, line));
    above.filter(|line| !is_in(&settings.drop_lines, line)).cloned().collect()
}

/// Compiles an expression of our own; a test makes sure that all of them compile.
fn pattern(source: &str) -> Option<Regex> {
    Regex::new(source).ok()
}

fn finds(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

#[cfg(test)]
mod tests;
