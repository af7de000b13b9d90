//! `telepost queue`: looking at the spool and working on it, alone and beside a running relay.

use serde_json::Value;

use super::{FROM, TO};
use crate::support::house::{Config, House};
use crate::support::mails::plain;

/// The messages that `queue list --json` shows, as (ID, state).
#[track_caller]
fn list(house: &House) -> Vec<(String, String)> {
    let shown = house.run("queue list --json").exits_with(0).json();
    let word =
        |entry: &Value, key: &str| entry[key].as_str().unwrap_or_else(|| panic!("no {key} in {entry:#}")).to_owned();
    let entries = shown.as_array().unwrap_or_else(|| panic!("no list: {shown:#}"));
    entries.iter().map(|entry| (word(entry, "id"), word(entry, "state"))).collect()
}

/// The state of the only message there is.
#[track_caller]
fn only_state(house: &House) -> String {
    let listed = list(house);
    assert_eq!(listed.len(), 1, "{listed:?}");
    listed[0].1.clone()
}

#[test]
fn an_id_that_is_not_there_exits_with_1() {
    let house = House::closed(&Config::default(), &[]);
    for id in ["nosuchid00", "nosuchid00.1", "no-id-at-all"] {
        for verb in ["show", "retry", "hold", "release", "cancel"] {
            let said = house.run(&format!("queue {verb} {id}")).exits_with(1);
            assert!(said.stderr.contains(id), "{said:#?}");
        }
    }
    assert!(list(&house).is_empty());
    house.run("queue list").exits_with(0);
    house.run("queue stats").exits_with(0);
    house.run("queue explode x").exits_with(2);
}

#[test]
fn the_id_that_the_client_was_told_names_the_message_everywhere() {
    let house = House::open_with(&Config::default(), &["connect:close"]);
    let id = house.deliver(FROM, TO, &plain("disk", "full\n")).id();
    let listed = list(&house);
    assert!(listed.len() == 1 && listed[0].0.starts_with(&id), "{id} in {listed:?}");
    let shown = house.run(&format!("queue show {id}")).exits_with(0).stdout;
    for wanted in [&*id, TO, "disk: full", "ALERTS"] {
        assert!(shown.contains(wanted), "{wanted} is missing in:\n{shown}");
    }
    let shown = house.run(&format!("queue show {id} --json")).exits_with(0).json().to_string();
    assert!(shown.contains(&id) && shown.contains("disk: full"), "{shown}");
    house.run(&format!("queue show {}", listed[0].0)).exits_with(0);
    let table = house.run("queue list").exits_with(0).stdout;
    assert!(table.contains(&listed[0].0), "{table}");
    assert!(house.log().contains(&id), "the log has it, too");
}

#[test]
fn holding_releasing_and_cancelling_are_seen_by_the_relay_at_once() {
    let mut house = House::closed(&Config::default(), &[]);
    let queue = |house: &House, text: &str| {
        let said = house.run(&format!("send --to 07731234567 {text}")).exits_with(0);
        said.stdout.trim().strip_prefix("queued as ").unwrap().to_owned()
    };
    let (first, second) = (queue(&house, "first"), queue(&house, "second"));
    for id in [&first, &second] {
        house.run(&format!("queue hold {id}")).exits_with(0);
    }
    assert_eq!(house.count("held"), 2);
    house.start_relay();
    queue(&house, "third");
    let texts = |house: &House, count| -> Vec<String> {
        house.gateway.wait_for(count).into_iter().map(|sms| sms.text).collect()
    };
    assert_eq!(texts(&house, 1), ["third"], "what is held stays");
    let began = std::time::Instant::now();
    house.run(&format!("queue release {second}")).exits_with(0);
    assert_eq!(texts(&house, 2), ["third", "second"]);
    house.run(&format!("queue cancel {first}")).exits_with(0);
    assert!(began.elapsed() < std::time::Duration::from_secs(15), "seen only after {:?}", began.elapsed());
    queue(&house, "fourth");
    assert_eq!(texts(&house, 3), ["third", "second", "fourth"], "what was cancelled never leaves");
    house.settle();
    assert_eq!((house.count("sent"), house.count("refused"), house.count("held")), (3, 1, 0));
}

#[test]
fn retry_tries_at_once_what_would_wait_an_hour() {
    let mut house = House::open_with(&Config::default(), &["rcpt:tempfail"]);
    let id = house.deliver(FROM, TO, &plain("s", "b\n")).id();
    house.wait_for_failed_try(&id);
    house.gateway.restart(&[]);
    house.run(&format!("queue retry {id}")).exits_with(0);
    assert_eq!(house.gateway.wait_for(1)[0].text, "s: b");
    crate::support::wait_for("the record of it", || (only_state(&house) == "sent").then_some(()));
}

#[test]
fn what_may_have_been_sent_is_held_where_that_is_wished() {
    let config = Config { gateway: "sessions = 1\non_unknown = \"hold\"".into(), ..Config::default() };
    let house = House::open_with(&config, &["text:drop-reply"]);
    let id = house.deliver(FROM, TO, &plain("s", "b\n")).id();
    crate::support::wait_for("it to be held", || (only_state(&house) == "held").then_some(()));
    assert_eq!(house.gateway.accepted().len(), 1, "it was accepted, and nobody knows");
    let shown = house.run(&format!("queue show {id}")).exits_with(0).stdout;
    assert!(shown.contains("may have been sent"), "{shown}");
    house.run(&format!("queue cancel {id}")).exits_with(0);
    assert_eq!(only_state(&house), "refused");
}
