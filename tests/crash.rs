//! Crashes in the middle of work, while the gateway does everything wrong that a gateway can: what was answered with 250
//! is never lost, and comes twice only where nobody can know that it came.
//!
//! Round after round the real relay is started on the same spool and killed (SIGKILL) at a random moment. Mail servers
//! hand over mails meanwhile, and again what was not answered. The gateway has other faults in each round. When it says
//! that the account is in trouble, an operator lets it go again. In the end all is well, everything flows out, and the
//! books must balance.
//!
//! What happens when is drawn by dice; `TELEPOST_SEED` sets them as a run before had them. They do not set the clock of
//! the machine: the same dice make much the same run, not the same to the millisecond.

mod faults;
mod ledger;
mod senders;

use std::net::{SocketAddrV4, TcpListener};
use std::time::Duration;

use fastrand::Rng;

use crate::support::house::{Config, House};
use crate::support::{is_long, keep_figures, own_loopback, seed, wait_for};
use faults::{Hand, Pack};
use ledger::Ledger;
use senders::Senders;

/// How often the relay is killed.
const ROUNDS: usize = 30;
const LONG_ROUNDS: usize = 300;
/// Mails that may come in each of them.
const MAILS: usize = 80;
/// Sessions with the gateway: as many SMS can be under way when the crash comes.
const SESSIONS: usize = 3;
/// After so many rounds the spool is looked into.
const LOOK_INTERVAL: usize = 10;

/// One round in so many ends before the relay may be ready, and one soon after.
const ONE_IN_AT_START: u32 = 8;
const ONE_IN_SOON: u32 = 4;
/// In one round in so many, sessions with the gateway end with each message.
const ONE_IN_RESTLESS: u32 = 3;
/// How long after the start a round ends then, in milliseconds; and how long after the relay is ready in the others.
const AT_START: std::ops::Range<u64> = 0..250;
const SOON: std::ops::Range<u64> = 0..200;
/// A login takes half a second, because the document's gateway never ends its answer to EHLO.
const LATER: std::ops::Range<u64> = 400..2000;

/// What is done when a text left and no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnUnknown {
    Retry,
    Hold,
}

impl OnUnknown {
    fn word(self) -> &'static str {
        match self {
            OnUnknown::Retry => "retry",
            OnUnknown::Hold => "hold",
        }
    }
}

/// A relay that is killed again and again.
struct Ordeal {
    house: House,
    address: SocketAddrV4,
    on_unknown: OnUnknown,
    dice: Rng,
    pack: Pack,
    kills: usize,
}

impl Ordeal {
    fn prepare(on_unknown: OnUnknown, seed: u64) -> Ordeal {
        // It has to come back to where the mail servers look for it.
        let ip = own_loopback();
        let port = TcpListener::bind((ip, 0)).and_then(|free| free.local_addr()).unwrap().port();
        let address = SocketAddrV4::new(ip, port);
        let dice = Rng::with_seed(seed);
        let house = House::closed(&Config::default(), &[]);
        Ordeal { house, address, on_unknown, dice, pack: Pack::new(), kills: 0 }
    }

    /// Starts the relay, with other settings each time, and kills it.
    fn round(&mut self, senders: &Senders) {
        senders.allow(MAILS);
        // Without any patience for idle sessions there are logins and goodbyes to go wrong.
        let idle = if self.dice.u32(..ONE_IN_RESTLESS) == 0 { "0s" } else { "5m" };
        self.configure(idle);
        match self.pack.deal(&mut self.dice) {
            Hand::Block(fault) => self.operated_round(&fault),
            Hand::Faults(faults) => self.plain_round(&faults),
        }
        self.kills += 1;
    }

    fn plain_round(&mut self, faults: &[String]) {
        self.change_faults(faults);
        if self.dice.u32(..ONE_IN_AT_START) == 0 {
            let after = self.moment(AT_START);
            return self.house.start_and_kill_relay(after);
        }
        let moments = if self.dice.u32(..ONE_IN_SOON) == 0 { SOON } else { LATER };
        self.start_relay();
        std::thread::sleep(self.moment(moments));
        self.house.kill_relay();
    }

    /// The account is in trouble: the gateway is held, its messages wait and none is refused for it. Then the trouble is
    /// over, and the operator says so.
    fn operated_round(&mut self, fault: &str) {
        self.change_faults(&[fault.to_owned()]);
        let refused = self.house.count("refused");
        self.start_relay();
        wait_for("the gateway to be held", || self.held_by_relay());
        assert_eq!(self.house.count("refused"), refused, "the gateway's trouble was taken for the messages'");
        self.change_faults(&[]);
        let before = self.house.gateway.accepted().len();
        self.house.run("gateways release simulated").exits_with(0);
        self.house.gateway.wait_for(before + 1);
        std::thread::sleep(self.moment(SOON));
        self.house.kill_relay();
    }

    fn held_by_relay(&self) -> Option<()> {
        let shown = self.house.run("gateways --json").exits_with(0).json();
        shown[0]["held"].as_str().is_some_and(|held| held.starts_with("by the relay")).then_some(())
    }

    /// All is well again, and everything flows out.
    fn end(&mut self) {
        self.change_faults(&[]);
        self.configure("5m");
        self.start_relay();
    }

    /// What differs from round to round is what a crash may find at work.
    fn configure(&mut self, idle: &str) {
        let Ordeal { address, dice, .. } = self;
        let (pipelining, down_after) = (dice.bool(), if dice.u32(..4) == 0 { 3 } else { 1000 });
        let on_unknown = self.on_unknown.word();
        self.house.configure(&Config {
            listener: format!("protocol = \"smtp\"\nbind = \"{address}\""),
            message: "max_parts = 3\noverflow = \"split\"".into(),
            gateway: format!(
                "sessions = {SESSIONS}\non_unknown = \"{on_unknown}\"\nidle = \"{idle}\"\npipelining = {pipelining}"
            ),
            delivery: format!("retry = [\"1s\"]\ndown_after = {down_after}"),
            ..Config::default()
        });
    }

    fn change_faults(&mut self, faults: &[String]) {
        self.house.gateway.change_faults(faults, self.dice.u64(..));
    }

    fn start_relay(&mut self) {
        self.house.start_relay_on(*self.address.ip());
    }

    fn moment(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.dice.u64(range))
    }
}

/// Runs all rounds, lets everything end, and gives the ledger and how it came about.
fn survive(on_unknown: OnUnknown, rounds: usize) -> (Ledger, Ordeal) {
    let seed = seed();
    println!("the same again: TELEPOST_SEED={seed}");
    let mut ordeal = Ordeal::prepare(on_unknown, seed);
    let senders = Senders::new(ordeal.address.into());
    senders.while_at_work(seed, || {
        for round in 1..=rounds {
            ordeal.round(&senders);
            if round.is_multiple_of(LOOK_INTERVAL) {
                let ledger = Ledger::read(&ordeal.house, senders.books());
                ledger.expect_nothing_lost();
                ledger.expect_accepted_once();
            }
        }
        ordeal.end();
        senders.finish();
    });
    ordeal.house.settle_step_by_step();
    wait_for("the notices", || Ledger::read(&ordeal.house, senders.books()).has_all_notices().then_some(()));
    let ledger = Ledger::read(&ordeal.house, senders.books());
    ledger.expect_nothing_lost();
    ledger.expect_accepted_once();
    ledger.expect_true_states();
    ledger.expect_order();
    (ledger, ordeal)
}

impl Ledger {
    /// Shows the figures, and keeps them for `tests/run`.
    fn show(&self, ordeal: &Ordeal, name: &str, allowed: usize) {
        let happened = ordeal.house.gateway.happened();
        let kinds = format!("- of {} kinds", faults::STAGES.len() * faults::ACTIONS.len());
        let rows = [
            ("rounds, each ended by SIGKILL", ordeal.kills),
            ("faults that happened", happened.len()),
            (kinds.as_str(), faults::kinds(&happened)),
            ("letters accepted", self.letters()),
            ("handed over again", self.again()),
            ("messages in them", self.messages()),
            ("- sent", self.in_state("sent")),
            ("- held", self.in_state("held")),
            ("- refused", self.in_state("refused")),
            ("- waiting", self.in_state("waiting")),
            ("notices", self.notices()),
            ("SMS that came twice", self.duplicates()),
            ("- allowed", allowed),
        ];
        let lines: String = rows.map(|(name, count)| format!("| {name:<30} | {count:>6} |\n")).concat();
        keep_figures(name, &format!("Crashes, on_unknown = \"{}\"\n{lines}", ordeal.on_unknown.word()));
    }
}

fn rounds() -> usize {
    if is_long() { LONG_ROUNDS } else { ROUNDS }
}

#[test]
fn nothing_is_lost_and_only_what_nobody_knew_of_comes_twice() {
    let (ledger, ordeal) = survive(OnUnknown::Retry, rounds());
    let lost_replies = faults::count(&ordeal.house.gateway.happened(), &["text:drop-reply", "text:garbage"]);
    let allowed = ordeal.kills * SESSIONS + lost_replies;
    ledger.show(&ordeal, "crash-retry", allowed);
    assert!(ledger.again() > 0, "nothing was handed over again");
    // They go out one at a time, so that a kill can make one of them come twice.
    let (notices, refused) = (ledger.notices(), ledger.in_state("refused"));
    assert!(notices <= refused + ordeal.kills, "{notices} notices about {refused} messages");
    assert_eq!(ledger.in_state("held"), 0);
    let duplicates = ledger.duplicates();
    assert!(duplicates <= allowed, "{duplicates} came twice, {allowed} may");
}

#[test]
fn with_on_unknown_hold_nothing_comes_twice_and_the_rest_is_held() {
    let (ledger, ordeal) = survive(OnUnknown::Hold, rounds() / 3);
    ledger.show(&ordeal, "crash-hold", 0);
    assert_eq!(ledger.duplicates(), 0);
    // Some of these texts were not taken; that no answer came is all that is known.
    let unanswered = ["text:close", "text:hang", "text:garbage", "text:drop-reply"];
    let unanswered = faults::count(&ordeal.house.gateway.happened(), &unanswered);
    let held = ledger.in_state("held");
    assert!((1..=ordeal.kills * SESSIONS + unanswered).contains(&held), "{held} held");
}
