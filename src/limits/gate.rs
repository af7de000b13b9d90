//! All limits together: may this message go, when, and if not, what becomes of it. Pure.

use std::fmt;

use jiff::Timestamp;

use super::meter::{Count, Meter, Scope};
use super::quiet;
use super::settings::{Allowance, OnLimit, Settings};
use crate::address::Number;

/// How often a digest's moment is moved on before it counts as never: each limit and each quiet time may move it.
const MOVES: usize = 32;
/// Parts of a digest.
const DIGEST_PARTS: u32 = 1;

/// What limits know of a message's priority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    Ordinary,
    /// It may use the reserve, and rings in quiet hours.
    Urgent,
}

/// A message at the gate.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    pub number: &'a Number,
    /// The envelope sender; `None` for the null sender.
    pub sender: Option<&'a str>,
    /// At least 1.
    pub parts: u32,
    pub urgency: Urgency,
    pub now: Timestamp,
}

/// A limit with what was counted for it: everything from [`Meter::since`] on, the future too.
#[derive(Clone, Debug)]
pub struct Metered {
    pub meter: Meter,
    pub counts: Vec<Count>,
}

/// The limit that a message is over, in the words of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Limit {
    Number(Allowance),
    Sender(Allowance),
    Prefix { prefix: String, allowance: Allowance },
    Day { most: u32, reserve: u32 },
    Month { most: u32, reserve: u32 },
}

/// What becomes of a message. What passes is charged for with [`Judgement::charges`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It goes, at `due`: now, or when the quiet hours of its number end.
    Pass { due: Timestamp },
    /// It is kept.
    Hold { over: Limit },
    /// It is not taken.
    Refuse { over: Limit },
    /// It goes into the digest of its number that is due then.
    Gather { over: Limit, due: Timestamp, digest: Digest },
}

/// Whether a digest was under way already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digest {
    New,
    Open,
}

/// Parts to be counted for a limit, in the slot that begins at `at`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge<'a> {
    pub meter: &'a Meter,
    pub at: Timestamp,
    pub parts: u32,
}

impl Settings {
    /// The limits that bear on a message; empty when everything passes.
    pub fn meters(&self, ask: &Ask<'_>) -> Vec<Meter> {
        let number = self.per_number.map(|most| Meter::sliding(Scope::Number, ask.number.to_string(), most));
        let sender = self.per_sender.map(|most| Meter::sliding(Scope::Sender, sender_key(ask.sender), most));
        let prefix = self.prefix_of(ask.number).map(|(prefix, most)| Meter::sliding(Scope::Prefix, prefix, most));
        let budget = |most: Option<u32>, scope| {
            let reserved = if ask.urgency == Urgency::Urgent { 0 } else { self.reserve };
            most.map(|most| Meter::calendar(scope, most.saturating_sub(reserved), &self.zone))
        };
        let budgets = [budget(self.per_day, Scope::Day), budget(self.per_month, Scope::Month)];
        [number, sender, prefix].into_iter().chain(budgets).flatten().collect()
    }

    fn prefix_of(&self, number: &Number) -> Option<(String, Allowance)> {
        let fits = self.per_prefix.iter().filter(|one| number.as_str().starts_with(one.prefix.as_str()));
        fits.max_by_key(|one| one.prefix.len()).map(|one| (one.prefix.clone(), one.allowance))
    }

    fn limit(&self, meter: &Meter) -> Option<Limit> {
        let reserve = self.reserve;
        match meter.scope {
            Scope::Number => self.per_number.map(Limit::Number),
            Scope::Sender => self.per_sender.map(Limit::Sender),
            Scope::Prefix => {
                let prefix = self.per_prefix.iter().find(|one| one.prefix == meter.key);
                prefix.map(|one| Limit::Prefix { prefix: one.prefix.clone(), allowance: one.allowance })
            }
            Scope::Day => self.per_day.map(|most| Limit::Day { most, reserve }),
            Scope::Month => self.per_month.map(|most| Limit::Month { most, reserve }),
        }
    }
}

/// Some programs write their address now so, now so.
fn sender_key(sender: Option<&str>) -> String {
    sender.map_or_else(|| "<>".to_owned(), str::to_lowercase)
}

/// Judges a message. `metered` are its [`Settings::meters`] with their counts; `open` is when the digest of its number is
/// due that gathers at this moment, if one does.
pub fn judge(settings: &Settings, ask: &Ask<'_>, metered: &[Metered], open: Option<Timestamp>) -> Judgement {
    let due = rings_at(settings, ask, ask.now);
    let over = metered.iter().find(|one| !one.meter.fits(&one.counts, due, ask.parts));
    let Some(over) = over.and_then(|one| settings.limit(&one.meter)) else { return Judgement::Pass { due } };
    match settings.on_limit {
        OnLimit::Hold => Judgement::Hold { over },
        OnLimit::Refuse => Judgement::Refuse { over },
        OnLimit::Digest => match (open, new_digest(settings, ask, metered)) {
            (Some(open), own) if own.is_none_or(|own| open <= own) => {
                Judgement::Gather { over, due: open, digest: Digest::Open }
            }
            (_, Some(own)) => Judgement::Gather { over, due: own, digest: Digest::New },
            (_, None) => Judgement::Hold { over },
        },
    }
}

/// When a telephone may ring, from `at` on.
fn rings_at(settings: &Settings, ask: &Ask<'_>, at: Timestamp) -> Timestamp {
    match ask.urgency {
        Urgency::Urgent => at,
        Urgency::Ordinary => quiet::end(&settings.quiet, ask.number, at).unwrap_or(at),
    }
}

/// The moment at which the message itself could go: then there is room for a digest, which is never longer. `None` when
/// that never comes, or only because a month is over: a digest of last month's alerts is of no use to anybody.
fn new_digest(settings: &Settings, ask: &Ask<'_>, metered: &[Metered]) -> Option<Timestamp> {
    let mut due = rings_at(settings, ask, ask.now);
    let month = metered.iter().find(|one| one.meter.scope == Scope::Month);
    if month.is_some_and(|one| !one.meter.fits(&one.counts, due, ask.parts)) {
        return None;
    }
    for _ in 0..MOVES {
        let rooms = metered.iter().map(|one| one.meter.room(&one.counts, due, ask.parts));
        let latest = rooms.collect::<Option<Vec<_>>>()?.into_iter().max()?;
        let next = rings_at(settings, ask, latest);
        if next == due {
            return Some(due);
        }
        due = next;
    }
    None
}

impl Judgement {
    /// What is to be counted. A digest counts when it is announced, so that its place is not taken by others; the senders
    /// of what is in it are not charged for it.
    pub fn charges<'a>(&self, ask: &Ask<'_>, metered: &'a [Metered]) -> Vec<Charge<'a>> {
        let meters = metered.iter().map(|one| &one.meter);
        match self {
            Judgement::Pass { due } => {
                meters.map(|meter| Charge { meter, at: meter.slot(*due), parts: ask.parts }).collect()
            }
            Judgement::Gather { due, digest: Digest::New, .. } => {
                let bearing = meters.filter(|meter| meter.scope != Scope::Sender);
                bearing.map(|meter| Charge { meter, at: meter.slot(*due), parts: DIGEST_PARTS }).collect()
            }
            Judgement::Gather { .. } | Judgement::Hold { .. } | Judgement::Refuse { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Allowance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Allowance { parts, per } = self;
        match per.as_secs() {
            1 => write!(f, "{parts} SMS a second"),
            60 => write!(f, "{parts} SMS a minute"),
            3600 => write!(f, "{parts} SMS an hour"),
            86_400 => write!(f, "{parts} SMS in 24 hours"),
            seconds => write!(f, "{parts} SMS in {seconds} seconds"),
        }
    }
}

impl fmt::Display for Limit {
    /// Reads as the end of a sentence: "it is over …". Names neither number nor sender.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reserved = |reserve: &u32| match reserve {
            0 => String::new(),
            reserve => format!(", {reserve} of them for urgent messages"),
        };
        match self {
            Limit::Number(most) => write!(f, "the limit of {most} for one number"),
            Limit::Sender(most) => write!(f, "the limit of {most} from one sender"),
            Limit::Prefix { prefix, allowance } => write!(f, "the limit of {allowance} for numbers with {prefix}"),
            Limit::Day { most, reserve } => write!(f, "the budget of {most} SMS a day{}", reserved(reserve)),
            Limit::Month { most, reserve } => write!(f, "the budget of {most} SMS a month{}", reserved(reserve)),
        }
    }
}
