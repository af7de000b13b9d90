//! The page that HTML is written on: lines, lists and tables as they grow.
//!
//! Every step is counted, so that the reader can stop.

use super::table::{CellKind, Table};
use crate::message::line::{Line, Mark};

/// How deep lists and tables are told apart; deeper ones are plain blocks.
const MAX_DEPTH: usize = 30;

#[derive(Debug, Default)]
pub(super) struct Page {
    lines: Vec<Line>,
    line: String,
    /// What the item of a list begins with, once it has a word.
    bullet: Option<String>,
    /// Blank text came since the last word.
    is_spaced: bool,
    /// The line goes on after a `dt`: a `dd` is its value.
    is_term: bool,
    mark: Mark,
    lists: Vec<List>,
    /// Lists deeper than are told apart.
    lists_beyond: usize,
    tables: Vec<Table>,
    tables_beyond: usize,
    preformatted: usize,
    length: usize,
    work: usize,
}

#[derive(Clone, Copy, Debug)]
enum List {
    Bullets,
    /// The number of the last item.
    Numbers(usize),
}

impl Page {
    /// Characters written so far.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn work(&self) -> usize {
        self.work
    }

    pub(super) fn take_step(&mut self) {
        self.work += 1;
    }

    /// What the lines from here on are.
    pub(super) fn set_mark(&mut self, mark: Mark) {
        if mark != self.mark {
            self.end_line();
            self.mark = mark;
        }
    }

    /// Writes text: blanks in a row are one, as browsers show it, except in preformatted text.
    pub(super) fn write(&mut self, text: &str) {
        self.work += text.len();
        for character in text.chars() {
            match character {
                '\n' if self.preformatted > 0 => self.break_line(),
                '\r' if self.preformatted > 0 => {}
                _ if character.is_whitespace() => self.is_spaced = true,
                _ => self.write_character(character),
            }
        }
    }

    /// Writes words that stand apart from their neighbours.
    pub(super) fn write_word(&mut self, word: &str) {
        self.is_spaced = true;
        self.write(word);
        self.is_spaced = true;
    }

    fn write_character(&mut self, character: char) {
        let is_spaced = std::mem::take(&mut self.is_spaced);
        if let Some(bullet) = self.bullet.take() {
            self.line.push_str(&bullet);
        } else if is_spaced && !self.line.is_empty() {
            self.line.push(' ');
        }
        self.line.push(character);
        self.length += 1;
    }

    /// Ends the line if anything stands on it.
    pub(super) fn end_line(&mut self) {
        self.is_spaced = false;
        if !self.line.is_empty() {
            self.break_line();
        }
    }

    /// Ends the line, a blank one too.
    pub(super) fn break_line(&mut self) {
        // "-- " is a signature's mark, and its blank went with the other blanks.
        let text = std::mem::take(&mut self.line);
        self.lines.push(Line { text, mark: self.mark });
        self.length += 1;
        self.is_spaced = false;
        self.is_term = false;
    }

    pub(super) fn start_preformatted(&mut self) {
        self.end_line();
        self.preformatted += 1;
    }

    pub(super) fn end_preformatted(&mut self) {
        self.end_line();
        self.preformatted = self.preformatted.saturating_sub(1);
    }

    pub(super) fn start_list(&mut self, numbered: bool) {
        self.end_line();
        match self.lists.len() < MAX_DEPTH {
            true => self.lists.push(if numbered { List::Numbers(0) } else { List::Bullets }),
            false => self.lists_beyond += 1,
        }
    }

    pub(super) fn end_list(&mut self) {
        self.end_line();
        self.bullet = None;
        match self.lists_beyond.checked_sub(1) {
            Some(left) => self.lists_beyond = left,
            None => drop(self.lists.pop()),
        }
    }

    pub(super) fn start_item(&mut self) {
        self.end_line();
        match self.lists.last_mut() {
            Some(List::Numbers(number)) => {
                *number += 1;
                self.bullet = Some(format!("{number}. "));
            }
            Some(List::Bullets) | None => self.bullet = Some("- ".to_owned()),
        }
    }

    pub(super) fn start_term(&mut self) {
        self.end_line();
        self.is_term = true;
    }

    pub(super) fn start_description(&mut self) {
        if !self.is_term || self.line.is_empty() {
            self.end_line();
            return;
        }
        if !self.line.ends_with(':') {
            self.line.push(':');
        }
        self.is_term = false;
        self.is_spaced = true;
    }

    pub(super) fn start_table(&mut self) {
        self.end_line();
        match self.tables.len() < MAX_DEPTH {
            true => self.tables.push(Table::after(std::mem::take(&mut self.lines))),
            false => self.tables_beyond += 1,
        }
    }

    pub(super) fn end_table(&mut self) {
        self.end_line();
        match self.tables_beyond.checked_sub(1) {
            Some(left) => self.tables_beyond = left,
            None => self.close_table(),
        }
    }

    fn close_table(&mut self) {
        self.end_row();
        if let Some(table) = self.tables.pop() {
            self.lines = table.finish();
        }
    }

    pub(super) fn start_row(&mut self) {
        self.end_row();
    }

    pub(super) fn end_row(&mut self) {
        self.end_cell();
        if let Some(table) = self.tables.last_mut().filter(|_| self.tables_beyond == 0) {
            self.work += table.close_row();
        }
    }

    pub(super) fn start_cell(&mut self, kind: CellKind) {
        self.end_cell();
        if let Some(table) = self.tables.last_mut().filter(|_| self.tables_beyond == 0) {
            table.open_cell(kind);
        }
    }

    pub(super) fn end_cell(&mut self) {
        self.end_line();
        if let Some(table) = self.tables.last_mut().filter(|_| self.tables_beyond == 0) {
            let lines = std::mem::take(&mut self.lines);
            self.work += if table.is_in_cell() { 1 } else { 1 + lines.len() };
            table.close_cell(lines);
        }
    }

    /// Everything that was written; what is still open ends here.
    pub(super) fn finish(mut self) -> Vec<Line> {
        self.end_line();
        self.tables_beyond = 0;
        while !self.tables.is_empty() {
            self.close_table();
        }
        self.lines
    }
}
