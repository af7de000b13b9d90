//! The road to one gateway: as many slots as it bears sessions, each a task that keeps its session open and does one
//! thing at a time; and what is known of how the gateway does.
//!
//! A slot that is done takes the next parcel with the same stroke that records what came of the last one, as long as it
//! may; else it comes back and is given the next one.
//!
//! A slot that has nothing to do shows a sign of life now and then, and closes its session after a while; the next
//! parcel opens a new one.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::Tools;
use super::attempt::attempt;
use super::breaker::Breaker;
use super::latency::Latency;
use super::link::{Link, Sign};
use super::road::{Onward, Road};
use crate::gateway::Settings;
use crate::spool::Parcel;

/// What a slot can be given to do.
#[derive(Debug)]
enum Job {
    Send(Box<Parcel>),
    /// Log in, to see whether the gateway is back.
    Probe,
}

/// What a slot has done.
#[derive(Debug)]
pub struct Report {
    pub lane: u64,
    pub done: Done,
    /// The slot, when it is free again; `None`: it goes on with the next parcel.
    pub free: Option<usize>,
}

/// What it was, and what that tells about the gateway.
#[derive(Debug)]
pub enum Done {
    /// `None`: the gateway was not asked.
    Sent(Option<Sign>),
    Probed(Sign),
}

/// The slots of one gateway, as the loop sees them.
pub struct Lane {
    /// Never given again, so that a lane that is gone is not mistaken for its successor.
    pub id: u64,
    pub settings: Settings,
    slots: Vec<mpsc::Sender<Job>>,
    free: Vec<usize>,
    onward: watch::Sender<Onward>,
    pub breaker: Breaker,
    pub latency: Latency,
    /// An operator holds the gateway.
    pub held: bool,
    /// Whether the operators have heard of the present trouble.
    pub told: bool,
}

impl Lane {
    /// Starts the slots. Each reports what it has done, and ends when its lane is dropped.
    pub fn open(
        id: u64,
        settings: Settings,
        tools: &Tools,
        reports: &mpsc::UnboundedSender<Report>,
        tasks: &TaskTracker,
        stop: &CancellationToken,
    ) -> Lane {
        let (onward, goes_on) = watch::channel(None);
        let road = Arc::new(Road::new(settings.clone(), stop.clone(), goes_on));
        let start = |slot: usize| {
            let (hand_over, jobs) = mpsc::channel(1);
            tasks.spawn(work(Link::new(road.clone()), tools.clone(), jobs, reports.clone(), (id, slot)));
            hand_over
        };
        Lane {
            id,
            slots: (0..settings.sessions).map(start).collect(),
            free: (0..settings.sessions).collect(),
            onward,
            breaker: Breaker::new(tools.plan().settings.down_after),
            latency: Latency::new(settings.slow_after),
            held: false,
            told: false,
            settings,
        }
    }

    pub fn name(&self) -> &str {
        &self.settings.name
    }

    pub fn free_slots(&self) -> usize {
        self.free.len()
    }

    /// Whether parcels may go this way now.
    pub fn may_send(&self) -> bool {
        !self.held && self.breaker.is_closed()
    }

    /// Whether others may take over what waits here.
    pub fn needs_help(&self) -> bool {
        !self.may_send() || self.latency.is_slow()
    }

    /// Lets slots that are done go on by themselves while parcels may go this way, and help out `others`.
    pub fn let_go_on(&self, others: &[String]) {
        let onward = self.may_send().then(|| others.to_vec());
        self.onward.send_if_modified(|holds| {
            let changes = *holds != onward;
            *holds = onward;
            changes
        });
    }

    /// When the next probe can be made; none is while an operator holds the gateway.
    pub fn next_probe(&self) -> Option<Instant> {
        self.breaker.next_probe().filter(|_| !self.held && !self.free.is_empty())
    }

    /// Sends a probe out when it is time.
    pub fn probe(&mut self, now: Instant) {
        if self.next_probe().is_some() && self.breaker.may_probe(now) {
            self.hand_out(Job::Probe);
        }
    }

    /// Gives a claimed parcel to a free slot. More than [`Lane::free_slots`] must not be claimed; one too many stays
    /// `sending` in the spool and is looked at again at the next start.
    pub fn send(&mut self, parcel: Parcel) {
        self.hand_out(Job::Send(Box::new(parcel)));
    }

    fn hand_out(&mut self, job: Job) {
        let job = match self.free.pop() {
            Some(slot) => self.slots[slot].try_send(job).err().map(mpsc::error::TrySendError::into_inner),
            None => Some(job),
        };
        if let Some(Job::Send(parcel)) = job {
            tracing::error!(id = %parcel.id, gateway = self.name(), "no slot took the message");
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
    mut jobs: mpsc::Receiver<Job>,
    reports: mpsc::UnboundedSender<Report>,
    (lane, slot): (u64, usize),
) {
    while let Some(job) = next(&mut link, &mut jobs).await {
        let done = match job {
            Job::Send(parcel) => {
                let mut tried = attempt(&mut link, &tools, *parcel).await;
                while let Some(next) = tried.next {
                    // Nobody listens any more at the end; what was claimed is given back all the same.
                    drop(reports.send(Report { lane, done: Done::Sent(tried.sign), free: None }));
                    tried = attempt(&mut link, &tools, next).await;
                }
                Done::Sent(tried.sign)
            }
            Job::Probe => Done::Probed(link.probe(&tools).await),
        };
        if reports.send(Report { lane, done, free: Some(slot) }).is_err() {
            break;
        }
    }
    link.close().await;
}

/// Waits for the next job; meanwhile keeps the session alive, and closes it when the wait grows long. `None`: there
/// will be no more.
async fn next(link: &mut Link, jobs: &mut mpsc::Receiver<Job>) -> Option<Job> {
    let Settings { idle, keep_alive, .. } = *link.gateway().settings();
    let idle_since = Instant::now();
    while link.is_open() {
        let pause = keep_alive.unwrap_or(idle).min(idle.saturating_sub(idle_since.elapsed()));
        match tokio::time::timeout(pause, jobs.recv()).await {
            Ok(job) => return job,
            Err(_) if idle_since.elapsed() >= idle => link.close().await,
            Err(_) => link.keep_alive().await,
        }
    }
    jobs.recv().await
}
