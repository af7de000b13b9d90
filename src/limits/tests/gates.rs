//! All limits together, the reserve, quiet hours.

use super::*;

#[test]
fn without_limits_everything_passes_and_nothing_is_counted() {
    let mut book = Book::new(Settings::default());
    assert_eq!(book.passes(message(0), 1000), 1000);
    assert!(book.counts.is_empty());
}

#[test]
fn the_setting_says_what_becomes_of_what_is_over() {
    let over = Limit::Number(per(1, 3600));
    for (on_limit, expected) in [
        (OnLimit::Hold, Judgement::Hold { over: over.clone() }),
        (OnLimit::Refuse, Judgement::Refuse { over: over.clone() }),
        (OnLimit::Digest, Judgement::Gather { over: over.clone(), due: at(HOUR + 15), digest: Digest::New }),
    ] {
        let mut book = Book::new(Settings { per_number: hourly(1), on_limit, ..Settings::default() });
        assert_eq!(book.ask(message(0)), Judgement::Pass { due: at(0) });
        assert_eq!(book.ask(message(1)), expected);
    }
}

#[test]
fn limits_are_told_in_words_without_number_or_sender() {
    for (limit, words) in [
        (Limit::Number(per(20, 3600)), "the limit of 20 SMS an hour for one number"),
        (Limit::Sender(per(5, 60)), "the limit of 5 SMS a minute from one sender"),
        (
            Limit::Prefix { prefix: "+39".to_owned(), allowance: per(9, 86_400) },
            "the limit of 9 SMS in 24 hours for numbers with +39",
        ),
        (Limit::Day { most: 5000, reserve: 0 }, "the budget of 5000 SMS a day"),
        (Limit::Month { most: 5000, reserve: 500 }, "the budget of 5000 SMS a month, 500 of them for urgent messages"),
    ] {
        assert_eq!(limit.to_string(), words);
    }
}

#[test]
fn the_reserve_is_for_urgent_messages_only() {
    let settings = Settings { per_day: Some(10), per_month: Some(100), reserve: 4, ..Settings::default() };
    let mut book = Book::new(settings);
    assert_eq!(book.passes(message(0), 20), 6);
    assert_eq!(book.passes(urgent(100), 20), 4);
    assert_eq!(book.ask(urgent(200)), Judgement::Hold { over: Limit::Day { most: 10, reserve: 4 } });
}

#[test]
fn urgent_messages_obey_the_other_limits() {
    let mut book = Book::new(Settings { per_number: hourly(3), ..Settings::default() });
    assert_eq!(book.passes(urgent(0), 20), 3);
}

fn quiet(from: &str, to: &str, zone_name: &str) -> Quiet {
    Quiet { numbers: Vec::new(), from: from.parse().unwrap(), to: to.parse().unwrap(), zone: zone(zone_name) }
}

#[test]
fn in_quiet_hours_what_is_not_urgent_waits_for_their_end() {
    // It is 03:00 in Greenwich, 04:00 in Rome.
    for (quiet_times, goes) in [
        (vec![], 0),
        (vec![quiet("22:00", "07:00", "Europe/Rome")], 3 * HOUR),
        (vec![quiet("22:00", "07:00", "Europe/London")], 4 * HOUR),
        (vec![quiet("22:00", "04:00", "Europe/Rome")], 0),
        (vec![quiet("04:00", "05:00", "Europe/Rome")], HOUR),
        (vec![quiet("05:00", "06:00", "Europe/Rome")], 0),
        (vec![quiet("03:30", "04:30", "Europe/Rome"), quiet("04:30", "05:30", "Europe/Rome")], 5400),
        (vec![quiet("00:00", "12:00", "UTC"), quiet("12:00", "00:00", "UTC")], 9 * HOUR),
        (vec![Quiet { numbers: vec![number(SECOND)], ..quiet("22:00", "07:00", "UTC") }], 0),
        (vec![Quiet { numbers: vec![number(FIRST)], ..quiet("22:00", "07:00", "UTC") }], 4 * HOUR),
    ] {
        let mut book = Book::new(Settings { quiet: quiet_times.clone(), ..Settings::default() });
        assert_eq!(book.goes(message(0)), Some(goes), "{quiet_times:?}");
        assert_eq!(book.goes(urgent(0)), Some(0));
    }
}

#[test]
fn quiet_hours_follow_the_clock_on_the_wall_when_it_is_changed() {
    // Rome, 29 March 2026: from 02:00 the clock jumps to 03:00. 25 October: from 03:00 back to 02:00.
    for (now, from, to, end) in [
        ("2026-03-28T22:00:00Z", "22:00", "07:00", "2026-03-29T05:00:00Z"),
        ("2026-03-29T00:30:00Z", "22:00", "02:30", "2026-03-29T01:30:00Z"),
        ("2026-10-24T22:00:00Z", "22:00", "07:00", "2026-10-25T06:00:00Z"),
        ("2026-10-25T00:10:00Z", "22:00", "02:30", "2026-10-25T00:30:00Z"),
        ("2026-10-25T01:10:00Z", "22:00", "02:30", "2026-10-25T01:30:00Z"),
    ] {
        let settings = Settings { quiet: vec![quiet(from, to, "Europe/Rome")], ..Settings::default() };
        let mut book = Book::new(settings);
        let second = now.parse::<Timestamp>().unwrap().as_second() - at(0).as_second();
        assert_eq!(book.ask(message(second)), Judgement::Pass { due: end.parse().unwrap() }, "{now}");
    }
}

#[test]
fn a_budget_is_most_used_from_four_fifths_of_what_ordinary_messages_may_use() {
    let settings = Settings { per_day: Some(1100), per_month: Some(200), reserve: 100, ..Settings::default() };
    let budgets = settings.budgets(at(0));
    assert_eq!(budgets.iter().map(|budget| budget.scope).collect::<Vec<_>>(), [Scope::Day, Scope::Month]);
    for (used, level) in
        [(0, Level::Enough), (799, Level::Enough), (800, Level::Most), (999, Level::Most), (1000, Level::All)]
    {
        assert_eq!(budgets[0].level(used), level, "{used}");
    }
    assert_eq!(budgets[0].begin, at(-3 * HOUR));
    assert_eq!(budgets[0].end, at(21 * HOUR));
    assert_eq!(budgets[1].end, at(31 * DAY - 3 * HOUR));
}
