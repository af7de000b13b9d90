//! Encryption and logins: a listener that trusts nobody without them, and the programs that mail clients are made of.

use std::process::Command;

use super::tools::{NODEMAILER, node, outcome_of, s_nail_alone};
use super::{FROM, Outcome, TO};
use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::keys::{Keys, PASSWORD, USER};
use crate::support::programs::{are_here, command};

const PROGRAMS: [&str; 9] = [
    "swaks",
    "msmtp",
    "curl",
    "s-nail",
    "python3",
    "node",
    NODEMAILER,
    "/usr/share/perl5/IO/Socket/SSL.pm",
    "/usr/share/perl5/Authen/SASL.pm",
];

/// How an encrypted connection begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tls {
    /// By STARTTLS.
    Asked,
    /// With the first byte.
    Implicit,
}

/// What a program is told.
struct Account<'a> {
    house: &'a House,
    /// The file with the certificate to be trusted.
    authority: String,
    tls: Tls,
    /// `PLAIN` or `LOGIN`.
    mechanism: &'a str,
    password: &'a str,
    /// The subject, and so the SMS.
    subject: String,
}

impl Account<'_> {
    fn port(&self) -> String {
        self.house.address().port().to_string()
    }

    /// The mail, for programs that want it whole.
    fn mail(&self) -> Vec<u8> {
        format!("From: <{FROM}>\nTo: <{}>\nSubject: {}\n\n\n", TO[0], self.subject).into_bytes()
    }
}

type Program = fn(&Account) -> Outcome;

const ALL: [(&str, Program); 7] = [
    ("swaks", swaks),
    ("msmtp", msmtp),
    ("curl", curl),
    ("s-nail", s_nail),
    ("smtplib", smtplib),
    ("nodemailer", nodemailer),
    ("Net::SMTP", net_smtp),
];

fn swaks(account: &Account) -> Outcome {
    let mut swaks = command("swaks");
    swaks.args(["--server", "127.0.0.1", "--port", &account.port(), "--from", FROM, "--to", TO[0], "--data", "-"]);
    swaks.arg(if account.tls == Tls::Asked { "--tls" } else { "--tls-on-connect" });
    swaks.args(["--tls-verify", "--tls-ca-path", &account.authority]);
    swaks.args(["--auth", account.mechanism, "--auth-user", USER, "--auth-password", account.password]);
    outcome_of(&mut swaks, &account.mail())
}

fn msmtp(account: &Account) -> Outcome {
    let mut msmtp = command("msmtp");
    msmtp.args(["--file=/dev/null", "--host=127.0.0.1", &format!("--port={}", account.port()), "--tls=on"]);
    msmtp.arg(format!("--tls-starttls={}", if account.tls == Tls::Asked { "on" } else { "off" }));
    msmtp.args([&format!("--tls-trust-file={}", account.authority), &format!("--user={USER}")]);
    msmtp.arg(format!("--auth={}", account.mechanism.to_ascii_lowercase()));
    msmtp.arg(format!("--passwordeval=printf %s '{}'", account.password));
    outcome_of(msmtp.args([&format!("--from={FROM}"), "--", TO[0]]), &account.mail())
}

fn curl(account: &Account) -> Outcome {
    let mut curl = command("curl");
    let scheme = if account.tls == Tls::Asked { "smtp" } else { "smtps" };
    curl.args(["--silent", "--show-error", "--verbose", "--ssl-reqd", "--cacert", &account.authority, "--crlf"]);
    curl.args(["--user", &format!("{USER}:{}", account.password)]);
    curl.args(["--login-options", &format!("AUTH={}", account.mechanism)]);
    curl.args(["--mail-from", FROM, "--mail-rcpt", TO[0], "--upload-file", "-"]);
    outcome_of(curl.arg(format!("{scheme}://127.0.0.1:{}/client.example", account.port())), &account.mail())
}

fn s_nail(account: &Account) -> Outcome {
    let scheme = if account.tls == Tls::Asked { "smtp" } else { "smtps" };
    // It takes no more escapes than are needed, and no address for a name in a certificate.
    let escape = |c: char| if c.is_alphanumeric() { c.to_string() } else { format!("%{:02X}", u32::from(c)) };
    let encoded: String = account.password.chars().map(escape).collect();
    let server = format!("mta={scheme}://{USER}:{encoded}@localhost:{}", account.port());
    let mut nail = s_nail_alone();
    nail.args(["-S", "smtp-use-starttls", "-S", &server]);
    nail.args(["-S", &format!("tls-ca-file={}", account.authority), "-S", "tls-verify=strict"]);
    nail.args(["-S", &format!("smtp-auth={}", account.mechanism.to_ascii_lowercase())]);
    nail.args(["-S", &format!("from={FROM}"), "-s", &account.subject, TO[0]]);
    outcome_of(&mut nail, b"")
}

/// Gets port, authority, how TLS begins, mechanism, user, password, sender and recipient, and the mail on standard
/// input.
const SMTPLIB: &str = r#"
import smtplib, ssl, sys
port, authority, tls, mechanism, user, password, sender, to = sys.argv[1:]
context = ssl.create_default_context(cafile=authority)
if tls == "Implicit":
    server = smtplib.SMTP_SSL("127.0.0.1", int(port), context=context)
else:
    server = smtplib.SMTP("127.0.0.1", int(port))
    server.starttls(context=context)
server.ehlo()
server.user, server.password = user, password
server.auth(mechanism, {"PLAIN": server.auth_plain, "LOGIN": server.auth_login}[mechanism])
server.sendmail(sender, [to], sys.stdin.read())
server.quit()
"#;

fn smtplib(account: &Account) -> Outcome {
    outcome_of(&mut script(command("python3"), "-c", SMTPLIB, account), &account.mail())
}

/// Gets the same.
const NODEMAILER_SCRIPT: &str = r#"
const [port, authority, tls, authMethod, user, pass, from, to] = process.argv.slice(1);
const fs = require("fs");
const transport = require("nodemailer").createTransport({
    host: "127.0.0.1", port, secure: tls === "Implicit", requireTLS: true, authMethod, auth: { user, pass },
    tls: { ca: fs.readFileSync(authority), servername: "localhost" },
});
transport.sendMail({ envelope: { from, to }, raw: fs.readFileSync(0) });
"#;

fn nodemailer(account: &Account) -> Outcome {
    outcome_of(&mut script(node(), "-e", NODEMAILER_SCRIPT, account), &account.mail())
}

/// Gets the same.
const NET_SMTP: &str = r#"
use Net::SMTP;
use Authen::SASL;
my ($port, $authority, $tls, $mechanism, $user, $pass, $from, $to) = @ARGV;
my %trust = (SSL_ca_file => $authority, SSL_verify_mode => 1);
my $smtp = Net::SMTP->new("127.0.0.1", Port => $port, SSL => $tls eq "Implicit", %trust) or die "no connection: $@";
$smtp->starttls(%trust) or die "no TLS: $@" if $tls eq "Asked";
my %callback = (user => $user, authname => "", pass => $pass);
$smtp->auth(Authen::SASL->new(mechanism => $mechanism, callback => \%callback)) or die $smtp->code;
$smtp->mail($from) && $smtp->to($to) && $smtp->data([<STDIN>]) && $smtp->quit or die $smtp->message;
"#;

fn net_smtp(account: &Account) -> Outcome {
    outcome_of(&mut script(command("perl"), "-e", NET_SMTP, account), &account.mail())
}

/// A program in an interpreter, with the arguments that all of them get.
fn script(mut interpreter: Command, flag: &str, source: &str, account: &Account) -> Command {
    let Account { authority, tls, mechanism, password, .. } = account;
    interpreter.args([
        flag,
        source,
        &account.port(),
        authority,
        &format!("{tls:?}"),
        mechanism,
        USER,
        password,
        FROM,
        TO[0],
    ]);
    interpreter
}

/// A house behind a listener with `tls` and these keys.
fn house(keys: &Keys, protocol: &str, tls: &str) -> House {
    House::open_with(&Config { listener: keys.listener(protocol, tls), ..Config::default() }, &[])
}

/// Every program logs in by every mechanism, and its SMS arrives in the name that its user may use.
#[track_caller]
fn everybody_logs_in(setting: &str, tls: Tls) {
    let keys = Keys::make(":senders=HELPDESK");
    let house = house(&keys, "smtp", setting);
    let mut wanted = Vec::new();
    for (name, program) in ALL {
        for mechanism in ["PLAIN", "LOGIN"] {
            let subject = format!("{name} by {mechanism}");
            let authority = keys.authority();
            wanted.push(subject.clone());
            let outcome = program(&Account { house: &house, authority, tls, mechanism, password: PASSWORD, subject });
            assert!(outcome.is_success, "{name} by {mechanism}: {}", outcome.said);
        }
    }
    let accepted = house.settle();
    let mut got: Vec<&str> = accepted.iter().map(|sms| sms.text.as_str()).collect();
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    assert!(accepted.iter().all(|sms| sms.sender == "HELPDESK"), "{accepted:#?}");
    assert_eq!(house.log().matches("logged in").count(), wanted.len());
}

#[test]
fn everybody_logs_in_where_starttls_is_offered() {
    if are_here("clients::everybody_logs_in_where_starttls_is_offered", &PROGRAMS) {
        everybody_logs_in("starttls", Tls::Asked);
    }
}

#[test]
fn everybody_logs_in_where_starttls_is_required() {
    if are_here("clients::everybody_logs_in_where_starttls_is_required", &PROGRAMS) {
        everybody_logs_in("required", Tls::Asked);
    }
}

#[test]
fn everybody_logs_in_where_tls_is_implicit() {
    if are_here("clients::everybody_logs_in_where_tls_is_implicit", &PROGRAMS) {
        everybody_logs_in("implicit", Tls::Implicit);
    }
}

#[test]
fn a_wrong_password_is_told_and_nothing_is_sent() {
    if !are_here("clients::a_wrong_password_is_told_and_nothing_is_sent", &PROGRAMS) {
        return;
    }
    let keys = Keys::make("");
    let house = house(&keys, "smtp", "required");
    // Four only: every failure makes the next one slower, and they come from one address.
    for (name, program) in [ALL[0], ALL[2], ALL[4], ALL[5]] {
        let (authority, subject) = (keys.authority(), name.to_owned());
        let outcome = program(&Account {
            house: &house,
            authority,
            tls: Tls::Asked,
            mechanism: "PLAIN",
            password: "guessed",
            subject,
        });
        assert!(!outcome.is_success && outcome.said.contains("535"), "{name}: {}", outcome.said);
    }
    let mut stranger = Client::hello(house.address());
    let reply = stranger.say("MAIL FROM:<sender@site.example>");
    assert!(reply.is(530, "5.7.0"), "{reply:?}");
    assert!(house.settle().is_empty());
}

/// Gets port, authority, user, password, the recipient and a wrong one.
const MAIL_CLIENT: &str = r#"
import smtplib, ssl, sys
from email.message import EmailMessage
port, authority, user, password, to, wrong = sys.argv[1:]
mail = EmailMessage()
mail["From"], mail["To"], mail["Subject"] = "Somebody <somebody@site.example>", to, "Gr\u00fc\u00dfe"
mail.set_content("vom Arbeitsplatz\n-- \nSomebody\nSome Company\n")
mail.add_alternative("<p>vom Arbeitsplatz</p>", subtype="html")
with smtplib.SMTP("127.0.0.1", int(port)) as server:
    server.starttls(context=ssl.create_default_context(cafile=authority))
    server.login(user, password)
    server.send_message(mail)
    try:
        server.sendmail("somebody@site.example", [wrong], "Subject: x\r\n\r\ny\r\n")
    except smtplib.SMTPRecipientsRefused as error:
        assert error.recipients[wrong][0] == 550, error
    else:
        raise SystemExit("a number was taken that this user may not write to")
"#;

/// Section 3 of the gateway's document.
#[test]
fn a_mail_client_logs_in_and_writes_to_the_gateways_own_domain() {
    if !are_here("clients::a_mail_client_logs_in_and_writes_to_the_gateways_own_domain", &["python3"]) {
        return;
    }
    let keys = Keys::make(":numbers=+44");
    for protocol in ["smtp", "gateway"] {
        let house = house(&keys, protocol, "required");
        let mut python = command("python3");
        python.args(["-c", MAIL_CLIENT, &house.address().port().to_string(), &keys.authority(), USER, PASSWORD]);
        python.args(["00447731234567@smtp.smsitaly.com", "00393331234567@smtp.smsitaly.com"]);
        let outcome = outcome_of(&mut python, b"");
        assert!(outcome.is_success, "{protocol}: {}", outcome.said);
        let accepted = house.settle();
        let shown: Vec<_> = accepted.iter().map(|sms| (sms.recipient.as_str(), sms.text.as_str())).collect();
        assert_eq!(shown, [("+447731234567", "Grüße: vom Arbeitsplatz")], "{protocol}");
    }
}
