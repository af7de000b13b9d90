//! The memory that letters may take while they come in, over all sessions together.
//!
//! Who finds it used up waits, and with it its client: nothing is read, and TCP holds the client back. Small texts take
//! a first share and are done; who needs more takes at once all it can ever need, so that the one at the head of the
//! queue always comes to its end and nobody waits in a circle. Should small shares alone fill it all, the wait's time
//! limit, which is the caller's, lets go of some.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What every text may take before it has to say how big it gets.
const FIRST_SHARE: usize = 64 * 1024;
/// Memory is counted in these, because a semaphore counts 32 bits at a time.
const UNIT: usize = 1024;
/// What a listener of its own gets.
const DEFAULT: usize = 256_000_000;

/// So many bytes for all the sessions that share it. Cheap to clone; clones are the same budget.
#[derive(Clone, Debug)]
pub struct Budget {
    units: Arc<Semaphore>,
    total: usize,
}

impl Budget {
    /// `bytes` for the letters on their way in; at least what one small letter takes.
    pub fn new(bytes: usize) -> Budget {
        let most = u32::MAX as usize;
        let total = bytes.max(FIRST_SHARE).div_ceil(UNIT).min(most);
        Budget { units: Arc::new(Semaphore::new(total)), total }
    }

    /// A share of nothing yet.
    pub(super) fn share(&self) -> Share {
        Share { budget: self.clone(), held: None }
    }
}

impl Default for Budget {
    fn default() -> Budget {
        Budget::new(DEFAULT)
    }
}

/// What one letter has taken of the budget, given back when dropped.
#[derive(Debug)]
pub(super) struct Share {
    budget: Budget,
    held: Option<OwnedSemaphorePermit>,
}

impl Share {
    /// Waits until the share covers a text of `needed` bytes, of which the client `announced` the size and which cannot
    /// be bigger than `limit`. May be cancelled without loss.
    pub(super) async fn cover(&mut self, needed: usize, announced: Option<u64>, limit: usize) {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        if needed.div_ceil(UNIT).min(self.budget.total) <= held {
            return;
        }
        let wanted = wanted(needed, announced, limit).div_ceil(UNIT).min(self.budget.total);
        let missing = u32::try_from(wanted.saturating_sub(held)).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        if let Ok(more) = Arc::clone(&self.budget.units).acquire_many_owned(missing).await {
            match &mut self.held {
                Some(held) => held.merge(more),
                None => self.held = Some(more),
            }
        }
    }

    /// Gives all of it back.
    pub(super) fn give_back(&mut self) {
        self.held = None;
    }
}

/// How much to take when `needed` is not covered.
fn wanted(needed: usize, announced: Option<u64>, limit: usize) -> usize {
    let announced = announced.and_then(|size| usize::try_from(size).ok()).filter(|&size| needed <= size);
    match announced {
        _ if needed <= FIRST_SHARE => FIRST_SHARE,
        Some(size) => size.min(limit),
        None => limit.max(needed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;
    use tokio::time::timeout;

    #[test]
    fn small_texts_take_a_share_and_others_all_they_can_need() {
        let limit = 10_000_000;
        let table = [
            (0, None, FIRST_SHARE),
            (FIRST_SHARE, Some(5_000_000), FIRST_SHARE),
            (FIRST_SHARE + 1, Some(5_000_000), 5_000_000),
            (FIRST_SHARE + 1, Some(100), limit),
            (FIRST_SHARE + 1, Some(u64::MAX), limit),
            (FIRST_SHARE + 1, None, limit),
        ];
        for (needed, announced, expected) in table {
            assert_eq!(wanted(needed, announced, limit), expected, "{needed} {announced:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_finds_it_used_up_waits_for_those_before() {
        let budget = Budget::new(1_000_000);
        let (mut first, mut second) = (budget.share(), budget.share());
        first.cover(100_000, Some(900_000), 900_000).await;
        first.cover(900_000, Some(900_000), 900_000).await;
        second.cover(100, None, 900_000).await;
        let wait = Duration::from_secs(60);
        assert!(timeout(wait, second.cover(100_000, None, 900_000)).await.is_err());
        drop(first);
        timeout(wait, second.cover(100_000, None, 900_000)).await.unwrap();
        drop(second);
        assert_eq!(budget.units.available_permits(), budget.total);
    }

    #[tokio::test(start_paused = true)]
    async fn a_letter_bigger_than_the_budget_gets_all_of_it() {
        let budget = Budget::new(100_000);
        let mut share = budget.share();
        share.cover(5_000_000, None, 10_000_000).await;
        share.cover(6_000_000, None, 10_000_000).await;
        assert_eq!(budget.units.available_permits(), 0);
    }
}
