//! The gate with a simulated book of counts: tables, and what must hold in every storm.

mod digests;
mod gates;
mod meters;
mod properties;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::gate::Digest;
use super::*;
use crate::address::Number;

const FIRST: &str = "+447731234567";
const SECOND: &str = "+393331234567";
const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// So many seconds after the moment when these tests begin.
fn at(second: i64) -> Timestamp {
    let begin: Timestamp = "2026-03-01T03:00:00Z".parse().unwrap();
    Timestamp::from_second(begin.as_second() + second).unwrap()
}

fn number(text: &str) -> Number {
    Number::from_e164(text).unwrap()
}

fn per(parts: u32, seconds: u64) -> Allowance {
    Allowance { parts, per: Duration::from_secs(seconds) }
}

fn hourly(parts: u32) -> Option<Allowance> {
    Some(per(parts, 3600))
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

/// A message at the gate.
#[derive(Clone, Copy, Debug)]
struct Message<'a> {
    to: &'a str,
    from: Option<&'a str>,
    parts: u32,
    urgency: Urgency,
    second: i64,
}

/// An ordinary message of one part to [`FIRST`].
fn message(second: i64) -> Message<'static> {
    Message { to: FIRST, from: Some("nagios@mon.example"), parts: 1, urgency: Urgency::Ordinary, second }
}

fn urgent(second: i64) -> Message<'static> {
    Message { urgency: Urgency::Urgent, ..message(second) }
}

/// What the spool is to the gate: counts, and the digests that gather.
struct Book {
    settings: Settings,
    counts: BTreeMap<(&'static str, String, Timestamp), u32>,
    digests: Vec<(String, Timestamp)>,
}

impl Book {
    fn new(settings: Settings) -> Book {
        Book { settings, counts: BTreeMap::new(), digests: Vec::new() }
    }

    fn counted(&self, meter: &Meter, since: Timestamp) -> Vec<Count> {
        let mine = self
            .counts
            .iter()
            .filter(|((scope, key, at), _)| *scope == meter.scope.as_str() && *key == meter.key && *at >= since);
        mine.map(|((_, _, at), parts)| Count { at: *at, parts: *parts }).collect()
    }

    /// Asks, and writes down what the answer says.
    fn ask(&mut self, message: Message<'_>) -> Judgement {
        let number = number(message.to);
        let Message { from, parts, urgency, second, .. } = message;
        let ask = Ask { number: &number, sender: from, parts, urgency, now: at(second) };
        let meters = self.settings.meters(&ask).into_iter();
        let metered: Vec<Metered> =
            meters.map(|meter| Metered { counts: self.counted(&meter, meter.since(ask.now)), meter }).collect();
        let open = self.digests.iter().filter(|(to, due)| to == message.to && *due > ask.now);
        let open = open.map(|(_, due)| *due).min();
        let judgement = judge(&self.settings, &ask, &metered, open);
        for Charge { meter, at, parts } in judgement.charges(&ask, &metered) {
            *self.counts.entry((meter.scope.as_str(), meter.key.clone(), at)).or_default() += parts;
        }
        if let Judgement::Gather { due, digest: Digest::New, .. } = judgement {
            self.digests.push((message.to.to_owned(), due));
        }
        judgement
    }

    /// When the message goes, in seconds; `None` when it is over.
    fn goes(&mut self, message: Message<'_>) -> Option<i64> {
        match self.ask(message) {
            Judgement::Pass { due } => Some(due.as_second() - at(0).as_second()),
            _ => None,
        }
    }

    /// How many of so many messages, one a second from `second` on, pass.
    fn passes(&mut self, message: Message<'_>, count: i64) -> usize {
        let messages = (0..count).map(|n| Message { second: message.second + n, ..message });
        messages.filter(|message| matches!(self.ask(*message), Judgement::Pass { .. })).count()
    }
}
