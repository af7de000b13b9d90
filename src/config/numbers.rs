//! `[numbers]` and `[aliases]`: which mail is ours, and which numbers it may go to.

use std::collections::BTreeMap;

use toml::Spanned;

use super::section::Section;
use super::value::{self, Found, Value, Wrong};
use crate::address::{Number, Numbering, Premium};
use crate::smtp::Mailbox;

/// Digits of a country code (ITU-T E.164, clause 6.2.1).
const MAX_COUNTRY_CODE: usize = 3;
/// Digits of a trunk prefix; the longest in use has two.
const MAX_TRUNK_PREFIX: usize = 4;
/// Digits of a number's start.
const MAX_PREFIX: usize = 16;

/// The domains that are ours, and how numbers are read.
pub(super) fn read(section: &mut Section<'_, '_>) -> (Vec<String>, Numbering) {
    let domains = section.required::<Vec<Domain>>("domains");
    if domains.as_ref().is_some_and(Vec::is_empty) {
        section.problem("domains", "is empty, so no mail would be ours");
    }
    let country_code = section.optional::<CountryCode>("country_code").map(|CountryCode(digits)| digits);
    let TrunkPrefix(trunk_prefix) = section.or("trunk_prefix", TrunkPrefix("0".to_owned()));
    let prefixes = |list: Vec<Prefix>| list.into_iter().map(|Prefix(prefix)| prefix).collect();
    let allow = prefixes(section.or("allow", Vec::new()));
    let deny = prefixes(section.or("deny", Vec::new()));
    let premium = if section.or("deny_premium", true) { Premium::Deny } else { Premium::Take };
    let domains = domains.unwrap_or_default().into_iter().map(|Domain(name)| name).collect();
    (domains, Numbering { country_code, trunk_prefix, allow, deny, premium })
}

/// `[aliases]`: its keys are the names.
pub(super) fn aliases(section: &mut Section<'_, '_>) -> BTreeMap<String, Vec<Number>> {
    let mut aliases = BTreeMap::new();
    for (name, numbers) in section.entries::<Vec<Number>>() {
        let (at, name): (_, &Spanned<String>) = (name.span(), &name);
        let lower = name.get_ref().to_lowercase();
        if !is_local_part(&lower) {
            section.problem_at(at, name.get_ref(), "can't be an alias: no spaces, no @, not empty");
        } else if numbers.is_empty() {
            section.problem(name.get_ref(), "is empty: an alias stands for one number or several");
        } else if aliases.insert(lower, numbers).is_some() {
            section.problem_at(at, name.get_ref(), "is there twice: capital and small letters are the same");
        }
    }
    aliases
}

fn is_local_part(name: &str) -> bool {
    !name.is_empty() && !name.contains('@') && !name.contains(|c: char| c.is_whitespace() || c.is_control())
}

fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<String> {
    (count.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.to_owned())
}

/// The domain of a mail address in lower case, whatever the door takes for one.
struct Domain(String);

impl Value for Domain {
    const WANTED: &'static str = r#"a domain such as "sms.example.com""#;

    fn read(found: &Found<'_>) -> Result<Domain, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let mailbox: Mailbox = format!("x@{text}").parse().ok()?;
            mailbox.domain.map(Domain)
        })
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

struct CountryCode(String);

impl Value for CountryCode {
    const WANTED: &'static str = r#"a country code such as "39", without + or 00"#;

    fn read(found: &Found<'_>) -> Result<CountryCode, Vec<Wrong>> {
        found.parse_or_not(|text| {
            digits(text, 1..=MAX_COUNTRY_CODE).filter(|code| !code.starts_with('0')).map(CountryCode)
        })
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

struct TrunkPrefix(String);

impl Value for TrunkPrefix {
    const WANTED: &'static str = r#"digits such as "0", or "" where there are none"#;

    fn read(found: &Found<'_>) -> Result<TrunkPrefix, Vec<Wrong>> {
        found.parse_or_not(|text| digits(text, 0..=MAX_TRUNK_PREFIX).map(TrunkPrefix))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

/// How numbers begin: `+` and digits; `+` alone is how all of them do.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Prefix(pub String);

impl Prefix {
    pub fn parse(text: &str) -> Option<Prefix> {
        let digits = text.strip_prefix('+').and_then(|text| digits(text, 0..=MAX_PREFIX))?;
        Some(Prefix(format!("+{digits}")))
    }
}

impl Value for Prefix {
    const WANTED: &'static str = r#"the start of numbers such as "+39", or "+" for all"#;

    fn read(found: &Found<'_>) -> Result<Prefix, Vec<Wrong>> {
        found.parse_or_not(Prefix::parse)
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

impl Value for Number {
    const WANTED: &'static str = r#"a number such as "+447731234567""#;

    fn read(found: &Found<'_>) -> Result<Number, Vec<Wrong>> {
        found.parse(|text| {
            Number::from_e164(text).map_err(|error| format!("{}: {error}", value::not(Self::WANTED, text)))
        })
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}
