//! `telepost sendmail`: the exit codes of sysexits.h, and the options that programs use.

use std::io::Write;
use std::process::Stdio;

use super::TO;
use crate::support::Said;
use crate::support::house::{Config, House};

/// Runs `telepost sendmail` with a mail on its standard input.
#[track_caller]
fn sendmail(house: &House, words: &str, mail: &str) -> Said {
    let mut command = house.command("sendmail");
    command.args(words.split_whitespace());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("telepost runs");
    // It may refuse before it has read everything.
    child.stdin.take().unwrap().write_all(mail.as_bytes()).ok();
    child.wait_with_output().expect("it ends").into()
}

const MAIL: &str = "From: root@host.example\nTo: Pager <00447731234567@sms.example.com>\nCc: boss@sms.example.com\n\
                    Bcc: 00393331234567@sms.example.com\nSubject: cron\n\ndone\n";

#[test]
fn mails_are_queued_and_sent() {
    let mut house = House::closed(&Config::default(), &[]);
    let said = sendmail(&house, TO, MAIL).exits_with(0);
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", ""), "silent, or cron would mail it");
    house.start_relay();
    sendmail(&house, &format!("-i -f nagios@mon.example {TO}"), "Subject: dots\n\na\n.\nb\n").exits_with(0);
    sendmail(&house, &format!("-oi -bm {TO}"), "Subject: habit\n\na\n.\nb\n").exits_with(0);
    // What programs give out of habit; -h is a hop count.
    let habits = format!("-h 10 -v -n -em -O x=y -L tag -Am -G -U -r nagios@mon.example {TO}");
    sendmail(&house, &habits, "Subject: habits\n\nx\n").exits_with(0);
    sendmail(&house, TO, "Subject: dot\n\na\n.\nb\n").exits_with(0);
    sendmail(&house, "-t", MAIL.replace("cron", "all").as_str()).exits_with(0);
    sendmail(&house, "-ti -f <>", MAIL.replace("cron", "null").as_str()).exits_with(0);
    let accepted = house.settle();
    let shown: Vec<(&str, &str, &str)> =
        accepted.iter().map(|sms| (&*sms.sender, &*sms.recipient, &*sms.text)).collect();
    let wanted = [
        ("ALERTS", "+447731234567", "cron: done"),
        ("NAGIOS", "+447731234567", "dots: a\n.\nb"),
        ("ALERTS", "+447731234567", "habit: a\n.\nb"),
        ("NAGIOS", "+447731234567", "habits: x"),
        ("ALERTS", "+447731234567", "dot: a"),
        ("ALERTS", "+447731234567", "all: done"),
        ("ALERTS", "+447731000001", "all: done"),
        ("ALERTS", "+393331234567", "all: done"),
        ("ALERTS", "+447731234567", "null: done"),
        ("ALERTS", "+447731000001", "null: done"),
        ("ALERTS", "+393331234567", "null: done"),
    ];
    assert_eq!(shown, wanted);
}

#[test]
fn exit_codes_are_those_of_sysexits() {
    let house = House::closed(&Config::default(), &[]);
    for (words, mail, code, about) in [
        ("", MAIL, 64, "nobody to send to"),
        ("-t", "Subject: nobody\n\nx\n", 64, "nobody in the headers"),
        (TO, "X-Nothing: here\n\n", 65, "nothing to say"),
        ("12@sms.example.com", MAIL, 67, "no such number"),
        ("00447731234567@elsewhere.example", MAIL, 67, "not our domain"),
        (&format!("{TO} nobody@sms.example.com"), MAIL, 67, "one of two is wrong: nothing is queued"),
        (&format!("--nonsense {TO}"), MAIL, 64, "no such option"),
        ("-bp", "", 64, "a queue listing is not a mail"),
        ("-bs", "QUIT\n", 64, "nor is a session"),
    ] {
        let said = sendmail(&house, words, mail).exits_with(code);
        assert!(!said.stderr.is_empty(), "{about}: no reason given");
    }
    // Nothing was queued by any of them.
    assert_eq!(house.count("waiting"), 0);
    let source = std::fs::read_to_string(house.config_file()).unwrap();
    std::fs::write(house.config_file(), source.replace("url = \"sqlite:", "url = \"sqlite:/nonexistent/folder"))
        .unwrap();
    let said = sendmail(&house, TO, MAIL).exits_with(75);
    assert!(!said.stderr.is_empty());
    std::fs::write(house.config_file(), "nonsense = 1\n").unwrap();
    sendmail(&house, TO, MAIL).exits_with(78);
}
