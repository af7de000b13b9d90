//! telepost behind a real Postfix and real mail programs, with the simulated gateway behind it.
//!
//! Without the programs these tests are left out, and say so; `tests/run` installs them.

use std::net::{SocketAddr, TcpListener};
use std::process::Command;

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::{plain, with_headers};
use crate::support::postfix::Postfix;
use crate::support::programs::{are_here, are_here_for_root, feed, find};
use crate::support::simulator::Sms;

const FROM: &str = "sender@site.example";
const TO: &str = "00447731234567@sms.example.com";
const NUMBER: &str = "+447731234567";

/// A house whose notices go to a Postfix, and that Postfix with the house behind it. The Postfix ends first.
struct Site {
    postfix: Postfix,
    house: House,
}

impl Site {
    fn open(faults: &[&str]) -> Site {
        let mut postfix = Postfix::prepare();
        let config = Config { bounce_relay: Some(postfix.address()), ..Config::default() };
        let house = House::open_with(&config, faults);
        postfix.start(house.address());
        Site { postfix, house }
    }

    /// Waits until Postfix has handed over everything and the gateway has it.
    #[track_caller]
    fn settle(&self) -> Vec<Sms> {
        self.postfix.wait_until_empty();
        self.house.settle()
    }

    /// Hands a mail to Postfix' `sendmail`, as cron and scripts do: lines end with LF.
    fn sendmail(&self, arguments: &[&str], mail: &[u8]) {
        let mut command = self.postfix.sendmail();
        feed(command.arg("-i").args(arguments), mail);
    }
}

fn texts(accepted: &[Sms]) -> Vec<&str> {
    accepted.iter().map(|sms| sms.text.as_str()).collect()
}

#[test]
fn mails_by_sendmail_arrive_character_for_character() {
    if !are_here_for_root("postfix::mails_by_sendmail_arrive_character_for_character", &["postfix", "sendmail"]) {
        return;
    }
    let site = Site::open(&[]);
    let latin1 = "MIME-Version: 1.0\nContent-Type: text/plain; charset=iso-8859-1\n";
    let mails: [(&str, Vec<u8>, &str); 7] = [
        ("plain", b"Subject: cron\n\ndone\n".to_vec(), "cron: done"),
        (
            "8-bit UTF-8",
            "Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nüber 97 %\n".into(),
            "Größe: über 97 %",
        ),
        ("8-bit Latin-1", [format!("Subject: disk\n{latin1}\n").as_bytes(), b"Gr\xf6\xdfe\n"].concat(), "disk: Größe"),
        ("dots at line starts", b"Subject: dots\n\n.\n..\n.one\ntwo.\n".to_vec(), "dots: .\n..\n.one\ntwo."),
        ("no subject", b"X-Cron-Env: <SHELL=/bin/sh>\n\nonly a body\n".to_vec(), "only a body"),
        ("a long subject, folded", format!("Subject: {}\n end\n\nx\n", "word ".repeat(20).trim()).into(), ""),
        ("nothing above the text", b"\nno header at all\n".to_vec(), "no header at all"),
    ];
    for (_, mail, _) in &mails {
        site.sendmail(&["-f", FROM, TO], mail);
    }
    let accepted = site.settle();
    let mut got = texts(&accepted);
    let folded = format!("{} end: x", "word ".repeat(20).trim());
    let mut wanted: Vec<&str> =
        mails.iter().map(|(_, _, text)| if text.is_empty() { &folded } else { *text }).collect();
    // Postfix delivers at once and side by side: the order is not kept.
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    assert!(accepted.iter().all(|sms| sms.recipient == NUMBER && sms.sender == "ALERTS"), "{accepted:#?}");
}

#[test]
fn long_lines_and_long_texts_are_cut_alike() {
    if !are_here_for_root("postfix::long_lines_and_long_texts_are_cut_alike", &["postfix", "sendmail"]) {
        return;
    }
    let site = Site::open(&[]);
    // Postfix breaks lines of more than 998 bytes on their way out (smtp_line_length_limit); the SMS ends before.
    site.sendmail(&["-f", FROM, TO], format!("Subject: long\n\n{}\n", "x".repeat(5000)).as_bytes());
    let accepted = site.settle();
    assert_eq!(texts(&accepted), [format!("long: {}...", "x".repeat(151))]);
}

#[test]
fn swaks_msmtp_and_smtplib_hand_over_through_postfix_and_directly() {
    let test = "postfix::swaks_msmtp_and_smtplib_hand_over_through_postfix_and_directly";
    if !are_here_for_root(test, &["postfix", "swaks", "msmtp", "python3"]) {
        return;
    }
    let site = Site::open(&[]);
    for (road, server) in [("postfix", site.postfix.address()), ("directly", site.house.address())] {
        by_swaks(server, road);
        by_msmtp(server, road);
        by_smtplib(server, road);
    }
    let accepted = site.settle();
    let mut got = texts(&accepted);
    got.sort_unstable();
    let roads = ["directly", "postfix"];
    let wanted: Vec<String> = ["msmtp", "smtplib", "swaks"]
        .iter()
        .flat_map(|program| roads.map(|road| format!("{program} {road}: Grüße,\n.mit Punkt")))
        .collect();
    assert_eq!(got, wanted);
    assert!(accepted.iter().all(|sms| sms.recipient == NUMBER), "{accepted:#?}");
}

fn by_swaks(server: SocketAddr, road: &str) {
    let mut command = Command::new(find("swaks").unwrap());
    command.args(["--server", &server.ip().to_string(), "--port", &server.port().to_string()]);
    command.args([
        "--from",
        FROM,
        "--to",
        TO,
        "--ehlo",
        "client.example",
        "--header",
        &format!("Subject: swaks {road}"),
    ]);
    command.args(["--add-header", "MIME-Version: 1.0", "--add-header", "Content-Type: text/plain; charset=utf-8"]);
    feed(command.args(["--body", "Grüße,\\n.mit Punkt\\n"]), b"");
}

fn by_msmtp(server: SocketAddr, road: &str) {
    let mut command = Command::new(find("msmtp").unwrap());
    command.args(["--file=/dev/null", &format!("--host={}", server.ip()), &format!("--port={}", server.port())]);
    command.args([&format!("--from={FROM}"), "--auth=off", "--tls=off", "--", TO]);
    let mail = format!(
        "From: {FROM}\nTo: {TO}\nSubject: msmtp {road}\nMIME-Version: 1.0\n\
         Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGrüße,\n.mit Punkt\n"
    );
    feed(&mut command, mail.as_bytes());
}

/// The program that an application would be: `email` builds the mail, `smtplib` hands it over.
const SMTPLIB: &str = r#"
import smtplib, sys
from email.message import EmailMessage
host, port, sender, to, road = sys.argv[1:]
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = sender, to, "smtplib " + road
mail.set_content("Gr\u00fc\u00dfe,\n.mit Punkt\n")
with smtplib.SMTP(host, int(port), timeout=30) as server:
    server.send_message(mail)
"#;

fn by_smtplib(server: SocketAddr, road: &str) {
    let mut command = Command::new(find("python3").unwrap());
    command.args(["-c", SMTPLIB, &server.ip().to_string(), &server.port().to_string(), FROM, TO, road]);
    feed(&mut command, b"");
}

#[test]
fn smtplib_hears_what_was_refused() {
    if !are_here("postfix::smtplib_hears_what_was_refused", &["python3"]) {
        return;
    }
    let house = House::open();
    let script = r#"
import smtplib, sys
host, port = sys.argv[1:]
with smtplib.SMTP(host, int(port), timeout=30) as server:
    refused = server.sendmail("a@site.example", ["00447731234567@sms.example.com", "12@sms.example.com"],
                              "Subject: two\r\n\r\none wrong\r\n")
    assert list(refused) == ["12@sms.example.com"] and refused["12@sms.example.com"][0] == 550, refused
    try:
        server.sendmail("a@site.example", ["00447731234567@sms.example.com"], "X-Empty: yes\r\n\r\n")
    except smtplib.SMTPDataError as error:
        assert error.smtp_code == 554, error
    else:
        raise SystemExit("a mail with nothing to say was taken")
"#;
    let address = house.address();
    let mut command = Command::new(find("python3").unwrap());
    feed(command.args(["-c", script, &address.ip().to_string(), &address.port().to_string()]), b"");
    assert_eq!(texts(&house.settle()), ["two: one wrong"]);
}

#[test]
fn a_wrong_number_comes_back_from_postfix_and_costs_the_others_nothing() {
    let test = "postfix::a_wrong_number_comes_back_from_postfix_and_costs_the_others_nothing";
    if !are_here_for_root(test, &["postfix", "sendmail"]) {
        return;
    }
    let site = Site::open(&[]);
    let mail = "Subject: four\n\nx\n".as_bytes();
    site.sendmail(
        &["-f", FROM, TO, "12345@sms.example.com", "0039333@smtp.smsitaly.com", "boss@sms.example.com"],
        mail,
    );
    let bounce = site.postfix.wait_for_mail("the bounce", |mail| mail.contains("12345@sms.example.com"));
    for wanted in ["Content-Type: multipart/report", "550 5.1.1", "Status: 5.1.1", "Action: failed"] {
        assert!(bounce.contains(wanted), "{wanted} is missing in:\n{bounce}");
    }
    let accepted = site.settle();
    let mut numbers: Vec<&str> = accepted.iter().map(|sms| sms.recipient.as_str()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, ["+447731000001", NUMBER], "the others, and each once");
    site.sendmail(&["-f", FROM, TO], b"X-Empty: yes\n\n");
    let bounce = site.postfix.wait_for_mail("the bounce of the empty one", |mail| mail.contains("554 5.6.0"));
    assert!(bounce.contains("X-Empty: yes"), "{bounce}");
    assert_eq!(site.settle().len(), 2);
}

#[test]
fn what_the_gateway_refuses_comes_back_through_postfix() {
    if !are_here_for_root("postfix::what_the_gateway_refuses_comes_back_through_postfix", &["postfix", "sendmail"]) {
        return;
    }
    let site = Site::open(&["text:permfail"]);
    let mail = with_headers("Subject: refused\nMessage-ID: <refused@site.example>", b"x\n");
    let mail = String::from_utf8(mail).unwrap().replace("\r\n", "\n");
    site.sendmail(&["-f", FROM, TO], mail.as_bytes());
    let notice = site.postfix.wait_for_mail("the notice", |mail| mail.contains("SMS not sent: refused"));
    for wanted in [
        "Return-Path: <>",
        "To: <sender@site.example>",
        "In-Reply-To: <refused@site.example>",
        "Action: failed",
        "report-type=\"delivery-status\"",
    ] {
        assert!(notice.contains(wanted), "{wanted} is missing in:\n{notice}");
    }
    assert!(site.settle().is_empty());
}

#[test]
fn mail_waits_in_postfix_while_telepost_is_down() {
    if !are_here_for_root("postfix::mail_waits_in_postfix_while_telepost_is_down", &["postfix", "sendmail"]) {
        return;
    }
    // An address of its own, so that the relay comes back to where Postfix looks for it.
    let ip = crate::support::own_loopback();
    let address = TcpListener::bind((ip, 0)).and_then(|free| free.local_addr()).unwrap();
    let config = Config { listener: format!("protocol = \"smtp\"\nbind = \"{address}\""), ..Config::default() };
    let mut house = House::closed(&config, &[]);
    let mut postfix = Postfix::prepare();
    postfix.start(address);
    feed(postfix.sendmail().args(["-i", "-f", FROM, TO]), b"Subject: late\n\nbut here\n");
    crate::support::wait_for("Postfix to have tried", || postfix.log().contains("status=deferred").then_some(()));
    house.start_relay_on(ip);
    postfix.flush();
    postfix.wait_until_empty();
    assert_eq!(texts(&house.settle()), ["late: but here"]);
    drop(postfix);
}

#[test]
fn a_mail_client_may_use_it_as_the_gateways_document_says() {
    // Section 3 of the document: an ordinary mail client, mail to the number at the gateway's own domain.
    let house = House::open();
    let mut client = Client::hello(house.address());
    let reply = client.deliver(FROM, &["00447731234567@smtp.smsitaly.com"], &plain("", "Hello\n"));
    assert_eq!(reply.code, 250, "{reply:?}");
    assert_eq!(texts(&house.settle()), ["Hello"]);
}

/// A site whose Postfix asks the house's milter listener, and what the house does about mail that passes by.
fn site_with_milter(rules: &str) -> Site {
    let free = |ip| TcpListener::bind((ip, 0)).and_then(|free| free.local_addr()).unwrap();
    let milter = free(crate::support::own_loopback());
    let mut postfix = Postfix::prepare();
    let usual = Config::default();
    let listener = format!("{}\n[[listener]]\nprotocol = \"milter\"\nbind = \"{milter}\"", usual.listener);
    let config = Config { listener, more: rules.to_owned(), bounce_relay: Some(postfix.address()), ..usual };
    let house = House::open_with(&config, &[]);
    postfix.start_with_milter(house.address(), milter);
    Site { postfix, house }
}

#[test]
fn the_milter_refuses_a_wrong_number_in_the_first_session() {
    if !are_here_for_root("postfix::the_milter_refuses_a_wrong_number_in_the_first_session", &["postfix"]) {
        return;
    }
    let site = site_with_milter("");
    let mut client = Client::hello(site.postfix.address());
    assert_eq!(client.say(&format!("MAIL FROM:<{FROM}>")).code, 250);
    let reply = client.say("RCPT TO:<12345@sms.example.com>");
    assert!(reply.is(550, "5.1.1"), "{reply:?}");
    assert!(reply.lines[0].contains("a good address is 00447731234567@sms.example.com"), "{reply:?}");
    let denied = client.say("RCPT TO:<00449091234567@sms.example.com>");
    assert!(denied.is(550, "5.7.1"), "{denied:?}");
    for good in [TO, "ann@site.example"] {
        assert_eq!(client.say(&format!("RCPT TO:<{good}>")).code, 250);
    }
    assert_eq!(client.say("DATA").code, 354);
    client.send(b"Subject: both\r\n\r\narrive\r\n.\r\n");
    assert_eq!(client.reply().code, 250);
    site.postfix.wait_for_mail("the mail in the mailbox", |mail| mail.contains("Subject: both"));
    assert_eq!(texts(&site.settle()), ["both: arrive"]);
}

#[test]
fn a_mail_for_a_mailbox_arrives_there_and_rings_by_rule() {
    if !are_here_for_root("postfix::a_mail_for_a_mailbox_arrives_there_and_rings_by_rule", &["postfix"]) {
        return;
    }
    let rules = r#"
[[rule]]
match.to = "eve@*"
ring = []
[[rule]]
match.subject = "/^URGENT (?<what>.+)/"
ring = ["oncall"]
template = "{what} ({to}): {body}"
"#;
    let mut site = site_with_milter(rules);
    let mut client = Client::hello(site.postfix.address());
    // Several mails in one session, a large one among them.
    let large = format!("large\n{}", format!("{}\n", "x".repeat(70)).repeat(3000));
    for (to, subject, body) in [
        ("ann@site.example", "URGENT disk full", "on db01\n"),
        ("ann@site.example", "lunch", "at noon\n"),
        ("eve@site.example", "URGENT too", "but quiet\n"),
        ("bob@site.example", "URGENT =?utf-8?q?Gr=C3=BC=C3=9Fe?=", &large),
    ] {
        let mail = with_headers(&format!("Subject: {subject}\nMessage-ID: <{subject}@site.example>"), body.as_bytes());
        assert_eq!(client.deliver(FROM, &[to], &mail).code, 250, "{subject}");
        site.postfix.wait_for_mail(subject, |mail| mail.contains(&format!("Subject: {subject}")));
    }
    let mut got: Vec<(String, String)> = site.settle().into_iter().map(|sms| (sms.recipient, sms.text)).collect();
    got.sort();
    let oncall = ["+393331234567", NUMBER];
    assert_eq!(got.len(), 4, "{got:#?}");
    for (n, number) in oncall.into_iter().enumerate() {
        assert!(got[2 * n].0 == number && got[2 * n].1.starts_with("Grüße (bob@site.example): large"), "{got:#?}");
        assert_eq!(got[2 * n + 1], (number.to_owned(), "disk full (ann@site.example): on db01".to_owned()));
    }
    // Without telepost the mail arrives all the same.
    site.house.kill_relay();
    let mail = with_headers("Subject: URGENT unheard", b"x\n");
    assert_eq!(Client::hello(site.postfix.address()).deliver(FROM, &["ann@site.example"], &mail).code, 250);
    site.postfix.wait_for_mail("the mail that nobody asked about", |mail| mail.contains("URGENT unheard"));
}
