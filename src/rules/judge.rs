//! Goes through the rules in order and stops at the first one that a mail fits. Pure.

use std::fmt;

use super::captures::Captures;
use super::condition::{Condition, Field};
use crate::message::Text;

/// One `[[rule]]`: when all conditions are met, `then` holds. A rule without conditions fits every mail.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule<T> {
    /// How preview and log call it.
    pub name: String,
    pub when: Vec<Condition>,
    pub then: T,
}

/// What rules look at: a mail on its way to one recipient.
#[derive(Clone, Copy, Debug)]
pub struct Mail<'a> {
    pub text: &'a Text,
    /// The envelope's sender; `None` for the null one.
    pub envelope_from: Option<&'a str>,
    /// The recipient as the client wrote it, and the number it stands for.
    pub to: [&'a str; 2],
}

/// The rule that a mail fits, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Match<'r, T> {
    pub rule: &'r Rule<T>,
    pub captures: Captures,
    /// One for each condition.
    pub reasons: Vec<Reason<'r>>,
}

/// Why a condition is met, for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reason<'r>(&'r Condition);

impl fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let criterion = self.0.criterion.as_str();
        match &self.0.field {
            Field::From => write!(f, "from fits {criterion}"),
            Field::To => write!(f, "to fits {criterion}"),
            Field::Subject => write!(f, "subject fits {criterion}"),
            Field::Body => write!(f, "body fits {criterion}"),
            Field::Header(name) => write!(f, "header {name} fits {criterion}"),
        }
    }
}

/// The first of `rules` that `mail` fits.
pub fn judge<'r, T>(rules: &'r [Rule<T>], mail: &Mail<'_>) -> Option<Match<'r, T>> {
    rules.iter().find_map(|rule| {
        let mut captures = Captures::default();
        for condition in &rule.when {
            captures.extend(met(condition, mail)?);
        }
        Some(Match { rule, captures, reasons: rule.when.iter().map(Reason).collect() })
    })
}

/// What a condition caught when it is met.
fn met(condition: &Condition, mail: &Mail<'_>) -> Option<Vec<(String, String)>> {
    candidates(&condition.field, mail).into_iter().find_map(|text| condition.criterion.fit(text))
}

/// The texts of which one must fit.
fn candidates<'a>(field: &Field, mail: &Mail<'a>) -> Vec<&'a str> {
    let text = mail.text;
    match field {
        Field::From => text.author.iter().map(|author| author.address.as_str()).chain(mail.envelope_from).collect(),
        Field::To => mail.to.to_vec(),
        Field::Subject => vec![&text.subject],
        Field::Body => vec![&text.body],
        Field::Header(name) => {
            let named = |field: &&(String, String)| field.0.eq_ignore_ascii_case(name);
            text.headers.iter().filter(named).map(|(_, value)| value.as_str()).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::condition::Criterion;
    use super::*;
    use crate::message::Author;

    fn rule(name: &'static str, when: &[(Field, &str)]) -> Rule<&'static str> {
        let condition = |(field, source): &(Field, &str)| Condition {
            field: field.clone(),
            criterion: Criterion::parse(source).unwrap(),
        };
        Rule { name: name.to_owned(), when: when.iter().map(condition).collect(), then: name }
    }

    fn text() -> Text {
        Text {
            subject: "Problem: disk full".to_owned(),
            body: "Host: db01\nSince: 03:00".to_owned(),
            author: Some(Author { address: "zabbix@mon.example".to_owned(), name: String::new() }),
            headers: vec![
                ("X-Priority".to_owned(), "1 (Highest)".to_owned()),
                ("Received".to_owned(), "from a".to_owned()),
                ("received".to_owned(), "from b".to_owned()),
            ],
            ..Text::default()
        }
    }

    fn first(rules: &[Rule<&'static str>]) -> Option<(&'static str, Captures)> {
        let text = text();
        let mail = Mail {
            text: &text,
            envelope_from: Some("bounces@mon.example"),
            to: ["oncall@sms.example.com", "+447731234567"],
        };
        judge(rules, &mail).map(|found| (found.rule.then, found.captures))
    }

    #[test]
    fn the_first_rule_whose_conditions_are_all_met_wins() {
        let rules = [
            rule("no", &[(Field::From, "nagios@*")]),
            rule("half", &[(Field::From, "zabbix@*"), (Field::Subject, "/Resolved/")]),
            rule("yes", &[(Field::From, "zabbix@*"), (Field::Subject, "/^Problem/")]),
            rule("all", &[]),
        ];
        assert_eq!(first(&rules), Some(("yes", Captures::default())));
        assert_eq!(first(&rules[..2]), None);
        assert_eq!(first(&rules[3..]), Some(("all", Captures::default())));
    }

    #[test]
    fn every_field_can_be_looked_at() {
        for (field, source) in [
            (Field::From, "zabbix@*"),
            (Field::From, "bounces@*"),
            (Field::To, "oncall@*"),
            (Field::To, "+44*"),
            (Field::Subject, "problem:*"),
            (Field::Body, "/(?m)^Host: db/"),
            (Field::Header("x-priority".to_owned()), "1*"),
            (Field::Header("Received".to_owned()), "*b"),
        ] {
            assert!(first(&[rule("it", &[(field.clone(), source)])]).is_some(), "{field:?} {source}");
        }
        assert_eq!(first(&[rule("it", &[(Field::Header("X-None".to_owned()), "*")])]), None);
    }

    #[test]
    fn captures_of_all_conditions_come_together_and_the_first_of_a_name_holds() {
        let rules = [rule(
            "it",
            &[(Field::Subject, "/(?<what>\\w+ full)/"), (Field::Body, "/Host: (?<host>\\S+)\\nSince: (?<what>.*)/")],
        )];
        let (_, captures) = first(&rules).unwrap();
        assert_eq!(["what", "host", "none"].map(|name| captures.get(name)), ["disk full", "db01", ""]);
    }

    #[test]
    fn the_reasons_say_which_conditions_were_met() {
        let text = text();
        let mail = Mail { text: &text, envelope_from: None, to: ["", ""] };
        let rules = [rule("it", &[(Field::Subject, "problem*"), (Field::Header("X-Priority".to_owned()), "/1/")])];
        let found = judge(&rules, &mail).unwrap();
        let reasons: Vec<String> = found.reasons.iter().map(Reason::to_string).collect();
        assert_eq!(reasons, ["subject fits problem*", "header X-Priority fits /1/"]);
    }
}
