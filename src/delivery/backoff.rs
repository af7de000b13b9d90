//! How long a message waits after a failed try, and which gateway is tried next. Pure.

use std::time::Duration;

/// How far the jitter moves a delay, as a share of it: messages that failed together should not all come back in the
/// same second.
const JITTER: f64 = 0.1;

/// The delay after the `attempt`-th failed try (from 1). The last one of `retry` repeats. `chance` from 0 to 1 moves
/// the delay by up to a tenth, down or up.
pub fn backoff(retry: &[Duration], attempt: u32, chance: f64) -> Duration {
    let nth = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
    let delay = retry.get(nth).or(retry.last()).copied().unwrap_or(Duration::from_secs(60));
    delay.mul_f64(1.0 - JITTER + 2.0 * JITTER * chance.clamp(0.0, 1.0))
}

/// The longest that [`backoff`] makes a message wait after each failed try; the last one repeats.
pub fn longest_waits(retry: &[Duration]) -> Vec<Duration> {
    (1..).zip(retry).map(|(attempt, _)| backoff(retry, attempt, 1.0)).collect()
}

/// The gateway for the try after the `attempts`-th: they take turns in order of preference. A message whose first
/// parts a gateway has accepted stays there, so that its parts arrive in order.
pub fn next_gateway<'a>(gateways: &'a [String], current: &'a str, attempts: u32, accepted_parts: usize) -> &'a str {
    if accepted_parts > 0 || gateways.is_empty() {
        return current;
    }
    &gateways[attempts as usize % gateways.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(all: &[u64]) -> Vec<Duration> {
        all.iter().copied().map(Duration::from_secs).collect()
    }

    #[test]
    fn the_last_delay_repeats() {
        let retry = seconds(&[30, 60, 120]);
        for (attempt, expected) in [(1, 30), (2, 60), (3, 120), (4, 120), (400, 120)] {
            assert_eq!(backoff(&retry, attempt, 0.5), Duration::from_secs(expected), "attempt {attempt}");
        }
    }

    #[test]
    fn jitter_moves_a_delay_by_a_tenth_at_most() {
        let retry = seconds(&[100]);
        assert_eq!(backoff(&retry, 1, 0.0), Duration::from_secs(90));
        assert_eq!(backoff(&retry, 1, 1.0), Duration::from_secs(110));
        assert_eq!(longest_waits(&seconds(&[30, 100])), seconds(&[33, 110]));
    }

    #[test]
    fn gateways_take_turns_until_a_part_is_accepted() {
        let gateways = ["first".to_owned(), "second".to_owned()];
        assert_eq!(next_gateway(&gateways, "first", 1, 0), "second");
        assert_eq!(next_gateway(&gateways, "second", 2, 0), "first");
        assert_eq!(next_gateway(&gateways, "second", 2, 1), "second");
        assert_eq!(next_gateway(&gateways[..1], "first", 7, 0), "first");
    }
}
