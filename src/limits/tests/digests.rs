//! When a digest goes, and what it says.

use super::*;
use crate::sms::{self, Charset, Medium, Template};

fn gathering(per_number: u32) -> Settings {
    Settings { per_number: hourly(per_number), on_limit: OnLimit::Digest, ..Settings::default() }
}

/// The second at which the digest is due that the message goes into, and whether it is a new one.
fn gathered(judgement: &Judgement) -> Option<(i64, Digest)> {
    match judgement {
        Judgement::Gather { due, digest, .. } => Some((due.as_second() - at(0).as_second(), *digest)),
        _ => None,
    }
}

#[test]
fn what_is_over_joins_the_digest_that_gathers_and_the_next_window_has_the_next() {
    let mut book = Book::new(gathering(20));
    assert_eq!(book.passes(message(0), 20), 20);
    let end = HOUR + 15;
    assert_eq!(gathered(&book.ask(message(20))), Some((end, Digest::New)));
    assert_eq!(gathered(&book.ask(message(21))), Some((end, Digest::Open)));
    assert_eq!(gathered(&book.ask(message(HOUR))), Some((end, Digest::Open)));
    // The digest has its place among the twenty of the next window.
    assert_eq!(book.passes(message(HOUR + 30), 19), 19);
    assert_eq!(gathered(&book.ask(message(HOUR + 60))), Some((2 * HOUR + 30, Digest::New)));
}

#[test]
fn each_number_has_its_own() {
    let mut book = Book::new(Settings { per_sender: hourly(1), per_number: None, ..gathering(1) });
    assert_eq!(book.goes(message(0)), Some(0));
    assert_eq!(gathered(&book.ask(message(1))), Some((HOUR + 15, Digest::New)));
    assert_eq!(gathered(&book.ask(Message { to: SECOND, ..message(2) })), Some((HOUR + 15, Digest::New)));
}

#[test]
fn a_digest_of_ordinary_messages_waits_for_the_end_of_quiet_hours_and_an_urgent_one_does_not() {
    let quiet = Quiet {
        numbers: Vec::new(),
        from: "04:00".parse().unwrap(),
        to: "07:00".parse().unwrap(),
        zone: TimeZone::UTC,
    };
    let mut book = Book::new(Settings { quiet: vec![quiet], ..gathering(2) });
    assert_eq!(book.passes(message(0), 2), 2);
    assert_eq!(gathered(&book.ask(message(10))), Some((4 * HOUR, Digest::New)));
    assert_eq!(gathered(&book.ask(urgent(20))), Some((HOUR + 15, Digest::New)));
    // It rings anyway: the others need not wait longer.
    assert_eq!(gathered(&book.ask(message(30))), Some((HOUR + 15, Digest::Open)));
}

#[test]
fn a_day_that_is_used_up_gathers_for_the_next_and_a_month_holds() {
    let day = Settings { per_number: None, per_day: Some(2), per_month: Some(100), ..gathering(1) };
    let mut book = Book::new(day.clone());
    assert_eq!(book.passes(message(0), 2), 2);
    assert_eq!(gathered(&book.ask(message(10))), Some((21 * HOUR, Digest::New)));

    let mut book = Book::new(Settings { per_day: None, per_month: Some(2), ..day });
    assert_eq!(book.passes(message(0), 2), 2);
    assert_eq!(book.ask(message(10)), Judgement::Hold { over: Limit::Month { most: 2, reserve: 0 } });
}

fn composed(count: usize, subjects: &[(&str, usize)]) -> String {
    let settings = sms::Settings {
        template: Template::parse("{subject}: {body}").unwrap(),
        max_parts: 3,
        overflow: sms::Overflow::Split,
        ellipsis: "...".to_owned(),
    };
    let subjects: Vec<_> = subjects.iter().map(|(subject, times)| ((*subject).to_owned(), *times)).collect();
    let sms = compose(count, &subjects, &Medium::new(Charset::Latin1, 160), &settings).unwrap();
    assert_eq!(sms.parts.len(), 1);
    sms.parts[0].text.clone()
}

#[test]
fn a_digest_counts_all_and_lists_the_subjects_that_fit() {
    assert_eq!(composed(37, &[("disk full", 36), ("web2 down", 1)]), "+37 more alerts: disk full (36); web2 down");
    assert_eq!(composed(1, &[("disk full", 1)]), "+1 more alert: disk full");
    assert_eq!(composed(3, &[]), "+3 more alerts");
    let (long, longer) = ("x".repeat(100), "y".repeat(60));
    assert_eq!(composed(9, &[(&long, 8), (&longer, 1)]), format!("+9 more alerts: {long} (8); ..."));
    assert_eq!(composed(8, &[(&long.repeat(2), 8)]), format!("+8 more alerts: {}...", "x".repeat(141)));
}

#[test]
fn many_subjects_make_a_full_digest() {
    let subjects: Vec<String> = (0..500).map(|n| format!("web{n:03} down")).collect();
    let subjects: Vec<(&str, usize)> = subjects.iter().map(|subject| (subject.as_str(), 1)).collect();
    let text = composed(500, &subjects);
    assert!(text.starts_with("+500 more alerts: web000 down; web001 down; ") && text.ends_with("; ..."), "{text}");
    assert!((140..=160).contains(&text.len()), "{text}");
}
