//! What is wrong with a configuration, and how it is told: every problem with its place, its key and the reason.
//!
//! The line itself is shown beside it, unless a secret may stand there.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use annotate_snippets::{AnnotationKind, Element, Level, Origin, Renderer, Snippet};
use regex::Regex;

/// What nobody should find on a screen or in a log: `password = "…"` and `scheme://user:password@host`.
static SECRET: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?i)(passw(or)?[dt]|secret|token)["']?\s*[=:]|://[^\s/@]*:[^\s/@]*@"#).ok());

/// How many problems are shown. A file with more of them is no configuration.
pub(super) const MAX_SHOWN: usize = 100;

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// The configuration is not good.
    Error,
    /// It works, but most likely not as meant.
    Warning,
}

/// A file that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Source {
    pub path: PathBuf,
    pub text: String,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub weight: Weight,
    /// Which of the files, in the order in which they were read.
    pub source: usize,
    /// Bytes of the file that it is about; empty: what should be there is not.
    pub at: Range<usize>,
    /// The whole name of the key, such as `gateway.password_file`; empty: the file as such.
    pub key: String,
    pub reason: String,
}

/// All that is wrong with a file and with those it includes, in the order of their lines. Its text form is for the
/// operator's eyes.
pub struct Problems {
    /// At least one: that which includes the others.
    sources: Vec<Source>,
    list: Vec<Problem>,
}

impl Problems {
    /// `sources` begin with the file itself.
    pub(super) fn new(sources: Vec<Source>, mut list: Vec<Problem>) -> Problems {
        list.sort_by_key(|problem| (problem.source, problem.at.start));
        Problems { sources, list }
    }

    /// The whole file can't be used.
    pub(super) fn of_file(path: &Path, reason: String) -> Problems {
        let problem = Problem { weight: Weight::Error, source: 0, at: 0..0, key: String::new(), reason };
        Problems::new(vec![Source { path: path.to_owned(), text: String::new() }], vec![problem])
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether nothing of it is an error.
    pub(super) fn are_warnings(&self) -> bool {
        self.list.iter().all(|problem| problem.weight == Weight::Warning)
    }

    fn render(&self, problem: &Problem) -> String {
        let title = match problem.key.as_str() {
            "" => problem.reason.clone(),
            key => format!("{key}: {}", problem.reason),
        };
        let level = match problem.weight {
            Weight::Error => Level::ERROR,
            Weight::Warning => Level::WARNING,
        };
        let report = [level.primary_title(title).element(self.place(problem))];
        Renderer::plain().render(&report)
    }

    /// Where it is: the line with a mark under it, or the line's number only.
    fn place(&self, problem: &Problem) -> Element<'_> {
        let (path, text) = match self.sources.get(problem.source) {
            Some(Source { path, text }) => (path.display().to_string(), text.as_str()),
            None => (String::new(), ""),
        };
        if text.is_empty() && problem.key.is_empty() {
            return Origin::path(path).into();
        }
        let place = Place::find(text, &problem.at);
        let is_absent = problem.at.is_empty() && !problem.key.is_empty();
        // Where one string ends is not known when the syntax is broken, so a secret may reach into any line.
        let exposed = if problem.key.is_empty() { text } else { place.line };
        if is_absent || place.line.trim().is_empty() || may_hold_secret(exposed) {
            return Origin::path(path).line(place.number).char_column(place.column).into();
        }
        let mark = AnnotationKind::Primary.span(place.mark);
        Snippet::source(place.line).line_start(place.number).path(path).annotation(mark).into()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in self.list.iter().take(MAX_SHOWN) {
            writeln!(f, "{}\n", self.render(problem))?;
        }
        if let Some(more) = self.list.len().checked_sub(MAX_SHOWN).filter(|more| *more > 0) {
            writeln!(f, "... and {more} more\n")?;
        }
        let count = |weight| self.list.iter().filter(|problem| problem.weight == weight).count();
        let counted = |count: usize, word: &str| match count {
            0 => None,
            1 => Some(format!("1 {word}")),
            n => Some(format!("{n} {word}s")),
        };
        let counts = [counted(count(Weight::Error), "error"), counted(count(Weight::Warning), "warning")];
        let path = self.sources.first().map(|source| source.path.display().to_string()).unwrap_or_default();
        write!(f, "{path}: {}", counts.into_iter().flatten().collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Debug for Problems {
    /// Without the file's text, in which a secret may stand.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.list).finish()
    }
}

impl std::error::Error for Problems {}

/// Whether a secret may stand in a text that an operator wrote.
pub(super) fn may_hold_secret(text: &str) -> bool {
    SECRET.as_ref().is_none_or(|secret| secret.is_match(text))
}

/// A place in a text as a person counts: lines and columns from 1.
struct Place<'a> {
    number: usize,
    column: usize,
    line: &'a str,
    /// Bytes of the line that are meant.
    mark: Range<usize>,
}

impl<'a> Place<'a> {
    fn find(source: &'a str, at: &Range<usize>) -> Place<'a> {
        let start = source.floor_char_boundary(at.start);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        let begin = (start - line_start).min(line.len());
        let end = line.floor_char_boundary(at.end.saturating_sub(line_start)).max(begin);
        Place {
            number: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            line,
            mark: begin..end,
        }
    }
}
