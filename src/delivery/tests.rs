//! The whole room: simulated gateways behind loopback sockets, a spool on disk, the clock simulated.

mod clock;
mod gateways;
mod notices;

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

use super::*;
use crate::address::Number;
use crate::gateway::{self, Protocol};
use crate::sms::{Charset, Encoding, Medium, Part};
use crate::smtp::{Mailbox, Notify, ReversePath};
use crate::spool::{Fate, NewLetter, NewParcel, ParcelId, Priority, Role, State};
use crate::{bounce, simulator};

const NUMBER: &str = "+447731234567";
/// Longer than anything these tests wait for.
const PATIENCE: Duration = Duration::from_secs(6 * 3600);

/// A simulated gateway.
struct Far {
    settings: gateway::Settings,
    simulator: simulator::Simulator,
}

/// What is seen of a simulated gateway that runs.
struct Served {
    arrivals: UnboundedReceiver<simulator::AcceptedSms>,
    stop: CancellationToken,
}

impl Far {
    /// A gateway called `name` with so many credits.
    async fn open(name: &str, credits: u64) -> (Far, UnboundedReceiver<simulator::AcceptedSms>) {
        Far::open_with(name, credits, &[]).await
    }

    /// As [`Far::open`], with faults.
    async fn open_with(name: &str, credits: u64, faults: &[&str]) -> (Far, UnboundedReceiver<simulator::AcceptedSms>) {
        let (arrived, arrivals) = unbounded_channel();
        let mut settings = simulator::Settings::for_one_account("user", "secret", arrived);
        settings.accounts[0].credits = credits;
        settings.faults = simulator::Faults::new(faults.iter().map(|fault| fault.parse().unwrap()).collect(), 1);
        let simulator = simulator::Simulator::bind(settings).await.unwrap();
        let settings = near(name, simulator.local_address().port());
        (Far { settings, simulator }, arrivals)
    }

    fn serve(self, arrivals: UnboundedReceiver<simulator::AcceptedSms>) -> Served {
        let stop = CancellationToken::new();
        tokio::spawn(self.simulator.run(stop.clone()));
        Served { arrivals, stop }
    }
}

/// A gateway at the port, as we are told of it.
fn near(name: &str, port: u16) -> gateway::Settings {
    gateway::Settings {
        name: name.to_owned(),
        protocol: Protocol::SmsItaly,
        host: "127.0.0.1".to_owned(),
        port,
        username: "user".to_owned(),
        password: SecretString::from("secret"),
        sessions: 2,
        rate: None,
        medium: Medium::new(Charset::Latin1, 160),
        on_unknown: OnUnknown::Retry,
        low_credit: 0,
        pipelining: false,
        keep_alive: Some(Duration::from_secs(30)),
        idle: Duration::from_secs(300),
        slow_after: None,
        timeouts: gateway::Timeouts::default(),
    }
}

/// A port at which nobody listens.
async fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port()
}

fn mailbox(local: &str) -> Mailbox {
    Mailbox { local: local.to_owned(), domain: Some("site.example".to_owned()) }
}

/// A relay without a door: a spool and the dispatcher.
struct Bench {
    spool: Spool,
    plan: watch::Sender<Arc<Plan>>,
    clock: Clock,
    /// By how many seconds the clock was set ahead.
    set: &'static AtomicI64,
    shutdown: CancellationToken,
    running: Option<JoinHandle<Result<(), SpoolError>>>,
    _directory: TempDir,
}

impl Bench {
    fn new(gateways: Vec<gateway::Settings>) -> Bench {
        let directory = tempfile::tempdir().unwrap();
        let settings = crate::spool::Settings {
            path: directory.path().join("spool.db"),
            keep: Duration::from_secs(30 * 24 * 3600),
            dedup_window: Duration::ZERO,
            limits: Arc::default(),
        };
        let returns = bounce::Settings {
            hostname: "sms.example.com".to_owned(),
            relay_host: "127.0.0.1".to_owned(),
            relay_port: 1,
            from: mailbox("postmaster"),
            notify: vec![mailbox("ops")],
            delay: None,
            per_sender: None,
            expire: Duration::from_secs(5 * 24 * 3600),
        };
        let sms = crate::sms::Settings {
            template: crate::sms::Template::parse("{subject}").unwrap(),
            max_parts: 1,
            overflow: crate::sms::Overflow::Truncate,
            ellipsis: "...".to_owned(),
        };
        // One for each test, and as old as the test binary.
        let set: &'static AtomicI64 = Box::leak(Box::default());
        let plan = Plan { settings: Settings::default(), returns, gateways, sms, limits: Arc::default() };
        Bench {
            spool: Spool::open(&settings, Role::Relay).unwrap(),
            plan: watch::channel(Arc::new(plan)).0,
            clock: Clock::simulated_and_set("2026-03-01T03:00:00Z".parse().unwrap(), set),
            set,
            shutdown: CancellationToken::new(),
            running: None,
            _directory: directory,
        }
    }

    fn start(&mut self) {
        let tools = Tools::new(self.spool.clone(), self.clock, self.plan.subscribe());
        self.running = Some(tokio::spawn(run(tools, self.shutdown.clone())));
    }

    async fn stop(&mut self) {
        std::mem::take(&mut self.shutdown).cancel();
        self.running.take().unwrap().await.unwrap().unwrap();
    }

    /// Sets the clock so many seconds ahead, or back.
    fn set_clock(&self, seconds: i64) {
        self.set.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Stores a message of these parts for these gateways.
    async fn store(&self, gateways: &[&str], parts: &[&str]) -> ParcelId {
        self.store_wishing(None, gateways, parts).await
    }

    /// As [`Bench::store`], with the sender's wishes.
    async fn store_wishing(&self, notify: Option<Notify>, gateways: &[&str], parts: &[&str]) -> ParcelId {
        let now = self.clock.now();
        let part = |text: &&str| Part { text: (*text).to_owned(), units: text.len() };
        let parcel = NewParcel {
            address: "oncall@sms.example.com".to_owned(),
            number: Number::from_e164(NUMBER).unwrap(),
            sender: "ALERTS".parse().unwrap(),
            gateways: gateways.iter().map(|name| (*name).to_owned()).collect(),
            expires: later(now, 48 * 3600),
            priority: Priority::Normal,
            topic: None,
            notify,
            original: None,
            remark: None,
            fate: Fate::Waiting { encoding: Encoding::Latin1, parts: parts.iter().map(part).collect() },
        };
        let letter = NewLetter {
            from: ReversePath::Mailbox(mailbox("root")),
            notice_to: Some(mailbox("root")),
            message_id: None,
            subject: "disk full".to_owned(),
            headers: "Subject: disk full\n".to_owned(),
            source: "test".to_owned(),
            accepted: now,
            returned: None,
            envelope_id: None,
            parcels: vec![parcel],
        };
        self.spool.commit(letter).await.unwrap().remove(0).id
    }

    async fn parcel(&self, id: &ParcelId) -> crate::spool::Parcel {
        self.spool.letter(&id.letter).await.unwrap().unwrap().parcels.remove(0).parcel
    }

    /// Lets simulated time go by until the message is in the state.
    async fn until(&self, id: &ParcelId, state: State) {
        let begin = tokio::time::Instant::now();
        while self.parcel(id).await.state != state {
            assert!(begin.elapsed() < PATIENCE, "{id} is {}, not {state}", self.parcel(id).await.state);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Lets simulated time go by until the message waits after so many tries.
    async fn until_tried(&self, id: &ParcelId, tries: u32) {
        let begin = tokio::time::Instant::now();
        let has_been = |parcel: &crate::spool::Parcel| parcel.state == State::Waiting && parcel.attempts >= tries;
        while !has_been(&self.parcel(id).await) {
            assert!(begin.elapsed() < PATIENCE, "{id} was not tried");
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    /// The subjects of the memos that wait; nobody takes them here.
    async fn memos(&self) -> Vec<String> {
        let memos = self.spool.due_memos(Timestamp::MAX, 100).await.unwrap();
        memos.into_iter().map(|memo| memo.subject).collect()
    }
}

fn later(now: Timestamp, seconds: u64) -> Timestamp {
    crate::clock::later(now, Duration::from_secs(seconds))
}
