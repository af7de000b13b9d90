//! How mails are opened, compared with Python's own email library: what that reads is never lost in ours.

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use telepost::message::{self, Settings};
use unicode_normalization::UnicodeNormalization;

use super::{Finding, Tally};
use crate::support::programs;

const MAILS: usize = 2000;
const SEED: usize = 5322;

/// What Python's library stumbles over.
const TRAPS: [&str; 3] = ["a wrong character set", "blanks behind a soft line break", "HTML that is called plain"];
const TRAPS_OF_SUBJECTS: [&str; 1] = ["a raw header"];
/// Mails of the room that are about such things, and about what nobody sees.
const KNOWN: [(&str, &str); 11] = [
    ("alternative-pointer.eml", "the text only points to the HTML"),
    ("flowed-delsp.eml", "flowed lines without a space between"),
    ("html-called-plain.eml", "HTML that is called plain"),
    ("html-charset-in-meta.eml", "a wrong character set"),
    ("html-fragment-called-plain.eml", "HTML that is called plain"),
    ("html-newsletter-layout.eml", "an image of one dot"),
    ("invisible.eml", "invisible characters"),
    ("latin1-called-utf8.eml", "a wrong character set"),
    ("no-charset-8bit.eml", "a wrong character set"),
    ("unknown-charset.eml", "a wrong character set"),
    ("utf8-called-latin1.eml", "a wrong character set"),
];

/// What `mails/read.py` tells of one mail.
#[derive(Debug, Deserialize)]
struct Case {
    name: String,
    mail: String,
    written: Option<Written>,
    subject: Option<String>,
    body: Option<String>,
}

/// What went into a mail that was made up.
#[derive(Debug, Deserialize)]
struct Written {
    subject: String,
    body: String,
    traps: Vec<String>,
}

#[test]
fn words_that_python_reads_are_never_lost() {
    if !programs::are_here("words_that_python_reads_are_never_lost", &["python3"]) {
        return;
    }
    let mut read = Command::new("python3");
    read.arg("-B").arg(super::script("mails/read.py")).args([MAILS.to_string(), SEED.to_string()]);
    read.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/src/message/mails"));
    let cases: Vec<Case> = serde_json::from_value(super::answer(&mut read, b"")).unwrap();
    assert!(cases.len() > MAILS + 60);
    let mut subjects = Tally::default();
    let mut bodies = Tally::default();
    for case in &cases {
        let mail = BASE64.decode(&case.mail).unwrap();
        let ours = message::extract(&mail, &untrimmed()).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let written = case.written.as_ref();
        let subject = Comparison { ours: &ours.subject, theirs: case.subject.as_deref(), traps: &TRAPS_OF_SUBJECTS };
        let body = Comparison { ours: &ours.body, theirs: case.body.as_deref(), traps: &TRAPS };
        subjects.count(subject.of(case, written.map(|written| written.subject.as_str())));
        bodies.count(body.of(case, written.map(|written| written.body.as_str())));
    }
    subjects.judge("subjects in Python", 95);
    bodies.judge("bodies in Python", 80);
}

fn untrimmed() -> Settings {
    Settings {
        strip_quotes: false,
        strip_signature: false,
        strip_disclaimer: false,
        end_marks: Vec::new(),
        ..Settings::default()
    }
}

struct Comparison<'a> {
    ours: &'a str,
    theirs: Option<&'a str>,
    traps: &'a [&'static str],
}

impl Comparison<'_> {
    fn of(&self, case: &Case, written: Option<&str>) -> Finding {
        let Comparison { ours, theirs, traps } = *self;
        let have = words(ours);
        let is_whole = |text: &str| words(text).iter().all(|(word, times)| have.get(word).is_some_and(|n| n >= times));
        let is_lost = written.is_some_and(|written| !is_whole(written));
        if !is_lost && theirs.is_some_and(is_whole) {
            return Finding::Same;
        }
        // What Python makes of a trap need not be words; what went in is.
        let reason = match &case.written {
            Some(written) => traps.iter().find(|trap| written.traps.iter().any(|name| name == *trap)).copied(),
            None => KNOWN.iter().find(|(name, _)| case.name == *name).map(|(_, reason)| *reason),
        };
        match reason {
            Some(reason) if !is_lost => Finding::Because(reason),
            _ => Finding::Unexplained(format!("{}: {ours:?}, {theirs:?} by Python, of {written:?}", case.name)),
        }
    }
}

/// How often each word is there. Signs are none: lists and tables bring their own.
fn words(text: &str) -> BTreeMap<String, usize> {
    let is_seen = |c: &char| !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{feff}');
    let text: String = text.nfc().filter(is_seen).collect();
    let mut words = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}
