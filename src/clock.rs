//! What time it is: an argument for whoever needs it, so that tests can simulate it.
//!
//! Only the two halls and `cli` ask; the pure rooms get a moment handed in.

use jiff::Timestamp;

/// A source of the current time. Cheap to copy.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The machine's clock, with every jump that it makes.
    System,
    /// A moment that moves along with tokio's clock, which a test may pause and advance.
    Simulated { start: Timestamp, since: tokio::time::Instant },
}

impl Clock {
    /// A clock that shows `start` now and from here on follows tokio's clock.
    pub fn simulated(start: Timestamp) -> Clock {
        Clock::Simulated { start, since: tokio::time::Instant::now() }
    }

    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Simulated { start, since } => later(*start, since.elapsed()),
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
