//! What the rules make of a mail, recipient by recipient.

use super::*;
use crate::address::{Number, Numbering, RoutePrefix};
use crate::intake::TopicTemplate;
use crate::rules::{Condition, Criterion, Field};
use crate::sms::{Charset, Encoding, Overflow, Template};
use crate::spool::Standing;

const MAIL: &[u8] =
    b"From: zabbix@mon.example\r\nSubject: Problem: disk full on db01\r\nX-Priority: 5\r\n\r\nSince 03:00\r\n";

fn sms_settings(template: &str) -> sms::Settings {
    let template = Template::parse_with(template, &["what", "host"]).unwrap();
    sms::Settings { template, max_parts: 1, overflow: Overflow::Truncate, ellipsis: "...".to_owned() }
}

fn rule(name: &str, when: &[(Field, &str)], treatment: Treatment) -> Rule<Treatment> {
    let condition = |(field, source): &(Field, &str)| Condition {
        field: field.clone(),
        criterion: Criterion::parse(source).unwrap(),
    };
    Rule { name: name.to_owned(), when: when.iter().map(condition).collect(), then: treatment }
}

/// A rule's words when it says nothing.
fn nothing() -> Treatment {
    Treatment {
        action: Action::Send,
        sms: sms_settings("{subject}: {body}"),
        sender: None,
        gateways: Vec::new(),
        priority: None,
        expire: None,
        topic: None,
    }
}

fn desk(rules: Vec<Rule<Treatment>>) -> Desk {
    let numbers = ["+447731234567", "+819012345678"].map(|number| Number::from_e164(number).unwrap());
    let route = |prefix: &str| RoutePrefix { prefix: prefix.to_owned(), gateways: vec!["main".to_owned()] };
    Desk::new(Settings {
        message: message::Settings::default(),
        address: address::Settings {
            domains: vec!["sms.example.com".to_owned()],
            numbering: Numbering::default(),
            aliases: [("oncall".to_owned(), numbers.to_vec())].into(),
            routes: vec![route("+"), route("+81")],
            default_sender: "ALERTS".parse().unwrap(),
            sender_map: Vec::new(),
        },
        sms: sms_settings("{subject}: {body}"),
        rules,
        media: [
            ("main".to_owned(), Medium::new(Charset::Utf8, 160)),
            ("spare".to_owned(), Medium::new(Charset::Ascii, 20)),
        ]
        .into(),
        ucs2: [("+81".to_owned(), Ucs2::Allow)].into(),
        expire: Duration::from_secs(1000),
    })
}

fn prepare(desk: &Desk, mail: &[u8], to: &[&str]) -> Vec<Message> {
    let mailbox = |local: &&str| Mailbox { local: (*local).to_owned(), domain: Some("sms.example.com".to_owned()) };
    let from = Mailbox { local: "bounces".to_owned(), domain: Some("mon.example".to_owned()) };
    let envelope = Envelope::by_command_line(Some(from).into(), to.iter().map(mailbox).collect());
    let text = desk.open(mail).unwrap();
    desk.prepare(&envelope, &text).into_iter().flat_map(|prepared| prepared.messages.unwrap()).collect()
}

fn one(rules: Vec<Rule<Treatment>>, to: &str) -> Message {
    prepare(&desk(rules), MAIL, &[to]).remove(0)
}

fn text(message: &Message) -> &str {
    match &message.decision {
        Decision::Send(sms) | Decision::Hold { sms, .. } => &sms.parts[0].text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn without_a_rule_all_is_as_above() {
    let message = one(vec![rule("no", &[(Field::From, "nagios@*")], nothing())], "00447731234567");
    assert_eq!(text(&message), "Problem: disk full on db01: Since 03:00");
    assert_eq!((message.sender.as_str(), message.priority), ("ALERTS", Priority::Low));
    assert_eq!((message.expire, message.topic, message.rule), (Duration::from_secs(1000), None, None));
}

#[test]
fn a_rule_sets_everything_it_may() {
    let treatment = Treatment {
        sms: sms_settings("{what|shrink} on {host} now!"),
        sender: Some("ZABBIX".parse().unwrap()),
        gateways: vec!["spare".to_owned()],
        priority: Some(Priority::Urgent),
        expire: Some(Duration::from_secs(60)),
        topic: Some(TopicTemplate { key: sms_settings("{host}/{what}").template, standing: Standing::Recovery }),
        ..nothing()
    };
    let when = [(Field::Subject, "/^Problem: (?<what>.+) on (?<host>.+)$/"), (Field::From, "bounces@*")];
    let message = one(vec![rule("zabbix", &when, treatment)], "oncall");
    let Decision::Send(sms) = &message.decision else { panic!("{:?}", message.decision) };
    // The gateway of the rule has 20 characters.
    assert_eq!(sms.parts[0].text, "disk... on db01 now!");
    assert_eq!(message.route.gateways, ["spare"]);
    assert_eq!((message.sender.as_str(), message.priority), ("ZABBIX", Priority::Urgent));
    assert_eq!(message.expire, Duration::from_secs(60));
    assert_eq!(message.topic, Some(Topic { key: "db01/disk full".to_owned(), standing: Standing::Recovery }));
    let reasons = ["subject fits /^Problem: (?<what>.+) on (?<host>.+)$/", "from fits bounces@*"].map(str::to_owned);
    assert_eq!(message.rule, Some(Matched { name: "zabbix".to_owned(), reasons: reasons.to_vec() }));
}

#[test]
fn every_action_is_what_it_is_called() {
    let decide = |action: Action| one(vec![rule("it", &[], Treatment { action, ..nothing() })], "oncall").decision;
    assert!(matches!(decide(Action::Send), Decision::Send(_)));
    assert_eq!(decide(Action::Drop), Decision::Drop { by: "rule it".to_owned() });
    assert!(matches!(decide(Action::Hold), Decision::Hold { reason, .. } if reason == "rule it"));
    let refused = decide(Action::Refuse { reason: "not wanted".to_owned() });
    assert_eq!(refused, Decision::Refuse(Reply::new(550, "5.7.1", "not wanted")));
}

#[test]
fn what_nothing_can_be_said_of_is_refused_even_where_it_would_be_held() {
    let treatment = Treatment { action: Action::Hold, sms: sms_settings("{what}"), ..nothing() };
    let message = one(vec![rule("it", &[], treatment)], "oncall");
    assert!(matches!(message.decision, Decision::Refuse(reply) if reply.code == 554));
}

#[test]
fn each_telephone_is_judged_for_itself() {
    let drop = Treatment { action: Action::Drop, ..nothing() };
    let desk =
        desk(vec![rule("japan", &[(Field::To, "+81*")], drop.clone()), rule("alias", &[(Field::To, "on*")], drop)]);
    let by = |message: Message| message.rule.map(|rule| rule.name);
    let rules: Vec<_> = prepare(&desk, MAIL, &["oncall", "00447731234567"]).into_iter().map(by).collect();
    assert_eq!(rules, [Some("alias".to_owned()), Some("japan".to_owned()), None]);
}

#[test]
fn a_wish_holds_unless_a_rule_says_otherwise() {
    let normal = Treatment { priority: Some(Priority::Normal), ..nothing() };
    assert_eq!(one(Vec::new(), "oncall+urgent").priority, Priority::Urgent);
    assert_eq!(one(vec![rule("it", &[], nothing())], "oncall+urgent").priority, Priority::Urgent);
    assert_eq!(one(vec![rule("it", &[], normal)], "oncall+urgent").priority, Priority::Normal);
}

#[test]
fn a_topic_without_a_key_is_none() {
    let topic = TopicTemplate { key: sms_settings("{what}").template, standing: Standing::Problem };
    assert_eq!(one(vec![rule("it", &[], Treatment { topic: Some(topic), ..nothing() })], "oncall").topic, None);
}

#[test]
fn a_route_may_have_its_own_ucs2() {
    let mail = "From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nПривет".as_bytes();
    let encodings: Vec<Encoding> = prepare(&desk(Vec::new()), mail, &["oncall"])
        .iter()
        .map(|message| match &message.decision {
            Decision::Send(sms) => sms.encoding,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(encodings, [Encoding::Gsm7, Encoding::Ucs2]);
}
