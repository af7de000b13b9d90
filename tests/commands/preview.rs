//! `telepost preview`: what a mail would become, and that it is what then really comes.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{FROM, TO};
use crate::support::Said;
use crate::support::house::{Config, House};
use crate::support::mails::plain;

/// Runs `telepost preview` with a mail on its standard input.
#[track_caller]
fn preview(house: &House, words: &str, mail: &[u8]) -> Said {
    let mut command = house.command(&format!("preview {words}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("telepost runs");
    child.stdin.take().unwrap().write_all(mail).expect("it reads its input");
    child.wait_with_output().expect("it ends").into()
}

/// Whether everything in `wanted` stands in `shown`; whatever else stands there may do so.
fn holds(shown: &Value, wanted: &Value) -> bool {
    match (shown, wanted) {
        (Value::Object(shown), Value::Object(wanted)) => {
            wanted.iter().all(|(key, value)| shown.get(key).is_some_and(|shown| holds(shown, value)))
        }
        (Value::Array(shown), Value::Array(wanted)) => {
            shown.len() == wanted.len() && shown.iter().zip(wanted).all(|(shown, wanted)| holds(shown, wanted))
        }
        (shown, wanted) => shown == wanted,
    }
}

#[test]
fn json_has_the_keys_of_the_contract() {
    let house = House::closed(&Config::default(), &[]);
    let mail = plain("disk", "Größe\n");
    let words = format!("--to {TO} --to oncall@sms.example.com --to 12@sms.example.com --from nagios@x.example --json");
    let shown = preview(&house, &words, &mail).exits_with(1).json();
    let message = |address: &str, number: &str| {
        json!({
            "address": address, "number": number, "sender": "NAGIOS", "gateway": "simulated", "encoding": "latin1",
            "parts": ["disk: Größe"], "units": [11], "truncated": false, "text": "disk: Größe",
            // Not of the contract.
            "because": null, "dropped": [], "rule": null, "reasons": [], "action": "send", "priority": "normal",
            "expire": 172_800, "topic": null,
        })
    };
    let wanted = json!({
        "recipients": [
            message(TO, "+447731234567"),
            message("oncall@sms.example.com", "+447731234567"),
            message("oncall@sms.example.com", "+393331234567"),
        ],
        "refused": [{ "address": "12@sms.example.com", "code": 550, "enhanced": "5.1.1" }],
    });
    assert!(holds(&shown, &wanted), "{shown:#}");
    assert!(shown["refused"][0]["reason"].is_string(), "{shown:#}");
    assert!(!holds(&shown, &json!({ "refused": [] })) && !holds(&shown, &json!({ "nowhere": null })));
}

#[test]
fn exit_codes_tell_whether_it_would_be_sent() {
    let house = House::closed(&Config::default(), &[]);
    let file = house.folder().join("mail.eml");
    std::fs::write(&file, plain("from a file", "x\n")).unwrap();
    let said = house.run(&format!("preview --to {TO} {}", file.display())).exits_with(0);
    assert!(said.stdout.contains("from a file: x") && said.stdout.contains("+447731234567"), "{said:#?}");
    preview(&house, &format!("--to {TO}"), &plain("s", "b\n")).exits_with(0);
    let said = preview(&house, "--to 12@sms.example.com", &plain("s", "b\n")).exits_with(1);
    assert!(said.stdout.contains("550 5.1.1"), "the reply it would get: {said:#?}");
    let said = preview(&house, &format!("--to {TO}"), b"X-Empty: yes\r\n\r\n").exits_with(1);
    assert!(said.stdout.contains("554 5.6.0"), "the reply it would get: {said:#?}");
    house.run(&format!("preview --to {TO} /nonexistent/mail.eml")).exits_with(1);
    assert!(!house.folder().join("spool.db").exists(), "preview opened a spool");
}

#[test]
fn what_it_shows_is_what_arrives() {
    let house = House::open();
    let mails = [
        plain("disk", &format!("{}\n", "many words ".repeat(30))),
        plain("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "„typographic“ – 5 € …\n\nand more\n"),
        plain("x", &"é".repeat(200)),
    ];
    for (n, mail) in mails.iter().enumerate() {
        let shown = preview(&house, &format!("--to {TO} --from {FROM} --json"), mail).exits_with(0).json();
        assert_eq!(house.deliver(FROM, TO, mail).code, 250);
        let accepted = house.gateway.wait_for(n + 1);
        assert_eq!(shown["recipients"][0]["parts"], json!([accepted[n].text]));
        let units = shown["recipients"][0]["units"][0].as_u64().unwrap();
        assert!(units <= 160, "{shown:#}");
    }
}

/// A mail for a mailbox is refused at telepost's own door; where it passes by the milter it may ring.
#[test]
fn what_a_mail_rings_on_its_way_to_a_mailbox_is_shown() {
    let more = "[[listener]]\nprotocol = \"milter\"\nbind = \"127.0.0.1:0\"\n\
                [[rule]]\nmatch.to = \"support@site.example\"\nmatch.subject = \"urgent*\"\n\
                ring = [\"oncall\", \"+449091234567\"]\ntemplate = \"ring: {subject}\"\n";
    let house = House::closed(&Config { more: more.into(), ..Config::default() }, &[]);
    let (from, to) = ("--from ann@client.example", "--to support@site.example");
    let mail = plain("urgent: disk", "full\n");
    let shown = preview(&house, &format!("{from} {to} --json"), &mail).exits_with(1).json();
    let ring = |number: &str| json!({ "address": "oncall", "number": number, "parts": ["ring: urgent: disk"] });
    let wanted = json!({
        "recipients": [],
        "refused": [{ "address": "support@site.example", "code": 550 }],
        "rings": {
            "recipients": [ring("+447731234567"), ring("+393331234567")],
            "refused": [{ "address": "+449091234567", "code": 550 }],
            "dropped": [],
        },
    });
    assert!(holds(&shown, &wanted), "{shown:#}");
    let said = preview(&house, &format!("{from} {to}"), &mail).exits_with(1).stdout;
    let (door, rings) = said.split_once("Passing by the milter").expect("what it rings");
    assert!(door.contains("550 5.7.1") && rings.contains("oncall -> +447731234567 from"), "{said}");
    // A telephone that gets the mail anyway hears of it once, and a quiet mail rings nobody.
    let shown = preview(&house, &format!("{from} {to} --to oncall@sms.example.com --json"), &mail).json();
    assert!(holds(&shown, &json!({ "rings": { "recipients": [] } })), "{shown:#}");
    let shown = preview(&house, &format!("{from} {to} --json"), &plain("thanks", "x\n")).json();
    assert_eq!(shown["rings"], json!({ "recipients": [], "refused": [], "dropped": [] }));
    let quiet = preview(&house, &format!("--to {TO}"), &plain("s", "b\n")).exits_with(0).stdout;
    assert!(!quiet.contains("milter"), "{quiet}");
}
