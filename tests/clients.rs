//! The client matrix: every program that people send mail with hands over the same mails, and the same SMS come out.
//!
//! Without the programs these tests are left out, and say so; `tests/run` installs them.

mod dialect;
mod logins;
mod servers;
mod tools;

use crate::support::house::{Config, House};
use crate::support::simulator::Sms;

const FROM: &str = "sender@site.example";
/// Two good recipients with the telephones that they mean, and a wrong one between them.
const TO: [&str; 3] = ["00447731234567@sms.example.com", "12@sms.example.com", "boss@sms.example.com"];
const WRONG: &str = TO[1];
const NUMBERS: [&str; 2] = ["+447731000001", "+447731234567"];

/// One of the mails that everybody sends.
struct Mail {
    subject: &'static str,
    content_type: &'static str,
    body: Vec<u8>,
    /// The SMS.
    text: String,
}

impl Mail {
    /// As a file: lines ended by LF, dots as they are.
    fn source(&self) -> Vec<u8> {
        let Mail { subject, content_type, body, .. } = self;
        let head = format!(
            "From: <{FROM}>\nTo: <{}>\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: {content_type}\n\
             Content-Transfer-Encoding: 8bit\n\n",
            TO[0]
        );
        [head.as_bytes(), body].concat()
    }

    fn is_utf8_text(&self) -> bool {
        self.content_type == UTF8
    }
}

const UTF8: &str = "text/plain; charset=utf-8";

/// The mails: 8-bit ones, lines of more than 998 bytes, dots at line starts.
fn mails() -> Vec<Mail> {
    let digits = "0123456789".repeat(300);
    let mail = |subject, content_type, body: &[u8], text: &str| Mail {
        subject,
        content_type,
        body: body.to_owned(),
        text: text.to_owned(),
    };
    // Postfix breaks the long lines. In the plain mail that happens behind the end of the SMS; in the other one where
    // it means nothing, so that what stands after it has to arrive.
    let html = format!("<p>before</p><!-- {} --><img alt=\"\" src=\"data:,{digits}\"><p>after</p>\n", "x ".repeat(900));
    vec![
        mail("utf-8", UTF8, "Größe: über 97 %, déjà vu\n".as_bytes(), "utf-8: Größe: über 97 %, déjà vu"),
        mail("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", UTF8, "ñ\n".as_bytes(), "Grüße: ñ"),
        mail("latin-1", "text/plain; charset=iso-8859-1", b"Gr\xf6\xdfe \xfcber\n", "latin-1: Größe über"),
        mail("dots", UTF8, b".\n..\n...\n.one\ntwo.\n.\nend\n", "dots: .\n..\n...\n.one\ntwo.\n.\nend"),
        mail("long", UTF8, format!("{digits}\n").as_bytes(), &format!("long: {}...", &digits[..151])),
        mail("html", "text/html; charset=utf-8", html.as_bytes(), "html: before\nafter"),
    ]
}

/// What a program does when one recipient is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Sends to the others.
    GoesOn,
    /// Sends to nobody; it must say so.
    GivesUp,
}

/// What a program said when it was given a mail for these recipients.
struct Outcome {
    is_success: bool,
    said: String,
}

/// Hands over all mails by `send`, to both telephones and a wrong one, and fails unless each SMS comes out once for
/// each telephone, character for character.
#[track_caller]
fn expect_the_same_sms(house: &House, manner: Manner, mails: &[Mail], send: impl Fn(&Mail, &[&str]) -> Outcome) {
    for mail in mails {
        let outcome = send(mail, &TO);
        match manner {
            Manner::GoesOn => assert!(!outcome.said.contains("Traceback"), "{}: {}", mail.subject, outcome.said),
            Manner::GivesUp => {
                assert!(!outcome.is_success && outcome.said.contains("550"), "{}: {}", mail.subject, outcome.said);
                let outcome = send(mail, &[TO[0], TO[2]]);
                assert!(outcome.is_success, "{}: {}", mail.subject, outcome.said);
            }
        }
    }
    expect_sms(house, mails);
}

/// Waits for the SMS and compares them.
#[track_caller]
fn expect_sms(house: &House, mails: &[Mail]) {
    house.gateway.wait_for(mails.len() * NUMBERS.len());
    let mut got: Vec<(String, String)> =
        house.settle().into_iter().map(|Sms { recipient, text, .. }| (text, recipient)).collect();
    let mut wanted: Vec<(String, String)> =
        mails.iter().flat_map(|mail| NUMBERS.map(|number| (mail.text.clone(), number.to_owned()))).collect();
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
}

/// A house with an LMTP listener.
fn lmtp_house() -> House {
    let config = Config { listener: "protocol = \"lmtp\"\nbind = \"127.0.0.1:0\"".into(), ..Config::default() };
    House::open_with(&config, &[])
}
