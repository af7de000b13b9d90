//! `telepost simulate`, started: the gateway that the tests send to, and what it accepted.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::path::{Path, PathBuf};

use super::process::Process;
use super::{own_loopback, telepost, wait_for};

/// The account that the simulated gateway knows.
pub const USER: &str = "myuserid";
/// Its password.
pub const PASSWORD: &str = "correct horse";
/// What it starts with.
pub const CREDITS: u64 = 100_000;

/// A running simulated gateway.
pub struct Simulator {
    process: Process,
    address: SocketAddrV4,
    log: PathBuf,
    /// What went wrong on purpose before its last start.
    happened: Vec<String>,
}

/// One SMS that the gateway accepted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sms {
    pub time: String,
    pub account: String,
    pub sender: String,
    pub recipient: String,
    pub text: String,
    pub session: u64,
    pub credits: u64,
}

impl Simulator {
    /// Starts it with its log in `folder`; `faults` are `--fault` specifications.
    pub fn start(folder: &Path, faults: &[&str]) -> Simulator {
        Simulator::start_at(SocketAddrV4::new(own_loopback(), 0), folder, faults, &[])
    }

    fn start_at(listen: SocketAddrV4, folder: &Path, faults: &[&str], more: &[&str]) -> Simulator {
        let log = folder.join("sms.log");
        let mut command = telepost();
        command.env("RUST_LOG", "info,telepost::simulator=debug");
        command.args(["simulate", "--user", USER, "--password", PASSWORD, "--credits", &CREDITS.to_string()]);
        command.arg("--listen").arg(listen.to_string()).arg("--log").arg(&log).args(more);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let process = Process::start(&mut command);
        let address = process.wait_for_line("address", |line| address_in(line, *listen.ip()));
        Simulator { process, address, log, happened: Vec::new() }
    }

    /// Ends it and starts it again at the same address, with the same log and other faults.
    pub fn restart(&mut self, faults: &[&str]) {
        self.process.kill();
        self.start_again(faults, &[]);
    }

    fn start_again(&mut self, faults: &[&str], more: &[&str]) {
        let folder = self.log.parent().unwrap().to_owned();
        *self = Simulator::start_at(self.address, &folder, faults, more);
    }

    /// As [`Simulator::restart`], but as a gateway ends that is asked to: no answer that it owes is lost. `seed` sets
    /// its dice.
    pub fn change_faults(&mut self, faults: &[String], seed: u64) {
        self.process.end_by("TERM");
        let happened = self.happened();
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        self.start_again(&faults, &["--seed", &seed.to_string()]);
        self.happened = happened;
    }

    /// What went wrong on purpose, `STAGE:ACTION` each time, over all changes of faults.
    pub fn happened(&self) -> Vec<String> {
        let said = self.process.said();
        let happened = said.lines().filter_map(|line| line.split_once(" fault=")).map(|(_, fault)| fault.to_owned());
        self.happened.iter().cloned().chain(happened).collect()
    }

    pub fn address(&self) -> SocketAddrV4 {
        self.address
    }

    /// What was accepted so far, in order. A line that is just being written does not count yet.
    pub fn accepted(&self) -> Vec<Sms> {
        let log = std::fs::read_to_string(&self.log).unwrap_or_default();
        let whole = log.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
    }

    /// Waits until `count` SMS were accepted, and gives them.
    #[track_caller]
    pub fn wait_for(&self, count: usize) -> Vec<Sms> {
        wait_for(&format!("{count} SMS at the gateway"), || {
            Some(self.accepted()).filter(|accepted| accepted.len() >= count)
        })
    }
}

/// The first address with a port on `ip` that a line names: how a listener tells which port it got.
pub fn address_in(line: &str, ip: Ipv4Addr) -> Option<SocketAddrV4> {
    let (_, rest) = line.split_once(&format!("{ip}:"))?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    let port = digits.parse().ok().filter(|port| *port != 0)?;
    Some(SocketAddrV4::new(ip, port))
}

#[test]
fn an_address_is_found_in_a_line() {
    let ip = Ipv4Addr::LOCALHOST;
    let found = Some(SocketAddrV4::new(ip, 4711));
    assert_eq!(address_in("INFO listening bind=127.0.0.1:4711", ip), found);
    assert_eq!(address_in("listening on 127.0.0.1:4711, user x", ip), found);
    assert_eq!(address_in("listening on 127.0.0.1:0", ip), None);
    assert_eq!(address_in("listening on 127.0.0.2:4711", ip), None);
}
