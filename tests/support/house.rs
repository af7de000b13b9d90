//! A whole house for one test: simulated gateway, relay, a mail server for notices, and a folder that holds it all.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::Duration;

use tempfile::TempDir;

use super::client;
use super::process::Process;
use super::simulator::{PASSWORD, Simulator, Sms, USER, address_in};
use super::sink::Sink;
use super::{Said, telepost};

/// What the configuration file says. `Default` is a house in which everything works.
#[derive(Clone, Debug)]
pub struct Config {
    /// Lines of `[[listener]]`.
    pub listener: String,
    /// Lines of `[numbers]`.
    pub numbers: String,
    /// Lines of `[message]`.
    pub message: String,
    /// More lines of the `[[gateway]]`; one session, so that what was queued first is sent first.
    pub gateway: String,
    /// Lines of `[delivery]`.
    pub delivery: String,
    /// Where notices go; `None`: to the house's own sink.
    pub bounce_relay: Option<SocketAddr>,
    /// More sections, such as `[[rule]]`.
    pub more: String,
    /// Where the gateway is; `None`: it is the house's own, simulated one.
    pub gateway_at: Option<SocketAddr>,
    /// Lines above all sections.
    pub top: String,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listener: "protocol = \"smtp\"\nbind = \"127.0.0.1:0\"".into(),
            numbers: "domains = [\"sms.example.com\", \"smtp.smsitaly.com\"]\ncountry_code = \"44\"\n\
                      trunk_prefix = \"0\"\ndeny = [\"+44909\"]"
                .into(),
            message: String::new(),
            gateway: "sessions = 1".into(),
            delivery: "retry = [\"1h\"]".into(),
            bounce_relay: None,
            more: String::new(),
            gateway_at: None,
            top: String::new(),
        }
    }
}

/// A folder with a configuration and a simulated gateway, and a relay when it was started.
pub struct House {
    // Fields end in this order: the relay first, the folder last.
    relay: Option<Relay>,
    pub gateway: Simulator,
    pub sink: Sink,
    folder: TempDir,
}

/// A running `telepost serve`.
struct Relay {
    process: Process,
    address: SocketAddr,
}

impl House {
    /// A house with everything running and no faults.
    pub fn open() -> House {
        House::open_with(&Config::default(), &[])
    }

    /// A house with everything running.
    pub fn open_with(config: &Config, faults: &[&str]) -> House {
        let mut house = House::closed(config, faults);
        house.start_relay();
        house
    }

    /// A house whose relay does not run yet.
    pub fn closed(config: &Config, faults: &[&str]) -> House {
        let folder = tempfile::Builder::new().prefix("telepost-test-").tempdir().expect("a temporary folder");
        let gateway = Simulator::start(folder.path(), faults);
        let sink = Sink::open();
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let house = House { relay: None, gateway, sink, folder };
        house.configure(config);
        house
    }

    /// Writes another configuration, for the next start of the relay.
    pub fn configure(&self, config: &Config) {
        let gateway_at = config.gateway_at.unwrap_or(self.gateway.address().into());
        std::fs::write(self.config_file(), source(config, self.folder(), gateway_at, &self.sink)).unwrap();
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn config_file(&self) -> PathBuf {
        self.folder().join("telepost.toml")
    }

    /// Starts the relay and waits until it is ready.
    #[track_caller]
    pub fn start_relay(&mut self) {
        self.start_relay_on(Ipv4Addr::LOCALHOST);
    }

    /// As [`House::start_relay`], when its listener is on another loopback address.
    #[track_caller]
    pub fn start_relay_on(&mut self, ip: Ipv4Addr) {
        let process = Process::start(telepost().arg("serve").arg("-c").arg(self.config_file()));
        process.wait_for_line("readiness", |line| (line == "telepost ready").then_some(()));
        let address = process.wait_for_line("address", |line| address_in(line, ip)).into();
        self.relay = Some(Relay { process, address });
    }

    /// Starts the relay, and ends it so long after as a crash would, ready or not.
    pub fn start_and_kill_relay(&mut self, after: Duration) {
        let _relay = Process::start(telepost().arg("serve").arg("-c").arg(self.config_file()));
        std::thread::sleep(after);
    }

    /// Ends the relay as a crash would.
    pub fn kill_relay(&mut self) {
        self.relay = None;
    }

    /// Asks the relay to end (SIGTERM), and gives how it did and what it had said.
    #[track_caller]
    pub fn terminate_relay(&mut self) -> (ExitStatus, String) {
        self.end_relay_by("TERM")
    }

    /// As [`House::terminate_relay`], by a signal of this name.
    #[track_caller]
    pub fn end_relay_by(&mut self, signal: &str) -> (ExitStatus, String) {
        let mut relay = self.relay.take().expect("a relay runs");
        let status = relay.process.end_by(signal);
        (status, relay.process.said())
    }

    /// Where the relay takes mail.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        self.relay.as_ref().expect("a relay runs").address
    }

    /// The number of the relay's process.
    #[track_caller]
    pub fn relay_id(&self) -> u32 {
        self.relay.as_ref().expect("a relay runs").process.id()
    }

    /// What the relay has logged so far.
    #[track_caller]
    pub fn log(&self) -> String {
        self.relay.as_ref().expect("a relay runs").process.said()
    }

    /// Sends the relay a signal that does not end it.
    #[track_caller]
    pub fn signal_relay(&self, name: &str) {
        self.relay.as_ref().expect("a relay runs").process.send(name);
    }

    /// Waits until the relay has logged these words.
    #[track_caller]
    pub fn wait_for_log(&self, words: &str) {
        self.wait_for_log_line(words, |line| line.contains(words).then_some(()));
    }

    /// Waits for a line of the relay's log in which `find` finds something.
    #[track_caller]
    pub fn wait_for_log_line<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.relay.as_ref().expect("a relay runs").process.wait_for_line(what, find)
    }

    /// Hands a mail to the relay in a session of its own.
    #[track_caller]
    pub fn deliver(&self, from: &str, to: &str, mail: &[u8]) -> client::Reply {
        client::deliver(self.address(), from, to, mail)
    }

    /// A command of telepost with this house's configuration: `house.command("queue list --json")`.
    pub fn command(&self, words: &str) -> Command {
        let mut command = telepost();
        command.args(words.split_whitespace()).arg("-c").arg(self.config_file());
        command
    }

    /// Runs such a command to its end.
    #[track_caller]
    pub fn run(&self, words: &str) -> Said {
        self.command(words).output().expect("telepost runs").into()
    }

    /// Waits until nothing is waiting or being sent any more, then gives everything that the gateway accepted.
    #[track_caller]
    pub fn settle(&self) -> Vec<Sms> {
        super::wait_for("an empty queue", || (self.queued() == 0).then(|| self.gateway.accepted()))
    }

    /// As [`House::settle`], however long it takes, as long as it goes on.
    #[track_caller]
    pub fn settle_step_by_step(&self) {
        let mut left = self.queued();
        while left > 0 {
            left = super::wait_for("a shorter queue", || Some(self.queued()).filter(|now| *now < left));
        }
    }

    /// How many messages are waiting or being sent.
    #[track_caller]
    fn queued(&self) -> u64 {
        let stats = self.run("queue stats --json").exits_with(0).json();
        count_of(&stats, "waiting") + count_of(&stats, "sending")
    }

    /// Waits until a first try to send the message has failed.
    #[track_caller]
    pub fn wait_for_failed_try(&self, id: &str) {
        super::wait_for("a first failed try", || {
            let shown = self.run(&format!("queue show {id} --json")).exits_with(0).json().to_string();
            (shown.contains("\"attempts\":1") && shown.contains("\"state\":\"waiting\"")).then_some(())
        });
    }

    /// How many messages are in a state.
    #[track_caller]
    pub fn count(&self, state: &str) -> u64 {
        count_of(&self.run("queue stats --json").exits_with(0).json(), state)
    }
}

/// Reads one count of `queue stats --json`.
#[track_caller]
fn count_of(stats: &serde_json::Value, state: &str) -> u64 {
    let counts = stats.get("states").unwrap_or(stats);
    counts.get(state).and_then(serde_json::Value::as_u64).unwrap_or_else(|| panic!("no count of {state} in {stats}"))
}

/// The configuration file.
fn source(config: &Config, folder: &Path, gateway_at: SocketAddr, sink: &Sink) -> String {
    let Config { listener, numbers, message, gateway: gateway_lines, delivery, bounce_relay, top, more, .. } = config;
    let (spool, password) = (folder.join("spool.db"), folder.join("password"));
    let (spool, password) = (spool.display(), password.display());
    let (host, port) = (gateway_at.ip(), gateway_at.port());
    let relay = bounce_relay.unwrap_or(sink.address());
    format!(
        r#"hostname = "sms.example.com"
{top}

[spool]
url = "sqlite:{spool}"

[[listener]]
{listener}

[numbers]
{numbers}

[aliases]
oncall = ["+447731234567", "+393331234567"]
boss = ["+447731000001"]

[sender]
default = "ALERTS"

[[sender.map]]
from = "nagios@*"
id = "NAGIOS"

[[sender.map]]
from = "*@numeric.example"
id = "+393331234567"

[message]
{message}

[[gateway]]
name = "simulated"
protocol = "smsitaly"
host = "{host}"
port = {port}
username = "{USER}"
password_file = "{password}"
{gateway_lines}

[[route]]
prefix = "+"
gateways = ["simulated"]

[delivery]
{delivery}

[bounce]
relay = "{relay}"
from = "postmaster@sms.example.com"

{more}
"#
    )
}
