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

fn rule<T>(name: &str, when: &[(Field, &str)], then: T) -> Rule<T> {
    let condition = |(field, source): &(Field, &str)| Condition {
        field: field.clone(),
        criterion: Criterion::parse(source).unwrap(),
    };
    Rule { name: name.to_owned(), when: when.iter().map(condition).collect(), then }
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
    desk_with(rules, Vec::new())
}

fn desk_with(rules: Vec<Rule<Treatment>>, rings: Vec<Rule<Ring>>) -> Desk {
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
        rings,
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

fn ring(telephones: &[&str], treatment: Treatment) -> Ring {
    let name = |name: &&str| Mailbox { local: (*name).to_owned(), domain: None };
    Ring { telephones: telephones.iter().map(name).collect(), treatment }
}

/// Whom a mail to these recipients rings: the name in the rule, the number, and the rule; or the code that refuses it.
fn rung(rings: Vec<Rule<Ring>>, to: &[&str]) -> Vec<String> {
    let drop_all = rule("all that comes to us", &[], Treatment { action: Action::Drop, ..nothing() });
    let desk = desk_with(vec![drop_all], rings);
    let to = to.iter().map(|address| address.parse().unwrap()).collect();
    let envelope = Envelope::by_command_line("bounces@mon.example".parse().ok().into(), to);
    let text = desk.open(MAIL).unwrap();
    let shown = |Prepared { recipient, messages }: Prepared| {
        let name = recipient.mailbox.to_string();
        let message = |message: &Message| {
            let rule = message.rule.as_ref().map(|rule| rule.name.as_str()).unwrap_or_default();
            format!("{name} {} {rule}: {}", message.route.number, self::text(message))
        };
        match messages {
            Ok(messages) => messages.iter().map(message).collect(),
            Err(reply) => vec![format!("{name} {}", reply.code)],
        }
    };
    desk.ring(&envelope, &text).into_iter().flat_map(shown).collect()
}

#[test]
fn a_mail_that_passes_by_rings_as_the_first_rule_that_fits_says() {
    let treatment = || Treatment { sms: sms_settings("{what} for {to}"), ..nothing() };
    let subject = (Field::Subject, "/^Problem: (?<what>.+) on/");
    let rings = || {
        vec![
            rule("no", &[(Field::From, "nagios@*")], ring(&["oncall"], nothing())),
            rule("not for eve", &[(Field::To, "eve@*")], ring(&[], nothing())),
            rule("yes", std::slice::from_ref(&subject), ring(&["oncall", "+393331234567"], treatment())),
        ]
    };
    let for_ann = [
        "oncall +447731234567 yes: disk full for ann@site.example",
        "oncall +819012345678 yes: disk full for ann@site.example",
        "+393331234567 +393331234567 yes: disk full for ann@site.example",
    ];
    assert_eq!(rung(rings(), &["ann@site.example"]), for_ann);
    assert!(rung(rings(), &["eve@site.example"]).is_empty());
    assert!(rung(Vec::new(), &["ann@site.example"]).is_empty());
    // Who gets the mail himself hears of it once, and mail for telephones alone rings nobody.
    let own = "00447731234567@sms.example.com";
    assert_eq!(rung(rings(), &[own, "ann@site.example"]), for_ann[1..]);
    assert_eq!(rung(rings(), &["oncall@sms.example.com", "ann@site.example"]), for_ann[2..]);
    assert!(rung(rings(), &[own]).is_empty());
}

#[test]
fn a_ring_that_cannot_be_is_refused_and_the_others_ring() {
    let rings = vec![rule("it", &[], ring(&["nobody", "+393331234567"], nothing()))];
    let expected = ["nobody 550", "+393331234567 +393331234567 it: Problem: disk full on db01: Since 03:00"];
    assert_eq!(rung(rings, &["ann@site.example"]), expected);
}

#[test]
fn only_a_rule_that_rings_somebody_needs_to_see_mails() {
    assert!(!desk(vec![rule("it", &[], nothing())]).may_ring());
    assert!(!desk_with(Vec::new(), vec![rule("it", &[], ring(&[], nothing()))]).may_ring());
    assert!(desk_with(Vec::new(), vec![rule("it", &[], ring(&["oncall"], nothing()))]).may_ring());
}
