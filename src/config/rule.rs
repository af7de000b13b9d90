//! `[[rule]]`: which mails it is for, and what becomes of them.
//!
//! The letter opener's keys are not here: it has done its work when the rules look at what it found. A rule with `ring` is
//! for mails that pass by a milter listener, and for them alone; the others are for mails that come to us.

use std::collections::BTreeMap;

use toml::Spanned;

use super::gateway::Name;
use super::message;
use super::section::Section;
use super::value::{self, Choice, Count, Found, Value, Wrong};
use crate::address::Number;
use crate::intake::{Action, Ring, TopicTemplate, Treatment};
use crate::rules::{Condition, Criterion, CriterionError, Field, Rule};
use crate::sms::{self, Template};
use crate::smtp::Mailbox;
use crate::spool::{Priority, Standing};

/// Characters of a rule's name.
const MAX_NAME: usize = 60;
/// Characters of a reason: with its code it stays within a reply's line (RFC 5321, section 4.5.3.1.5).
const MAX_REASON: usize = 300;

/// What stands above all rules.
pub(super) struct Above<'a> {
    /// The gateways that there are.
    pub gateways: &'a [Spanned<Name>],
    pub sms: &'a sms::Settings,
    pub aliases: &'a BTreeMap<String, Vec<Number>>,
}

/// All rules, in the order in which they are asked.
#[derive(Default)]
pub(super) struct Rules {
    /// For mails that come to us.
    pub arriving: Vec<Rule<Treatment>>,
    /// For mails that pass by.
    pub passing: Vec<Rule<Ring>>,
}

impl Rules {
    /// What all of them do.
    pub fn treatments(&self) -> impl Iterator<Item = &Treatment> {
        let passing = self.passing.iter().map(|rule| &rule.then.treatment);
        self.arriving.iter().map(|rule| &rule.then).chain(passing)
    }
}

/// The rules of one file, added to those before it. A rule without a name is called `file` and its place.
pub(super) fn read_all(root: &mut Section<'_, '_>, file: &str, above: &Above<'_>, rules: &mut Rules) {
    let mut place = 0;
    root.each("rule", |section| {
        place += 1;
        let rule = read(section, format!("{file} {place}"), above);
        match telephones(section, &rule.then.action, above.aliases) {
            None => add(section, rule, &mut rules.arriving),
            Some(telephones) => {
                let Rule { name, when, then: treatment } = rule;
                add(section, Rule { name, when, then: Ring { telephones, treatment } }, &mut rules.passing);
            }
        }
    });
}

fn add<T>(section: &mut Section<'_, '_>, rule: Rule<T>, rules: &mut Vec<Rule<T>>) {
    if let Some(before) = rules.iter().find(|rule| rule.when.is_empty()) {
        section.warning("match", format!("is never looked at: rule {:?} before it fits every mail", before.name));
    }
    rules.push(rule);
}

/// `ring`: who hears of a mail that passes by. `None`: the rule is for mails that come to us.
fn telephones(
    section: &mut Section<'_, '_>,
    action: &Action,
    aliases: &BTreeMap<String, Vec<Number>>,
) -> Option<Vec<Mailbox>> {
    let names = section.optional::<Vec<String>>("ring")?;
    if matches!(action, Action::Drop | Action::Refuse { .. }) {
        section.problem("action", "can't be this where there is ring: the mail goes its way; ring = [] rings nobody");
    }
    for name in &names {
        let is_number = Number::from_e164(name).is_ok();
        if !is_number && !aliases.contains_key(&name.to_lowercase()) {
            section.problem("ring", format!("{name:?} is neither in [aliases] nor a number such as \"+447731234567\""));
        }
    }
    Some(names.into_iter().map(|local| Mailbox { local, domain: None }).collect())
}

fn read(section: &mut Section<'_, '_>, call: String, above: &Above<'_>) -> Rule<Treatment> {
    let Label(name) = section.or("name", Label(call));
    let when = section.section("match", conditions);
    let captures: Vec<&str> = when.iter().flat_map(|condition| condition.criterion.capture_names()).collect();
    let action = action(section, &name);
    let template = template(section, "template", &captures).unwrap_or_else(|| above.sms.template.clone());
    let sms = sms_settings(section, template, above.sms);
    let sender = section.optional("sender");
    let gateways = gateways(section, above.gateways);
    let priority = section.optional("priority");
    let expire = section.optional("expire");
    let topic = topic(section, &captures);
    Rule { name, when, then: Treatment { action, sms, sender, gateways, priority, expire, topic } }
}

/// `match`: every key in it is a condition, and all of them must be met.
fn conditions(section: &mut Section<'_, '_>) -> Vec<Condition> {
    let mut conditions = Vec::new();
    let fields = [("from", Field::From), ("to", Field::To), ("subject", Field::Subject), ("body", Field::Body)];
    for (key, field) in fields {
        conditions.extend(section.optional(key).map(|criterion| Condition { field, criterion }));
    }
    let headers = section.section("header", |section| section.entries::<Criterion>());
    conditions.extend(
        headers.into_iter().map(|(name, criterion)| Condition { field: Field::Header(name.into_inner()), criterion }),
    );
    conditions
}

fn action(section: &mut Section<'_, '_>, name: &str) -> Action {
    let word = section.or("action", Word::Send);
    let reason = section.optional("reason").map(|Reason(reason)| reason);
    if word != Word::Refuse && section.has("reason") {
        section.warning("reason", "is told to nobody unless action is \"refuse\"");
    }
    match word {
        Word::Send => Action::Send,
        Word::Drop => Action::Drop,
        Word::Hold => Action::Hold,
        Word::Refuse => Action::Refuse { reason: reason.unwrap_or_else(|| format!("refused by rule {name}")) },
    }
}

fn sms_settings(section: &mut Section<'_, '_>, template: Template, above: &sms::Settings) -> sms::Settings {
    let max_parts = section.optional("max_parts").map_or(above.max_parts, |count: Count| count.get());
    let overflow = section.optional("overflow").unwrap_or(above.overflow);
    let ellipsis =
        section.optional("ellipsis").map_or_else(|| above.ellipsis.clone(), |mark: message::Ellipsis| mark.0);
    if section.has("max_parts") || section.has("overflow") {
        message::warn_of_lengths(section, overflow, max_parts);
    }
    sms::Settings { template, max_parts, overflow, ellipsis }
}

fn gateways(section: &mut Section<'_, '_>, known: &[Spanned<Name>]) -> Vec<String> {
    let Some(named) = section.optional::<Vec<Spanned<Name>>>("gateways") else { return Vec::new() };
    if named.is_empty() {
        section.problem("gateways", "is empty: leave it out to send by the gateways of the route");
    }
    super::gateway::names(section, named, known)
}

fn topic(section: &mut Section<'_, '_>, captures: &[&str]) -> Option<TopicTemplate> {
    let key = template(section, "key", captures);
    let resolves = section.or("resolves", false);
    if resolves && !section.has("key") {
        section.problem("resolves", "needs a key beside it, which says what is resolved");
    }
    let standing = if resolves { Standing::Recovery } else { Standing::Problem };
    key.map(|key| TopicTemplate { key, standing })
}

/// A template that may speak of what the rule captures.
fn template(section: &mut Section<'_, '_>, key: &str, captures: &[&str]) -> Option<Template> {
    let source = section.optional::<String>(key)?;
    let problem = match Template::parse_with(&source, captures) {
        Ok(_) if source.trim().is_empty() => value::not(Template::WANTED, &source),
        Ok(template) => return Some(template),
        Err(error) => error.to_string(),
    };
    section.problem(key, problem);
    None
}

/// `action`.
#[derive(Clone, Copy, PartialEq)]
enum Word {
    Send,
    Drop,
    Refuse,
    Hold,
}

impl Choice for Word {
    const WORDS: &'static [(&'static str, Word)] =
        &[("send", Word::Send), ("drop", Word::Drop), ("refuse", Word::Refuse), ("hold", Word::Hold)];
}

impl Choice for Priority {
    const WORDS: &'static [(&'static str, Priority)] =
        &[("low", Priority::Low), ("normal", Priority::Normal), ("urgent", Priority::Urgent)];
}

/// Whether a text can stand in a reply at the door, which is ASCII in one line.
fn is_speakable(text: &str, longest: usize) -> bool {
    let is_plain = text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    is_plain && !text.trim().is_empty() && text.len() <= longest
}

/// A rule's name.
struct Label(String);

impl Value for Label {
    const WANTED: &'static str = "a name of at most 60 ASCII characters, because replies at the door tell it";

    fn read(found: &Found<'_>) -> Result<Label, Vec<Wrong>> {
        found.parse_or_not(|text| is_speakable(text, MAX_NAME).then(|| Label(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

/// Why a mail is refused.
struct Reason(String);

impl Value for Reason {
    const WANTED: &'static str = "a sentence of at most 300 ASCII characters, because it is the reply at the door";

    fn read(found: &Found<'_>) -> Result<Reason, Vec<Wrong>> {
        found.parse_or_not(|text| is_speakable(text, MAX_REASON).then(|| Reason(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

impl Value for Criterion {
    const WANTED: &'static str = r#"a pattern such as "nagios@*", or an expression such as "/^Problem: (?<what>.+)/""#;

    fn read(found: &Found<'_>) -> Result<Criterion, Vec<Wrong>> {
        found.parse(|text| {
            Criterion::parse(text).map_err(|error| match error {
                CriterionError::Expression(picture) => value::last_line(&picture),
                other => other.to_string(),
            })
        })
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}
