//! SMTP smuggling (CVE-2023-51764 and its kin): whatever a message holds, it is one message.

use super::{FROM, TO, head, talk};
use crate::support::client::Client;
use crate::support::house::House;
use crate::support::postfix::{Postfix, Road};
use crate::support::programs::are_here_for_root;
use crate::support::simulator::Sms;

/// What a dot may stand between, CR and LF in every mixture.
const BREAKS: [&str; 9] = ["\n", "\r", "\r\n", "\r\r\n", "\n\r", "\n\n", "\r\n\n", "\0\r\n", "\r\0\n"];

/// All that looks like the end of a message to somebody, and is none.
fn look_alikes() -> Vec<String> {
    let between = |before: &'static str| BREAKS.map(|after| format!("{before}.{after}"));
    BREAKS.into_iter().flat_map(between).filter(|text| !text.contains("\r\n.\r\n")).collect()
}

/// A message of which the second part would be another one if the look-alike were an end.
fn message(n: usize, look_alike: &str) -> String {
    format!(
        "Subject: outer {n}\r\n\r\nbefore{look_alike}MAIL FROM:<evil@site.example>\r\nRCPT TO:<boss@sms.example.com>\r\n\
         DATA\r\nSubject: evil\r\n\r\nx"
    )
}

/// Fails unless every message is one SMS, and to whom it was for.
#[track_caller]
fn expect_only_outer_ones(accepted: &[Sms], count: usize) {
    let outer = |sms: &Sms| sms.recipient == "+447731234567" && sms.text.starts_with("outer ");
    assert!(accepted.iter().all(outer), "{accepted:#?}");
    let begins = |n: usize, sms: &Sms| sms.text.split(':').next() == Some(&format!("outer {n}"));
    let times = |n: &usize| accepted.iter().filter(|sms| begins(*n, sms)).count();
    let wrong: Vec<(usize, usize)> = (0..count).map(|n| (n, times(&n))).filter(|(_, times)| *times != 1).collect();
    assert!(wrong.is_empty(), "number and how often: {wrong:?}");
    assert_eq!(accepted.len(), count);
}

#[test]
fn no_other_line_break_ends_a_message() {
    let house = House::open();
    let look_alikes = look_alikes();
    assert!(look_alikes.len() > 70, "{}", look_alikes.len());
    for (n, look_alike) in look_alikes.iter().enumerate() {
        let mut client = Client::hello(house.address());
        let reply = client.deliver(FROM, &[TO], message(n, look_alike).as_bytes());
        assert_eq!(reply.code, 250, "{look_alike:?}: {reply:?}");
        // It was one answer to one message: the next one answers the next command.
        assert!(client.is_hung_up_after_quit(), "{look_alike:?}: replies went out of step");
    }
    expect_only_outer_ones(&house.settle(), look_alikes.len());
}

#[test]
fn nothing_ends_a_message_by_chunks_but_its_last_one() {
    let house = House::open();
    let mut look_alikes = look_alikes();
    look_alikes.push("\r\n.\r\n".to_owned());
    for (n, look_alike) in look_alikes.iter().enumerate() {
        let message = message(n, look_alike);
        let heard =
            talk(house.address(), format!("{}BDAT {} LAST\r\n{message}QUIT\r\n", head(), message.len()).as_bytes());
        assert_eq!(heard.matches("queued as").count(), 1, "{look_alike:?}: {heard}");
    }
    expect_only_outer_ones(&house.settle(), look_alikes.len());
}

/// A Postfix in front that sees one message where others would see two. What it takes must come out of us once.
#[test]
fn a_strict_postfix_in_front_and_we_count_alike() {
    let test = "hostile::a_strict_postfix_in_front_and_we_count_alike";
    let strict = "smtpd_forbid_bare_newline = normalize\nsmtpd_forbid_bare_newline_exclusions =";
    through_postfix(test, strict, |queued, look_alike| assert_eq!(queued, 1, "{look_alike:?}"));
}

/// A Postfix in front as it was before it knew of smuggling: some look-alikes are ends to it. Then the second message
/// is one, sent by whoever could have sent it anyway; but we must not make a third.
#[test]
fn an_old_postfix_in_front_and_we_count_alike() {
    let test = "hostile::an_old_postfix_in_front_and_we_count_alike";
    let old = "smtpd_forbid_bare_newline = no\ncleanup_replace_stray_cr_lf = no";
    through_postfix(test, old, |queued, look_alike| assert!((1..=2).contains(&queued), "{look_alike:?}: {queued}"));
}

/// Sends every look-alike through a Postfix by DATA and by BDAT. `check` is told how many messages Postfix has seen in
/// one by DATA.
fn through_postfix(test: &str, settings: &str, check: impl Fn(usize, &str)) {
    if !are_here_for_root(test, &["postfix"]) {
        return;
    }
    let house = House::open();
    let mut postfix = Postfix::prepare_with(Road::Smtp, settings);
    postfix.start(house.address());
    let mut taken = 0;
    let mut outer = 0;
    for look_alike in look_alikes() {
        let by_data = format!("{}DATA\r\n{}\r\n.\r\nQUIT\r\n", head(), message(outer, &look_alike));
        let by_chunk = message(outer + 1, &look_alike);
        let by_chunk = format!("{}BDAT {} LAST\r\n{by_chunk}QUIT\r\n", head(), by_chunk.len());
        let [by_data, by_chunk] = [by_data, by_chunk].map(|session| {
            let heard = talk(postfix.address(), session.as_bytes());
            heard.matches("queued as").count()
        });
        check(by_data, &look_alike);
        assert_eq!(by_chunk, 1, "{look_alike:?}");
        taken += by_data + by_chunk;
        outer += 2;
    }
    postfix.wait_until_empty();
    let accepted = house.settle();
    let (outer_ones, evil): (Vec<Sms>, Vec<Sms>) = accepted.into_iter().partition(|sms| sms.text.starts_with("outer "));
    expect_only_outer_ones(&outer_ones, outer);
    assert_eq!(evil.len(), taken - outer, "{evil:#?}");
}
