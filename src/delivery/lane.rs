//! The road to one gateway: as many slots as it bears sessions, each a task that keeps its session open and sends one
//! parcel at a time.
//!
//! A slot that has nothing to do closes its session after a while; the next parcel opens a new one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Tools;
use super::attempt::{self, Link};
use super::limit::Pace;
use crate::gateway::Gateway;
use crate::spool::Parcel;

/// How long a session without work stays open. Gateways close idle sessions on their own after some minutes; we go
/// first, so that a message rarely finds a dead one.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// A slot that has finished its parcel.
#[derive(Clone, Copy, Debug)]
pub struct Freed {
    pub lane: usize,
    pub slot: usize,
}

/// The slots of one gateway, as the loop sees them.
pub struct Lane {
    gateway_name: String,
    slots: Vec<mpsc::Sender<Parcel>>,
    free: Vec<usize>,
}

impl Lane {
    /// Starts the slots of the `at`-th gateway. Each reports on `freed` when it has finished a parcel, and ends when
    /// its lane is dropped.
    pub fn open(
        at: usize,
        gateway: Gateway,
        tools: &Tools,
        freed: &mpsc::UnboundedSender<Freed>,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Lane {
        let gateway_name = gateway.settings().name.clone();
        let sessions = gateway.settings().sessions;
        let pace = Arc::new(Mutex::new(Pace::new(gateway.settings().rate)));
        let gateway = Arc::new(gateway);
        let start = |slot: usize| {
            let (hand_over, parcels) = mpsc::channel(1);
            let link = Link::new(gateway.clone(), pace.clone(), shutdown.clone());
            tasks.spawn(work(link, tools.clone(), parcels, freed.clone(), Freed { lane: at, slot }));
            hand_over
        };
        Lane { gateway_name, slots: (0..sessions).map(start).collect(), free: (0..sessions).collect() }
    }

    pub fn gateway_name(&self) -> &str {
        &self.gateway_name
    }

    pub fn free_slots(&self) -> usize {
        self.free.len()
    }

    /// Gives a claimed parcel to a free slot. More than [`Lane::free_slots`] must not be claimed; one too many stays
    /// `sending` in the spool and is looked at again at the next start.
    pub fn hand_out(&mut self, parcel: Parcel) {
        let id = parcel.id.clone();
        let taken = self.free.pop().is_some_and(|slot| self.slots[slot].try_send(parcel).is_ok());
        if !taken {
            tracing::error!(%id, gateway = self.gateway_name, "no slot took the message");
        }
    }

    /// The slot is free again.
    pub fn take_back(&mut self, slot: usize) {
        self.free.push(slot);
    }
}

/// The life of one slot.
async fn work(
    mut link: Link,
    tools: Tools,
    mut parcels: mpsc::Receiver<Parcel>,
    freed: mpsc::UnboundedSender<Freed>,
    me: Freed,
) {
    loop {
        match tokio::time::timeout(IDLE_LIMIT, parcels.recv()).await {
            Err(_idle) => link.close().await,
            Ok(None) => break,
            Ok(Some(parcel)) => {
                attempt::attempt(&mut link, &tools, parcel).await;
                if freed.send(me).is_err() {
                    break;
                }
            }
        }
    }
    link.close().await;
}
