//! Reads tables row by row: `name: value`.
//!
//! Known limit: a cell that spans rows or columns counts as one; a table with such cells is read without its headings.

use crate::message::line::{Line, Mark};

/// How long a name may be; what is longer is a sentence, and its row is read line by line.
const MAX_NAME: usize = 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CellKind {
    Heading,
    Data,
}

/// A table while it is read. The lines of the open cell are on the page.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What stood before the table, and the rows that are read.
    pub(super) lines: Vec<Line>,
    headings: Headings,
    cells: Vec<Cell>,
    open: Option<CellKind>,
}

#[derive(Debug)]
struct Cell {
    kind: CellKind,
    lines: Vec<Line>,
}

/// The first row, when it is all headings of three columns or more.
#[derive(Debug, Default)]
struct Headings {
    names: Vec<String>,
    mark: Mark,
    are_read: bool,
}

impl Table {
    /// A table that begins after these lines.
    pub(super) fn after(lines: Vec<Line>) -> Table {
        Table { lines, ..Table::default() }
    }

    pub(super) fn is_in_cell(&self) -> bool {
        self.open.is_some()
    }

    pub(super) fn open_cell(&mut self, kind: CellKind) {
        self.open = Some(kind);
    }

    /// Takes the lines of the open cell; without one they stand beside the cells and are read before the row.
    pub(super) fn close_cell(&mut self, mut lines: Vec<Line>) {
        match self.open.take() {
            Some(kind) => self.cells.push(Cell { kind, lines }),
            None => self.lines.append(&mut lines),
        }
    }

    /// Ends the row; gives how many lines moved.
    pub(super) fn close_row(&mut self) -> usize {
        let cells = std::mem::take(&mut self.cells);
        let moved = cells.iter().map(|cell| cell.lines.len()).sum();
        if cells.is_empty() {
            return moved;
        }
        if self.may_be_headings(&cells) {
            self.headings.mark = cells.iter().find_map(|cell| cell.lines.first()).map_or(Mark::Own, |line| line.mark);
            self.headings.names = cells.into_iter().map(Cell::into_words).collect();
            return moved;
        }
        if !self.headings.names.is_empty() && cells.len() == self.headings.names.len() && are_single(&cells) {
            self.headings.are_read = true;
            let names = self.headings.names.iter();
            let pairs = names.zip(&cells).filter(|(_, cell)| !cell.is_blank());
            let pairs: Vec<String> = pairs.map(|(name, cell)| pair(name, &cell.words())).collect();
            if let Some(line) = cells.iter().find_map(|cell| cell.lines.first()) {
                self.lines.push(Line { text: pairs.join(", "), mark: line.mark });
            }
            return moved;
        }
        self.give_up_headings();
        self.lines.extend(row(cells));
        moved
    }

    /// Ends the table; headings that no row was read with are a row themselves.
    pub(super) fn finish(mut self) -> Vec<Line> {
        self.close_row();
        self.give_up_headings();
        self.lines
    }

    fn may_be_headings(&self, cells: &[Cell]) -> bool {
        let are_headings = cells.iter().all(|cell| cell.kind == CellKind::Heading && !cell.is_blank());
        cells.len() > 2 && are_headings && self.headings.names.is_empty() && are_single(cells)
    }

    fn give_up_headings(&mut self) {
        let names = std::mem::take(&mut self.headings.names);
        if !names.is_empty() && !self.headings.are_read {
            self.lines.push(Line { text: names.join(", "), mark: self.headings.mark });
        }
        self.headings.are_read = false;
    }
}

impl Cell {
    fn is_blank(&self) -> bool {
        self.lines.iter().all(Line::is_blank)
    }

    fn words(&self) -> String {
        self.lines.iter().map(|line| line.text.trim()).collect::<Vec<_>>().join(" ").trim().to_owned()
    }

    fn into_words(self) -> String {
        self.words()
    }
}

fn are_single(cells: &[Cell]) -> bool {
    cells.iter().all(|cell| cell.lines.iter().filter(|line| !line.is_blank()).count() <= 1)
}

/// A row as lines: one when its cells are short, else those of its cells.
fn row(mut cells: Vec<Cell>) -> Vec<Line> {
    cells.retain(|cell| !cell.is_blank());
    // A cell that is a pair already was a table: cells beside each other for looks.
    let is_name = |words: String| words.chars().count() <= MAX_NAME && !words.contains(": ");
    let is_named = cells.first().is_some_and(|cell| is_name(cell.words()));
    if cells.len() < 2 || !is_named || !are_single(&cells) {
        return cells.into_iter().flat_map(|cell| cell.lines).collect();
    }
    let mark = cells.iter().find_map(|cell| cell.lines.first()).map_or(Mark::Own, |line| line.mark);
    let mut words = cells.iter().map(Cell::words);
    let name = words.next().unwrap_or_default();
    let values = words.collect::<Vec<_>>().join(", ");
    vec![Line { text: pair(&name, &values), mark }]
}

/// `name: value`, unless the name brings its own sign.
fn pair(name: &str, value: &str) -> String {
    let is_signed = name.ends_with([':', '=', '?', '!', '.', ',', ';', '-', '>', '•', '|']);
    format!("{name}{} {value}", if is_signed { "" } else { ":" })
}
