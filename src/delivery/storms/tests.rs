//! A storm from the door to the gateway: what went out, what became of every single mail, what operators heard.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tokio::sync::watch;

use super::*;
use crate::address::{self, Number, Numbering, RoutePrefix};
use crate::bounce;
use crate::clock::Clock;
use crate::delivery::{Plan, Settings};
use crate::gateway::{self, OnUnknown, Protocol, Timeouts};
use crate::intake::{Desk, Intake};
use crate::limits::{self, Allowance, OnLimit};
use crate::sms::{self, Charset, Medium, Overflow, Template};
use crate::smtp::{Accepted, Answers, Content, Envelope, Letter, Mailbox, Reception, Verdict};
use crate::spool::{self, Filter, Note, Parcel, ParcelId, Role, Spool, State};

const GATEWAY: &str = "gateway";
const HOUR: Duration = Duration::from_secs(3600);

/// A relay without a gateway of its own, whose spool outlives it.
struct House {
    directory: tempfile::TempDir,
    limits: limits::Settings,
    clock: Clock,
}

impl House {
    fn new(limits: limits::Settings) -> House {
        let clock = Clock::simulated("2026-03-01T03:00:00Z".parse().unwrap());
        House { directory: tempfile::tempdir().unwrap(), limits, clock }
    }

    fn plan(&self) -> Plan {
        let returns = bounce::Settings {
            hostname: "sms.example.com".to_owned(),
            relay_host: "127.0.0.1".to_owned(),
            relay_port: 1,
            from: "postmaster@sms.example.com".parse().unwrap(),
            notify: vec!["ops@site.example".parse().unwrap()],
            delay: None,
            per_sender: None,
            expire: Duration::from_secs(3600),
        };
        Plan {
            settings: Settings::default(),
            returns,
            gateways: vec![gateway(GATEWAY, media()[GATEWAY])],
            sms: sms_settings(),
            limits: Arc::new(self.limits.clone()),
        }
    }

    fn open(&self) -> Rooms {
        let settings = spool::Settings {
            path: self.directory.path().join("spool.db"),
            keep: 1000 * HOUR,
            dedup_window: HOUR,
            limits: Arc::new(self.limits.clone()),
        };
        let spool = Spool::open(&settings, Role::Relay).unwrap();
        let intake = Intake::new(Desk::new(desk()), spool.clone(), self.clock);
        let (plans, plan) = watch::channel(Arc::new(self.plan()));
        Rooms { intake, tools: Tools::new(spool, self.clock, plan), plans }
    }
}

/// The rooms of one run.
struct Rooms {
    intake: Intake,
    tools: Tools,
    plans: watch::Sender<Arc<Plan>>,
}

fn sms_settings() -> sms::Settings {
    let template = Template::parse("{subject}").unwrap();
    sms::Settings { template, max_parts: 1, overflow: Overflow::Truncate, ellipsis: "...".to_owned() }
}

fn media() -> HashMap<String, Medium> {
    [(GATEWAY.to_owned(), Medium::new(Charset::Latin1, 160))].into()
}

fn gateway(name: &str, medium: Medium) -> gateway::Settings {
    gateway::Settings {
        name: name.to_owned(),
        protocol: Protocol::SmsItaly,
        host: "127.0.0.1".to_owned(),
        port: 1,
        username: String::new(),
        password: String::new().into(),
        sessions: 1,
        rate: None,
        medium,
        on_unknown: OnUnknown::Retry,
        low_credit: 0,
        keep_alive: None,
        idle: Duration::from_secs(60),
        slow_after: None,
        pipelining: false,
        timeouts: Timeouts::default(),
    }
}

fn desk() -> crate::intake::Settings {
    crate::intake::Settings {
        message: crate::message::Settings::default(),
        address: address::Settings {
            domains: vec!["sms.example.com".to_owned()],
            numbering: Numbering::default(),
            aliases: BTreeMap::new(),
            routes: vec![RoutePrefix { prefix: "+".to_owned(), gateways: vec![GATEWAY.to_owned()] }],
            default_sender: "ALERTS".parse().unwrap(),
            sender_map: Vec::new(),
        },
        sms: sms_settings(),
        rules: Vec::new(),
        rings: Vec::new(),
        media: media(),
        ucs2: HashMap::new(),
        expire: 48 * HOUR,
    }
}

impl Rooms {
    /// Hands in a mail with this subject.
    async fn mail(&self, subject: &str) -> Verdict {
        let from: Mailbox = "nagios@mon.example".parse().unwrap();
        let to: Mailbox = "+447731234567@sms.example.com".parse().unwrap();
        let letter = Letter {
            envelope: Envelope::by_command_line(Some(from).into(), vec![to]),
            bytes: format!("From: nagios@mon.example\r\nSubject: {subject}\r\n\r\nSomething is wrong.\r\n")
                .into_bytes(),
            content: Content::Mail,
            answers: Answers::Single,
        };
        self.intake.receive(letter).await.remove(0)
    }

    /// The gateway takes everything that is due; gives it.
    async fn send_all(&self) -> Vec<Parcel> {
        let now = self.tools.clock.now();
        let claimed = self.tools.spool.claim(GATEWAY, now, 1000).await.unwrap();
        for parcel in &claimed {
            self.tools.spool.note(&parcel.id, Note::PartAccepted { reply: "ok".to_owned() }, now).await.unwrap();
        }
        claimed
    }

    async fn states(&self) -> BTreeMap<ParcelId, State> {
        let all = self.tools.spool.list(&Filter::default(), None, 10_000).await.unwrap();
        all.into_iter().map(|line| (line.parcel.id, line.parcel.state)).collect()
    }
}

fn hourly(parts: u32, on_limit: OnLimit) -> limits::Settings {
    let per_number = Some(Allowance { parts, per: HOUR });
    limits::Settings { per_number, on_limit, ..limits::Settings::default() }
}

#[tokio::test(start_paused = true)]
async fn of_a_thousand_mails_twenty_go_at_once_and_the_rest_in_one_digest() {
    let house = House::new(hourly(20, OnLimit::Digest));
    let (mut ids, mut sent) = (BTreeSet::new(), Vec::new());
    let mut rooms = house.open();
    for n in 0..1000 {
        if n == 300 {
            // Half way through the storm the relay is killed and comes back.
            drop(rooms);
            rooms = house.open();
        }
        let accepted = rooms.mail(&format!("web{} down", n % 7)).await.unwrap();
        let Accepted::Queued { id } = accepted else { panic!("nothing drops it: {accepted:?}") };
        assert!(ids.insert(ParcelId { letter: id, place: 1 }), "every mail has its own ID");
        tokio::time::advance(Duration::from_millis(500)).await;
        sent.extend(rooms.send_all().await);
    }
    assert_eq!(sent.len(), 20, "the first ones went at once");
    assert_eq!(sent[0].parts[0].text, "web0 down");

    let next = turn(&rooms.tools).await.unwrap().unwrap();
    assert_eq!(next.to_string(), "2026-03-01T04:00:15Z");
    tokio::time::advance(next.duration_since(house.clock.now()).unsigned_abs()).await;
    assert_eq!(turn(&rooms.tools).await.unwrap(), None);
    let digest = rooms.send_all().await;
    assert_eq!(digest.len(), 1);
    let expected = "+980 more alerts: web6 down (140); web0 down (140); web1 down (140); web2 down (140); \
                    web3 down (140); web4 down (140); web5 down (140)";
    assert_eq!(digest[0].parts[0].text, expected);
    assert_eq!(digest[0].number, Number::from_e164("+447731234567").unwrap());

    drop(rooms);
    let rooms = house.open();
    turn(&rooms.tools).await.unwrap();
    let states = rooms.states().await;
    assert!(states.values().all(|state| *state == State::Sent), "all have ended");
    assert_eq!(states.len(), 1001, "one message more than mails");
    assert!(ids.iter().all(|id| states.contains_key(id)), "no mail is lost");
    assert!(rooms.send_all().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_is_refused_for_good_and_says_why() {
    let house = House::new(hourly(2, OnLimit::Refuse));
    let rooms = house.open();
    assert!(rooms.mail("one").await.is_ok() && rooms.mail("two").await.is_ok());
    let reply = rooms.mail("three").await.unwrap_err();
    let expected = "554 5.7.28 too many messages, this one is over the limit of 2 SMS an hour for one number\r\n";
    assert_eq!(reply.to_string(), expected);
    assert_eq!(rooms.states().await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_digest_is_set_for_what_is_configured_when_its_own_gateway_is_gone() {
    let house = House::new(hourly(1, OnLimit::Digest));
    let rooms = house.open();
    rooms.mail("one").await.unwrap();
    rooms.mail("two").await.unwrap();
    let others = vec![gateway("other", Medium::new(Charset::Ascii, 40))];
    rooms.plans.send_modify(|plan| *plan = Arc::new(Plan { gateways: others.clone(), ..Plan::clone(plan) }));
    tokio::time::advance(2 * HOUR).await;
    turn(&rooms.tools).await.unwrap();
    let sent = rooms.send_all().await.into_iter().map(|parcel| parcel.parts[0].text.clone());
    assert_eq!(sent.collect::<BTreeSet<_>>(), ["one", "+1 more alert: two"].map(str::to_owned).into());
}

#[tokio::test(start_paused = true)]
async fn digests_are_made_by_themselves_when_their_moment_comes() {
    let house = House::new(hourly(1, OnLimit::Digest));
    let rooms = house.open();
    let shutdown = CancellationToken::new();
    let running = tokio::spawn(run(rooms.tools.clone(), shutdown.clone()));
    for n in 0..3 {
        rooms.mail(&format!("web{n} down")).await.unwrap();
    }
    rooms.send_all().await;
    tokio::time::sleep(HOUR + Duration::from_secs(20)).await;
    assert_eq!(rooms.send_all().await[0].parts[0].text, "+2 more alerts: web1 down; web2 down");
    tokio::time::sleep(LONGEST_SLEEP).await;
    assert!(rooms.states().await.values().all(|state| *state == State::Sent));
    shutdown.cancel();
    running.await.unwrap();
}

/// The subjects of the memos that wait.
async fn memos(rooms: &Rooms) -> Vec<String> {
    let due = rooms.tools.spool.due_memos(rooms.tools.clock.now(), 100).await.unwrap();
    due.into_iter().map(|memo| memo.subject).collect()
}

#[tokio::test(start_paused = true)]
async fn operators_hear_of_a_budget_twice_and_of_held_messages_once_an_hour() {
    let limits = limits::Settings { per_day: Some(10), ..limits::Settings::default() };
    let house = House::new(limits);
    let mut rooms = house.open();
    let mut told = Vec::new();
    for n in 0..20 {
        rooms.mail(&format!("mail {n}")).await.unwrap();
        turn(&rooms.tools).await.unwrap();
        told.push(memos(&rooms).await.len());
        if n == 8 {
            drop(rooms);
            rooms = house.open();
        }
    }
    assert_eq!(told[..12], [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3, 3]);
    let expected = [
        "80 % of the SMS budget of this day is used up",
        "100 % of the SMS budget of this day is used up",
        "messages are held, they are over a limit",
    ];
    assert_eq!(memos(&rooms).await, expected);
    tokio::time::advance(HOUR).await;
    rooms.mail("one more").await.unwrap();
    turn(&rooms.tools).await.unwrap();
    assert_eq!(memos(&rooms).await[3..], ["messages are held, they are over a limit"]);
}
