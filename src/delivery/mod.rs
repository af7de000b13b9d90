//! The dispatcher: what is due goes to a free session of its gateway, and what comes of it goes into the spool.
//!
//! One loop hands out; one task per session sends; one task sends notices, one makes digests. After commit nobody but
//! this room changes a parcel. When the spool fails, nothing more is sent until it answers again: an SMS that can't be
//! recorded would be sent twice.
//!
//! ```text
//!   dispatcher ──Parcel, probe──► lane (one for each gateway) ──► attempt ──► link ──► gateway
//!       ▲                            │ Sign: it answers, fails, is blocked
//!       └── breaker, latency ◄───────┘
//!   notices ──► bounce            overdue: what waits too long; leap: when the clock was set
//!   storms ──► digests, overruns: what the storm gate left to be done
//! ```

mod allowance;
mod attempt;
mod backoff;
mod breaker;
mod digests;
mod dispatcher;
mod lane;
mod latency;
mod leap;
mod limit;
mod link;
mod notices;
mod operators;
mod overdue;
mod overruns;
mod road;
mod schedule;
mod settings;
mod storms;
#[cfg(test)]
mod tests;

pub use settings::{Plan, Settings};

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::gateway::OnUnknown;
use crate::spool::{Spool, SpoolError};
use backoff::longest_waits;
use dispatcher::Dispatcher;

/// How long sessions may take to finish what is in flight once the end is asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// What every part of this room works with. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    pub spool: Spool,
    pub clock: Clock,
    plan: watch::Receiver<Arc<Plan>>,
}

impl Tools {
    /// `plan` may change at any time; what is on its way goes on as it was begun.
    pub fn new(spool: Spool, clock: Clock, plan: watch::Receiver<Arc<Plan>>) -> Tools {
        Tools { spool, clock, plan }
    }

    /// What holds now.
    fn plan(&self) -> Arc<Plan> {
        self.plan.borrow().clone()
    }

    /// Wakes when another plan holds.
    fn plans(&self) -> watch::Receiver<Arc<Plan>> {
        self.plan.clone()
    }
}

/// Delivers until `shutdown`, then finishes what is in flight, for half a minute at most, and leaves the rest in the
/// spool. The error says that the spool could not even be looked at on the way in.
pub async fn run(tools: Tools, shutdown: CancellationToken) -> Result<(), SpoolError> {
    recover(&tools).await?;
    let tasks = TaskTracker::new();
    tasks.spawn(notices::run(tools.clone(), shutdown.clone()));
    tasks.spawn(storms::run(tools.clone(), shutdown.clone()));
    Dispatcher::run(tools, tasks.clone(), shutdown).await;
    tasks.close();
    if tokio::time::timeout(SHUTDOWN_GRACE, tasks.wait()).await.is_err() {
        tracing::warn!(
            "sessions with gateways did not end in time; what they had is looked at again at the next start"
        );
    }
    Ok(())
}

/// Looks after what a crash left in the middle: it may or may not have been sent.
async fn recover(tools: &Tools) -> Result<(), SpoolError> {
    let plan = tools.plan();
    let holds = plan.gateways.iter().filter(|gateway| gateway.on_unknown == OnUnknown::Hold);
    let hold_for: Vec<String> = holds.map(|gateway| gateway.name.clone()).collect();
    let recovered = tools.spool.recover(tools.clock.now(), &hold_for).await?;
    for (id, state) in recovered {
        tracing::warn!(%id, %state, "was being sent when telepost ended, and may have been");
    }
    draw_in(tools, tools.clock.now()).await
}

/// Waits until the spool has news, for `rest` at least and `longest` after that, and not beyond `shutdown`. The rest is
/// for those whom every letter wakes and hardly any concerns.
async fn until_news(
    changes: &mut watch::Receiver<u64>,
    rest: Duration,
    longest: Duration,
    shutdown: &CancellationToken,
) {
    shutdown.run_until_cancelled(tokio::time::sleep(rest)).await;
    tokio::select! {
        () = shutdown.cancelled() => {}
        _ = changes.changed() => {}
        () = tokio::time::sleep(longest) => {}
    }
}

/// Lets nothing wait longer than it was told to, though the clock was set back.
async fn draw_in(tools: &Tools, now: Timestamp) -> Result<(), SpoolError> {
    let plan = tools.plan();
    let waits = longest_waits(&plan.settings.retry);
    let notices = plan.returns.per_sender.map(|allowed| allowed.per);
    let longest = waits.iter().copied().chain(notices).max().unwrap_or_default();
    match tools.spool.draw_in(now, &waits, longest).await? {
        0 => {}
        messages => tracing::warn!(messages, "the clock was set back; what would wait too long for it is due now"),
    }
    Ok(())
}
