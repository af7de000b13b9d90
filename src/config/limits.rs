//! `[limits]` and `[[quiet]]`: what keeps a storm away.

use std::collections::BTreeMap;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use toml::Spanned;

use super::numbers::Prefix;
use super::section::Section;
use super::value::{Choice, Count, Found, Value, Whole, Wrong};
use crate::address::Number;
use crate::gateway::Rate;
use crate::limits::{Allowance, OnLimit, PrefixAllowance, Quiet, Settings};

/// `[limits]`; quiet hours are still to come.
pub(super) fn read(section: &mut Section<'_, '_>) -> Settings {
    let per_number = section.optional("per_number");
    let per_sender = section.optional("per_sender");
    let budget = |count: Count| u32::try_from(count.get()).unwrap_or(u32::MAX);
    let per_day = section.optional("per_day").map(budget);
    let per_month = section.optional("per_month").map(budget);
    let Whole(reserve) = section.or("reserve", Whole(0));
    let Zone(zone) = section.or("zone", Zone(TimeZone::UTC));
    let on_limit = section.or("on_limit", OnLimit::Hold);
    let per_prefix = section.section("per_prefix", prefixes);
    match [per_day, per_month].into_iter().flatten().min() {
        Some(least) if reserve >= least => {
            section.problem("reserve", format!("must be less than {least}, or only urgent messages would ever go"));
        }
        None if reserve > 0 => section.warning("reserve", "means nothing without per_day or per_month"),
        Some(_) | None => {}
    }
    Settings { per_number, per_sender, per_prefix, per_day, per_month, reserve, zone, on_limit, quiet: Vec::new() }
}

/// `[limits.per_prefix]`: its keys are the prefixes.
fn prefixes(section: &mut Section<'_, '_>) -> Vec<PrefixAllowance> {
    let mut prefixes: Vec<PrefixAllowance> = Vec::new();
    for (name, allowance) in section.entries::<Allowance>() {
        let (at, name): (_, &Spanned<String>) = (name.span(), &name);
        match Prefix::parse(name.get_ref()) {
            Some(Prefix(prefix)) => prefixes.push(PrefixAllowance { prefix, allowance }),
            None => section.problem_at(at, name.get_ref(), format!("must be {}", Prefix::WANTED)),
        }
    }
    prefixes
}

/// One `[[quiet]]`. `known` are the aliases that there are.
pub(super) fn quiet(section: &mut Section<'_, '_>, known: &BTreeMap<String, Vec<Number>>) -> Option<Quiet> {
    let mut numbers: Vec<Number> = section.or("numbers", Vec::new());
    for alias in section.or("aliases", Vec::<Spanned<String>>::new()) {
        match known.get(&alias.get_ref().to_lowercase()) {
            Some(meant) => numbers.extend(meant.iter().cloned()),
            None => section.problem_at(alias.span(), "aliases", format!("there is no alias {:?}", alias.get_ref())),
        }
    }
    let (from, to) = (section.required::<Clock>("from"), section.required::<Clock>("to"));
    let zone = section.required::<Zone>("zone");
    let (Clock(from), Clock(to), Zone(zone)) = (from?, to?, zone?);
    if from == to {
        section.problem("to", "is the same as from, so it would be quiet always or never");
    }
    Some(Quiet { numbers, from, to, zone })
}

impl Choice for OnLimit {
    const WORDS: &'static [(&'static str, OnLimit)] =
        &[("hold", OnLimit::Hold), ("refuse", OnLimit::Refuse), ("digest", OnLimit::Digest)];
}

impl Value for Allowance {
    const WANTED: &'static str = r#"so many SMS in a while, such as "20/h" or "100/d""#;

    fn read(found: &Found<'_>) -> Result<Allowance, Vec<Wrong>> {
        Rate::read(found).map(|Rate { count, per }| Allowance { parts: count, per })
    }

    fn write(&self) -> toml::Value {
        Rate { count: self.parts, per: self.per }.write()
    }
}

/// A time zone of the IANA database.
struct Zone(TimeZone);

impl Value for Zone {
    const WANTED: &'static str = r#"a time zone such as "Europe/Rome" or "UTC""#;

    fn read(found: &Found<'_>) -> Result<Zone, Vec<Wrong>> {
        found.parse_or_not(|text| TimeZone::get(text).ok().map(Zone))
    }

    fn write(&self) -> toml::Value {
        self.0.iana_name().unwrap_or("UTC").into()
    }
}

/// A time of day, to the minute.
struct Clock(Time);

impl Value for Clock {
    const WANTED: &'static str = r#"a time of day such as "22:00""#;

    fn read(found: &Found<'_>) -> Result<Clock, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5)?;
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok().map(Clock)
        })
    }

    fn write(&self) -> toml::Value {
        format!("{:02}:{:02}", self.0.hour(), self.0.minute()).into()
    }
}
