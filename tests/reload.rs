//! A relay that works on while its operators change things: reload, drain, gateways held and let go.

use std::net::TcpStream;

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::plain;
use crate::support::simulator::address_in;

const FROM: &str = "sender@site.example";
const TO: &str = "00447731234567@sms.example.com";

/// Writes another configuration and has it read; waits until the log has the words.
#[track_caller]
fn reload(house: &House, change: impl Fn(&str) -> String, words: &str) {
    let file = house.config_file();
    let source = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, change(&source)).unwrap();
    house.signal_relay("HUP");
    house.wait_for_log(words);
}

#[test]
fn a_changed_configuration_takes_hold_in_an_open_session() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    assert_eq!(client.deliver(FROM, &[TO], &plain("disk", "full\n")).code, 250);
    reload(&house, |old| old.replace("[message]\n", "[message]\ntemplate = \"NEW {subject}\"\n"), "was read again");
    assert_eq!(client.deliver(FROM, &[TO], &plain("disk", "full\n")).code, 250);
    let texts: Vec<_> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(texts, ["disk: full", "NEW disk"]);
}

#[test]
fn a_bad_configuration_is_refused_with_its_errors_and_the_old_one_stays() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    reload(&house, |old| old.replace("[message]\n", "[message]\ntemplat = \"x\"\n"), "the old one stays");
    house.wait_for_log("did you mean template?");
    assert_eq!(client.deliver(FROM, &[TO], &plain("disk", "full\n")).code, 250);
    assert_eq!(house.deliver(FROM, TO, &plain("cpu", "hot\n")).code, 250);
    assert_eq!(house.gateway.wait_for(2).len(), 2);
}

#[test]
fn an_address_that_can_not_be_had_changes_nothing() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let house = House::open();
    let second = format!("[[listener]]\nbind = \"{}\"\n\n[numbers]\n", taken.local_addr().unwrap());
    reload(
        &house,
        |old| old.replace("[numbers]\n", &second).replace("[message]\n", "[message]\ntemplate = \"NEW\"\n"),
        "can't take hold",
    );
    assert_eq!(house.deliver(FROM, TO, &plain("disk", "full\n")).code, 250);
    assert_eq!(house.settle()[0].text, "disk: full");
}

#[test]
fn listeners_come_and_go_and_their_sessions_stay() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    // The same address with other settings is another listener; port 0 gives it another port.
    reload(&house, |old| old.replace("bind = \"127.0.0.1:0\"", "bind = \"127.0.0.2:0\""), "was read again");
    let new = house.wait_for_log_line("address", |line| address_in(line, [127, 0, 0, 2].into()));
    assert_eq!(client.deliver(FROM, &[TO], &plain("old session", "goes on\n")).code, 250);
    assert_eq!(Client::hello(new.into()).deliver(FROM, &[TO], &plain("new", "door\n")).code, 250);
    crate::support::wait_for("the old door to close", || TcpStream::connect(house.address()).err());
    assert_eq!(house.settle().len(), 2);
}

#[test]
fn another_gateway_takes_over_what_waits() {
    let mut house = House::closed(&Config::default(), &[]);
    let file = house.config_file();
    let good = std::fs::read_to_string(&file).unwrap();
    let port = house.gateway.address().port().to_string();
    std::fs::write(&file, good.replace(&format!("port = {port}"), "port = 1")).unwrap();
    house.start_relay();
    let id = house.deliver(FROM, TO, &plain("disk", "full\n")).id();
    // What a session has at the moment can't be ordered to be tried again.
    house.wait_for_failed_try(&id);
    reload(&house, |_| good.clone(), "was read again");
    house.run("queue retry --all").exits_with(0);
    assert_eq!(house.settle().len(), 1);
}

#[test]
fn a_drained_relay_has_sent_all_and_takes_nothing_more() {
    let mut house = House::open();
    for n in 0..20 {
        assert_eq!(house.deliver(FROM, TO, &plain("disk", &format!("{n}\n"))).code, 250);
    }
    let address = house.address();
    let (status, log) = house.end_relay_by("USR1");
    assert!(status.success() && log.contains("drained"), "{status}\n{log}");
    assert_eq!(house.gateway.accepted().len(), 20);
    assert!(TcpStream::connect(address).is_err());
}

#[test]
fn a_relay_that_can_not_drain_ends_when_its_time_is_up() {
    let config = Config { delivery: "retry = [\"1h\"]\ndrain = \"1s\"".into(), ..Config::default() };
    let mut house = House::open_with(&config, &["rcpt:tempfail"]);
    assert_eq!(house.deliver(FROM, TO, &plain("disk", "full\n")).code, 250);
    let (status, log) = house.end_relay_by("USR1");
    assert!(status.success() && log.contains("not drained in time"), "{status}\n{log}");
    assert_eq!(house.count("waiting"), 1);
}

#[test]
fn a_held_gateway_sends_nothing_until_it_is_released() {
    let house = House::open();
    assert_eq!(house.run("gateways hold simulated").exits_with(0).stdout.trim(), "simulated held");
    house.wait_for_log("an operator holds the gateway");
    assert_eq!(house.deliver(FROM, TO, &plain("disk", "full\n")).code, 250);
    let shown = house.run("gateways --json").exits_with(0).json();
    assert_eq!(shown[0]["held"], "by the operator: held by an operator");
    assert_eq!(house.count("waiting"), 1);
    house.run("gateways release simulated").exits_with(0);
    assert_eq!(house.settle().len(), 1);
    house.run("gateways hold nobody").exits_with(1);
}
