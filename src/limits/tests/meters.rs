//! One limit alone.

use super::*;

#[test]
fn a_limit_lets_so_many_through_in_any_stretch_and_then_as_many_again() {
    let mut book = Book::new(Settings { per_number: hourly(20), ..Settings::default() });
    assert_eq!(book.passes(message(0), 1000), 20);
    assert_eq!(book.goes(message(HOUR - 1)), None);
    // The first twenty went within twenty seconds; two slots of a quarter of a minute hold them.
    assert_eq!(book.goes(message(HOUR)), None);
    assert_eq!(book.passes(message(HOUR + 15), 60), 20);
    assert_eq!(book.passes(message(10 * HOUR), 100), 20);
}

#[test]
fn what_is_counted_are_parts() {
    let mut book = Book::new(Settings { per_number: hourly(20), ..Settings::default() });
    assert_eq!(book.passes(Message { parts: 3, ..message(0) }, 100), 6);
    assert_eq!(book.passes(message(100), 100), 2);
}

#[test]
fn a_message_longer_than_the_limit_goes_when_nothing_else_did() {
    let mut book = Book::new(Settings { per_number: hourly(2), ..Settings::default() });
    assert_eq!(book.passes(Message { parts: 3, ..message(0) }, 100), 1);
    assert_eq!(book.goes(message(200)), None);
    assert_eq!(book.goes(Message { parts: 3, ..message(2 * HOUR) }), Some(2 * HOUR));
}

#[test]
fn numbers_senders_and_prefixes_have_counts_of_their_own() {
    let other = Message { to: SECOND, ..message(0) };
    let mut numbers = Book::new(Settings { per_number: hourly(2), ..Settings::default() });
    assert_eq!((numbers.passes(message(0), 9), numbers.passes(other, 9)), (2, 2));

    let mut senders = Book::new(Settings { per_sender: hourly(3), ..Settings::default() });
    assert_eq!((senders.passes(message(0), 2), senders.passes(other, 9)), (2, 1));
    assert_eq!(senders.passes(Message { from: Some("NAGIOS@mon.example"), ..message(0) }, 9), 0);
    assert_eq!(senders.passes(Message { from: Some("zabbix@mon.example"), ..message(0) }, 9), 3);
    assert_eq!(senders.passes(Message { from: None, ..message(0) }, 9), 3);

    let prefix = |prefix: &str, parts| PrefixAllowance { prefix: prefix.to_owned(), allowance: per(parts, 3600) };
    let per_prefix = vec![prefix("+44", 5), prefix("+447", 1), prefix("+3", 4)];
    let mut prefixes = Book::new(Settings { per_prefix, ..Settings::default() });
    assert_eq!(prefixes.passes(message(0), 9), 1, "the longest prefix counts it");
    assert_eq!(prefixes.passes(Message { to: "+442012345678", ..message(0) }, 9), 5, "and only that one");
    assert_eq!(prefixes.passes(other, 9), 4);
    assert_eq!(prefixes.passes(Message { to: "+15551234567", ..message(0) }, 9), 9);
}

#[test]
fn days_and_months_are_those_of_the_calendar_in_the_zone() {
    // 03:00 in Greenwich is 12:00 in Tokyo; its day ends after twelve hours.
    let tokyo = Settings { per_day: Some(3), zone: zone("Asia/Tokyo"), ..Settings::default() };
    let mut book = Book::new(tokyo);
    assert_eq!(book.passes(message(0), 9), 3);
    assert_eq!(book.goes(message(12 * HOUR - 1)), None);
    assert_eq!(book.passes(message(12 * HOUR), 9), 3);

    let mut book = Book::new(Settings { per_month: Some(3), ..Settings::default() });
    assert_eq!(book.passes(message(0), 9), 3);
    assert_eq!(book.goes(message(31 * DAY - 3 * HOUR - 1)), None);
    assert_eq!(book.goes(message(31 * DAY - 3 * HOUR)), Some(31 * DAY - 3 * HOUR));
}

#[test]
fn what_lies_in_the_future_has_its_place_and_only_near_it() {
    let quiet = Quiet {
        numbers: Vec::new(),
        from: "22:00".parse().unwrap(),
        to: "07:00".parse().unwrap(),
        zone: TimeZone::UTC,
    };
    let mut book = Book::new(Settings { per_number: hourly(20), quiet: vec![quiet], ..Settings::default() });
    // At three in the morning everything waits for seven o'clock, and no more than twenty do.
    assert_eq!(book.goes(message(0)), Some(4 * HOUR));
    assert_eq!(book.passes(message(0), 100), 19);
    // An urgent one goes now; shortly before seven it would be one too many within an hour.
    assert_eq!(book.goes(urgent(0)), Some(0));
    assert_eq!(book.goes(urgent(3 * HOUR + 600)), None);
}
