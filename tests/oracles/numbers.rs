//! How numbers are read, compared with libphonenumber by way of Python's `phonenumbers`.

use std::process::Command;

use serde::Deserialize;
use telepost::address::{self, Flaw, NumberError, Numbering, Premium, ResolveError, RoutePrefix, Settings};
use telepost::smtp::Mailbox;

use super::{Finding, Tally};

const NUMBERS: usize = 6000;
const SEED: usize = 164;

/// What `numbers/generate.py` tells of one number.
#[derive(Debug, Deserialize)]
struct Case {
    written: String,
    country_code: Option<String>,
    trunk_prefix: String,
    meant: Option<String>,
    read: Option<String>,
    valid: bool,
    extension: bool,
}

#[test]
fn numbers_are_read_as_libphonenumber_reads_them() {
    let Some(place) = super::installed("numbers", "venv/bin/python") else { return };
    let mut generate = Command::new(place.join("venv/bin/python"));
    generate.arg(super::script("numbers/generate.py")).args([NUMBERS.to_string(), SEED.to_string()]);
    let cases: Vec<Case> = serde_json::from_value(super::answer(&mut generate, b"")).unwrap();
    assert_eq!(cases.len(), NUMBERS);
    let mut tally = Tally::default();
    for case in &cases {
        tally.count(compare(case));
    }
    tally.judge("phonenumbers", 75);
}

fn compare(case: &Case) -> Finding {
    let ours = read(case);
    let theirs = case.read.as_ref().filter(|_| case.valid);
    match (&ours, theirs) {
        // The one thing that no reason excuses: a telephone that nobody meant, and that only we read.
        (Ok(ours), theirs) if case.meant.as_ref().is_some_and(|m| m != ours) && case.read.as_ref() != Some(ours) => {
            Finding::Unexplained(format!("{ours:?} for {theirs:?} of {case:?}"))
        }
        (Ok(ours), Some(theirs)) if ours == theirs => Finding::Same,
        (Err(_), None) => Finding::Same,
        _ => match reason(case, &ours) {
            Some(reason) => Finding::Because(reason),
            None => Finding::Unexplained(format!("{ours:?} of {case:?}")),
        },
    }
}

/// The rule by which the answers differ, when there is one; README.md gives the grounds of each.
fn reason(case: &Case, ours: &Result<String, Flaw>) -> Option<&'static str> {
    let written = Written::of(case);
    match ours {
        Ok(ours) => reason_to_take(case, &written, ours),
        Err(flaw) => reason_to_refuse(case, &written, flaw),
    }
}

/// Ours is a number, theirs none or another one.
fn reason_to_take(case: &Case, written: &Written, ours: &str) -> Option<&'static str> {
    let has_code = ours == written.with_code;
    let country = case.country_code.as_deref().unwrap_or_default();
    let kept_trunk = format!("+{country}{}{}", case.trunk_prefix, ours.trim_start_matches(&format!("+{country}")));
    match (written.front, &case.read) {
        (_, Some(read)) if !case.valid && (read == ours || *read == kept_trunk) => Some("not assigned"),
        (Front::Plus, Some(_)) if has_code && !case.valid => Some("not assigned"),
        (Front::Zeros, _) if has_code => Some("00 everywhere"),
        (Front::Bare, _) if has_code && case.country_code.is_none() => Some("code without plus, no country"),
        (Front::Bare, _) if has_code && written.digits.len() > 11 => Some("code without plus, too long for national"),
        (Front::Bare, _) if has_code && written.digits.starts_with(country) => Some("code without plus, own country"),
        (Front::Bare, Some(_)) if written.digits.starts_with("011") => Some("another international prefix"),
        (Front::Plus, None) if has_code => Some("no such country code"),
        _ => None,
    }
}

/// Theirs is a number, ours none.
fn reason_to_refuse(case: &Case, written: &Written, flaw: &Flaw) -> Option<&'static str> {
    let theirs = case.read.as_deref()?;
    let national = format!("+{}{}", case.country_code.as_deref().unwrap_or_default(), written.digits);
    match flaw {
        Flaw::Extension if case.extension => Some("extension"),
        Flaw::TwoWays if written.front == Front::Bare && theirs == national => Some("trunk prefix left out"),
        Flaw::Number(NumberError::Length { found }) if *found < 10 && theirs.len() == found + 1 => Some("too short"),
        Flaw::Number(NumberError::Character(_)) | Flaw::Option(_) if case.meant.is_none() => Some("other signs"),
        Flaw::Number(NumberError::Zero) if case.meant.is_none() => Some("zeros too many"),
        _ => None,
    }
}

/// What stands before a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Front {
    Plus,
    Zeros,
    Bare,
}

/// A number without anything but its digits.
struct Written {
    front: Front,
    digits: String,
    /// What it would be if it began with its country code.
    with_code: String,
}

impl Written {
    fn of(case: &Case) -> Written {
        let plain = case.written.trim_start_matches("tel:").trim_start_matches(['(', ' ']);
        let front = match plain {
            plain if plain.starts_with('+') => Front::Plus,
            plain if plain.starts_with("00") => Front::Zeros,
            _ => Front::Bare,
        };
        let only_digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let with_code = only_digits(&plain.replacen("(0)", "", 1));
        let with_code = if front == Front::Zeros { &with_code[2..] } else { &with_code };
        Written { front, digits: only_digits(plain), with_code: format!("+{with_code}") }
    }
}

fn read(case: &Case) -> Result<String, Flaw> {
    let settings = Settings {
        domains: vec!["sms.example.com".to_owned()],
        numbering: Numbering {
            country_code: case.country_code.clone(),
            trunk_prefix: case.trunk_prefix.clone(),
            // What a number costs is another question than how it is read.
            premium: Premium::Take,
            ..Numbering::default()
        },
        aliases: [].into(),
        routes: vec![RoutePrefix { prefix: "+".to_owned(), gateways: vec!["any".to_owned()] }],
        default_sender: "ALERTS".parse().unwrap(),
        sender_map: Vec::new(),
    };
    match address::resolve(&settings, &Mailbox { local: case.written.clone(), domain: None }) {
        Ok(routes) => Ok(routes[0].number.to_string()),
        Err(ResolveError::NoSuchNumber { flaw, .. }) => Err(flaw),
        Err(other) => panic!("{other:?}"),
    }
}
