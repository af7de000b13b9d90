//! The pure half of the trip under any input: what must hold whatever comes. Shared by the fuzz targets of this folder
//! and by `tests/fuzz.rs`, which runs it without a fuzzer.
//!
//! A broken promise is a panic. It opens no spool and sends nothing; the rules are those of the shipped profiles.

use std::path::Path;
use std::sync::LazyLock;

use telepost::intake::{Decision, Desk, Settings};
use telepost::rules::Captures;
use telepost::sms::{Encoding, Fields, Medium, Overflow, Sms, Template, Ucs2, compose, fit};
use telepost::smtp::{Envelope, Mailbox, ReversePath};

/// Units of one part.
const MAX_LENGTH: usize = 160;
/// The most parts of one text.
const MAX_PARTS: usize = 3;

/// The shipped profiles and a medium that can carry everything.
static DESK: LazyLock<Desk> = LazyLock::new(|| Desk::new(settings()));
static SETTINGS: LazyLock<Settings> = LazyLock::new(settings);

fn settings() -> Settings {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = if root.ends_with("tests/fuzz") { root.join("../..") } else { root.to_owned() };
    let profiles = |folder: &str| {
        telepost::config::profiles(&root.join(folder)).unwrap_or_else(|problems| panic!("{folder}: {problems}"))
    };
    let mut settings = profiles("contrib/monitoring");
    settings.rules.extend(profiles("contrib/helpdesk").rules);
    for rule in &mut settings.rules {
        rule.then.sms.overflow = Overflow::Split;
        rule.then.sms.max_parts = MAX_PARTS;
    }
    settings.media.values_mut().for_each(|medium| {
        *medium = Medium { ucs2: Ucs2::Allow, ..Medium::new(telepost::sms::Charset::Utf8, MAX_LENGTH) };
    });
    settings
}

/// Any bytes as a mail to a telephone.
pub fn mail(bytes: &[u8]) {
    let Ok(text) = DESK.open(bytes) else { return };
    let to = Mailbox { local: "00447731234567".to_owned(), domain: Some("sms.example.com".to_owned()) };
    let envelope = Envelope::by_command_line(ReversePath::Null, vec![to]);
    for message in DESK.prepare(&envelope, &text).into_iter().flat_map(|prepared| prepared.messages.unwrap_or_default())
    {
        match message.decision {
            Decision::Send(sms) | Decision::Hold { sms, .. } => check(&sms),
            Decision::Drop { .. } | Decision::Refuse(_) => {}
        }
    }
}

/// Any bytes as the local part of a recipient.
pub fn address(bytes: &[u8]) {
    let local = String::from_utf8_lossy(bytes);
    let mailbox = Mailbox { local: local.into_owned(), domain: None };
    let settings = &SETTINGS.address;
    for route in telepost::address::resolve(settings, &mailbox).unwrap_or_default() {
        let again = Mailbox { local: route.number.to_string(), domain: None };
        let routes = telepost::address::resolve(settings, &again).unwrap_or_default();
        assert!(
            routes.iter().any(|same| same.number == route.number),
            "{mailbox:?}: {} reads as another",
            route.number
        );
    }
    // What was parsed from a path reads back as it is written.
    let Ok(mailbox) = mailbox.local.parse::<Mailbox>() else { return };
    assert_eq!(mailbox.to_string().parse::<Mailbox>().as_ref(), Ok(&mailbox));
}

/// Any text as a template, its first line, and what it is filled with, the rest.
pub fn template(bytes: &[u8]) {
    let source = String::from_utf8_lossy(bytes);
    let (template, words) = source.split_once('\n').unwrap_or((&source, "x"));
    let text = telepost::message::Text {
        subject: words.lines().next().unwrap_or_default().to_owned(),
        body: words.to_owned(),
        ..telepost::message::Text::default()
    };
    let medium = SETTINGS.media.values().next().copied().expect("there is a medium");
    let settings = telepost::sms::Settings { max_parts: MAX_PARTS, overflow: Overflow::Split, ..SETTINGS.sms.clone() };
    if let Ok(sms) = fit(words, &medium, &settings) {
        check(&sms);
    }
    let Ok(template) = Template::parse_with(template, &["a"]) else { return };
    let captures: Captures = [("a", words)].into_iter().collect();
    let fields = Fields::new(&text).to("00447731234567").captures(&captures);
    assert!(!template.name(&fields).contains('\n'));
    if let Ok(sms) = compose(&fields, &medium, &telepost::sms::Settings { template, ..settings }) {
        check(&sms);
    }
}

/// What holds of every SMS.
fn check(sms: &Sms) {
    assert!((1..=MAX_PARTS).contains(&sms.parts.len()), "{sms:?}");
    assert_eq!(sms.truncated, !sms.dropped.is_empty(), "{sms:?}");
    assert_eq!(sms.because.is_some(), sms.encoding == Encoding::Ucs2, "{sms:?}");
    let limit = if sms.encoding == Encoding::Ucs2 { MAX_LENGTH * 7 / 16 } else { MAX_LENGTH };
    for part in &sms.parts {
        assert!((1..=limit).contains(&part.units), "{sms:?}");
        assert!(!part.text.contains(|c: char| c.is_control() && c != '\n'), "{sms:?}");
        if sms.encoding == Encoding::Ucs2 {
            assert_eq!(part.text.encode_utf16().count(), part.units, "{sms:?}");
        }
    }
}
