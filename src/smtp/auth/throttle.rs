//! Slows down whoever fails to log in, and after many failures shuts an address out for a while.
//!
//! Pure: time is an argument. An IPv6 client is known by its /64, which one host may have all to itself. Known limit:
//! users behind one address share its failures; a lock on the user's name instead would let anybody lock anybody out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

/// The pause before the answer to a first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// Failures that shut an address out, and for how long from the last one on.
const MAX_FAILURES: u32 = 10;
const SHUT_OUT: Duration = Duration::from_secs(15 * 60);
/// A failure is forgotten after this time without another.
const MEMORY: Duration = Duration::from_secs(15 * 60);
/// Addresses remembered; with more, those whose last failure is the longest ago are forgotten.
const MAX_ADDRESSES: usize = 10_000;

/// The failures of late.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    failures: HashMap<IpAddr, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Throttle {
    /// Whether `address` may try to log in at `now`.
    pub(super) fn may_try(&self, address: IpAddr, now: Instant) -> bool {
        match self.failures.get(&network(address)) {
            Some(failures) => failures.count < MAX_FAILURES || now.duration_since(failures.last) >= SHUT_OUT,
            None => true,
        }
    }

    /// Notes a failure and gives the pause before its answer.
    pub(super) fn failed(&mut self, address: IpAddr, now: Instant) -> Duration {
        let address = network(address);
        if !self.failures.contains_key(&address) && self.failures.len() >= MAX_ADDRESSES {
            self.make_room(now);
        }
        let failures = self.failures.entry(address).or_insert(Failures { count: 0, last: now });
        if now.duration_since(failures.last) >= MEMORY {
            failures.count = 0;
        }
        *failures = Failures { count: failures.count.saturating_add(1), last: now };
        pause(failures.count)
    }

    /// A login succeeded: what went before were slips.
    pub(super) fn succeeded(&mut self, address: IpAddr) {
        self.failures.remove(&network(address));
    }

    /// Forgets what is old, or else the older half at once: one at a time would look through all of them for each.
    fn make_room(&mut self, now: Instant) {
        self.failures.retain(|_, failures| now.duration_since(failures.last) < MEMORY);
        if self.failures.len() < MAX_ADDRESSES {
            return;
        }
        let mut times: Vec<Instant> = self.failures.values().map(|failures| failures.last).collect();
        let (_, &mut middle, _) = times.select_nth_unstable(MAX_ADDRESSES / 2);
        self.failures.retain(|_, failures| failures.last > middle);
    }
}

/// What the failures are counted for.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

fn pause(count: u32) -> Duration {
    let doubled = 1_u32.checked_shl(count.saturating_sub(1)).and_then(|factor| FIRST_PAUSE.checked_mul(factor));
    doubled.unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn pauses_double_up_to_a_limit() {
        let (mut throttle, now, client) = (Throttle::default(), Instant::now(), address("192.0.2.1"));
        let pauses: Vec<u128> = (0..8).map(|_| throttle.failed(client, now).as_millis()).collect();
        assert_eq!(pauses, [500, 1000, 2000, 4000, 8000, 8000, 8000, 8000]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }

    #[test]
    fn many_failures_shut_out_for_a_while() {
        let (mut throttle, now, client) = (Throttle::default(), Instant::now(), address("192.0.2.1"));
        for _ in 0..MAX_FAILURES {
            assert!(throttle.may_try(client, now));
            throttle.failed(client, now);
        }
        assert!(!throttle.may_try(client, now));
        assert!(!throttle.may_try(address("::ffff:192.0.2.1"), now));
        assert!(throttle.may_try(address("192.0.2.2"), now));
        assert!(!throttle.may_try(client, now + SHUT_OUT - Duration::from_secs(1)));
        let later = now + SHUT_OUT;
        assert!(throttle.may_try(client, later));
        assert_eq!(throttle.failed(client, later), FIRST_PAUSE);
        assert!(throttle.may_try(client, later));
    }

    #[test]
    fn a_success_and_time_forgive() {
        let (mut throttle, now, client) = (Throttle::default(), Instant::now(), address("192.0.2.1"));
        throttle.failed(client, now);
        throttle.succeeded(client);
        assert_eq!(throttle.failed(client, now), FIRST_PAUSE);
        assert_eq!(throttle.failed(client, now + MEMORY), FIRST_PAUSE);
    }

    #[test]
    fn a_network_of_one_host_is_one_client() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for n in 0..MAX_FAILURES {
            throttle.failed(address(&format!("2001:db8::{n:x}")), now);
        }
        assert!(!throttle.may_try(address("2001:db8::ffff"), now));
        assert!(throttle.may_try(address("2001:db8:0:1::1"), now));
    }

    #[test]
    fn a_flood_of_addresses_costs_no_memory() {
        let (mut throttle, start) = (Throttle::default(), Instant::now());
        for n in 0..20_000_u32 {
            throttle.failed(IpAddr::V4(n.into()), start + Duration::from_millis(n.into()));
        }
        assert!(throttle.failures.len() <= MAX_ADDRESSES);
        assert!(throttle.failures.contains_key(&IpAddr::V4(19_999.into())));
        assert!(!throttle.failures.contains_key(&IpAddr::V4(0.into())));
    }
}
