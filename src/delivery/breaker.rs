//! Whether a gateway is fed: closed while it works, open while it is down or blocked. Pure: moments come in as arguments.
//!
//! | what happens | closed | open |
//! |---|---|---|
//! | a session fails (no connection, no login, lost) | counts; the last of `down_after` in a row opens it | |
//! | anything that the gateway answers | forgets what it counted | |
//! | the account is in trouble | opens it | |
//! | the time for a probe comes | | one probe, not a herd |
//! | the probe succeeds, or an operator says so | | closes it |
//! | the probe fails | | the next one later |
//!
//! A probe is a login: no message is risked on it. Whoever waits for the gateway waits on, and burns no tries.

use std::time::Duration;

use tokio::time::Instant;

use super::backoff::backoff;

/// When a gateway that is down is probed; the last one repeats.
const DOWN_PROBES: [Duration; 6] = seconds([5, 10, 20, 30, 60, 120]);
/// When an account in trouble is looked at again. Not soon: some gateways bar who logs in in vain too often.
const BLOCKED_PROBES: [Duration; 4] = seconds([300, 600, 1800, 3600]);

const fn seconds<const N: usize>(all: [u64; N]) -> [Duration; N] {
    let mut durations = [Duration::ZERO; N];
    let mut at = 0;
    while at < N {
        durations[at] = Duration::from_secs(all[at]);
        at += 1;
    }
    durations
}

/// Why a breaker is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// There is no session to be had.
    Down,
    /// The account is in trouble.
    Blocked,
}

/// What a change means to whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    Nothing,
    Opened,
    Closed,
}

#[derive(Debug)]
pub struct Breaker {
    down_after: u32,
    failures: u32,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    cause: Cause,
    probes: u32,
    /// `None` while the probe is on its way.
    next: Option<Instant>,
}

impl Breaker {
    /// Closed. `down_after` is at least 1.
    pub fn new(down_after: u32) -> Breaker {
        Breaker { down_after, failures: 0, open: None }
    }

    /// Another number of failures in a row.
    pub fn set_down_after(&mut self, down_after: u32) {
        self.down_after = down_after;
    }

    pub fn is_closed(&self) -> bool {
        self.open.is_none()
    }

    /// Why it is open, when it is.
    pub fn cause(&self) -> Option<Cause> {
        self.open.as_ref().map(|open| open.cause)
    }

    /// A session failed. What is still on its way when the breaker opens changes nothing any more.
    pub fn failed(&mut self, now: Instant, chance: f64) -> Turn {
        self.failures = self.failures.saturating_add(1);
        match self.open {
            None if self.failures >= self.down_after => self.open(Cause::Down, now, chance),
            _ => Turn::Nothing,
        }
    }

    /// The gateway answered.
    pub fn answered(&mut self) {
        self.failures = 0;
    }

    /// The account is in trouble.
    pub fn blocked(&mut self, now: Instant, chance: f64) -> Turn {
        match self.cause() {
            Some(Cause::Blocked) => Turn::Nothing,
            _ => self.open(Cause::Blocked, now, chance),
        }
    }

    /// The account was in trouble when telepost last ended: asked at once whether it still is.
    pub fn doubt(&mut self, now: Instant) {
        self.open = Some(Open { cause: Cause::Blocked, probes: 0, next: Some(now) });
    }

    /// When the next probe is due.
    pub fn next_probe(&self) -> Option<Instant> {
        self.open.as_ref().and_then(|open| open.next)
    }

    /// Takes the probe that is due; whoever gets `true` must make it and tell what came of it.
    pub fn may_probe(&mut self, now: Instant) -> bool {
        match &mut self.open {
            Some(open) if open.next.is_some_and(|next| next <= now) => {
                open.next = None;
                true
            }
            _ => false,
        }
    }

    /// The probe failed, for this cause.
    pub fn probe_failed(&mut self, cause: Cause, now: Instant, chance: f64) -> Turn {
        let Some(open) = &mut self.open else { return Turn::Nothing };
        let turn = if cause == Cause::Blocked && open.cause == Cause::Down { Turn::Opened } else { Turn::Nothing };
        if turn == Turn::Opened {
            *open = Open { cause, probes: 0, next: None };
        }
        open.probes = open.probes.saturating_add(1);
        open.next = Some(now + wait(open.cause, open.probes, chance));
        turn
    }

    /// The probe succeeded, or an operator says that all is well.
    pub fn close(&mut self) -> Turn {
        self.failures = 0;
        match self.open.take() {
            Some(_) => Turn::Closed,
            None => Turn::Nothing,
        }
    }

    fn open(&mut self, cause: Cause, now: Instant, chance: f64) -> Turn {
        self.open = Some(Open { cause, probes: 1, next: Some(now + wait(cause, 1, chance)) });
        Turn::Opened
    }
}

fn wait(cause: Cause, probe: u32, chance: f64) -> Duration {
    match cause {
        Cause::Down => backoff(&DOWN_PROBES, probe, chance),
        Cause::Blocked => backoff(&BLOCKED_PROBES, probe, chance),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn after(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn failures_in_a_row_open_it_and_one_probe_at_a_time_is_made() {
        let start = Instant::now();
        let mut breaker = Breaker::new(3);
        for _ in 0..2 {
            assert_eq!(breaker.failed(start, 0.5), Turn::Nothing);
        }
        breaker.answered();
        for expected in [Turn::Nothing, Turn::Nothing, Turn::Opened, Turn::Nothing] {
            assert_eq!(breaker.failed(start, 0.5), expected);
        }
        assert_eq!((breaker.is_closed(), breaker.cause()), (false, Some(Cause::Down)));
        let mut now = 0;
        for wait in [5, 10, 20, 30, 60, 120, 120] {
            now += wait;
            assert!(!breaker.may_probe(after(start, now - 1)), "before {now} s");
            assert!(breaker.may_probe(after(start, now)));
            assert!(!breaker.may_probe(after(start, now + 1000)), "one is on its way");
            assert_eq!(breaker.probe_failed(Cause::Down, after(start, now), 0.5), Turn::Nothing);
        }
        assert_eq!((breaker.close(), breaker.close()), (Turn::Closed, Turn::Nothing));
        assert!(breaker.is_closed());
    }

    #[test]
    fn an_account_in_trouble_opens_it_at_once_and_is_looked_at_rarely() {
        let start = Instant::now();
        let mut breaker = Breaker::new(3);
        assert_eq!(breaker.blocked(start, 0.5), Turn::Opened);
        assert_eq!(breaker.blocked(start, 0.5), Turn::Nothing);
        assert_eq!(breaker.next_probe(), Some(after(start, 300)));
        assert!(breaker.may_probe(after(start, 300)));
        assert_eq!(breaker.probe_failed(Cause::Down, after(start, 300), 0.5), Turn::Nothing);
        assert_eq!(breaker.cause(), Some(Cause::Blocked), "an account that can't be asked is no better");
        assert_eq!(breaker.next_probe(), Some(after(start, 900)));
    }

    #[test]
    fn a_gateway_that_comes_back_with_a_blocked_account_is_told_of() {
        let start = Instant::now();
        let mut breaker = Breaker::new(1);
        breaker.failed(start, 0.5);
        assert!(breaker.may_probe(after(start, 5)));
        assert_eq!(breaker.probe_failed(Cause::Blocked, after(start, 5), 0.5), Turn::Opened);
        assert_eq!((breaker.cause(), breaker.next_probe()), (Some(Cause::Blocked), Some(after(start, 305))));
    }

    proptest! {
        /// Whatever happens: an open breaker always has a probe to come or on its way, and never two.
        #[test]
        fn it_never_stays_open_for_ever(happenings in prop::collection::vec(0_u8..6, 1..60)) {
            let start = Instant::now();
            let mut breaker = Breaker::new(2);
            let mut on_its_way = false;
            for (second, happening) in (0..).step_by(40).zip(happenings) {
                let now = after(start, second);
                match happening {
                    0 => drop(breaker.failed(now, 0.5)),
                    1 => breaker.answered(),
                    2 if !on_its_way => drop(breaker.blocked(now, 0.5)),
                    3 if breaker.may_probe(now) => on_its_way = true,
                    4 if on_its_way => {
                        breaker.probe_failed(Cause::Down, now, 0.5);
                        on_its_way = false;
                    }
                    5 if on_its_way => {
                        breaker.close();
                        on_its_way = false;
                    }
                    _ => {}
                }
                prop_assert_eq!(breaker.is_closed() || on_its_way, breaker.next_probe().is_none());
            }
        }
    }
}
