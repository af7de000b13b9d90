//! Reads a section key by key, and writes down what it finds: what is wrong, which keys there are, and what holds in
//! the end.
//!
//! Not serde: that stops at the first problem, and an operator wants to hear of all of them. A key that is never asked
//! for is unknown. When something is wrong, reading goes on with what would hold without the key; the problem is on
//! the list, so nothing of it is ever used.

use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue, Error};

use super::problem::{Problem, Problems, Source, Weight};
use super::value::{self, Found, NOT_BUILT, Value, Wrong};

/// What is written down while a file is read, and those it includes.
pub(super) struct Book<'a> {
    /// Where the file is; relative paths in it start here.
    folder: &'a Path,
    depth: Depth,
    /// The files so far; what is read now is the last of them.
    pub sources: Vec<Source>,
    pub problems: Vec<Problem>,
    /// Every key that was asked for and can be used, by its whole name.
    pub known: Vec<String>,
    blocks: Vec<Block>,
}

/// How far a file's reader looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// A command has no use for the files of the listeners, and may not be allowed to read them.
    Configuration,
    /// The files that listeners name must be good, too.
    Files,
}

/// A section of the effective configuration.
struct Block {
    header: String,
    lines: Vec<String>,
}

impl<'a> Book<'a> {
    pub fn new(folder: &'a Path, depth: Depth) -> Book<'a> {
        Book { folder, depth, sources: Vec::new(), problems: Vec::new(), known: Vec::new(), blocks: Vec::new() }
    }

    /// Reads a whole file. `None`: it is no TOML, and every place where it is not is written down.
    pub fn read<T>(&mut self, source: Source, read: impl FnOnce(&mut Section<'_, 'a>) -> T) -> Option<T> {
        let text = source.text.clone();
        self.sources.push(source);
        let (document, errors) = DeTable::parse_recoverable(&text);
        if errors.is_empty() {
            return Some(self.open(String::new(), String::new(), Some(document.get_ref()), 0..0, read));
        }
        let source = self.sources.len() - 1;
        let problem = |error: Error| Problem {
            weight: Weight::Error,
            source,
            at: error.span().unwrap_or(0..0),
            key: String::new(),
            reason: error.message().to_owned(),
        };
        self.problems.extend(errors.into_iter().map(problem));
        None
    }

    /// Every key with the value that holds, its default included, as TOML that can be read again.
    pub fn effective(&self) -> String {
        let blocks = self.blocks.iter().filter(|block| !block.lines.is_empty());
        let texts = blocks.map(|block| format!("{}{}", block.header, block.lines.concat()));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Everything that is wrong, or looks so.
    pub fn into_problems(self) -> Problems {
        Problems::new(self.sources, self.problems)
    }

    fn open<T>(
        &mut self,
        name: String,
        header: String,
        table: Option<&DeTable<'_>>,
        at: Range<usize>,
        read: impl FnOnce(&mut Section<'_, 'a>) -> T,
    ) -> T {
        let block = self.blocks.len();
        self.blocks.push(Block { header, lines: Vec::new() });
        let source = self.sources.len().saturating_sub(1);
        let (asked, refused) = (Vec::new(), Vec::new());
        let mut section = Section { book: self, source, name, table, at, block, asked, refused };
        let result = read(&mut section);
        section.close();
        result
    }
}

/// One section while it is read.
pub(super) struct Section<'s, 'b> {
    book: &'s mut Book<'b>,
    /// The file that it stands in.
    source: usize,
    /// Its whole name; empty: the top of the file.
    name: String,
    /// `None`: the file does not have it.
    table: Option<&'s DeTable<'s>>,
    /// Where it begins; what is missing from it is missing here.
    at: Range<usize>,
    block: usize,
    asked: Vec<String>,
    refused: Vec<String>,
}

impl<'s, 'b> Section<'s, 'b> {
    /// A key that must be there.
    pub fn required<T: Value>(&mut self, key: &str) -> Option<T> {
        if self.get(key).is_none() {
            self.ask(key);
            self.problem(key, "is missing");
            return None;
        }
        self.optional(key)
    }

    /// A key that may be left out.
    pub fn optional<T: Value>(&mut self, key: &str) -> Option<T> {
        let value = self.unwritten(key)?;
        self.write(key, &value);
        Some(value)
    }

    /// As [`Section::optional`], for a key that the effective configuration says in another way.
    pub fn unwritten<T: Value>(&mut self, key: &str) -> Option<T> {
        self.ask(key);
        let found = Found { value: self.get(key)?, folder: self.book.folder };
        let wrong = match T::read(&found) {
            Ok(value) => return Some(value),
            Err(wrong) => wrong,
        };
        wrong.into_iter().for_each(|Wrong { at, reason }| self.note(Weight::Error, at, key, reason));
        None
    }

    /// Reads another file, as if this one had what it has.
    pub fn included(&mut self, file: Source, read: impl FnOnce(&mut Section<'_, 'b>)) {
        self.book.read(file, read);
    }

    /// A key that means `default` when it is left out.
    pub fn or<T: Value>(&mut self, key: &str, default: T) -> T {
        let is_there = self.get(key).is_some();
        match self.optional(key) {
            Some(value) => value,
            None => {
                if !is_there {
                    self.write(key, &default);
                }
                default
            }
        }
    }

    /// A key that can't be used, and why.
    pub fn refused(&mut self, key: &str, reason: &str) {
        self.refused.push(key.to_owned());
        if let Some(at) = self.key_at(key) {
            self.note(Weight::Error, at, key, reason.to_owned());
        }
    }

    /// A key or section whose feature is still to come.
    pub fn not_built(&mut self, key: &str) {
        self.refused(key, NOT_BUILT);
    }

    /// Takes whatever keys the section has, each with its name and place.
    pub fn entries<T: Value>(&mut self) -> Vec<(Spanned<String>, T)> {
        let keys = self.table.iter().flat_map(|table| table.keys());
        let names: Vec<_> = keys.map(|key| Spanned::new(key.span(), key.get_ref().to_string())).collect();
        names.into_iter().filter_map(|name| self.optional(name.get_ref()).map(|value| (name, value))).collect()
    }

    /// A section in this one, read whether it is there or not.
    pub fn section<T>(&mut self, key: &str, read: impl FnOnce(&mut Section<'_, 'b>) -> T) -> T {
        self.asked.push(key.to_owned());
        let name = self.name_of(key);
        let header = format!("[{name}]\n");
        match self.get(key).map(|value| (value.get_ref(), value.span())) {
            Some((DeValue::Table(table), at)) => self.book.open(name, header, Some(table), at, read),
            Some((other, at)) => {
                let reason = match other {
                    DeValue::Array(_) => format!("stands here once only: write [{name}]"),
                    other => format!("must be a section [{name}], not {}", value::kind(other)),
                };
                self.note(Weight::Error, at, key, reason);
                // What is in it can't be looked at, and to call all its keys missing would be noise.
                let before = self.book.problems.len();
                let result = self.book.open(name, header, None, 0..0, read);
                self.book.problems.truncate(before);
                result
            }
            None => {
                let at = self.at.clone();
                self.book.open(name, header, None, at, read)
            }
        }
    }

    /// The sections `[[key]]` in this one, in the file's order.
    pub fn each<T>(&mut self, key: &str, mut read: impl FnMut(&mut Section<'_, 'b>) -> T) -> Vec<T> {
        self.asked.push(key.to_owned());
        let name = self.name_of(key);
        let Some(value) = self.get(key) else { return Vec::new() };
        let DeValue::Array(array) = value.get_ref() else {
            self.note(Weight::Error, value.span(), key, format!("may stand here several times: write [[{name}]]"));
            return Vec::new();
        };
        let mut results = Vec::new();
        for element in array.iter() {
            let (at, header) = (element.span(), format!("[[{name}]]\n"));
            match element.get_ref() {
                DeValue::Table(table) => results.push(self.book.open(name.clone(), header, Some(table), at, &mut read)),
                other => {
                    let reason = format!("must be a section [[{name}]], not {}", value::kind(other));
                    self.note(Weight::Error, at, key, reason);
                }
            }
        }
        results
    }

    /// As [`Section::each`]; a file that has none of them means one with nothing in it.
    pub fn each_or_one<T>(&mut self, key: &str, mut read: impl FnMut(&mut Section<'_, 'b>) -> T) -> Vec<T> {
        if !self.lacks(key) {
            return self.each(key, read);
        }
        self.asked.push(key.to_owned());
        let (name, at) = (self.name_of(key), self.at.clone());
        let header = format!("[[{name}]]\n");
        vec![self.book.open(name, header, None, at, &mut read)]
    }

    /// How far to look.
    pub fn depth(&self) -> Depth {
        self.book.depth
    }

    /// Whether the file has the key.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Whether the file has none of the sections `[[key]]`.
    pub fn lacks(&self, key: &str) -> bool {
        self.get(key).is_none_or(|value| value.get_ref().as_array().is_some_and(|array| array.is_empty()))
    }

    /// Something is wrong with a key's value, or with its absence.
    pub fn problem(&mut self, key: &str, reason: impl Into<String>) {
        self.note(Weight::Error, self.value_at(key), key, reason.into());
    }

    /// As [`Section::problem`], at a place in the value.
    pub fn problem_at(&mut self, at: Range<usize>, key: &str, reason: impl Into<String>) {
        self.note(Weight::Error, at, key, reason.into());
    }

    /// Something looks wrong with a key's value.
    pub fn warning(&mut self, key: &str, reason: impl Into<String>) {
        self.warning_at(self.value_at(key), key, reason);
    }

    /// As [`Section::warning`], at another place.
    pub fn warning_at(&mut self, at: Range<usize>, key: &str, reason: impl Into<String>) {
        self.note(Weight::Warning, at, key, reason.into());
    }

    fn note(&mut self, weight: Weight, at: Range<usize>, key: &str, reason: String) {
        let key = self.name_of(key);
        self.book.problems.push(Problem { weight, source: self.source, at, key, reason });
    }

    fn ask(&mut self, key: &str) {
        self.asked.push(key.to_owned());
        let name = self.name_of(key);
        if !self.book.known.contains(&name) {
            self.book.known.push(name);
        }
    }

    fn write<T: Value>(&mut self, key: &str, value: &T) {
        self.book.blocks[self.block].lines.push(line(key, &value.write()));
    }

    fn close(mut self) {
        let entries = self.table.iter().flat_map(|table| table.keys());
        let is_known = |key: &str| self.asked.iter().chain(&self.refused).any(|known| known == key);
        let unknown: Vec<_> = entries.filter(|key| !is_known(key.get_ref())).collect();
        for key in unknown {
            let found = key.get_ref();
            let reason = match nearest(found, &self.asked) {
                Some(meant) => format!("there is no such key here, did you mean {meant}?"),
                None => format!("there is no such key here; the keys here are {}", self.asked.join(", ")),
            };
            self.note(Weight::Error, key.span(), found, reason);
        }
    }

    fn get(&self, key: &str) -> Option<&'s Spanned<DeValue<'s>>> {
        self.table?.get(key)
    }

    fn key_at(&self, key: &str) -> Option<Range<usize>> {
        self.table?.get_key_value(key).map(|(key, _)| key.span())
    }

    fn value_at(&self, key: &str) -> Range<usize> {
        self.get(key).map_or_else(|| self.at.clone(), Spanned::span)
    }

    fn name_of(&self, key: &str) -> String {
        match self.name.as_str() {
            "" => key.to_owned(),
            name => format!("{name}.{key}"),
        }
    }
}

/// One line of the effective configuration.
fn line(key: &str, value: &toml::Value) -> String {
    let is_bare = !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    match is_bare {
        true => format!("{key} = {value}\n"),
        false => format!("{} = {value}\n", toml::Value::from(key)),
    }
}

/// The key that was most likely meant: one letter in three may be wrong.
fn nearest<'k>(found: &str, keys: &'k [String]) -> Option<&'k String> {
    let distance = |key: &String| strsim::osa_distance(&found.to_lowercase(), key);
    keys.iter()
        .map(|key| (distance(key), key))
        .filter(|(distance, key)| distance * 3 <= key.len())
        .min()
        .map(|(_, key)| key)
}
