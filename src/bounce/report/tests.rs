//! Notices read back with mail-parser, as the sender's mail program will read them.

use jiff::Timestamp;
use mail_parser::{Message, MessageParser, MimeHeaders, PartType};
use proptest::prelude::*;

use super::{MAX_HEADERS, notice, number_shown};
use crate::address::Number;
use crate::bounce::{Case, Kind, Settings};
use crate::smtp::Mailbox;

fn mailbox(local: &str, domain: &str) -> Mailbox {
    Mailbox { local: local.to_owned(), domain: Some(domain.to_owned()) }
}

fn settings() -> Settings {
    Settings {
        hostname: "sms.example.com".to_owned(),
        relay_host: "127.0.0.1".to_owned(),
        relay_port: 25,
        from: mailbox("postmaster", "sms.example.com"),
        notify: Vec::new(),
        delay: None,
        per_sender: None,
        expire: std::time::Duration::from_secs(5 * 24 * 3600),
    }
}

fn case() -> Case {
    Case {
        id: "7k2m9q4xw1.1".to_owned(),
        notice_to: mailbox("nagios", "mon.example"),
        address: "00447731234567@sms.example.com".to_owned(),
        number: Number::from_e164("+447731234567").unwrap(),
        kind: Kind::Refused { reply: "550 5.1.1 no such number".to_owned() },
        accepted_parts: 0,
        total_parts: 1,
        arrival: Timestamp::from_second(1_795_000_000).unwrap(),
        last_attempt: Some(Timestamp::from_second(1_795_000_060).unwrap()),
        subject: "Disk full on db1".to_owned(),
        message_id: Some("4711@mon.example".to_owned()),
        original: None,
        envelope_id: None,
        headers: "From: nagios@mon.example\nTo: 00447731234567@sms.example.com\nSubject: Disk full on\n db1\n"
            .to_owned(),
    }
}

fn bytes(case: &Case) -> Vec<u8> {
    notice(&settings(), case, Timestamp::from_second(1_795_000_120).unwrap()).bytes().to_vec()
}

fn parsed(bytes: &[u8]) -> Message<'_> {
    MessageParser::default().parse(bytes).unwrap()
}

/// The contents of the three parts, decoded.
fn parts(bytes: &[u8]) -> [String; 3] {
    let message = parsed(bytes);
    let root = message.part(0).unwrap();
    let PartType::Multipart(children) = &root.body else { panic!("no multipart") };
    let text = |id: &u32| String::from_utf8(message.part(*id).unwrap().contents().to_vec()).unwrap();
    let parts: Vec<String> = children.iter().map(text).collect();
    parts.try_into().unwrap()
}

#[test]
fn a_refused_message_gives_this_notice() {
    insta::assert_snapshot!(String::from_utf8(bytes(&case())).unwrap().replace("\r\n", "\n"));
}

#[test]
fn an_expired_message_gives_this_delivery_status() {
    let kind = Kind::Expired { reason: "connection refused".to_owned() };
    let [people, status, _] = parts(&bytes(&Case { kind, last_attempt: None, ..case() }));
    assert!(people.contains("Its time ran out."), "{people}");
    let expected = "Reporting-MTA: dns; sms.example.com\r\n\
                    Arrival-Date: Wed, 18 Nov 2026 11:06:40 +0000\r\n\
                    \r\n\
                    Final-Recipient: rfc822; 00447731234567@sms.example.com\r\n\
                    Action: failed\r\n\
                    Status: 4.4.7\r\n\
                    Diagnostic-Code: x-sms; connection refused\r\n\
                    Final-Log-ID: 7k2m9q4xw1.1\r\n";
    assert_eq!(status, expected);
}

#[test]
fn header_says_who_and_which_mail() {
    let bytes = bytes(&case());
    let message = parsed(&bytes);
    assert_eq!(message.from().unwrap().first().unwrap().address(), Some("postmaster@sms.example.com"));
    assert_eq!(message.to().unwrap().first().unwrap().address(), Some("nagios@mon.example"));
    assert_eq!(message.subject(), Some("SMS not sent: Disk full on db1"));
    assert_eq!(message.message_id(), Some("7k2m9q4xw1.1.notice@sms.example.com"));
    assert_eq!(message.in_reply_to().as_text(), Some("4711@mon.example"));
    assert_eq!(message.references().as_text(), Some("4711@mon.example"));
    assert_eq!(message.header("Auto-Submitted").unwrap().as_text(), Some("auto-replied"));
    let kind = message.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("multipart", Some("report")));
    assert_eq!(kind.attribute("report-type"), Some("delivery-status"));
}

#[test]
fn parts_that_went_out_are_told() {
    for (accepted_parts, total_parts, told) in [
        (0, 1, "The SMS was not sent."),
        (0, 3, "None of its 3 parts was sent."),
        (2, 3, "Only 2 of its 3 parts were sent."),
    ] {
        let [people, ..] = parts(&bytes(&Case { accepted_parts, total_parts, ..case() }));
        assert!(people.contains(told), "{people}");
    }
}

#[test]
fn a_number_behind_an_alias_stays_behind_it() {
    for (address, shown) in [
        ("00447731234567@sms.example.com", "+447731234567"),
        ("07731234567@sms.example.com", "+447731234567"),
        ("\"+44 (0)7731 234-567\"@sms.example.com", "+447731234567"),
        ("oncall@sms.example.com", "+447*******67"),
        ("oncall24@sms.example.com", "+447*******67"),
    ] {
        let case = Case { address: address.to_owned(), ..case() };
        assert_eq!(number_shown(&case), shown, "{address}");
    }
}

#[test]
fn words_in_any_script_come_through_to_people_and_escaped_to_machines() {
    let case = Case {
        address: "müller@sms.example.com".to_owned(),
        kind: Kind::Refused { reply: "550 numéro inconnu €".to_owned() },
        subject: "Überlauf in Kühlraum 3 🔥".to_owned(),
        headers: "Subject: Überlauf\n".to_owned(),
        ..case()
    };
    let bytes = bytes(&case);
    assert!(bytes.is_ascii());
    let [people, status, headers] = parts(&bytes);
    assert!(people.contains("550 numéro inconnu €") && people.contains("Überlauf in Kühlraum 3 🔥"), "{people}");
    assert!(status.contains("Final-Recipient: utf-8; m\\x{FC}ller@sms.example.com\r\n"), "{status}");
    assert!(status.contains("Diagnostic-Code: smtp; 550 num\\x{E9}ro inconnu \\x{20AC}\r\n"), "{status}");
    assert_eq!(headers.trim_end(), "Subject: Überlauf");
    assert_eq!(parsed(&bytes).subject(), Some("SMS not sent: Überlauf in Kühlraum 3 🔥"));
}

#[test]
fn a_mail_without_subject_is_told_by_its_recipient() {
    let bytes = bytes(&Case { subject: " ".to_owned(), message_id: None, ..case() });
    let message = parsed(&bytes);
    assert_eq!(message.subject(), Some("SMS not sent: 00447731234567@sms.example.com"));
    assert!(message.header("In-Reply-To").is_none());
}

#[test]
fn only_header_lines_go_back() {
    let kept = "Subject: a\n folded\n\tonce more\n";
    for (headers, expected) in [
        (format!("{kept}no field\n"), kept),
        (format!("{kept}\n\n \nFrom nobody Mon: 1\n"), kept),
        (format!("{kept}--=_7k2m9q4xw1.1_--\n"), kept),
        (kept.replace('\n', "\r\n"), kept),
        (kept.replace("a\n", "a\u{0}\u{7f}\n"), "Subject: a  \n folded\n\tonce more\n"),
        (": no name\n".to_owned(), ""),
    ] {
        assert_eq!(super::header_fields(&headers).replace("\n once", "\n\tonce"), expected, "{headers:?}");
    }
    let many = super::header_fields(&"X-Long: 1234567890\n".repeat(10_000));
    assert!(many.len() <= MAX_HEADERS && many.ends_with("X-Long: 1234567890\n"));
}

/// What a stranger might write to get a header field, a part or a line of the delivery status of their own.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("\r".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("\r\n.\r\n".to_owned()),
        Just("--=_7k2m9q4xw1.1_\r\n".to_owned()),
        Just("Bcc: evil@example.org".to_owned()),
        Just("Action: delivered".to_owned()),
        Just("\0\u{85}\u{2028}".to_owned()),
        Just("=?utf-8?Q?=0D=0ABcc:_a?= ".to_owned()),
        "[ -~]{0,20}",
        "\\PC{0,20}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// The names of the header fields of the mail in `bytes`, in order.
fn field_names(bytes: &[u8]) -> Vec<String> {
    parsed(bytes).headers().iter().map(|header| header.name().to_owned()).collect()
}

proptest! {
    #[test]
    fn nothing_from_a_mail_gets_out_of_its_place(
        local in hostile(), address in hostile(), reply in hostile(), subject in hostile(), id in hostile(),
        headers in hostile(), expired: bool,
    ) {
        let fields = 8 + usize::from(!reply.trim().is_empty());
        let kind = match expired {
            true => Kind::Expired { reason: reply },
            false => Kind::Refused { reply },
        };
        let (notice_to, message_id) = (mailbox(&local, "mon.example"), Some(id));
        let case = Case { notice_to, address, kind, subject, message_id, headers, ..case() };
        let bytes = bytes(&case);
        let mut names = field_names(&bytes);
        names.retain(|name| name != "In-Reply-To" && name != "References");
        let clean = Case { message_id: None, ..self::case() };
        prop_assert_eq!(names, field_names(&super::tests::bytes(&clean)));
        let [_, status, _] = parts(&bytes);
        prop_assert_eq!(status.lines().count(), fields);
        prop_assert!(status.is_ascii() && status.contains("\r\nAction: failed\r\n"));
        prop_assert!(!bytes.starts_with(b".") && bytes.ends_with(b"\r\n"));
        let text = String::from_utf8(bytes).unwrap();
        prop_assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "bare CR or LF in {text:?}");
        let longest = text.split("\r\n").map(str::len).max();
        prop_assert!(longest <= Some(998), "a line of {longest:?} bytes");
    }
}

#[test]
fn a_relayed_and_a_delayed_message_are_never_called_delivered_or_failed() {
    let until = Timestamp::from_second(1_795_172_800).unwrap();
    for (kind, action, code, headline) in [
        (Kind::Relayed { reply: "250 accepted".to_owned() }, "relayed", "2.0.0", "SMS relayed"),
        (Kind::Delayed { reason: "421 busy".to_owned(), until }, "delayed", "4.4.7", "SMS delayed"),
    ] {
        let bytes = bytes(&Case { kind, accepted_parts: 0, ..case() });
        assert!(parsed(&bytes).subject().unwrap().starts_with(headline));
        let [people, status, _] = parts(&bytes);
        assert!(status.contains(&format!("Action: {action}\r\nStatus: {code}\r\n")), "{status}");
        assert_eq!(status.contains("Will-Retry-Until: Fri, 20 Nov 2026"), action == "delayed", "{status}");
        assert!(!people.contains("delivered") && !people.contains("not be tried again"), "{people}");
    }
}

#[test]
fn what_the_sender_called_it_comes_back() {
    let original =
        crate::smtp::OriginalRecipient { kind: "rfc822".to_owned(), address: "oncall@site.example".to_owned() };
    let named = Case { original: Some(original), envelope_id: Some("QQ314159".to_owned()), ..case() };
    let [_, status, _] = parts(&bytes(&named));
    assert!(status.starts_with("Original-Envelope-Id: QQ314159\r\nReporting-MTA: "), "{status}");
    assert!(
        status.contains("\r\n\r\nOriginal-Recipient: rfc822; oncall@site.example\r\nFinal-Recipient: "),
        "{status}"
    );
}

#[test]
fn a_summary_names_each_message_and_counts_the_rest() {
    let cases: Vec<Case> = (1..=103).map(|n| Case { id: format!("7k2m9q4xw1.{n}"), ..case() }).collect();
    let summary = super::summary(&settings(), &cases, Timestamp::from_second(1_795_000_120).unwrap()).unwrap();
    let message = parsed(summary.bytes());
    assert_eq!(message.subject(), Some("SMS relay: about 103 of your messages"));
    let text = message.body_text(0).unwrap();
    assert!(text.contains("7k2m9q4xw1.100 ") && !text.contains("7k2m9q4xw1.101 "), "{text}");
    assert!(text.contains("and 3 more."), "{text}");
    assert!(super::summary(&settings(), &[], Timestamp::UNIX_EPOCH).is_none());
}
