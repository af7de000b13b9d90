//! Rules, through the whole house: what the client is told, what is sent, held and thrown away.

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::{plain, with_headers};

const FROM: &str = "zabbix@mon.example";
const TO: &str = "00447731234567@sms.example.com";
const BOSS: &str = "boss@sms.example.com";

const RULES: &str = r#"
[[rule]]
name = "noise"
match.subject = "noise*"
action = "drop"
[[rule]]
name = "not for the boss"
match.to = "boss@*"
match.subject = "*printer*"
action = "refuse"
reason = "the boss has no printer"
[[rule]]
name = "night"
match.header.X-Night = "yes"
action = "hold"
[[rule]]
match.from = "zabbix@*"
match.subject = '/^(?<state>Problem|Resolved): (?<what>.+)$/'
template = "{state|upper} {what}"
sender = "ZABBIX"
"#;

fn config() -> Config {
    Config { message: RULES.to_owned(), ..Config::default() }
}

#[test]
fn every_action_is_told_as_what_it_is() {
    let mut house = House::open_with(&config(), &[]);
    let mut client = Client::hello(house.address());
    let mut said = |to: &[&str], mail: &[u8]| client.deliver(FROM, to, mail).lines.join("|");
    assert_eq!(said(&[TO], &plain("noise 7", "x\n")), "2.0.0 dropped by rule noise");
    assert_eq!(said(&[BOSS], &plain("printer", "x\n")), "5.7.1 the boss has no printer");
    assert!(said(&[TO], &plain("Problem: disk full", "x\n")).starts_with("2.0.0 queued as "));
    let held = said(&[TO], &with_headers("Subject: later\nX-Night: yes", b"x\n"));
    let held = held.strip_prefix("2.0.0 queued as ").expect("it is in the spool");

    let sent = house.settle();
    let sent: Vec<(&str, &str)> = sent.iter().map(|sms| (sms.sender.as_str(), sms.text.as_str())).collect();
    assert_eq!(sent, [("ZABBIX", "PROBLEM disk full")]);
    assert_eq!((house.count("sent"), house.count("held"), house.count("refused")), (1, 1, 0));
    let shown = house.run(&format!("queue show {held}.1")).exits_with(0);
    assert!(shown.stdout.contains("; rule night"), "{}", shown.stdout);
    house.run(&format!("queue release {held}.1")).exits_with(0);
    assert_eq!(house.settle().len(), 2);

    let (_, log) = house.terminate_relay();
    assert!(log.contains("dropped") && log.contains("rule noise"), "{log}");
}

#[test]
fn one_answer_for_several_recipients_says_the_id_where_there_is_one() {
    let house = House::open_with(&config(), &[]);
    let mut client = Client::hello(house.address());
    // Refused for the boss alone: smtp answers once, so he hears of it by a notice.
    client.deliver(FROM, &[BOSS, TO], &plain("printer", "x\n")).id();
    let notices = house.sink.wait_for(1);
    assert!(notices[0].mail.contains("the boss has no printer"), "{}", notices[0].mail);
    assert_eq!(house.settle().len(), 1);
}

#[test]
fn a_folder_of_mails_is_tried_out() {
    let house = House::closed(&config(), &[]);
    let folder = house.folder().join("cases");
    std::fs::create_dir(&folder).unwrap();
    let put = |name: &str, text: &[u8]| std::fs::write(folder.join(name), text).unwrap();
    let words = format!("rules test {}", folder.display());
    assert!(house.run(&words).exits_with(2).stderr.contains("has no mails"));
    put("disk.eml", format!("From: {FROM}\nSubject: Problem: disk full\n\nx\n").as_bytes());
    put("disk.sms", b"sender: ZABBIX\nPROBLEM disk full\n");
    house.run(&words).exits_with(0);
    put("disk.sms", b"RESOLVED disk full\n");
    let said = house.run(&words).exits_with(1);
    assert!(said.stdout.contains("- RESOLVED disk full") && said.stdout.contains("+ PROBLEM disk full"), "{said:#?}");
    house.run(&format!("{words} --write")).exits_with(0);
    house.run(&words).exits_with(0);
}
