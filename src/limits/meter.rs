//! One limit and what was counted for it. Pure.
//!
//! A meter counts in slots, not messages: however large the limit and however wild the storm, there are a few hundred
//! counts at most. A stretch of a limit's length touches one slot more than it is long, so that many are looked at
//! together: the limit is never broken, and room comes back a two-hundred-and-fortieth of its length late at most.
//!
//! Counts may lie in the future: what quiet hours put off, and digests to come, have their place already. Then every
//! stretch that holds the moment must bear it, those that begin before it and those that end after it.

use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::settings::Allowance;

/// Slots that a sliding limit's length has.
const SLOTS: i64 = 240;

/// What is counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    Number,
    Sender,
    Prefix,
    Day,
    Month,
}

impl Scope {
    /// The one word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Number => "number",
            Scope::Sender => "sender",
            Scope::Prefix => "prefix",
            Scope::Day => "day",
            Scope::Month => "month",
        }
    }
}

/// One limit as it bears on one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meter {
    pub scope: Scope,
    /// Whose: the number, the sender, the prefix; empty for days and months.
    pub key: String,
    measure: Measure,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Measure {
    /// So many in any stretch of that length.
    Sliding(Allowance),
    /// So many in each day or month of the calendar.
    Calendar { most: u32, zone: TimeZone },
}

/// So many parts counted in the slot that begins at `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    pub at: Timestamp,
    pub parts: u32,
}

impl Meter {
    /// A limit on any stretch of its length.
    pub(super) fn sliding(scope: Scope, key: String, allowance: Allowance) -> Meter {
        Meter { scope, key, measure: Measure::Sliding(allowance) }
    }

    /// A limit on each calendar day, or month when `scope` says so.
    pub(super) fn calendar(scope: Scope, most: u32, zone: &TimeZone) -> Meter {
        Meter { scope, key: String::new(), measure: Measure::Calendar { most, zone: zone.clone() } }
    }

    /// Counts before this moment no longer matter at `at`.
    pub fn since(&self, at: Timestamp) -> Timestamp {
        match &self.measure {
            Measure::Sliding(allowance) => slot_begin((slot(at, allowance) - SLOTS).max(0), allowance),
            Measure::Calendar { .. } => self.slot(at),
        }
    }

    /// Where the slot begins in which something at `at` is counted.
    pub fn slot(&self, at: Timestamp) -> Timestamp {
        match &self.measure {
            Measure::Sliding(allowance) => slot_begin(slot(at, allowance), allowance),
            Measure::Calendar { zone, .. } => period(at, self.scope, zone).0,
        }
    }

    /// Whether so many parts more may go at `at`.
    pub(super) fn fits(&self, counts: &[Count], at: Timestamp, parts: u32) -> bool {
        match &self.measure {
            Measure::Sliding(allowance) => sliding_fits(counts, slot(at, allowance), parts, allowance),
            Measure::Calendar { most, .. } => self.used(counts, at).saturating_add(parts) <= *most,
        }
    }

    /// When so many parts more may go, from `at` on; `None` when they never may.
    pub(super) fn room(&self, counts: &[Count], at: Timestamp, parts: u32) -> Option<Timestamp> {
        let after = |count: &Count| match &self.measure {
            Measure::Sliding(allowance) => slot_begin(slot(count.at, allowance) + SLOTS + 1, allowance),
            Measure::Calendar { zone, .. } => period(count.at, self.scope, zone).1,
        };
        let mut moments: Vec<Timestamp> = counts.iter().map(after).filter(|moment| *moment > at).collect();
        moments.push(at);
        moments.sort_unstable();
        moments.into_iter().find(|moment| self.fits(counts, *moment, parts))
    }

    /// Parts counted in the day or month of `at`.
    fn used(&self, counts: &[Count], at: Timestamp) -> u32 {
        let begin = self.slot(at);
        let same = counts.iter().filter(|count| self.slot(count.at) == begin);
        same.fold(0, |sum, count| sum.saturating_add(count.parts))
    }
}

fn sliding_fits(counts: &[Count], here: i64, parts: u32, allowance: &Allowance) -> bool {
    let later_ones = counts.iter().map(|count| slot(count.at, allowance));
    let mut ends = later_ones.filter(|end| *end > here && *end - SLOTS <= here).chain([here]);
    ends.all(|end| {
        let within = counts.iter().filter(|count| (end - SLOTS..=end).contains(&slot(count.at, allowance)));
        let used = within.fold(0_u32, |sum, count| sum.saturating_add(count.parts));
        used == 0 || used.saturating_add(parts) <= allowance.parts
    })
}

/// Milliseconds of a slot, rounded up: too few would let too much through.
fn length(per: Duration) -> i64 {
    let millis = i64::try_from(per.as_millis()).unwrap_or(i64::MAX);
    (millis / SLOTS + i64::from(millis % SLOTS > 0)).max(1)
}

/// The slot that a moment lies in, counted from 1970; what lies before has no slot of its own.
fn slot(at: Timestamp, allowance: &Allowance) -> i64 {
    at.as_millisecond().max(0) / length(allowance.per)
}

fn slot_begin(slot: i64, allowance: &Allowance) -> Timestamp {
    Timestamp::from_millisecond(slot.saturating_mul(length(allowance.per))).unwrap_or(Timestamp::MAX)
}

/// Where the day or the month of `at` begins, and where the next one does.
pub(super) fn period(at: Timestamp, scope: Scope, zone: &TimeZone) -> (Timestamp, Timestamp) {
    let today = zone.to_datetime(at).date();
    let (first, next) = match scope {
        Scope::Month => (today.first_of_month(), today.first_of_month().saturating_add(1.month())),
        _ => (today, today.saturating_add(1.day())),
    };
    // A place whose midnight a clock change left out begins its day right after.
    let begin = |date: Date, otherwise| zone.to_timestamp(date.at(0, 0, 0, 0)).unwrap_or(otherwise);
    (begin(first, at), begin(next, Timestamp::MAX))
}
