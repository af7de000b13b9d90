//! Every command as it is seen from outside: what it prints, and what it exits with.

mod check;
mod preview;
mod queue;
mod sendmail;

use crate::support::house::{Config, House};
use crate::support::mails::plain;
use crate::support::simulator::{CREDITS, USER};
use crate::support::{Said, telepost};

const FROM: &str = "sender@site.example";
const TO: &str = "00447731234567@sms.example.com";

/// Runs telepost with these words alone.
#[track_caller]
fn run(words: &str) -> Said {
    telepost().args(words.split_whitespace()).output().expect("telepost runs").into()
}

#[test]
fn every_command_explains_itself() {
    let all = run("--help").exits_with(0).stdout;
    for command in ["serve", "check", "preview", "rules", "send", "sendmail", "queue", "gateways", "simulate", "demo"] {
        assert!(all.contains(command), "{command} is missing in:\n{all}");
        let help = run(&format!("{command} --help")).exits_with(0).stdout;
        assert!(help.contains("Usage: telepost"), "{help}");
    }
    assert!(run("--version").exits_with(0).stdout.starts_with("telepost 0."));
    run("no-such-command").exits_with(2);
}

#[test]
fn every_command_says_which_configuration_is_missing() {
    for (words, code) in [
        ("serve", 2),
        ("check", 2),
        ("preview --to 1@a", 2),
        ("send --to 1 x", 2),
        ("sendmail 1@a", 78),
        ("queue list", 2),
        ("queue stats", 2),
        ("gateways", 2),
    ] {
        let said = run(&format!("{words} -c /nonexistent/telepost.toml")).exits_with(code);
        assert!(said.stderr.contains("/nonexistent/telepost.toml"), "{said:#?}");
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn serve_ends_cleanly_on_sigterm_and_keeps_the_rest() {
    let mut house = House::open_with(&Config::default(), &["connect:close"]);
    let id = house.deliver(FROM, TO, &plain("s", "kept\n")).id();
    house.wait_for_failed_try(&id);
    let (status, log) = house.terminate_relay();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains(&id), "the log tells nothing of {id}:\n{log}");
    assert_eq!(house.count("waiting"), 1);
    house.gateway.restart(&[]);
    house.start_relay();
    house.run(&format!("queue retry {id}")).exits_with(0);
    let accepted = house.gateway.wait_for(1);
    assert_eq!(accepted[0].text, "s: kept");
}

#[test]
fn serve_can_be_ended_while_a_client_is_connected() {
    for signal in ["TERM", "INT"] {
        let mut house = House::open();
        let mut client = crate::support::client::Client::hello(house.address());
        let (status, log) = house.end_relay_by(signal);
        assert_eq!(status.code(), Some(0), "{log}");
        let farewell = client.try_reply();
        assert!(farewell.is_err() || farewell.is_ok_and(|reply| reply.code == 421));
    }
}

#[test]
fn a_spool_has_one_relay_at_a_time() {
    let mut house = House::open();
    let said = house.run("serve").exits_with(1);
    assert!(said.stderr.contains("spool.db") && !said.stderr.contains("telepost ready"), "{said:#?}");
    house.deliver(FROM, TO, &plain("still", "here\n")).id();
    assert_eq!(house.settle().len(), 1, "the first one is not disturbed");
    house.kill_relay();
    house.start_relay();
}

#[test]
fn serve_says_why_it_can_not_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let config = Config { listener: format!("protocol = \"smtp\"\nbind = \"{address}\""), ..Config::default() };
    let house = House::closed(&config, &[]);
    let said = house.run("serve").exits_with(1);
    assert!(said.stderr.contains(&address.to_string()) && !said.stderr.contains("telepost ready"), "{said:#?}");
}

#[test]
fn serve_takes_lmtp_on_a_socket_and_answers_for_each_recipient() {
    use std::io::{BufRead, BufReader, Write};
    let mut house = House::closed(&Config::default(), &[]);
    let socket = house.folder().join("lmtp.sock");
    let source = std::fs::read_to_string(house.config_file()).unwrap();
    let listener = format!("[[listener]]\nprotocol = \"lmtp\"\nbind = \"unix:{}\"\n\n[numbers]", socket.display());
    std::fs::write(house.config_file(), source.replace("[numbers]", &listener)).unwrap();
    house.start_relay();
    let mut stream = std::os::unix::net::UnixStream::connect(&socket).unwrap();
    stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
    let session = "LHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<00447731234567@sms.example.com>\r\n\
                   RCPT TO:<boss@sms.example.com>\r\nDATA\r\nSubject: s\r\n\r\nb\r\n.\r\nQUIT\r\n";
    stream.write_all(session.as_bytes()).unwrap();
    let lines: Vec<String> = BufReader::new(stream).lines().map(Result::unwrap).collect();
    let queued = lines.iter().filter(|line| line.starts_with("250 2.0.0 queued as ")).count();
    assert_eq!(queued, 2, "{lines:#?}");
    assert_eq!(house.settle().len(), 2);
}

#[test]
fn send_queues_beside_a_running_relay_and_is_seen_at_once() {
    let house = House::open();
    let began = std::time::Instant::now();
    let said = house.run("send --to +447731234567 --sender OPS db01 is back").exits_with(0);
    assert!(said.stdout.starts_with("queued as "), "{said:#?}");
    let accepted = house.gateway.wait_for(1);
    assert!(began.elapsed() < std::time::Duration::from_secs(15), "seen only after {:?}", began.elapsed());
    let sms = &accepted[0];
    assert_eq!((&*sms.sender, &*sms.recipient, &*sms.text), ("OPS", "+447731234567", "db01 is back"));
    house.run("send --to oncall all of you").exits_with(0);
    let numbers: Vec<String> = house.gateway.wait_for(3)[1..].iter().map(|sms| sms.recipient.clone()).collect();
    assert_eq!(numbers, ["+447731234567", "+393331234567"]);
}

#[test]
fn send_works_without_a_relay_and_refuses_what_can_not_be_sent() {
    let mut house = House::closed(&Config::default(), &[]);
    house.run("send --to 07731234567 later").exits_with(0);
    for wrong in ["--to 12 x", "--to nobody x", "--to +44909123456789 x"] {
        let said = house.run(&format!("send {wrong}")).exits_with(1);
        assert!(said.stderr.starts_with("telepost: ") && said.stdout.is_empty(), "{said:#?}");
    }
    house.run("send --to 07731234567 --sender way-too-long-an-id x").exits_with(2);
    house.run("send --to 07731234567").exits_with(2);
    house.start_relay();
    let texts: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(texts, ["later"]);
}

#[test]
fn gateways_shows_what_works_and_what_does_not() {
    let mut house = House::closed(&Config::default(), &[]);
    let shown = house.run("gateways --json").exits_with(0).json();
    let gateway = &shown[0];
    assert_eq!((&gateway["name"], &gateway["reachable"]), (&"simulated".into(), &true.into()), "{shown}");
    assert_eq!(gateway["credits"], CREDITS.to_string(), "{shown}");
    assert_eq!((&gateway["sessions"], &gateway["waiting"]), (&1.into(), &0.into()), "{shown}");
    let table = house.run("gateways").exits_with(0).stdout;
    assert!(table.contains("simulated") && table.contains(&CREDITS.to_string()), "{table}");
    house.gateway.restart(&["password:permfail"]);
    house.run("send --to 07731234567 waits").exits_with(0);
    let shown = house.run("gateways --json").exits_with(0).json();
    assert_eq!((&shown[0]["reachable"], &shown[0]["waiting"]), (&false.into(), &1.into()), "{shown}");
    assert!(shown[0]["error"].is_string(), "{shown}");
}

#[test]
fn simulate_speaks_the_dialect_to_the_letter() {
    use base64::Engine as _;
    let folder = tempfile::tempdir().unwrap();
    let gateway = crate::support::simulator::Simulator::start(folder.path(), &[]);
    let mut talk = Talk::with(gateway.address().into());
    assert!(talk.heard().starts_with("220 Service ready. Connection "), "the greeting");
    talk.say("EHLO Client");
    assert_eq!(
        [talk.heard(), talk.heard(), talk.heard()],
        ["250-Requested okay, completed", "250-ENANCEDSTATUSCODES", "250-AUTH=LOGIN"]
    );
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    for (line, answer) in [("AUTH LOGIN", "334 VXNlcm5hbWU6"), (&base64(USER), "334 UGFzc3dvcmQ6")] {
        talk.say(line);
        assert_eq!(talk.heard(), answer);
    }
    talk.say(&base64(crate::support::simulator::PASSWORD));
    let welcome = talk.heard();
    assert!(welcome.starts_with("235 ") && welcome.contains(&CREDITS.to_string()), "{welcome}");
    assert!(welcome.contains(" ID ACCOUNT: ") && welcome.contains(" STATUS: "), "{welcome}");
    for (line, answer) in [
        ("MAIL FROM: +393331234567", "250 +393331234567 ...Sender Ok"),
        ("RCPT TO:+4477331234567", "250 +4477331234567 ...Recipient Ok"),
        ("DATA", "354 Enter Text Message, end with <CRLF>\"..\" <CRLF>"),
        ("Hello\r\n.", "Message accepted for delivery to: +4477331234567"),
    ] {
        talk.say(line);
        assert_eq!(talk.heard(), answer);
    }
    let sms = &gateway.accepted()[0];
    assert_eq!((&*sms.sender, &*sms.recipient, &*sms.text), ("+393331234567", "+4477331234567", "Hello"));
    assert_eq!((&*sms.account, sms.credits), (USER, CREDITS - 1));
    assert!(sms.time.parse::<jiff::Timestamp>().is_ok(), "{sms:?}");
    talk.say("QUIT");
    assert_eq!(talk.heard(), "221 SMSC SMTP Server closing connection.");
}

/// A talk in which a line is a line: the dialect's answers are no replies of SMTP.
struct Talk {
    reader: std::io::BufReader<std::net::TcpStream>,
}

impl Talk {
    fn with(address: std::net::SocketAddr) -> Talk {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(crate::support::PATIENCE)).unwrap();
        Talk { reader: std::io::BufReader::new(stream) }
    }

    fn say(&mut self, line: &str) {
        use std::io::Write;
        self.reader.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
    }

    fn heard(&mut self) -> String {
        use std::io::BufRead;
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.strip_suffix("\r\n").unwrap_or_else(|| panic!("no whole line: {line:?}")).to_owned()
    }
}

#[test]
fn demo_shows_its_mails_as_sms_and_ends() {
    let before = demo_folders();
    let said = run("demo --once --listen 127.0.0.1:0").exits_with(0);
    for wanted in [
        "NAGIOS",
        "SMS for +447731234567",
        "SMS for +393331234567",
        "PROBLEM alert - db01/Disk",
        "[Ticket #4711] Drucker im Büro",
        "250 2.0.0 queued as ",
    ] {
        assert!(said.stdout.contains(wanted), "{wanted} is missing in:\n{}", said.stdout);
    }
    assert_eq!(said.stdout.matches("SMS for ").count(), 3, "{}", said.stdout);
    assert!(!said.stdout.contains('\u{1b}'), "colours though nobody looks:\n{}", said.stdout);
    let left: Vec<_> = demo_folders().into_iter().filter(|folder| !before.contains(folder)).collect();
    assert!(left.is_empty(), "it left {left:?} behind");
}

/// The demo's throw-away folders that are there now.
fn demo_folders() -> Vec<std::path::PathBuf> {
    let all = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.path());
    all.filter(|path| path.to_str().is_some_and(|name| name.contains("telepost-demo-"))).collect()
}
