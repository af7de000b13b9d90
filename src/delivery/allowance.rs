//! How many notices one sender gets: the first ones of a while at once, the rest in one mail when it is over. Pure.
//!
//! Kept in memory: a restart gives everybody a new allowance, which does less harm than a table on disk.

use std::collections::HashMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::bounce::Allowed;
use crate::clock::later;
use crate::smtp::Mailbox;

/// Senders that are remembered; beyond this the ones whose while is over are forgotten.
const REMEMBERED: usize = 10_000;

/// What may be done with a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Send it.
    Send,
    /// Send it and all others that this sender is owed, in one mail.
    SumUp,
    /// Look again then.
    Wait(Timestamp),
}

/// Who got how many.
#[derive(Debug, Default)]
pub struct Allowance {
    senders: HashMap<Mailbox, Count>,
}

#[derive(Clone, Copy, Debug)]
struct Count {
    begin: Timestamp,
    sent: u32,
    /// Whether one had to wait.
    overflowed: bool,
}

impl Allowance {
    /// Asks for one mail to the sender.
    pub fn ask(&mut self, sender: &Mailbox, allowed: Option<Allowed>, now: Timestamp) -> Answer {
        let Some(Allowed { count, per }) = allowed else { return Answer::Send };
        self.forget(per, now);
        let fresh = Count { begin: now, sent: 0, overflowed: false };
        let found = self.senders.entry(sender.clone()).or_insert(fresh);
        // A clock that was set back must not make anybody wait for the time it went.
        let is_over = now >= later(found.begin, per) || now < found.begin;
        let overflowed = found.overflowed;
        if is_over {
            *found = fresh;
        }
        if found.sent >= count {
            found.overflowed = true;
            return Answer::Wait(later(found.begin, per));
        }
        found.sent += 1;
        if is_over && overflowed { Answer::SumUp } else { Answer::Send }
    }

    fn forget(&mut self, per: Duration, now: Timestamp) {
        if self.senders.len() >= REMEMBERED {
            self.senders.retain(|_, count| now < later(count.begin, per));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: u64) -> Timestamp {
        later("2026-03-01T03:00:00Z".parse().unwrap(), Duration::from_secs(second))
    }

    #[test]
    fn the_first_go_at_once_and_the_rest_in_one() {
        let sender = |local: &str| Mailbox { local: local.to_owned(), domain: None };
        let allowed = Some(Allowed { count: 2, per: Duration::from_secs(60) });
        let mut allowance = Allowance::default();
        let table = [
            ("a", 0, Answer::Send),
            ("a", 10, Answer::Send),
            ("a", 20, Answer::Wait(at(60))),
            ("b", 20, Answer::Send),
            ("a", 59, Answer::Wait(at(60))),
            ("a", 60, Answer::SumUp),
            ("a", 61, Answer::Send),
            ("a", 62, Answer::Wait(at(120))),
            ("a", 500, Answer::SumUp),
            ("a", 900, Answer::Send),
            ("a", 3, Answer::Send),
        ];
        for (who, second, expected) in table {
            assert_eq!(allowance.ask(&sender(who), allowed, at(second)), expected, "{who} at {second}");
        }
        assert!((0..100).all(|_| allowance.ask(&sender("c"), None, at(0)) == Answer::Send));
    }
}
