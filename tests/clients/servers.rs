//! Mail servers that hand over what they were given.

use std::net::SocketAddr;

use super::tools::outcome_of;
use super::{FROM, Manner, Outcome, TO, WRONG, expect_sms, expect_the_same_sms, lmtp_house, mails};
use crate::support::client::Client;
use crate::support::house::House;
use crate::support::jail::{Access, Jail};
use crate::support::postfix::{Postfix, Road};
use crate::support::process::Process;
use crate::support::programs::{are_here_for_root, unpacked};
use crate::support::{own_loopback, wait_for};

#[test]
fn postfix_by_smtp() {
    by_postfix("clients::postfix_by_smtp", Road::Smtp);
}

#[test]
fn postfix_by_lmtp() {
    by_postfix("clients::postfix_by_lmtp", Road::Lmtp);
}

fn by_postfix(test: &str, road: Road) {
    if !are_here_for_root(test, &["postfix", "sendmail"]) {
        return;
    }
    let house = if road == Road::Smtp { House::open() } else { lmtp_house() };
    // One transaction for all recipients, other than in contrib/postfix: that is how lmtp(8) shows what it can.
    let mut postfix = Postfix::prepare_with(road, "lmtp_destination_recipient_limit = 50");
    postfix.start(house.address());
    let mails = mails();
    for mail in &mails {
        outcome_of(postfix.sendmail().args(["-i", "-f", FROM]).args(TO), &mail.source());
    }
    wait_for("the bounces", || (postfix.mailbox().len() == mails.len()).then_some(()));
    assert!(postfix.mailbox().iter().all(|mail| mail.contains("550 5.1.1") && mail.contains(WRONG)));
    postfix.wait_until_empty();
    expect_sms(&house, &mails);
    drop(postfix);
}

/// Exim's own user.
const EXIM: u32 = 61_001;

/// Hands all mails over by an Exim in a jail. What it is given it hands over at once, in the foreground.
fn by_exim(unpacked: &std::path::Path, house: &House, protocol: &str) {
    let jail = Jail::build(unpacked, "usr/sbin/exim4", &[("Debian-exim", EXIM)]);
    for folder in ["var/spool/exim", "var/log"] {
        jail.make_folder(folder, Access { owner: EXIM, mode: 0o755 });
    }
    let address = house.address();
    jail.write(
        "etc/exim4/exim4.conf",
        &format!(
            "primary_hostname = mx.site.example\nspool_directory = /var/spool/exim\nlog_file_path = /var/log/%slog\n\
             exim_path = /usr/sbin/exim4\nkeep_environment =\ndisable_ipv6 = true\nhost_lookup =\naccept_8bitmime\n\
             begin routers\n\
             telepost:\n driver = manualroute\n domains = sms.example.com\n route_list = * {}\n self = send\n\
             \x20transport = telepost\n\
             bounces:\n driver = redirect\n data = :blackhole:\n\
             begin transports\n\
             telepost:\n driver = smtp\n protocol = {protocol}\n port = {}\n allow_localhost\n hosts_avoid_tls = *\n\
             \x20message_linelength_limit = 1000000\n\
             begin retry\n* * F,1h,1s\n",
            address.ip(),
            address.port()
        ),
    );
    expect_the_same_sms(house, Manner::GoesOn, &mails(), |mail, to| {
        let mut exim = jail.command("usr/sbin/exim4");
        let outcome = outcome_of(exim.args(["-odf", "-oi", "-f", FROM]).args(to), &mail.source());
        let log = jail.read("var/log/mainlog");
        assert!(outcome.is_success && log.trim_end().ends_with("Completed"), "{}\n{log}", outcome.said);
        outcome
    });
    let log = jail.read("var/log/mainlog");
    let count = |what: &str| log.matches(what).count();
    assert_eq!(count(&format!("** {WRONG}")), mails().len(), "{log}");
    assert_eq!(count("queued as"), mails().len() * 2, "{log}");
    // " K ": the mail went by BDAT.
    assert_eq!(count(" K C=\"250"), mails().len() * 2, "{log}");
}

#[test]
fn exim_by_smtp_and_lmtp_with_chunking() {
    let Some(unpacked) = unpacked("clients::exim_by_smtp_and_lmtp_with_chunking", "usr/sbin/exim4") else { return };
    by_exim(&unpacked, &House::open(), "smtp");
    by_exim(&unpacked, &lmtp_house(), "lmtp");
}

/// An OpenSMTPD in a jail, on a loopback address of its own.
struct OpenSmtpd {
    process: Process,
    address: SocketAddr,
    /// Ends after the process.
    _jail: Jail,
}

impl OpenSmtpd {
    /// Its LMTP is left out: version 6.8 hears only one answer to a mail for two recipients, and sends it again.
    fn start(unpacked: &std::path::Path, telepost: SocketAddr) -> OpenSmtpd {
        let (own, queue) = (("opensmtpd", 61_002), ("opensmtpq", 61_003));
        let jail = Jail::build(unpacked, "usr/sbin/smtpd", &[own, queue]);
        jail.make_folder("var/spool/smtpd", Access { owner: 0, mode: 0o711 });
        jail.make_folder("var/lib/opensmtpd/empty", Access { owner: 0, mode: 0o755 });
        jail.make_folder("var/run", Access { owner: 0, mode: 0o755 });
        let ip = own_loopback();
        let port = std::net::TcpListener::bind((ip, 0)).and_then(|free| free.local_addr()).unwrap().port();
        jail.write(
            "etc/smtpd.conf",
            &format!(
                "listen on {ip} port {port} hostname mx.site.example\n\
                 action \"telepost\" relay host smtp+notls://{telepost}\n\
                 match from any for domain \"sms.example.com\" action \"telepost\"\n"
            ),
        );
        let process = Process::start(jail.command("usr/sbin/smtpd").args(["-d", "-f", "/etc/smtpd.conf"]));
        let address = SocketAddr::from((ip, port));
        wait_for("OpenSMTPD to listen", || std::net::TcpStream::connect(address).ok());
        OpenSmtpd { process, address, _jail: jail }
    }
}

impl Drop for OpenSmtpd {
    fn drop(&mut self) {
        // Asked and not killed: it ends its other processes then.
        self.process.end_by("TERM");
    }
}

#[test]
fn opensmtpd_by_smtp() {
    let Some(unpacked) = unpacked("clients::opensmtpd_by_smtp", "usr/sbin/smtpd") else { return };
    let house = House::open();
    let server = OpenSmtpd::start(&unpacked, house.address());
    expect_the_same_sms(&house, Manner::GoesOn, &mails(), |mail, to| {
        let mut client = Client::hello(server.address);
        let source = crate::support::mails::in_transit(&mail.source());
        let reply = client.deliver(FROM, to, &source);
        Outcome { is_success: reply.code == 250, said: format!("{reply:?}") }
    });
    let refused = || server.process.said().matches("result=\"PermFail\" stat=\"550 5.1.1").count();
    wait_for("the refusals", || (refused() == mails().len()).then_some(()));
}
