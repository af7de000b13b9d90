//! The way from a letter to its messages. Pure: what `preview` shows is what `serve` does, because both ask here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::treatment::{Action, Ring, Treatment};
use super::wish;
use crate::address::{self, Number, ResolveError, Route, SenderId, SenderIdError};
use crate::message::{self, Text};
use crate::rules::{self, Captures, Match, Rule};
use crate::sms::{self, Fields, FitError, Medium, Sms, Ucs2};
use crate::smtp::{Content, Envelope, Mailbox, Permit, Recipient, Reply};
use crate::spool::{Priority, Topic};

/// What the front hall is told: the settings of the rooms it leads through.
#[derive(Clone, Debug)]
pub struct Settings {
    pub message: message::Settings,
    pub address: address::Settings,
    pub sms: sms::Settings,
    /// The first that fits a mail says what becomes of it.
    pub rules: Vec<Rule<Treatment>>,
    /// The first that fits a mail which passes by says which telephones hear of it too.
    pub rings: Vec<Rule<Ring>>,
    /// What each gateway can carry, by its name.
    pub media: HashMap<String, Medium>,
    /// What some routes have instead of their gateways' policy, by their prefix.
    pub ucs2: HashMap<String, Ucs2>,
    /// How long a message may wait before it expires.
    pub expire: Duration,
}

/// What a mail becomes for one telephone.
#[derive(Clone, Debug)]
pub struct Message {
    pub route: Route,
    pub sender: SenderId,
    pub priority: Priority,
    pub topic: Option<Topic>,
    /// How long it may wait.
    pub expire: Duration,
    /// The rule that fits it, when there is one.
    pub rule: Option<Matched>,
    pub decision: Decision,
}

/// Which rule a mail fits, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matched {
    pub name: String,
    /// One for each of its conditions, for people.
    pub reasons: Vec<String>,
}

/// Which way a message goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    Send(Sms),
    /// An operator must let it go; the reason is for him.
    Hold {
        sms: Sms,
        reason: String,
    },
    /// It is taken and thrown away; `by` ends "dropped by …".
    Drop {
        by: String,
    },
    /// The reply says why it can't, or may not, be sent.
    Refuse(Reply),
}

/// What a mail becomes for one recipient.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub recipient: Recipient,
    /// One message for each telephone that the mailbox stands for, at least one; the error is the reply that refuses
    /// the mailbox itself.
    pub messages: Result<Vec<Message>, Reply>,
}

/// Knows the settings of the pure rooms and calls them in the order of the trip. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    settings: Arc<Settings>,
}

impl Desk {
    pub fn new(settings: Settings) -> Desk {
        Desk { settings: Arc::new(settings) }
    }

    /// Whether a recipient is in one of our domains.
    pub fn is_ours(&self, recipient: &Mailbox) -> bool {
        address::is_ours(&self.settings.address, recipient)
    }

    /// The telephones that a recipient stands for, for a client with this permit. The error is the reply for RCPT.
    pub fn resolve(&self, recipient: &Mailbox, permit: &Permit) -> Result<Vec<Route>, Reply> {
        let routes = address::resolve(&self.settings.address, recipient).map_err(|error| resolve_refusal(&error))?;
        match routes.iter().all(|route| permit.may_write(route.number.as_str())) {
            true => Ok(routes),
            false => Err(Reply::new(550, "5.7.1", "this number is not among those that you may write to here")),
        }
    }

    /// What a letter becomes: what was read in it, and the messages, recipient by recipient in the order of the
    /// envelope. The error is the reply for the end of DATA.
    pub fn work(&self, envelope: &Envelope, content: &Content, bytes: &[u8]) -> Result<(Text, Vec<Prepared>), Reply> {
        match content {
            Content::Mail => {
                let text = self.open(bytes)?;
                let prepared = self.prepare(envelope, &text);
                Ok((text, prepared))
            }
            Content::BareText { sender_id } => {
                let sender = sender_id.parse().map_err(|error| signature_refusal(&error))?;
                Ok((Text::default(), self.set_words(envelope, Some(sender), &message::bare_words(bytes))))
            }
        }
    }

    /// Opens a mail. The error is the reply for the end of DATA.
    pub fn open(&self, bytes: &[u8]) -> Result<Text, Reply> {
        message::extract(bytes, &self.settings.message).map_err(|error| Reply::new(554, "5.6.0", error.to_string()))
    }

    /// The messages that an opened mail becomes, recipient by recipient in the order of the envelope.
    pub fn prepare(&self, envelope: &Envelope, text: &Text) -> Vec<Prepared> {
        let from = envelope.from.mailbox().map(Mailbox::to_string);
        self.messages(envelope, |to, route| self.judged(&Mail { text, envelope_from: from.as_deref(), to }, route))
    }

    /// Whether a mail that passes by may ring a telephone at all.
    pub fn may_ring(&self) -> bool {
        self.settings.rings.iter().any(|rule| !rule.then.telephones.is_empty())
    }

    /// What an opened mail that passes by becomes for the telephones that hear of it too. Each recipient that is not ours
    /// may ring some; one that gets the mail anyway, because a recipient that is ours stands for it, hears of it once.
    pub fn ring(&self, envelope: &Envelope, text: &Text) -> Vec<Prepared> {
        let permit = &envelope.client.permit;
        let from = envelope.from.mailbox().map(Mailbox::to_string);
        let mailboxes = envelope.recipients.iter().map(|recipient| &recipient.mailbox);
        let (ours, others): (Vec<&Mailbox>, Vec<&Mailbox>) = mailboxes.partition(|mailbox| self.is_ours(mailbox));
        let reached = ours.into_iter().filter_map(|mailbox| self.resolve(mailbox, permit).ok()).flatten();
        let reached: Vec<Number> = reached.map(|route| route.number).collect();
        let mut prepared = Vec::new();
        for to in others.into_iter().map(Mailbox::to_string) {
            let mail = Mail { text, envelope_from: from.as_deref(), to: &to };
            let Some(found) = rules::judge(&self.settings.rings, &mail.on_its_way_to(&to)) else { continue };
            let telephones = &found.rule.then.telephones;
            let fit = Fit::of(&found, &found.rule.then.treatment);
            prepared.extend(telephones.iter().filter_map(|name| self.rung(&mail, name, permit, &reached, &fit)));
        }
        prepared
    }

    /// What a mail becomes for one of those whom a rule rings. `None`: all its telephones are `reached` anyway.
    fn rung(
        &self,
        mail: &Mail<'_>,
        name: &Mailbox,
        permit: &Permit,
        reached: &[Number],
        fit: &Fit<'_>,
    ) -> Option<Prepared> {
        let messages = match self.resolve(name, permit) {
            Ok(routes) => {
                let routes: Vec<Route> = routes.into_iter().filter(|route| !reached.contains(&route.number)).collect();
                if routes.is_empty() {
                    return None;
                }
                routes.into_iter().map(|route| signed(self.made(mail, route, Some(fit)), permit)).collect()
            }
            Err(reply) => Err(reply),
        };
        Some(Prepared { recipient: name.clone().into(), messages })
    }

    /// What bare words become, without a mail, its template and the rules. Without `sender` the default sender ID is
    /// used.
    pub fn set_words(&self, envelope: &Envelope, sender: Option<SenderId>, words: &str) -> Vec<Prepared> {
        let Settings { address, sms, expire, .. } = &*self.settings;
        let sender = sender.unwrap_or_else(|| address.default_sender.clone());
        let nothing = Text::default();
        self.messages(envelope, |_, route| Message {
            sender: sender.clone(),
            priority: wish::priority(route.wish, &nothing),
            topic: None,
            expire: *expire,
            rule: None,
            decision: decide(None, || self.set(&route, |medium| sms::fit(words, medium, sms))),
            route,
        })
    }

    /// What is made for each telephone of each recipient, signed as the client may sign.
    fn messages(&self, envelope: &Envelope, make: impl Fn(&str, Route) -> Message) -> Vec<Prepared> {
        let permit = &envelope.client.permit;
        let prepare = |recipient: &Recipient| {
            let to = recipient.mailbox.to_string();
            let messages = self
                .resolve(&recipient.mailbox, permit)
                .and_then(|routes| routes.into_iter().map(|route| signed(make(&to, route), permit)).collect());
            Prepared { recipient: recipient.clone(), messages }
        };
        envelope.recipients.iter().map(prepare).collect()
    }

    /// What a mail becomes for one telephone: the first rule that fits says so, and where it says nothing, what stands
    /// above the rules.
    fn judged(&self, mail: &Mail<'_>, route: Route) -> Message {
        let found = rules::judge(&self.settings.rules, &mail.on_its_way_to(route.number.as_str()));
        let fit = found.map(|found| Fit::of(&found, &found.rule.then));
        self.made(mail, route, fit.as_ref())
    }

    fn made(&self, mail: &Mail<'_>, mut route: Route, fit: Option<&Fit<'_>>) -> Message {
        let Settings { address, sms, expire, .. } = &*self.settings;
        let author = mail.text.author.as_ref().map(|author| author.address.as_str());
        let treatment = fit.map(|fit| fit.treatment);
        let captures = fit.map(|fit| fit.captures.clone()).unwrap_or_default();
        let fields = Fields::new(mail.text).to(mail.to).captures(&captures);
        if let Some(Treatment { gateways, .. }) = treatment.filter(|treatment| !treatment.gateways.is_empty()) {
            route.gateways.clone_from(gateways);
        }
        let settings = treatment.map_or(sms, |treatment| &treatment.sms);
        let set = || self.set(&route, |medium| sms::compose(&fields, medium, settings));
        let usual = || address::sender_id(address, mail.envelope_from, author);
        let wished = || wish::priority(route.wish, mail.text);
        Message {
            sender: treatment.and_then(|treatment| treatment.sender.clone()).unwrap_or_else(usual),
            priority: treatment.and_then(|treatment| treatment.priority).unwrap_or_else(wished),
            topic: treatment.and_then(|treatment| treatment.topic.as_ref()?.topic(&fields)),
            expire: treatment.and_then(|treatment| treatment.expire).unwrap_or(*expire),
            decision: decide(fit, set),
            rule: fit.map(|fit| fit.matched.clone()),
            route,
        }
    }

    fn set(&self, route: &Route, set: impl Fn(&Medium) -> Result<Sms, FitError>) -> Result<Sms, Reply> {
        self.medium(route).and_then(|medium| set(&medium).map_err(|error| fit_refusal(&error)))
    }

    /// What every gateway of the route can carry, so that a message set once can take any of them.
    fn medium(&self, route: &Route) -> Result<Medium, Reply> {
        let Settings { media, ucs2, .. } = &*self.settings;
        let media = route.gateways.iter().filter_map(|name| media.get(name).copied());
        let medium = Medium::narrowest(media)
            .ok_or_else(|| Reply::new(451, "4.3.5", "no gateway is configured for this number"))?;
        Ok(Medium { ucs2: ucs2.get(&route.prefix).copied().unwrap_or(medium.ucs2), ..medium })
    }
}

/// A mail on its way to one recipient, as the client wrote it.
struct Mail<'a> {
    text: &'a Text,
    envelope_from: Option<&'a str>,
    to: &'a str,
}

impl Mail<'_> {
    /// What rules look at. `number` is what the recipient stands for, or its address again.
    fn on_its_way_to<'m>(&'m self, number: &'m str) -> rules::Mail<'m> {
        rules::Mail { text: self.text, envelope_from: self.envelope_from, to: [self.to, number] }
    }
}

/// The rule that a mail fits, whatever kind of rule it is.
struct Fit<'a> {
    matched: Matched,
    treatment: &'a Treatment,
    captures: Captures,
}

impl<'a> Fit<'a> {
    fn of<T>(found: &Match<'a, T>, treatment: &'a Treatment) -> Fit<'a> {
        let reasons = found.reasons.iter().map(ToString::to_string).collect();
        let matched = Matched { name: found.rule.name.clone(), reasons };
        Fit { matched, treatment, captures: found.captures.clone() }
    }
}

/// What a rule's action comes to. What would be thrown away or refused anyway is not set first.
fn decide(fit: Option<&Fit<'_>>, set: impl FnOnce() -> Result<Sms, Reply>) -> Decision {
    let name = fit.map(|fit| format!("rule {}", fit.matched.name)).unwrap_or_default();
    match fit.map_or(&Action::Send, |fit| &fit.treatment.action) {
        Action::Drop => Decision::Drop { by: name },
        Action::Refuse { reason } => Decision::Refuse(Reply::new(550, "5.7.1", reason)),
        Action::Send => set().map_or_else(Decision::Refuse, Decision::Send),
        Action::Hold => set().map_or_else(Decision::Refuse, |sms| Decision::Hold { sms, reason: name }),
    }
}

/// The message with a sender ID that a client with this permit may use: its own, or the first of the client's.
fn signed(message: Message, permit: &Permit) -> Result<Message, Reply> {
    let allowed = permit.signature(message.sender.as_str());
    let allowed = allowed.ok_or_else(|| Reply::new(550, "5.7.1", "there is no sender ID that you may use here"))?;
    let sender = allowed.parse().map_err(|error| signature_refusal(&error))?;
    Ok(Message { sender, ..message })
}

fn signature_refusal(error: &SenderIdError) -> Reply {
    Reply::new(550, "5.7.1", error.to_string())
}

fn resolve_refusal(error: &ResolveError) -> Reply {
    let enhanced = match error {
        ResolveError::ForeignDomain { .. } | ResolveError::Denied { .. } | ResolveError::Costly { .. } => "5.7.1",
        ResolveError::NoSuchNumber { .. } => "5.1.1",
        ResolveError::NoRoute { .. } => "5.4.4",
    };
    Reply::new(550, enhanced, error.for_sender())
}

fn fit_refusal(error: &FitError) -> Reply {
    let enhanced = match error {
        FitError::Empty | FitError::NotCarried { .. } => "5.6.0",
        FitError::TooLong { .. } => "5.3.4",
    };
    Reply::new(554, enhanced, error.for_sender())
}

#[cfg(test)]
mod tests;
