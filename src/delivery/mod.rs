//! The dispatcher: what is due goes to a free session of its gateway, and what comes of it goes into the spool.
//!
//! One loop hands out; one task per session sends; one task sends notices. After commit nobody but this room changes a
//! parcel. When the spool fails, nothing more is sent until it answers again: an SMS that can't be recorded would be
//! sent twice.

mod attempt;
mod backoff;
mod lane;
mod limit;
mod notices;
mod schedule;
mod settings;

pub use settings::Settings;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bounce;
use crate::clock::Clock;
use crate::gateway::{Gateway, OnUnknown};
use crate::spool::{Spool, SpoolError};
use lane::{Freed, Lane};

/// The longest the loop sleeps, whatever the spool says: clocks jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long the loop waits before it asks a failing spool again.
const SPOOL_PAUSE: Duration = Duration::from_secs(1);
/// How often finished messages are looked through for those older than `keep`.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// How long sessions may take to finish what is in flight once the end is asked for.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(30);

/// What every part of this room works with. Cheap to clone.
#[derive(Clone)]
pub struct Tools {
    pub spool: Spool,
    pub settings: Arc<Settings>,
    pub clock: Clock,
}

/// Delivers until `shutdown`, then finishes what is in flight, for half a minute at most, and leaves the rest in the
/// spool. The error says that the spool could not even be looked at on the way in.
pub async fn run(
    tools: Tools,
    gateways: Vec<Gateway>,
    returns: bounce::Settings,
    shutdown: CancellationToken,
) -> Result<(), SpoolError> {
    recover(&tools, &gateways).await?;
    let tasks = TaskTracker::new();
    let (freed, free_slots) = mpsc::unbounded_channel();
    let lanes: Vec<Lane> = gateways
        .into_iter()
        .enumerate()
        .map(|(at, gateway)| Lane::open(at, gateway, &tools, &freed, &tasks, &shutdown))
        .collect();
    drop(freed);
    tasks.spawn(notices::run(tools.clone(), returns, shutdown.clone()));
    hand_out(&tools, lanes, free_slots, &shutdown).await;
    tasks.close();
    if tokio::time::timeout(SHUTDOWN_GRACE, tasks.wait()).await.is_err() {
        tracing::warn!(
            "sessions with gateways did not end in time; what they had is looked at again at the next start"
        );
    }
    Ok(())
}

/// Looks after what a crash left in the middle: it may or may not have been sent.
async fn recover(tools: &Tools, gateways: &[Gateway]) -> Result<(), SpoolError> {
    let holds = |gateway: &&Gateway| gateway.settings().on_unknown == OnUnknown::Hold;
    let hold_for: Vec<String> = gateways.iter().filter(holds).map(|g| g.settings().name.clone()).collect();
    let recovered = tools.spool.recover(tools.clock.now(), &hold_for).await?;
    for (id, state) in recovered {
        tracing::warn!(%id, %state, "was being sent when telepost ended, and may have been");
    }
    Ok(())
}

/// The loop: claims what is due for the slots that are free, and sleeps until something can have changed.
async fn hand_out(
    tools: &Tools,
    mut lanes: Vec<Lane>,
    mut free_slots: mpsc::UnboundedReceiver<Freed>,
    shutdown: &CancellationToken,
) {
    let mut changes = tools.spool.changes();
    let mut prune = tokio::time::interval(PRUNE_INTERVAL);
    while !shutdown.is_cancelled() {
        let pause = match turn(tools, &mut lanes).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "the spool does not answer, nothing is sent until it does");
                SPOOL_PAUSE
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            Some(Freed { lane, slot }) = free_slots.recv() => {
                lanes[lane].take_back(slot);
                while let Ok(Freed { lane, slot }) = free_slots.try_recv() {
                    lanes[lane].take_back(slot);
                }
            }
            _ = changes.changed() => {}
            _ = prune.tick() => do_prune(tools).await,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// One turn of the loop; gives how long to sleep when nothing else happens.
async fn turn(tools: &Tools, lanes: &mut [Lane]) -> Result<Duration, SpoolError> {
    let now = tools.clock.now();
    for id in tools.spool.expire(now).await? {
        tracing::warn!(%id, "expired");
    }
    for lane in lanes.iter_mut().filter(|lane| lane.free_slots() > 0) {
        let parcels = tools.spool.claim(lane.gateway_name(), now, lane.free_slots()).await?;
        parcels.into_iter().for_each(|parcel| lane.hand_out(parcel));
    }
    let free: Vec<String> =
        lanes.iter().filter(|lane| lane.free_slots() > 0).map(|lane| lane.gateway_name().to_owned()).collect();
    let next = tools.spool.next_due(&free).await?;
    Ok(schedule::pause(now, next, LONGEST_SLEEP))
}

async fn do_prune(tools: &Tools) {
    match tools.spool.prune(tools.clock.now()).await {
        Ok(0) => {}
        Ok(count) => tracing::debug!(count, "finished messages removed from the history"),
        Err(error) => tracing::warn!(%error, "finished messages could not be removed from the history"),
    }
}
