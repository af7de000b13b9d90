//! When a telephone shall not ring. Pure.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::address::Number;

/// One `[[quiet]]`: every day from a time on the clock of the zone until another, over midnight when that is earlier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quiet {
    /// Whose telephones; empty: all.
    pub numbers: Vec<Number>,
    pub from: Time,
    /// Not `from`.
    pub to: Time,
    pub zone: TimeZone,
}

impl Quiet {
    fn is_for(&self, number: &Number) -> bool {
        self.numbers.is_empty() || self.numbers.contains(number)
    }

    /// When this quiet time ends, if `at` lies in one.
    fn end(&self, at: Timestamp) -> Option<Timestamp> {
        let local = self.zone.to_datetime(at);
        let (time, today) = (local.time(), local.date());
        let over_midnight = self.from > self.to;
        let (begun, ended) = (time >= self.from, time >= self.to);
        let is_quiet = if over_midnight { begun || !ended } else { begun && !ended };
        if !is_quiet {
            return None;
        }
        let day = if over_midnight && begun { today.saturating_add(1.day()) } else { today };
        // When the clocks go back, the end comes twice in that night: the one that is still ahead counts.
        let ambiguous = self.zone.to_ambiguous_timestamp(day.to_datetime(self.to));
        [ambiguous.compatible(), ambiguous.later()].into_iter().flatten().find(|end| *end > at)
    }
}

/// When the quiet hours of a number end in which `at` lies; `None` when it may ring. Quiet times that follow each other
/// are one; those that leave no moment free are ended by the first that ends.
pub(super) fn end(all: &[Quiet], number: &Number, at: Timestamp) -> Option<Timestamp> {
    let mine: Vec<&Quiet> = all.iter().filter(|quiet| quiet.is_for(number)).collect();
    let next = |at| mine.iter().filter_map(|quiet| quiet.end(at)).max();
    let first = next(at)?;
    let mut end = first;
    for _ in 0..mine.len() {
        match next(end) {
            None => return Some(end),
            Some(next) => end = next,
        }
    }
    Some(next(end).map_or(end, |_| first))
}
