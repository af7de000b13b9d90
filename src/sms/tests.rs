//! The whole room: what comes out keeps what is promised.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::alphabet::Alphabet;
use super::galley::{Foreign, Galley};
use super::*;
use crate::message::Text;

fn settings(max_parts: usize, overflow: Overflow) -> Settings {
    Settings {
        template: Template::parse("{subject}: {body}").unwrap(),
        max_parts,
        overflow,
        ellipsis: "...".to_owned(),
    }
}

fn medium(charset: Charset) -> Medium {
    Medium::new(charset, 160)
}

fn truncated(words: &str, charset: Charset) -> Sms {
    fit(words, &medium(charset), &settings(1, Overflow::Truncate)).unwrap()
}

fn texts(sms: &Sms) -> Vec<&str> {
    sms.parts.iter().map(|part| part.text.as_str()).collect()
}

#[test]
fn a_short_text_is_one_part_in_the_cheapest_encoding() {
    use Encoding::{Ascii, Gsm7, Latin1, Ucs2};
    let table = [
        ("disk full", Charset::Utf8, "disk full", 9, Gsm7),
        ("5 € [now]", Charset::Utf8, "5 € [now]", 12, Gsm7),
        ("5 € [now]", Charset::Latin1, "5 EUR [now]", 11, Latin1),
        ("don’t – “quote” …", Charset::Utf8, "don't - \"quote\" ...", 19, Gsm7),
        ("Grüße, garçon", Charset::Gsm7, "Grüße, garcon", 13, Gsm7),
        ("Grüße, GARÇON", Charset::Gsm7, "Grüße, GARÇON", 13, Gsm7),
        ("Grüße, garçon", Charset::Latin1, "Grüße, garçon", 13, Latin1),
        ("Grüße, garçon", Charset::Ascii, "Grusse, garcon", 14, Ascii),
        ("Grüße, garçon `x`", Charset::Latin1InGsm7, "Grüße, garcon 'x'", 17, Latin1),
        ("[grün]", Charset::AsciiInGsm7, "[grun]", 8, Ascii),
        ("one\ntwo", Charset::Latin1, "one\ntwo", 8, Latin1),
        ("one\ntwo", Charset::Gsm7, "one\ntwo", 7, Gsm7),
        ("Привет", Charset::Utf8, "Privet", 6, Gsm7),
        ("会議 – 10:00", Charset::Utf8, "会議 – 10:00", 10, Ucs2),
        ("✅ Resolved 🎉", Charset::Utf8, "OK Resolved :tada:", 18, Gsm7),
        ("cafe\u{301}", Charset::Gsm7, "café", 4, Gsm7),
        (" \u{feff}too\tmuch \r\n\r\n space\0 ", Charset::Gsm7, "too much\nspace", 14, Gsm7),
    ];
    for (words, charset, text, units, encoding) in table {
        let sms = truncated(words, charset);
        let part = Part { text: text.to_owned(), units };
        assert_eq!((sms.encoding, sms.parts), (encoding, vec![part]), "{words:?} in {charset:?}");
        assert!(!sms.truncated && sms.dropped.is_empty());
    }
}

#[test]
fn what_makes_a_text_dear_is_named() {
    let named = |words: &str, ucs2| {
        let medium = Medium { ucs2, ..medium(Charset::Utf8) };
        let sms = fit(words, &medium, &settings(1, Overflow::Truncate)).unwrap();
        (sms.encoding, sms.because.map(|because| because.to_string()))
    };
    let ucs2 = |because: &str| (Encoding::Ucs2, Some(because.to_owned()));
    assert_eq!(named("The disk isn\u{2019}t full", Ucs2::Allow), ucs2("U+2019 at 13"));
    assert_eq!(named("The disk isn\u{2019}t full", Ucs2::Transliterate), (Encoding::Gsm7, None));
    assert_eq!(named("The disk isn\u{2019}t full", Ucs2::Refuse), (Encoding::Gsm7, None));
    assert_eq!(named("isn\u{2019}t \u{4f1a}", Ucs2::Transliterate), ucs2("U+4F1A at 7"));
    assert_eq!(named("plain", Ucs2::Allow), (Encoding::Gsm7, None));
}

#[test]
fn a_text_that_can_not_be_carried_is_refused_by_name() {
    for (charset, ucs2, encoding) in [
        (Charset::Latin1, Ucs2::Allow, Encoding::Latin1),
        (Charset::Gsm7, Ucs2::Allow, Encoding::Gsm7),
        (Charset::Ascii, Ucs2::Transliterate, Encoding::Ascii),
        (Charset::Utf8, Ucs2::Refuse, Encoding::Gsm7),
    ] {
        let medium = Medium { ucs2, ..medium(charset) };
        let error = fit("on 会議", &medium, &settings(1, Overflow::Truncate)).unwrap_err();
        assert_eq!(error, FitError::NotCarried { foreign: ForeignChar { character: '会', position: 4 }, encoding });
        assert!(error.for_sender().ends_with("U+4F1A, character 4 of the text"), "{}", error.for_sender());
    }
    // What is cut off anyway refuses nothing and costs nothing.
    let words = format!("{} 会議", "word ".repeat(60));
    assert_eq!(truncated(&words, Charset::Latin1).encoding, Encoding::Latin1);
    assert_eq!(truncated(&words, Charset::Utf8).encoding, Encoding::Gsm7);
}

#[test]
fn a_text_does_not_go_dear_when_the_cut_takes_what_made_it_so() {
    let words = format!("{} 会議 {}", "word ".repeat(20), "word ".repeat(60));
    let sms = truncated(&words, Charset::Utf8);
    assert_eq!((sms.encoding, sms.because), (Encoding::Gsm7, None));
    assert_eq!(texts(&sms), [format!("{}...", "word ".repeat(20).trim_end())]);
    let words = format!("会議 {}", "word ".repeat(60));
    let sms = truncated(&words, Charset::Utf8);
    assert_eq!((sms.encoding, sms.parts[0].units <= 70), (Encoding::Ucs2, true));
}

#[test]
fn nothing_to_say_is_an_error() {
    for words in ["", " \n\t\r\n ", "\0\u{200b}\u{feff}", "\u{fe0f}\u{1f3fd}"] {
        assert_eq!(fit(words, &medium(Charset::Gsm7), &settings(1, Overflow::Truncate)), Err(FitError::Empty));
    }
    assert!(compose(&Fields::new(&Text::default()), &medium(Charset::Gsm7), &settings(1, Overflow::Truncate)).is_err());
}

#[test]
fn errors_speak_ascii_to_senders() {
    let foreign = ForeignChar { character: '会', position: 1 };
    let errors = [
        FitError::Empty,
        FitError::NotCarried { foreign, encoding: Encoding::Gsm7 },
        FitError::TooLong { max_parts: 1, max_length: 160 },
        FitError::TooLong { max_parts: 3, max_length: 160 },
    ];
    for error in errors {
        assert!(error.for_sender().is_ascii(), "{error}");
        assert!(error.to_string().is_ascii(), "{error}");
    }
}

#[test]
fn a_mail_loses_the_end_of_its_body_first() {
    let mail = Text {
        subject: "Disk full on db1".to_owned(),
        body: "sda1 has no space left. ".repeat(20),
        headers: vec![("X-Link".to_owned(), "https://mon.example/4711".to_owned())],
        ..Text::default()
    };
    let medium = medium(Charset::Latin1);
    let sms = compose(&Fields::new(&mail), &medium, &settings(1, Overflow::Truncate)).unwrap();
    let expected = format!("Disk full on db1: {}sda1 has no space...", "sda1 has no space left. ".repeat(5));
    assert_eq!(texts(&sms), [expected]);
    assert!(sms.truncated && sms.dropped[0].starts_with("left. sda1 has no space left."));
    assert!(sms.text.starts_with("Disk full on db1: sda1") && sms.text.len() > 400);

    let template = Template::parse("{subject}: {body|shrink} {header.X-Link}").unwrap();
    let sms = compose(&Fields::new(&mail), &medium, &Settings { template, ..settings(1, Overflow::Truncate) }).unwrap();
    assert!(sms.parts[0].text.ends_with("... https://mon.example/4711"), "{:?}", sms.parts);
    assert!(sms.parts[0].units > 140);
}

#[test]
fn the_overflow_is_cut_split_or_refused() {
    let words = "Sentence number one is here. ".repeat(12);
    let split = fit(&words, &medium(Charset::Gsm7), &settings(9, Overflow::Split)).unwrap();
    assert_eq!(split.parts.len(), 3);
    assert!(split.parts[0].text.starts_with("1/3 Sentence") && split.parts[0].text.ends_with("here."));
    assert!(!split.truncated);

    let two = fit(&words, &medium(Charset::Gsm7), &settings(2, Overflow::Split)).unwrap();
    assert_eq!((two.parts.len(), two.truncated), (2, true));
    assert!(two.parts[1].text.starts_with("2/2 ") && two.parts[1].text.ends_with("..."));

    let too_long = Err(FitError::TooLong { max_parts: 2, max_length: 160 });
    assert_eq!(fit(&words, &medium(Charset::Gsm7), &settings(2, Overflow::Refuse)), too_long);
    assert_eq!(fit(&words, &medium(Charset::Gsm7), &settings(3, Overflow::Refuse)), Ok(split));
    assert_eq!(truncated(&words, Charset::Gsm7).parts.len(), 1);
}

#[test]
fn joined_parts_hold_153_septets_or_67_characters() {
    let units = |words: &str| -> Vec<usize> {
        let medium = Medium { joining: Joining::Joined, ..medium(Charset::Utf8) };
        let sms = fit(words, &medium, &settings(9, Overflow::Split)).unwrap();
        assert_eq!(texts(&sms).concat(), words);
        sms.parts.iter().map(|part| part.units).collect()
    };
    assert_eq!(units(&"a".repeat(160)), [160]);
    assert_eq!(units(&"a".repeat(161)), [153, 8]);
    assert_eq!(units(&"a".repeat(306)), [153, 153]);
    assert_eq!(units(&"a".repeat(307)), [153, 153, 1]);
    assert_eq!(units(&format!("{}€{}", "a".repeat(152), "b".repeat(20))), [152, 22]);
    assert_eq!(units(&"字".repeat(70)), [70]);
    assert_eq!(units(&"字".repeat(71)), [67, 4]);
    assert_eq!(units(&format!("{}😀{}", "字".repeat(66), "字".repeat(20))), [66, 22]);
}

#[test]
fn what_several_gateways_can_carry_is_what_each_of_them_can() {
    use Charset::{Ascii, AsciiInGsm7, Gsm7, Latin1, Latin1InGsm7, Utf8};
    let table = [
        (Ascii, Latin1, Ascii),
        (Ascii, Gsm7, AsciiInGsm7),
        (Ascii, Utf8, AsciiInGsm7),
        (Latin1, Gsm7, Latin1InGsm7),
        (Latin1, Utf8, Latin1InGsm7),
        (Gsm7, Utf8, Gsm7),
        (AsciiInGsm7, Latin1, AsciiInGsm7),
        (Latin1InGsm7, Utf8, Latin1InGsm7),
        (Latin1InGsm7, Ascii, AsciiInGsm7),
    ];
    for (one, other, both) in table {
        for pair in [[one, other], [other, one], [one, both], [both, other]] {
            let narrowest = Medium::narrowest(pair.into_iter().map(medium)).unwrap();
            assert_eq!(narrowest.charset, both, "{pair:?}");
        }
    }
    for charset in [Ascii, Latin1, Gsm7, Utf8] {
        assert_eq!(Medium::narrowest([medium(charset), medium(charset)].into_iter()), Some(medium(charset)));
    }
    let one = Medium { joining: Joining::Joined, ucs2: Ucs2::Allow, ..Medium::new(Utf8, 160) };
    let other = Medium { ucs2: Ucs2::Refuse, ..Medium::new(Utf8, 140) };
    assert_eq!(Medium::narrowest([one, other].into_iter()), Some(other));
    assert_eq!(Medium::narrowest(std::iter::empty()), None);
}

/// Each of these is set in a fraction of a second; were the work quadratic, it would take hours.
#[test]
fn a_huge_text_is_no_burden() {
    for pattern in ["word ", "x", "\u{301}", "字", "🇮", "👨\u{200d}", "[", "\n", "a\u{200b} ", "\u{1f3fd}", "http://a/"]
    {
        let words = format!("start {}", pattern.repeat(300_000 / pattern.len()));
        let sms = fit(&words, &medium(Charset::Utf8), &settings(9, Overflow::Split)).unwrap();
        assert!((1..=9).contains(&sms.parts.len()), "{pattern:?}");
    }
}

/// Counts units from the specifications, and by other means than the room does. `None`: it can't be encoded.
fn count(text: &str, encoding: Encoding) -> Option<usize> {
    const GSM: &str = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§\
                       ¿abcdefghijklmnopqrstuvwxyzäöñüà";
    const TWICE: &str = "^{}\\[~]|€";
    let over_the_line = text.replace('\n', "\r\n");
    match encoding {
        Encoding::Gsm7 => text.chars().try_fold(0, |sum, c| match (GSM.contains(c), TWICE.contains(c)) {
            (true, _) => Some(sum + 1),
            (_, true) => Some(sum + 2),
            _ => None,
        }),
        Encoding::Ucs2 => Some(text.encode_utf16().count()),
        Encoding::Latin1 => text.chars().all(|c| c <= '\u{ff}').then(|| over_the_line.chars().count()),
        Encoding::Ascii => text.is_ascii().then_some(over_the_line.len()),
    }
}

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{1,12}",
        6 => Just(" ".to_owned()),
        1 => Just(". ".to_owned()),
        1 => Just("\n".to_owned()),
        1 => "[\\[\\]{}€^~|]{1,3}",
        1 => "[àéüñçÇß’–…]{1,3}",
        1 => "[a-z]{30,200}",
        1 => Just("https://example.org/a/path?with=query".to_owned()),
        1 => "\\PC{1,4}",
        1 => any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

fn dear_words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-z]{1,8} ",
        2 => "[会議字。、]{1,6}",
        1 => Just("👨\u{200d}👩\u{200d}👧".to_owned()),
        1 => Just("👍🏽🇮🇹".to_owned()),
        1 => Just("हिन्दी".to_owned()),
        1 => "x[\u{300}-\u{320}]{1,3}",
    ];
    prop::collection::vec(piece, 1..60).prop_map(|pieces| pieces.concat())
}

fn any_medium() -> impl Strategy<Value = Medium> {
    use Charset::{Ascii, AsciiInGsm7, Gsm7, Latin1, Latin1InGsm7, Utf8};
    let charset = prop::sample::select(vec![Ascii, Latin1, Gsm7, Utf8, Utf8, Utf8, AsciiInGsm7, Latin1InGsm7]);
    let joining = prop::sample::select(vec![Joining::Numbered, Joining::Joined]);
    let ucs2 = prop::sample::select(vec![Ucs2::Refuse, Ucs2::Transliterate, Ucs2::Allow]);
    (charset, 80_usize..200, joining, ucs2).prop_map(|(charset, max_length, joining, ucs2)| Medium {
        charset,
        max_length,
        joining,
        ucs2,
    })
}

fn any_settings() -> impl Strategy<Value = Settings> {
    let overflow = prop::sample::select(vec![Overflow::Truncate, Overflow::Split, Overflow::Refuse]);
    (1_usize..14, overflow).prop_map(|(max_parts, overflow)| settings(max_parts, overflow))
}

/// The text as it was set, before it was cut or parted.
fn set_text(sms: &Sms, medium: &Medium) -> String {
    let alphabet = match (sms.encoding, medium.charset) {
        (Encoding::Ascii, Charset::AsciiInGsm7) => Alphabet::AsciiInGsm7,
        (Encoding::Latin1, Charset::Latin1InGsm7) => Alphabet::Latin1InGsm7,
        (Encoding::Ascii, _) => Alphabet::Ascii,
        (Encoding::Latin1, _) => Alphabet::Latin1,
        (Encoding::Gsm7, _) => Alphabet::Gsm7,
        (Encoding::Ucs2, _) => return sms.text.clone(),
    };
    let galley = Galley::set(&sms.text, alphabet, Foreign::Replace, usize::MAX);
    galley.text(0, galley.len()).to_owned()
}

/// The texts of the parts without their numbers.
fn unnumbered(sms: &Sms, medium: &Medium) -> Vec<String> {
    let total = sms.parts.len();
    let number = |n: usize| match medium.joining {
        Joining::Numbered if total > 1 => format!("{}/{total} ", n + 1),
        _ => String::new(),
    };
    let texts = sms.parts.iter().enumerate();
    texts.map(|(n, part)| part.text.strip_prefix(&number(n)).expect("a number").to_owned()).collect()
}

fn check(words: &str, medium: &Medium, settings: &Settings) -> Result<(), TestCaseError> {
    let sms = match fit(words, medium, settings) {
        Ok(sms) => sms,
        Err(FitError::TooLong { .. }) if settings.overflow == Overflow::Refuse => return Ok(()),
        Err(FitError::Empty | FitError::NotCarried { .. }) => return Ok(()),
        Err(error) => return Err(TestCaseError::fail(error.to_string())),
    };
    check_lengths(&sms, medium, settings)?;
    check_joined(&sms, medium)?;
    if sms.parts.len() == 1 {
        let again = fit(&sms.parts[0].text, medium, settings).expect("what was set once can be set again");
        prop_assert_eq!(again.parts, sms.parts);
        prop_assert!(!again.truncated);
    }
    Ok(())
}

fn check_lengths(sms: &Sms, medium: &Medium, settings: &Settings) -> Result<(), TestCaseError> {
    let alone = if sms.encoding == Encoding::Ucs2 { medium.max_length * 140 / 320 } else { medium.max_length };
    let header = if sms.encoding == Encoding::Ucs2 { 3 } else { 7 };
    let is_joined = sms.parts.len() > 1 && medium.joining == Joining::Joined;
    let limit = if is_joined { alone - header } else { alone };
    let max_parts = if settings.overflow == Overflow::Truncate { 1 } else { settings.max_parts };
    prop_assert!((1..=max_parts).contains(&sms.parts.len()));
    prop_assert_eq!(sms.because.is_some(), sms.encoding == Encoding::Ucs2);
    prop_assert_eq!(sms.truncated, !sms.dropped.is_empty());
    for part in &sms.parts {
        prop_assert!(!part.text.chars().any(|c| c.is_control() && c != '\n'));
        prop_assert!(part.units <= limit, "{} of {}", part.units, limit);
        let mut units = count(&part.text, sms.encoding).expect("encodable");
        if matches!(medium.charset, Charset::AsciiInGsm7 | Charset::Latin1InGsm7) {
            let septets = count(&part.text, Encoding::Gsm7).expect("encodable in both");
            units = septets + part.text.matches('\n').count();
        }
        prop_assert_eq!(part.units, units);
    }
    Ok(())
}

fn check_joined(sms: &Sms, medium: &Medium) -> Result<(), TestCaseError> {
    let whole = set_text(sms, medium);
    let boundaries: Vec<usize> = whole.grapheme_indices(true).map(|(at, _)| at).chain([whole.len()]).collect();
    let mut texts = unnumbered(sms, medium);
    if sms.truncated {
        take_off_mark(&mut texts);
    }
    let mut at = 0;
    for text in texts {
        if medium.joining == Joining::Numbered && !whole[at..].starts_with(&text) {
            at += usize::from(whole[at..].starts_with([' ', '\n']));
        }
        prop_assert!(whole[at..].starts_with(&text), "{:?} at {} of {:?}", text, at, whole);
        at += text.len();
        prop_assert!(boundaries.contains(&at), "cut inside a cluster at {} of {:?}", at, whole);
    }
    prop_assert_eq!(sms.truncated, at < whole.len());
    Ok(())
}

/// Takes the ellipsis off the end. Parts that the phone joins may break within it.
fn take_off_mark(texts: &mut Vec<String>) {
    for dot in "...".chars() {
        while texts.last().expect("a mark").is_empty() {
            texts.pop();
        }
        assert_eq!(texts.last_mut().and_then(String::pop), Some(dot));
    }
}

proptest! {
    #[test]
    fn a_text_is_carried_or_refused_and_never_garbled(
        words in words(), medium in any_medium(), settings in any_settings()
    ) {
        check(&words, &medium, &settings)?;
    }

    #[test]
    fn so_is_a_dear_one(words in dear_words(), medium in any_medium(), settings in any_settings()) {
        check(&words, &medium, &settings)?;
    }

    #[test]
    fn what_a_template_keeps_is_kept(body in words(), template in prop::sample::select(vec![
        "{subject}: {body|shrink} {header.X-Link}", "{body|shrink 2|max 300} {subject} {header.X-Link}",
    ])) {
        let headers = vec![("X-Link".to_owned(), "http://m.example/1".to_owned())];
        let mail = Text { subject: "Disk full".to_owned(), body, headers, ..Text::default() };
        let settings = Settings { template: Template::parse(template).unwrap(), ..settings(1, Overflow::Truncate) };
        if let Ok(sms) = compose(&Fields::new(&mail), &medium(Charset::Gsm7), &settings) {
            prop_assert!(sms.parts[0].text.ends_with("http://m.example/1"));
            prop_assert!(sms.parts[0].text.contains("Disk full"));
        }
    }

    #[test]
    fn any_template_is_read_or_refused(source in "\\PC{0,30}|[{}|\"a-z 0-9]{0,30}") {
        if let Ok(template) = Template::parse(&source) {
            prop_assert_eq!(template.as_str(), source);
        }
    }

    #[test]
    fn no_length_and_no_ellipsis_is_a_trap(
        words in words(), max_length in 0_usize..40, max_parts in 0_usize..5, ellipsis in "\\PC{0,8}"
    ) {
        let medium = Medium::new(Charset::Utf8, max_length);
        let settings = Settings { ellipsis, ..settings(max_parts, Overflow::Split) };
        if let Ok(sms) = fit(&words, &medium, &settings) {
            prop_assert!(!sms.parts.is_empty());
            prop_assert!(sms.parts.iter().all(|part| part.units <= max_length));
        }
    }
}
