//! Tables and properties of templates: what they take, what they make, and what they say about a mistake.

use super::*;
use crate::message::{Author, Text};
use crate::rules::Captures;

fn mail() -> Text {
    Text {
        subject: "Re: AW: Disk full".to_owned(),
        body: "sda1 has no space left\nsecond line".to_owned(),
        author: Some(Author { address: "nagios@host.example".to_owned(), name: "Nagios".to_owned() }),
        date: Some("2026-11-24T04:05:06+01:00[+01:00]".parse().unwrap()),
        headers: vec![
            ("To".to_owned(), "oncall@sms.example.com".to_owned()),
            ("X-Host".to_owned(), "db1".to_owned()),
            ("X-Host".to_owned(), "db2".to_owned()),
        ],
        ..Text::default()
    }
}

fn fill(template: &str) -> String {
    let captures: Captures =
        [("state", "Problem"), ("what", "load is far too high on all hosts")].into_iter().collect();
    let template = Template::parse_with(template, &["state", "what", "missing"]).unwrap();
    template.fill(&Fields::new(&mail()).captures(&captures), "...").text()
}

#[test]
fn fields_and_functions_say_what_they_mean() {
    let table = [
        ("{subject}: {body}", "Re: AW: Disk full: sda1 has no space left\nsecond line"),
        ("{subject|strip_re}: {body|first_line}", "Disk full: sda1 has no space left"),
        ("{ subject | strip_re | upper }", "DISK FULL"),
        ("{from} {from_name} {time} {to}", "nagios@host.example Nagios 04:05 oncall@sms.example.com"),
        ("{header.x-host} {header.X-Nothing}", "db1"),
        ("{state|upper} {what|max 12}", "PROBLEM load is..."),
        ("{state|lower}{missing}", "problem"),
        ("{missing|or \"no | } state\"}", "no | } state"),
        ("{missing|or 'say \"hi\"'}", "say \"hi\""),
        ("{state|or \"no state\"}", "Problem"),
        ("{missing|or \"\"} {state}", "Problem"),
        ("{{{state}}} {{}}", "{Problem} {}"),
        ("{body|max 4}", "s..."),
        ("{body|max 3}", "sda"),
        ("{body|max 400|first_line}", "sda1 has no space left"),
        ("{state|shrink} {what|max 4|shrink 2}", "Problem l..."),
        ("no field", "no field"),
        ("", ""),
    ];
    for (template, text) in table {
        assert_eq!(fill(template), text, "{template:?}");
    }
}

#[test]
fn answers_and_forwarded_mails_are_stripped_of_their_marks() {
    let table = [
        ("Re: Disk", "Disk"),
        ("RE : Disk", "Disk"),
        ("Re[2]: Disk", "Disk"),
        ("Fwd: AW: WG: R: Rif: TR: RV: ENC: Odp: SV: Antw: Disk", "Disk"),
        ("Re：Disk", "Disk"),
        ("Report: Disk", "Report: Disk"),
        ("Disk: Re: full", "Disk: Re: full"),
        ("Re:", ""),
        ("", ""),
    ];
    for (subject, stripped) in table {
        let text = Text { subject: subject.to_owned(), ..Text::default() };
        let template = Template::parse("{subject|strip_re}").unwrap();
        assert_eq!(template.fill(&Fields::new(&text), "...").text(), stripped, "{subject:?}");
    }
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let table = [
        (
            "{what}",
            "there is no field {what}: fields are {subject} {body} {from} {from_name} {to} {time} {header.NAME}, \
             this rule captures {state}",
        ),
        ("{header.}", "there is no field {header.}: fields are "),
        ("{}", "there is no field {}: fields are "),
        ("{body|shout}", "there is no function shout: functions are strip_re first_line upper lower max or shrink"),
        ("{body|max}", "max needs a number of characters, such as max 40"),
        ("{body|max 0}", "max needs a number"),
        ("{body|or none}", "or needs a text in quotes, such as or \"none\""),
        ("{body|upper 3}", "upper needs nothing after it"),
        ("{body|shrink 0}", "shrink needs nothing after it, or a number from 1 on"),
        ("{body", "a { has no } after it; write {{ for the character itself"),
        ("{body|or \"}", "a { has no } after it"),
        ("body}", "a } has no { before it; write }} for the character itself"),
    ];
    for (template, reason) in table {
        let error = Template::parse_with(template, &["state"]).unwrap_err().to_string();
        assert!(error.starts_with(reason), "{template:?}: {error}");
    }
    assert!(Template::parse("{state}").is_err(), "captures are known by name only");
}

#[test]
fn a_recipient_and_a_capture_go_before_what_the_mail_says() {
    let mail = mail();
    let captures: Captures = [("subject", "captured")].into_iter().collect();
    let template = Template::parse_with("{to} {subject}", &["subject"]).unwrap();
    let fields = Fields::new(&mail).to("+447731234567").captures(&captures);
    assert_eq!(template.fill(&fields, "...").text(), "+447731234567 captured");
}
