//! From a recipient's mailbox to the telephones it stands for and the roads that lead there. Pure.
//!
//! An alias wins over a number. The error says which of the four things is wrong, so that the door can answer with the
//! right code.

use super::dial::{self, Flaw};
use super::number::Number;
use super::premium::{self, Tariff};
use super::route::Route;
use super::sender_id::SenderId;
use super::settings::{Numbering, Premium, RoutePrefix, SenderMapping, Settings};
use super::wish::{self, Wish};
use crate::smtp::Mailbox;

/// A number as a good address shows it.
const EXAMPLE: &str = "00447731234567";

/// Why a mailbox stands for no telephone that we write to. The text is for the log: numbers are masked in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// The domain is none of `[numbers] domains`.
    #[error("mail for {domain} is not for us")]
    ForeignDomain { domain: String, ours: Vec<String> },
    /// Neither an alias nor a number.
    #[error("no alias and no number: {flaw}")]
    NoSuchNumber { local: String, domain: String, flaw: Flaw },
    /// A number that the operator does not let us write to.
    #[error("{} may not be written to", .number.masked())]
    Denied { number: Number },
    /// A number that costs more than others, and that nobody has let through; `range` is how it begins.
    #[error("{} is {}", .number.masked(), .tariff.as_str())]
    Costly { number: Number, range: &'static str, tariff: Tariff },
    /// No `[[route]]` leads there.
    #[error("no route leads to {}", .number.masked())]
    NoRoute { number: Number },
}

impl ResolveError {
    /// What the sender reads after the reply's code.
    pub fn for_sender(&self) -> String {
        match self {
            ResolveError::ForeignDomain { domain, ours } => {
                let domains = ours.join(" or ");
                format!("mail for {domain} is not for us: a good address is {EXAMPLE}@{domains}")
            }
            ResolveError::NoSuchNumber { local, domain, flaw } => {
                format!("{local:?} is no alias and no number: {flaw}; a good address is {EXAMPLE}@{domain}")
            }
            ResolveError::Denied { number } => format!("{number} is not among the numbers that may be written to"),
            ResolveError::Costly { number, range, tariff } => format!(
                "{number} is {}, and those may not be written to unless whoever runs this relay allows {range}",
                tariff.as_str()
            ),
            ResolveError::NoRoute { number } => format!("no gateway leads to {number}"),
        }
    }
}

/// The telephones that `recipient` stands for: at least one, none twice, each with its gateways. A mailbox without a
/// domain is taken as one of ours.
pub fn resolve(settings: &Settings, recipient: &Mailbox) -> Result<Vec<Route>, ResolveError> {
    let ours = &settings.domains;
    if let Some(domain) = recipient.domain.as_ref().filter(|domain| !ours.contains(domain)) {
        return Err(ResolveError::ForeignDomain { domain: domain.clone(), ours: ours.clone() });
    }
    let (numbers, wish) = numbers(settings, recipient)?;
    let mut routes: Vec<Route> = Vec::new();
    for number in numbers {
        if routes.iter().all(|route| route.number != number) {
            routes.push(route(settings, number, wish)?);
        }
    }
    Ok(routes)
}

/// Whether a mailbox is in one of our domains. One without a domain belongs to whoever took the mail.
pub fn is_ours(settings: &Settings, recipient: &Mailbox) -> bool {
    recipient.domain.as_ref().is_some_and(|domain| settings.domains.contains(domain))
}

/// The sender ID for a mail: that of the first mapping which the envelope's sender or the mail's author fits, else the
/// default one.
pub fn sender_id(settings: &Settings, envelope_from: Option<&str>, author: Option<&str>) -> SenderId {
    let fits = |address: Option<&str>, mapping: &SenderMapping| address.is_some_and(|a| mapping.from.matches(a));
    let mapping = settings.sender_map.iter().find(|mapping| fits(author, mapping) || fits(envelope_from, mapping));
    mapping.map_or(&settings.default_sender, |mapping| &mapping.id).clone()
}

/// The telephones, and what is wished for them. An alias with a plus in it is an alias.
fn numbers(settings: &Settings, recipient: &Mailbox) -> Result<(Vec<Number>, Option<Wish>), ResolveError> {
    let alias = |name: &str| settings.aliases.get(&name.to_lowercase()).cloned();
    if let Some(numbers) = alias(&recipient.local) {
        return Ok((numbers, None));
    }
    let read = wish::split(&recipient.local).and_then(|(local, wish)| match alias(local) {
        Some(numbers) => Ok((numbers, wish)),
        None => dial::read(local, &settings.numbering).map(|number| (vec![number], wish)),
    });
    read.map_err(|flaw| ResolveError::NoSuchNumber {
        local: recipient.local.clone(),
        domain: recipient.domain.as_ref().or(settings.domains.first()).cloned().unwrap_or_default(),
        flaw,
    })
}

fn route(settings: &Settings, number: Number, wish: Option<Wish>) -> Result<Route, ResolveError> {
    let numbering = &settings.numbering;
    let begins = |prefixes: &[String]| prefixes.iter().any(|prefix| number.as_str().starts_with(prefix.as_str()));
    let allowed = numbering.allow.is_empty() || begins(&numbering.allow);
    if !allowed || begins(&numbering.deny) {
        return Err(ResolveError::Denied { number });
    }
    if let Some((range, tariff)) = costly(numbering, &number) {
        return Err(ResolveError::Costly { number, range, tariff });
    }
    let leads_there = |route: &&RoutePrefix| number.as_str().starts_with(route.prefix.as_str());
    let longest = settings.routes.iter().filter(leads_there).max_by_key(|route| route.prefix.len());
    match longest {
        Some(RoutePrefix { prefix, gateways }) => {
            Ok(Route { number, gateways: gateways.clone(), prefix: prefix.clone(), wish })
        }
        None => Err(ResolveError::NoRoute { number }),
    }
}

/// The range of a number that costs more than others and was not let through. An entry of `allow` must be as narrow as
/// the range: who allows his whole country did not think of it.
fn costly(numbering: &Numbering, number: &Number) -> Option<(&'static str, Tariff)> {
    let is_named = |range: &str| {
        numbering.allow.iter().any(|prefix| prefix.starts_with(range) && number.as_str().starts_with(prefix.as_str()))
    };
    match numbering.premium {
        Premium::Take => None,
        Premium::Deny => premium::range(number).filter(|(range, _)| !is_named(range)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Numbering, Pattern};
    use super::*;

    const LONDON: &str = "+447731234567";
    const ROME: &str = "+393331234567";

    fn number(text: &str) -> Number {
        Number::from_e164(text).unwrap()
    }

    fn routes(all: &[(&str, &str)]) -> Vec<RoutePrefix> {
        let route = |(prefix, gateway): &(&str, &str)| RoutePrefix {
            prefix: (*prefix).to_owned(),
            gateways: vec![(*gateway).to_owned()],
        };
        all.iter().map(route).collect()
    }

    fn settings() -> Settings {
        Settings {
            domains: vec!["sms.example.com".to_owned(), "smtp.smsitaly.com".to_owned()],
            numbering: Numbering { allow: vec!["+44".to_owned(), "+39".to_owned()], ..Numbering::default() },
            aliases: [("oncall".to_owned(), vec![number(LONDON), number(ROME), number(LONDON)])].into(),
            routes: routes(&[("+", "all"), ("+44", "british"), ("+447", "mobile")]),
            default_sender: "ALERTS".parse().unwrap(),
            sender_map: vec![SenderMapping { from: Pattern::new("nagios@*"), id: "NAGIOS".parse().unwrap() }],
        }
    }

    fn resolved(settings: &Settings, mailbox: &str) -> Result<Vec<(String, String)>, ResolveError> {
        let shown = |route: Route| (route.number.to_string(), route.gateways.join(" "));
        let mailbox = match mailbox.split_once('@') {
            Some((local, domain)) => Mailbox { local: local.to_owned(), domain: Some(domain.to_owned()) },
            None => Mailbox { local: mailbox.to_owned(), domain: None },
        };
        resolve(settings, &mailbox).map(|routes| routes.into_iter().map(shown).collect())
    }

    fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(number, gateway)| ((*number).to_owned(), (*gateway).to_owned())).collect()
    }

    #[test]
    fn the_longest_prefix_leads_the_way() {
        let settings = settings();
        assert_eq!(resolved(&settings, "00447731234567@sms.example.com"), Ok(pairs(&[(LONDON, "mobile")])));
        assert_eq!(resolved(&settings, "+442012345678@smtp.smsitaly.com"), Ok(pairs(&[("+442012345678", "british")])));
        assert_eq!(resolved(&settings, ROME), Ok(pairs(&[(ROME, "all")])));
    }

    #[test]
    fn an_alias_stands_for_several_telephones_none_of_them_twice() {
        let expected = pairs(&[(LONDON, "mobile"), (ROME, "all")]);
        for mailbox in ["oncall@sms.example.com", "OnCall@sms.example.com", "oncall"] {
            assert_eq!(resolved(&settings(), mailbox).as_ref(), Ok(&expected), "{mailbox}");
        }
    }

    #[test]
    fn a_wish_goes_with_every_telephone_of_the_recipient() {
        let mut settings = settings();
        let wishes = |settings: &Settings, local: &str| {
            let routes = resolve(settings, &Mailbox { local: local.to_owned(), domain: None })?;
            Ok::<_, ResolveError>(routes.into_iter().map(|route| route.wish).collect::<Vec<_>>())
        };
        let urgent = Some(Wish::Urgent);
        assert_eq!(wishes(&settings, "00447731234567+urgent"), Ok(vec![urgent]));
        assert_eq!(wishes(&settings, "OnCall+Urgent"), Ok(vec![urgent, urgent]));
        assert_eq!(wishes(&settings, "oncall"), Ok(vec![None, None]));
        assert!(wishes(&settings, "nobody+urgent").is_err());
        settings.aliases.insert("oncall+urgent".to_owned(), vec![number(ROME)]);
        assert_eq!(wishes(&settings, "oncall+urgent"), Ok(vec![None]));
        let told = wishes(&settings, "oncall+flash").unwrap_err().for_sender();
        assert!(
            told.starts_with("\"oncall+flash\" is no alias and no number: an SMS can't be sent as flash here"),
            "{told}"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        for (mailbox, text) in [
            (
                "1@example.org",
                "mail for example.org is not for us: a good address is 00447731234567@sms.example.com or smtp.smsitaly.com",
            ),
            (
                "12345@sms.example.com",
                "\"12345\" is no alias and no number: 5 digits, a number has 10 to 16; a good address is \
                 00447731234567@sms.example.com",
            ),
            ("+33612345678@sms.example.com", "+33612345678 is not among the numbers that may be written to"),
        ] {
            assert_eq!(resolved(&settings(), mailbox).unwrap_err().for_sender(), text);
        }
    }

    #[test]
    fn the_log_never_names_a_number() {
        let error = resolved(&settings(), "+33612345678@sms.example.com").unwrap_err();
        assert_eq!(error.to_string(), "+336******78 may not be written to");
    }

    #[test]
    fn deny_wins_over_allow_and_a_number_without_a_route_is_told_so() {
        let mut settings = settings();
        settings.numbering.deny = vec!["+4477".to_owned()];
        settings.routes = routes(&[("+44", "british")]);
        assert!(matches!(resolved(&settings, LONDON), Err(ResolveError::Denied { .. })));
        assert!(matches!(resolved(&settings, ROME), Err(ResolveError::NoRoute { .. })));
        assert!(resolved(&settings, "+442012345678").is_ok());
    }

    #[test]
    fn what_costs_more_must_be_allowed_by_its_own_range() {
        let number = "+39899123456";
        for (allow, premium, taken) in [
            (&[][..], Premium::Deny, false),
            (&["+", "+39"], Premium::Deny, false),
            (&["+39", "+3989"], Premium::Deny, true),
            (&["+39", "+39899"], Premium::Deny, true),
            (&["+39", "+39892"], Premium::Deny, false),
            (&["+39"], Premium::Take, true),
        ] {
            let mut settings = settings();
            settings.numbering.allow = allow.iter().map(|prefix| (*prefix).to_owned()).collect();
            settings.numbering.premium = premium;
            assert_eq!(resolved(&settings, number).is_ok(), taken, "{allow:?} {premium:?}");
        }
        let error = resolved(&settings(), number).unwrap_err();
        assert_eq!(error.to_string(), "+398******56 is a premium-rate number");
        assert_eq!(
            error.for_sender(),
            "+39899123456 is a premium-rate number, and those may not be written to unless whoever runs this relay \
             allows +3989"
        );
    }

    #[test]
    fn the_author_or_the_envelope_chooses_the_sender_id() {
        let settings = settings();
        for (from, author, expected) in [
            (Some("nagios@mon.example"), None, "NAGIOS"),
            (Some("bounces@mon.example"), Some("Nagios@mon.example"), "NAGIOS"),
            (None, Some("root@mon.example"), "ALERTS"),
            (None, None, "ALERTS"),
        ] {
            assert_eq!(sender_id(&settings, from, author).as_str(), expected, "{from:?} {author:?}");
        }
    }
}
