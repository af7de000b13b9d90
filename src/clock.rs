//! What time it is: an argument for whoever needs it, so that tests can simulate it.
//!
//! Only the two halls and `cli` ask; the pure rooms get a moment handed in.

use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// A source of the current time. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock, with every jump that it makes.
    System,
    /// A moment that moves along with tokio's clock, which a test may pause and advance.
    Simulated {
        start: Timestamp,
        since: tokio::time::Instant,
        /// By how many seconds it was set ahead since.
        set: &'static AtomicI64,
    },
}

/// Of a simulated clock that nobody sets.
static NEVER_SET: AtomicI64 = AtomicI64::new(0);

impl Clock {
    /// A clock that shows `start` now and from here on follows tokio's clock.
    pub fn simulated(start: Timestamp) -> Clock {
        Clock::simulated_and_set(start, &NEVER_SET)
    }

    /// As [`Clock::simulated`], and it leaps whenever `set` changes: ahead by so many seconds, or back.
    pub fn simulated_and_set(start: Timestamp, set: &'static AtomicI64) -> Clock {
        Clock::Simulated { start, since: tokio::time::Instant::now(), set }
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Simulated { start, since, set } => {
                let passed = later(*start, since.elapsed());
                passed.checked_add(SignedDuration::from_secs(set.load(Ordering::Relaxed))).unwrap_or(passed)
            }
        }
    }
}

/// `moment` and `delay` after it; the end of time when that lies beyond it.
pub fn later(moment: Timestamp, delay: std::time::Duration) -> Timestamp {
    moment.checked_add(delay).unwrap_or(Timestamp::MAX)
}

/// How long it is from `now` until `moment`; zero when it has passed.
pub fn until(now: Timestamp, moment: Timestamp) -> std::time::Duration {
    std::time::Duration::try_from(moment.duration_since(now)).unwrap_or_default()
}
