//! How much of a day's or a month's parts is used, and when operators want to hear of it. Pure.

use jiff::Timestamp;

use super::meter::{Scope, period};
use super::settings::Settings;

/// Percent of what ordinary messages may use, from which on operators are warned.
const MOST: u64 = 80;

/// How far a budget is used up, as far as ordinary messages go; what is kept for urgent ones comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Enough,
    /// Four fifths are gone.
    Most,
    /// From here on only urgent messages go, as far as the reserve lasts.
    All,
}

impl Level {
    /// The percentage from which on it holds.
    pub fn percent(self) -> u8 {
        match self {
            Level::Enough => 0,
            Level::Most => 80,
            Level::All => 100,
        }
    }
}

/// One budget in the day or month that a moment lies in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Day or month.
    pub scope: Scope,
    /// Where the day or month begins, and where the next one does.
    pub begin: Timestamp,
    pub end: Timestamp,
    pub most: u32,
    /// How many of `most` are kept for urgent messages.
    pub reserve: u32,
}

impl Budget {
    /// How far it is used up, once `used` parts are counted.
    pub fn level(&self, used: u32) -> Level {
        let ordinary = u64::from(self.most.saturating_sub(self.reserve));
        match u64::from(used) {
            used if used >= ordinary => Level::All,
            used if used * 100 >= ordinary * MOST => Level::Most,
            _ => Level::Enough,
        }
    }
}

impl Settings {
    /// The budgets that `now` lies in.
    pub fn budgets(&self, now: Timestamp) -> Vec<Budget> {
        let budget = |most: Option<u32>, scope| {
            let (begin, end) = period(now, scope, &self.zone);
            most.map(|most| Budget { scope, begin, end, most, reserve: self.reserve })
        };
        [budget(self.per_day, Scope::Day), budget(self.per_month, Scope::Month)].into_iter().flatten().collect()
    }
}
