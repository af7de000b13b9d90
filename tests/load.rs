//! Many clients and big mails at once: memory stays within its bounds, and who cannot be served hears so at once.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::plain;
use crate::support::process::{Process, memory_of};
use crate::support::programs::{are_here, feed, find, say_left_out};
use crate::support::{PATIENCE, wait_for};

const TO: &str = "00447731234567@sms.example.com";
const MIB: u64 = 1 << 20;

const IDLE: usize = 10_000;
/// What they may take together, with all the rest of telepost.
const MOST_FOR_IDLE: u64 = 150 * MIB;
/// Files that this process needs beside one for each of them.
const OTHER_FILES: u64 = 1000;
/// How soon a client that finds no place has to be gone.
const FAST: Duration = Duration::from_secs(2);

/// Lets this process, and what it starts, have so many files open. Whether it may is up to the machine.
fn may_open_files(count: u64) -> bool {
    let limit = getrlimit(Resource::Nofile);
    let enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= count);
    if enough(limit.current) {
        return true;
    }
    let maximum = if enough(limit.maximum) { limit.maximum } else { Some(count) };
    setrlimit(Resource::Nofile, Rlimit { current: Some(count), maximum }).is_ok()
}

/// Connects, hears the greeting and says EHLO; waits for nothing longer than it must. Lean, because there are many.
fn say_hello(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).expect("the server takes connections");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut reader = BufReader::with_capacity(1024, &stream);
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    assert!(line.starts_with("220 "), "{line}");
    (&stream).write_all(b"EHLO client.example\r\n").unwrap();
    while !line.starts_with("250 ") {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "hung up on");
    }
    drop(reader);
    stream
}

#[test]
fn ten_thousand_idle_clients_take_little_and_one_more_is_sent_away() {
    let test = "load::ten_thousand_idle_clients_take_little_and_one_more_is_sent_away";
    if !may_open_files(IDLE as u64 + OTHER_FILES) {
        return say_left_out(test, "because so many files may not be open here");
    }
    let listener = format!("protocol = \"smtp\"\nbind = \"127.0.0.1:0\"\nmax_connections = {IDLE}");
    let house = House::open_with(&Config { listener, ..Config::default() }, &[]);
    let server = house.address();
    let before = memory_of(house.relay_id()).now;
    let mut idle: Vec<TcpStream> = (1..IDLE).map(|_| say_hello(server)).collect();
    let mut last = Client::hello(server);

    for _ in 0..20 {
        let begin = Instant::now();
        let mut reader = BufReader::new(TcpStream::connect(server).unwrap());
        reader.get_ref().set_read_timeout(Some(PATIENCE)).unwrap();
        let mut heard = String::new();
        while reader.read_line(&mut heard).unwrap() > 0 {}
        assert_eq!(heard, "421 4.3.2 sms.example.com has no place free, try again soon\r\n");
        assert!(begin.elapsed() < FAST, "{:?}", begin.elapsed());
    }
    let memory = memory_of(house.relay_id());
    assert!(memory.peak < MOST_FOR_IDLE, "{} MiB, {} of them before", memory.peak / MIB, before / MIB);
    // Who is inside is served, and a place that comes free is given away.
    assert_eq!(last.deliver("a@site.example", &[TO], &plain("still", "served\n")).code, 250);
    drop(idle.pop());
    wait_for("a place", || Client::try_hello(server).ok());
    drop(idle);
    assert_eq!(house.settle().len(), 1);
}

/// Distributions let a program open 1024 files at first, and many more when it asks.
#[test]
fn as_many_files_are_opened_as_the_machine_allows() {
    let house = House::closed(&Config::default(), &[]);
    let mut relay = Command::new("sh");
    relay.args(["-c", "ulimit -S -n 64 && exec \"$0\" serve -c \"$1\"", env!("CARGO_BIN_EXE_telepost")]);
    let relay = Process::start(relay.arg(house.config_file()));
    let ip = std::net::Ipv4Addr::LOCALHOST;
    let server = relay.wait_for_line("address", |line| crate::support::simulator::address_in(line, ip)).into();
    let clients: Vec<TcpStream> = (0..100).map(|_| say_hello(server)).collect();
    assert_eq!(clients.len(), 100);
}

/// Bytes of a mail, their number, and the memory for them: a tenth of what they take in all.
const BIG: usize = 9_900_000;
const BIG_MAILS: usize = 20;
const BUDGET: u64 = 20_000_000;

#[test]
fn big_mails_wait_for_memory_and_all_arrive() {
    let test = "load::big_mails_wait_for_memory_and_all_arrive";
    if !are_here(test, &["smtp-source"]) {
        return;
    }
    let config = Config { top: format!("max_memory = \"{}MB\"", BUDGET / 1_000_000), ..Config::default() };
    let house = House::open_with(&config, &[]);
    let before = memory_of(house.relay_id()).now;
    let count = BIG_MAILS.to_string();
    let mut source = Command::new(find("smtp-source").unwrap());
    source.args(["-s", &count, "-m", &count, "-l", &BIG.to_string(), "-S", "big", "-f", "a@site.example", "-t", TO]);
    // All at once; Postfix' own program waits as Postfix would.
    feed(source.arg(house.address().to_string()), b"");
    assert_eq!(house.settle().len(), BIG_MAILS);
    let memory = memory_of(house.relay_id());
    // A letter's buffer grows by doubling, and a letter is unpacked beside itself when it is read; all mails at once
    // would take ten times the budget.
    let most = before + 4 * BUDGET;
    assert!(memory.peak < most, "{} MiB, {} of them before", memory.peak / MIB, before / MIB);
}
