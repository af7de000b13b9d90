//! The loop: claims what is due for the slots that are free, and sleeps until something can have changed.
//!
//! It decides nothing by itself: who goes first says the spool, who may be fed the breakers, when to look `schedule`.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::breaker::{Cause, Turn};
use super::lane::{Done, Lane, Report};
use super::leap::{Leap, Watch};
use super::link::Sign;
use super::{Tools, draw_in, operators, schedule};
use crate::spool::{GatewayHold, HeldBy, SpoolError};

/// The longest the loop sleeps, whatever the spool says: clocks jump.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long the loop waits before it asks a failing spool again.
const SPOOL_PAUSE: Duration = Duration::from_secs(1);
/// How often finished messages are looked through for those older than `keep`.
const PRUNE_INTERVAL: Duration = Duration::from_secs(600);
/// Operators are heard at least so long after one another.
const HOLD_PAUSE: Duration = Duration::from_millis(500);

/// The loop and what it holds.
pub struct Dispatcher {
    tools: Tools,
    lanes: Vec<Lane>,
    opened: u64,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    reports: mpsc::UnboundedSender<Report>,
    /// When it was last heard what operators say of gateways, and whether there may be something new.
    holds_heard: Option<Instant>,
    holds_changed: bool,
    watch: Watch,
}

impl Dispatcher {
    /// Works until `shutdown`. Its slots are among `tasks` and may outlast it.
    pub async fn run(tools: Tools, tasks: TaskTracker, shutdown: CancellationToken) {
        let (reports, reported) = mpsc::unbounded_channel();
        let watch = Watch::new(tools.clock.now(), Instant::now());
        let mut dispatcher = Dispatcher {
            tools,
            lanes: Vec::new(),
            opened: 0,
            tasks,
            shutdown,
            reports,
            holds_heard: None,
            holds_changed: true,
            watch,
        };
        dispatcher.open_lanes();
        dispatcher.rehome().await;
        dispatcher.hand_out(reported).await;
    }

    /// Brings the lanes in line with the plan. What did not change goes on as it is; the slots of a lane that goes
    /// finish what they have.
    fn open_lanes(&mut self) {
        let plan = self.tools.plan();
        let mut old = std::mem::take(&mut self.lanes);
        for settings in &plan.gateways {
            let lane = match old.iter().position(|lane| lane.settings == *settings) {
                Some(at) => old.swap_remove(at),
                None => {
                    self.opened += 1;
                    let Dispatcher { tools, reports, tasks, shutdown, .. } = &*self;
                    Lane::open(self.opened, settings.clone(), tools, reports, tasks, shutdown)
                }
            };
            self.lanes.push(lane);
        }
        self.lanes.iter_mut().for_each(|lane| lane.breaker.set_down_after(plan.settings.down_after));
        self.holds_changed = true;
    }

    /// Looks after what waits for a gateway that is no longer configured.
    async fn rehome(&self) {
        let configured: Vec<String> = self.lanes.iter().map(|lane| lane.name().to_owned()).collect();
        loop {
            match self.tools.spool.rehome(&configured, self.tools.clock.now()).await {
                Ok(moved) if moved.is_empty() => return,
                Ok(moved) => moved.iter().for_each(|(id, state)| {
                    tracing::warn!(%id, %state, "its gateway is no longer configured");
                }),
                Err(error) => return tracing::error!(%error, "messages of gateways that are gone could not be moved"),
            }
        }
    }

    async fn hand_out(&mut self, mut reported: mpsc::UnboundedReceiver<Report>) {
        let mut changes = self.tools.spool.changes();
        let mut plans = self.tools.plans();
        let mut prune = tokio::time::interval(PRUNE_INTERVAL);
        let shutdown = self.shutdown.clone();
        let mut next_turn = Instant::now();
        while !shutdown.is_cancelled() {
            if next_turn <= Instant::now() {
                next_turn = Instant::now() + self.turn_or_pause().await;
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(report) = reported.recv() => {
                    let mut soon = self.hear(report).await;
                    while let Ok(report) = reported.try_recv() {
                        soon = soon.min(self.hear(report).await);
                    }
                    next_turn = next_turn.min(Instant::now() + soon);
                }
                // While every slot is taken, news can wait for the next one that is free.
                _ = changes.changed(), if self.lanes.iter().any(|lane| lane.free_slots() > 0) => {
                    self.holds_changed = true;
                    next_turn = Instant::now();
                }
                Ok(()) = plans.changed() => {
                    self.open_lanes();
                    self.rehome().await;
                    next_turn = Instant::now();
                }
                _ = prune.tick() => self.keep_house().await,
                () = tokio::time::sleep_until(next_turn) => {}
            }
        }
    }

    async fn turn_or_pause(&mut self) -> Duration {
        match self.turn().await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "the spool does not answer, nothing is sent until it does");
                SPOOL_PAUSE
            }
        }
    }

    /// One turn of the loop; gives how long to sleep when nothing else happens.
    async fn turn(&mut self) -> Result<Duration, SpoolError> {
        let unheard = self.hear_of_holds().await?;
        let now = self.follow_the_clock().await?;
        let spool = &self.tools.spool;
        let in_need: Vec<String> =
            self.lanes.iter().filter(|lane| lane.needs_help()).map(|lane| lane.name().to_owned()).collect();
        let mut free = Vec::new();
        for lane in &mut self.lanes {
            let others: Vec<String> = in_need.iter().filter(|name| *name != lane.name()).cloned().collect();
            lane.let_go_on(&others);
            if !lane.may_send() || lane.free_slots() == 0 {
                continue;
            }
            let parcels = spool.claim_also(lane.name(), &others, now, lane.free_slots()).await?;
            parcels.into_iter().for_each(|parcel| lane.send(parcel));
            if lane.free_slots() > 0 {
                free.push(lane.name().to_owned());
            }
        }
        let helped = if free.is_empty() { Vec::new() } else { in_need };
        let next = spool.next_due_also(&free, &helped).await?;
        // Asked last and only when something has passed its time: most turns would find nothing, and each question is
        // a transaction of the one writer. What has run out is not claimed meanwhile.
        if next.is_some_and(|next| next <= now) {
            let expired = spool.expire(now).await?;
            expired.iter().for_each(|id| tracing::warn!(%id, "expired"));
        }
        let pause = schedule::pause(now, next, LONGEST_SLEEP);
        Ok([self.probe(), unheard].into_iter().flatten().fold(pause, Duration::min))
    }

    /// What time it is. When the clock has leapt, what waits is put right first: nothing expires or waits by a leap.
    async fn follow_the_clock(&mut self) -> Result<Timestamp, SpoolError> {
        let (now, time) = (self.tools.clock.now(), Instant::now());
        match self.watch.leap(now, time) {
            None => {}
            Some(Leap::Back { by }) => {
                tracing::warn!(?by, "the machine's clock was set back");
                draw_in(&self.tools, now).await?;
            }
            Some(Leap::Ahead { by, since }) => {
                tracing::warn!(
                    ?by,
                    "the machine's clock was set ahead, or the machine slept; what waits may wait longer"
                );
                self.tools.spool.prolong(by, since, now).await?;
            }
        }
        self.watch = Watch::new(now, time);
        Ok(now)
    }

    /// Sends out the probes that are due; gives how long it is until the next one.
    fn probe(&mut self) -> Option<Duration> {
        let now = Instant::now();
        self.lanes.iter_mut().for_each(|lane| lane.probe(now));
        let next = self.lanes.iter().filter_map(Lane::next_probe).min();
        next.map(|next| next.saturating_duration_since(now))
    }

    /// Hears what a slot has done; gives how soon that calls for a turn. A slot that goes on by itself keeps nobody from
    /// it for long: operators are to be heard, and time runs out for messages.
    async fn hear(&mut self, Report { lane, done, free }: Report) -> Duration {
        let Some(lane) = self.lanes.iter_mut().find(|known| known.id == lane) else { return HOLD_PAUSE };
        match free {
            Some(slot) => lane.take_back(slot),
            None => self.holds_changed = true,
        }
        let (now, chance) = (Instant::now(), fastrand::f64());
        let was_blocked = lane.breaker.cause() == Some(Cause::Blocked);
        let (turn, reason) = match done {
            Done::Sent(None) => (Turn::Nothing, String::new()),
            Done::Sent(Some(Sign::Answers { took })) => {
                if let Some(took) = took {
                    lane.latency.record(took);
                    lane.told = false;
                }
                lane.breaker.answered();
                (Turn::Nothing, String::new())
            }
            Done::Probed(Sign::Answers { .. }) => (lane.breaker.close(), String::new()),
            Done::Sent(Some(Sign::Fails)) => (lane.breaker.failed(now, chance), "no session can be had".to_owned()),
            Done::Probed(Sign::Fails) => {
                (lane.breaker.probe_failed(Cause::Down, now, chance), "no session can be had".to_owned())
            }
            Done::Sent(Some(Sign::Blocked { reason })) => (lane.breaker.blocked(now, chance), reason),
            Done::Probed(Sign::Blocked { reason }) => (lane.breaker.probe_failed(Cause::Blocked, now, chance), reason),
        };
        match turn {
            Turn::Nothing => {}
            Turn::Closed => on_closed(&self.tools, lane, was_blocked).await,
            Turn::Opened => on_opened(&self.tools, lane, &reason).await,
        }
        if free.is_some() { Duration::ZERO } else { HOLD_PAUSE }
    }

    /// Hears what operators have said about gateways since, and what stood there at the start. Not at every change, for
    /// every letter is one: gives how long it is until it may be heard.
    async fn hear_of_holds(&mut self) -> Result<Option<Duration>, SpoolError> {
        let now = Instant::now();
        let rest = self.holds_heard.map(|heard| (heard + HOLD_PAUSE).saturating_duration_since(now));
        match rest.filter(|rest| !rest.is_zero()) {
            _ if !self.holds_changed => return Ok(None),
            Some(rest) => return Ok(Some(rest)),
            None => {}
        }
        let statuses = self.tools.spool.gateway_statuses().await?;
        (self.holds_heard, self.holds_changed) = (Some(now), false);
        for lane in &mut self.lanes {
            let hold = statuses.iter().find(|status| status.name == lane.name()).and_then(|found| found.hold.as_ref());
            let held = hold.is_some_and(|hold| hold.by == HeldBy::Operator);
            if lane.held != held {
                lane.held = held;
                tracing::info!(gateway = lane.name(), held, "an operator holds the gateway or lets it go");
            }
            match (hold, lane.breaker.cause()) {
                (None, Some(Cause::Blocked)) => {
                    lane.breaker.close();
                    tracing::info!(gateway = lane.name(), "released by an operator");
                }
                (Some(GatewayHold { by: HeldBy::Relay, .. }), None) => lane.breaker.doubt(now),
                _ => {}
            }
        }
        Ok(None)
    }

    /// What has time: history, and gateways that are gone.
    async fn keep_house(&self) {
        self.rehome().await;
        match self.tools.spool.prune(self.tools.clock.now()).await {
            Ok(0) => {}
            Ok(count) => tracing::debug!(count, "finished messages removed from the history"),
            Err(error) => tracing::warn!(%error, "finished messages could not be removed from the history"),
        }
    }
}

async fn on_opened(tools: &Tools, lane: &mut Lane, reason: &str) {
    let blocked = lane.breaker.cause() == Some(Cause::Blocked);
    tracing::error!(gateway = lane.name(), reason, blocked, "the gateway can't send, its messages wait");
    if blocked {
        let hold = GatewayHold { by: HeldBy::Relay, reason: reason.to_owned(), since: tools.clock.now() };
        if let Err(error) = tools.spool.hold_gateway(lane.name(), hold).await {
            tracing::error!(gateway = lane.name(), %error, "that the gateway is held could not be recorded");
        }
    }
    if !std::mem::replace(&mut lane.told, true) {
        operators::tell_of_trouble(tools, lane.name(), reason).await;
    }
}

async fn on_closed(tools: &Tools, lane: &Lane, was_blocked: bool) {
    tracing::info!(gateway = lane.name(), "the gateway is back");
    if was_blocked && let Err(error) = tools.spool.release_gateway(lane.name(), tools.clock.now()).await {
        tracing::error!(gateway = lane.name(), %error, "that the gateway is released could not be recorded");
    }
}
