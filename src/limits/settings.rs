//! What the storm gate is told. Filled in by `config`, values only.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::quiet::Quiet;

/// So many parts in a while: `20/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// At least 1.
    pub parts: u32,
    /// Not zero.
    pub per: Duration,
}

/// The allowance for all numbers with the same beginning together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrefixAllowance {
    /// `+` and digits; the longest one that fits a number counts it.
    pub prefix: String,
    pub allowance: Allowance,
}

/// What becomes of a message that is over a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnLimit {
    /// It is kept until an operator lets it go.
    #[default]
    Hold,
    /// It is not taken.
    Refuse,
    /// It is gathered with the others for the same number into one message.
    Digest,
}

/// `[limits]` and `[[quiet]]`. Without any limit everything passes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub per_number: Option<Allowance>,
    /// By envelope sender; the null sender is one sender.
    pub per_sender: Option<Allowance>,
    pub per_prefix: Vec<PrefixAllowance>,
    /// Parts of a calendar day.
    pub per_day: Option<u32>,
    /// Parts of a calendar month.
    pub per_month: Option<u32>,
    /// How many of `per_day` and of `per_month` are kept for urgent messages; less than either.
    pub reserve: u32,
    /// Where days and months begin.
    pub zone: TimeZone,
    pub on_limit: OnLimit,
    pub quiet: Vec<Quiet>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            per_number: None,
            per_sender: None,
            per_prefix: Vec::new(),
            per_day: None,
            per_month: None,
            reserve: 0,
            zone: TimeZone::UTC,
            on_limit: OnLimit::default(),
            quiet: Vec::new(),
        }
    }
}
