//! Programs and libraries that hand a mail straight to a server.

use std::net::SocketAddr;
use std::process::Command;

use super::{FROM, Mail, Manner, Outcome, WRONG, expect_the_same_sms, lmtp_house, mails};
use crate::support::house::House;
use crate::support::programs::{are_here, command, run};

/// nodemailer, as Debian's package has it.
pub const NODEMAILER: &str = "/usr/share/nodejs/nodemailer/package.json";

/// Runs a program that gets the mail on standard input.
pub fn outcome_of(command: &mut Command, input: &[u8]) -> Outcome {
    let output = run(command, input);
    let said = [output.stdout, output.stderr].concat();
    Outcome { is_success: output.status.success(), said: String::from_utf8_lossy(&said).into_owned() }
}

/// A node that finds Debian's modules, wherever it comes from.
pub fn node() -> Command {
    let mut node = command("node");
    node.env("NODE_PATH", "/usr/share/nodejs");
    node
}

/// An s-nail that knows nothing of this machine and its user, and keeps no copy of what it could not send.
pub fn s_nail_alone() -> Command {
    let mut nail = command("s-nail");
    nail.env("LC_ALL", "C.UTF-8").args(["-:/", "-S", "v15-compat", "-S", "sendwait", "-S", "nosave"]);
    nail
}

fn swaks(server: SocketAddr, protocol: &str, mail: &Mail, to: &[&str]) -> Outcome {
    let mut swaks = command("swaks");
    swaks.args(["--server", &server.to_string(), "--protocol", protocol, "--helo", "client.example"]);
    swaks.args(["--from", FROM, "--to", &to.join(","), "--data", "-"]);
    outcome_of(&mut swaks, &mail.source())
}

#[test]
fn swaks_by_smtp_and_lmtp() {
    if !are_here("clients::swaks_by_smtp_and_lmtp", &["swaks"]) {
        return;
    }
    for (protocol, house) in [("ESMTP", House::open()), ("SMTP", House::open()), ("LMTP", lmtp_house())] {
        expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
            let outcome = swaks(house.address(), protocol, mail, to);
            assert!(outcome.said.contains("<** 550 5.1.1"), "{}", outcome.said);
            outcome
        });
    }
}

#[test]
fn msmtp_by_smtp_and_lmtp() {
    if !are_here("clients::msmtp_by_smtp_and_lmtp", &["msmtp"]) {
        return;
    }
    for (protocol, house) in [("smtp", House::open()), ("lmtp", lmtp_house())] {
        let address = house.address();
        // It sends to all or to nobody.
        expect_the_same_sms(&house, Manner::GivesUp, &mails(), |mail, to| {
            let mut msmtp = command("msmtp");
            msmtp.args([
                "--file=/dev/null",
                &format!("--host={}", address.ip()),
                &format!("--port={}", address.port()),
            ]);
            msmtp.args([&format!("--protocol={protocol}"), &format!("--from={FROM}"), "--auth=off", "--tls=off", "--"]);
            outcome_of(msmtp.args(to), &mail.source())
        });
    }
}

#[test]
fn curl_by_smtp() {
    if !are_here("clients::curl_by_smtp", &["curl"]) {
        return;
    }
    let house = House::open();
    expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
        let mut curl = command("curl");
        curl.args(["--silent", "--show-error", "--crlf", "--mail-rcpt-allowfails", "--mail-from", FROM]);
        for to in to {
            curl.args(["--mail-rcpt", to]);
        }
        curl.args(["--upload-file", "-", &format!("smtp://{}/client.example", house.address())]);
        let outcome = outcome_of(&mut curl, &mail.source());
        assert!(outcome.is_success, "{}", outcome.said);
        outcome
    });
}

#[test]
fn s_nail_by_smtp() {
    if !are_here("clients::s_nail_by_smtp", &["s-nail"]) {
        return;
    }
    let house = House::open();
    // It builds the mail itself, and all of it is UTF-8; what it encodes how is up to it.
    let mails: Vec<Mail> = mails().into_iter().filter(Mail::is_utf8_text).collect();
    expect_the_same_sms(&house, Manner::GivesUp, &mails, |mail, to| {
        let subject = if mail.subject.starts_with("=?") { "Grüße" } else { mail.subject };
        let mut nail = s_nail_alone();
        nail.args(["-S", "smtp-auth=none", "-S", "ttycharset=utf-8", "-S", "sendcharsets=utf-8"]);
        nail.args(["-S", &format!("mta=smtp://{}", house.address()), "-S", &format!("from={FROM}"), "-s", subject]);
        outcome_of(nail.args(to), &mail.body)
    });
}

/// Gets the protocol, server, port, sender and recipients, and the mail on standard input. By LMTP it understands one
/// recipient at a time.
const SMTPLIB: &str = r#"
import smtplib, sys
protocol, host, port, sender, *to = sys.argv[1:]
mail = sys.stdin.buffer.read()
refused = {}
with {"smtp": smtplib.SMTP, "lmtp": smtplib.LMTP}[protocol](host, int(port)) as server:
    for recipients in [to] if protocol == "smtp" else [[one] for one in to]:
        try:
            refused |= server.sendmail(sender, recipients, mail, mail_options=["BODY=8BITMIME"])
        except smtplib.SMTPRecipientsRefused as error:
            refused |= error.recipients
assert [code for code, _ in refused.values()] == [550], refused
"#;

#[test]
fn smtplib_by_smtp_and_lmtp() {
    if !are_here("clients::smtplib_by_smtp_and_lmtp", &["python3"]) {
        return;
    }
    for (protocol, house) in [("smtp", House::open()), ("lmtp", lmtp_house())] {
        let address = house.address();
        expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
            let mut python = command("python3");
            python.args(["-c", SMTPLIB, protocol, &address.ip().to_string(), &address.port().to_string(), FROM]);
            let outcome = outcome_of(python.args(to), &mail.source());
            assert!(outcome.is_success, "{}", outcome.said);
            outcome
        });
    }
}

/// Gets the protocol, server, port, sender and recipients, and the mail on standard input.
const NODEMAILER_SCRIPT: &str = r#"
const [protocol, host, port, from, ...to] = process.argv.slice(1);
const transport = require("nodemailer").createTransport({ host, port, ignoreTLS: true, lmtp: protocol === "lmtp" });
const raw = require("fs").readFileSync(0);
transport.sendMail({ envelope: { from, to }, raw }).then((sent) => console.log("refused:", sent.rejected.join()));
"#;

#[test]
fn nodemailer_by_smtp_and_lmtp() {
    if !are_here("clients::nodemailer_by_smtp_and_lmtp", &["node", NODEMAILER]) {
        return;
    }
    for (protocol, house) in [("smtp", House::open()), ("lmtp", lmtp_house())] {
        let address = house.address();
        expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
            let mut node = node();
            node.args([
                "-e",
                NODEMAILER_SCRIPT,
                protocol,
                &address.ip().to_string(),
                &address.port().to_string(),
                FROM,
            ]);
            let outcome = outcome_of(node.args(to), &mail.source());
            assert!(outcome.is_success && outcome.said.contains(&format!("refused: {WRONG}\n")), "{}", outcome.said);
            outcome
        });
    }
}

/// Gets server, sender and recipients, and the mail on standard input.
const NET_SMTP: &str = r#"
use Net::SMTP;
my ($server, $from, @to) = @ARGV;
my $smtp = Net::SMTP->new($server, Hello => "client.example") or die "no connection";
$smtp->mail($from) or die $smtp->message;
my @taken = $smtp->recipient(@to, { SkipBad => 1 });
die "taken: @taken" unless @taken == 2;
binmode STDIN;
$smtp->data([<STDIN>]) or die $smtp->message;
$smtp->quit or die $smtp->message;
"#;

#[test]
fn net_smtp_by_smtp() {
    if !are_here("clients::net_smtp_by_smtp", &["perl"]) {
        return;
    }
    let house = House::open();
    expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
        let mut perl = command("perl");
        let outcome =
            outcome_of(perl.args(["-e", NET_SMTP, &house.address().to_string(), FROM]).args(to), &mail.source());
        assert!(outcome.is_success, "{}", outcome.said);
        outcome
    });
}
