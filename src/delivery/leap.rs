//! Whether the machine's clock has leapt, which it does when somebody sets it, or when the machine slept. Pure: moments
//! come in as arguments.
//!
//! The spool keeps moments of the machine's clock, because they must outlast a restart. What was promised is not a moment
//! but a wait: a retry in a minute, two days to live. So that a leap makes neither a retry wait for hours nor a message
//! expire that has hardly waited:
//!
//! | the clock leaps | what waits for a retry | how long what waits may live |
//! |---|---|---|
//! | back | is due, unless its delay ends as soon as it would from now on | at most as long as at first, from now on |
//! | ahead | is due, as its moment has come | longer, by as much as the clock has leapt |
//!
//! A clock that was set back while no relay ran is found out at the next start; one that was set ahead can't be. Known
//! limits: on a clock that was set back quiet hours, digests and the counts of limits keep their moments, which are the
//! clock's own; one that was set ahead may have a delay told or a message escalated too soon, and history pruned.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::clock::{later, until};

/// What is less is no leap: clocks are put right bit by bit, and busy machines look twice.
const LEAST: Duration = Duration::from_secs(60);

/// The clock and the time that passes by itself, looked at together.
#[derive(Clone, Copy, Debug)]
pub struct Watch {
    clock: Timestamp,
    time: Instant,
}

/// How the clock has leapt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leap {
    Back {
        by: Duration,
    },
    Ahead {
        by: Duration,
        /// It can't have shown an earlier moment after the leap.
        since: Timestamp,
    },
}

impl Watch {
    pub fn new(clock: Timestamp, time: Instant) -> Watch {
        Watch { clock, time }
    }

    /// What the clock has done since.
    pub fn leap(&self, clock: Timestamp, time: Instant) -> Option<Leap> {
        let expected = later(self.clock, time.saturating_duration_since(self.time));
        let (back, ahead) = (until(clock, expected), until(expected, clock));
        match () {
            () if back >= LEAST => Some(Leap::Back { by: back }),
            () if ahead >= LEAST => Some(Leap::Ahead { by: ahead, since: later(self.clock, ahead) }),
            () => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_that_goes_another_way_than_time_has_leapt() {
        let (start, time): (Timestamp, _) = ("2026-03-01T03:00:00Z".parse().unwrap(), Instant::now());
        let seconds = Duration::from_secs;
        let watch = Watch::new(start, time);
        let ahead = |by| Some(Leap::Ahead { by: seconds(by), since: later(start, seconds(by)) });
        let back = |by| Some(Leap::Back { by: seconds(by) });
        let table = [
            (0, "2026-03-01T03:00:00Z", None),
            (3600, "2026-03-01T04:00:00Z", None),
            (3600, "2026-03-01T04:00:59Z", None),
            (3600, "2026-03-01T03:59:01Z", None),
            (10, "2026-03-01T03:01:10Z", ahead(60)),
            (10, "2027-03-01T03:00:10Z", ahead(365 * 24 * 3600)),
            (10, "2026-03-01T02:59:10Z", back(60)),
            (10, "1970-01-01T00:00:10Z", back(start.as_second().unsigned_abs())),
        ];
        for (passed, clock, expected) in table {
            assert_eq!(
                watch.leap(clock.parse().unwrap(), time + seconds(passed)),
                expected,
                "{clock} after {passed} s"
            );
        }
    }
}
