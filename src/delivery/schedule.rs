//! When the dispatcher looks again. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::until;

/// How long to sleep when the next thing is due at `next`: never longer than `longest`, because clocks jump.
pub fn pause(now: Timestamp, next: Option<Timestamp>, longest: Duration) -> Duration {
    next.map_or(longest, |due| until(now, due).min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sleeps_until_the_next_is_due_but_never_too_long() {
        let now: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
        let longest = Duration::from_secs(60);
        for (due, expected) in [
            (Some("2026-03-01T03:00:05Z"), 5),
            (Some("2026-03-01T02:00:00Z"), 0),
            (Some("2026-03-02T03:00:00Z"), 60),
            (None, 60),
        ] {
            let due = due.map(|text| text.parse().unwrap());
            assert_eq!(pause(now, due, longest), Duration::from_secs(expected), "{due:?}");
        }
    }
}
