//! What must hold in every storm.

use proptest::prelude::*;

use super::*;

/// A message of a storm: seconds since the one before, whose number, whose sender, parts, urgency.
type Drop = (i64, bool, bool, u32, bool);

fn storm() -> impl Strategy<Value = Vec<Drop>> {
    let pause = prop_oneof![6 => 0..3i64, 3 => 0..400i64, 1 => 0..20_000i64];
    prop::collection::vec((pause, any::<bool>(), any::<bool>(), 1..4u32, prop::bool::weighted(0.2)), 1..150)
}

fn settings() -> impl Strategy<Value = Settings> {
    let on_limit = prop_oneof![Just(OnLimit::Hold), Just(OnLimit::Digest), Just(OnLimit::Refuse)];
    let quiet = Quiet {
        numbers: vec![number(FIRST)],
        from: "05:00".parse().unwrap(),
        to: "08:00".parse().unwrap(),
        zone: TimeZone::UTC,
    };
    let allowance = prop::option::of((3..12u32, prop_oneof![Just(60u64), Just(3600), Just(86_400), Just(7)]));
    (on_limit, allowance.clone(), allowance, prop::option::of(12..60u32), 0..10u32, any::<bool>()).prop_map(
        move |(on_limit, number, sender, per_day, reserve, is_quiet)| Settings {
            per_number: number.map(|(parts, seconds)| per(parts, seconds)),
            per_sender: sender.map(|(parts, seconds)| per(parts, seconds)),
            per_day,
            reserve,
            on_limit,
            quiet: if is_quiet { vec![quiet.clone()] } else { Vec::new() },
            ..Settings::default()
        },
    )
}

/// Something that went out: when, to whom, from whom, parts.
struct Sent {
    due: Timestamp,
    to: &'static str,
    from: Option<&'static str>,
    parts: u32,
    urgency: Urgency,
}

/// Plays the storm; gives what went out, digests too, and how many messages there were, passed, and were gathered.
fn play(settings: &Settings, drops: &[Drop]) -> (Vec<Sent>, usize, usize) {
    let mut book = Book::new(settings.clone());
    let (mut sent, mut second, mut passed, mut gathered) = (Vec::new(), 0, 0, 0);
    for (pause, first, one, parts, is_urgent) in drops {
        second += pause;
        let (to, from) = (if *first { FIRST } else { SECOND }, if *one { "a@mon" } else { "b@mon" });
        let urgency = if *is_urgent { Urgency::Urgent } else { Urgency::Ordinary };
        let message = Message { to, from: Some(from), parts: *parts, urgency, second };
        match book.ask(message) {
            Judgement::Pass { due } => {
                passed += 1;
                sent.push(Sent { due, to, from: Some(from), parts: *parts, urgency });
            }
            Judgement::Gather { due, digest, .. } => {
                gathered += 1;
                assert!(due > at(second), "a digest lies ahead");
                if digest == Digest::New {
                    sent.push(Sent { due, to, from: None, parts: 1, urgency });
                }
            }
            Judgement::Hold { .. } | Judgement::Refuse { .. } => {}
        }
    }
    (sent, passed, gathered)
}

/// The most parts in any stretch of that many seconds among what `is_mine`.
fn most(sent: &[Sent], per: Duration, is_mine: impl Fn(&Sent) -> bool) -> u32 {
    let mine: Vec<&Sent> = sent.iter().filter(|one| is_mine(one)).collect();
    let within = |begin: Timestamp| {
        let parts = mine.iter().filter(|one| one.due >= begin && one.due < begin + per).map(|one| one.parts);
        parts.sum::<u32>()
    };
    mine.iter().map(|one| within(one.due)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_stretch_of_time_has_more_than_the_limit(settings in settings(), drops in storm()) {
        let (sent, ..) = play(&settings, &drops);
        for to in [FIRST, SECOND] {
            if let Some(Allowance { parts, per }) = settings.per_number {
                prop_assert!(most(&sent, per, |one| one.to == to) <= parts);
            }
        }
        for from in ["a@mon", "b@mon"] {
            if let Some(Allowance { parts, per }) = settings.per_sender {
                prop_assert!(most(&sent, per, |one| one.from == Some(from)) <= parts);
            }
        }
        let days = sent.iter().map(|one| one.due.to_string()[..10].to_owned());
        for day in days {
            let today = sent.iter().filter(|one| one.due.to_string().starts_with(&day));
            let parts: u32 = today.map(|one| one.parts).sum();
            prop_assert!(settings.per_day.is_none_or(|most| parts <= most));
        }
    }

    #[test]
    fn the_first_message_passes_at_once_or_when_quiet_hours_end(settings in settings(), parts in 1..4u32) {
        let mut book = Book::new(Settings { reserve: 0, ..settings });
        let passes = matches!(book.ask(Message { parts, ..message(0) }), Judgement::Pass { .. });
        prop_assert!(passes);
    }

    #[test]
    fn the_reserve_is_never_used_by_ordinary_messages(drops in storm(), most in 12..40u32, reserve in 1..10u32) {
        let settings = Settings { per_day: Some(most), reserve, on_limit: OnLimit::Digest, ..Settings::default() };
        let (sent, ..) = play(&settings, &drops);
        let mut days = BTreeMap::<String, u32>::new();
        for one in sent.iter().filter(|one| one.urgency == Urgency::Ordinary) {
            *days.entry(one.due.to_string()[..10].to_owned()).or_default() += one.parts;
        }
        prop_assert!(days.values().all(|parts| *parts <= most - reserve));
    }

    #[test]
    fn with_digests_nothing_is_held_or_refused_but_gathered(settings in settings(), drops in storm()) {
        let settings = Settings { on_limit: OnLimit::Digest, reserve: 0, ..settings };
        let (_, passed, gathered) = play(&settings, &drops);
        prop_assert_eq!(passed + gathered, drops.len());
    }
}
