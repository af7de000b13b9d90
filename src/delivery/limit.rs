//! How fast a gateway may be fed. Pure: moments come in as arguments.

use std::time::Duration;

use tokio::time::Instant;

use crate::gateway::Rate;

/// Spaces submissions evenly: with `10/s` one may go every 100 ms. A bucket that lets a whole second's worth go at
/// once was rejected: a gateway that counts in its own seconds would see twice the rate it allows.
#[derive(Debug)]
pub struct Pace {
    spacing: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// `None`: as fast as it goes.
    pub fn new(rate: Option<Rate>) -> Pace {
        let spacing = rate.map(|rate| rate.per / rate.count.max(1)).unwrap_or_default();
        Pace { spacing, next: None }
    }

    /// Takes the next place in the row: the moment at which it comes up, which may be `now`.
    pub fn reserve(&mut self, now: Instant) -> Instant {
        let turn = self.next.map_or(now, |next| next.max(now));
        self.next = Some(turn + self.spacing);
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_are_spaced_evenly_and_time_unused_is_not_saved_up() {
        let start = Instant::now();
        let at = |ms: u64| start + Duration::from_millis(ms);
        let mut pace = Pace::new(Some(Rate { count: 10, per: Duration::from_secs(1) }));
        assert_eq!(pace.reserve(at(0)), at(0));
        assert_eq!(pace.reserve(at(0)), at(100));
        assert_eq!(pace.reserve(at(10)), at(200));
        assert_eq!(pace.reserve(at(5000)), at(5000));
        assert_eq!(pace.reserve(at(5000)), at(5100));
    }

    #[test]
    fn no_rate_means_no_waiting() {
        let mut pace = Pace::new(None);
        let now = Instant::now();
        assert_eq!((pace.reserve(now), pace.reserve(now)), (now, now));
    }
}
