//! What goes wrong on purpose: `STAGE:ACTION[:PROBABILITY]`, as `--fault` takes it. Pure: the dice are an argument.
//!
//! | action | what was asked is | the client hears |
//! |---|---|---|
//! | `close` | not done | the end of the connection |
//! | `hang` | not done | nothing, ever |
//! | `tempfail` | not done | a 4xx |
//! | `permfail` | not done | a 5xx |
//! | `garbage` | done | bytes that are no reply |
//! | `codeless` | done | the answer without its code |
//! | `coded` | done | the answer with code and proper end, where the document has neither (ehlo, text) |
//! | `lone-lf` | done | the answer, its lines ended by LF without CR |
//! | `split` | done | the answer in several packets |
//! | `drop-reply` | done | the end of the connection: the answer was lost with it |
//! | `delay=MS` | done | the answer, so many milliseconds later |
//!
//! Every action goes with every stage. `connect` and `greeting` differ in nothing but the order they are looked at:
//! all that can be heard of a connection is its greeting. After `tempfail` or `permfail` there the connection ends, as
//! it does at `quit`.
//!
//! Of several faults at one stage the first that its probability picks happens; delays come on top, all that are
//! picked.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use fastrand::Rng;

/// One `--fault`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    stage: Stage,
    action: Action,
    /// From 0, never, to 1, always.
    probability: f64,
}

/// Whose answer it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Connect,
    Greeting,
    Ehlo,
    Auth,
    User,
    Password,
    Mail,
    Rcpt,
    Data,
    Text,
    Quit,
}

/// What happens at a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Delay(Duration),
    Trouble(Trouble),
}

/// What happens to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Instead(Instead),
    Spoil(Spoil),
}

/// What happens instead of what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instead {
    Close,
    Hang,
    TempFail,
    PermFail,
}

/// What becomes of the answer to something that was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoil {
    Garbage,
    Codeless,
    Coded,
    LoneLf,
    Split,
    DropReply,
}

/// All faults of a gateway, in the order they were given, and the seed of their dice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    faults: Vec<Fault>,
    seed: u64,
}

/// What the faults make of one answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    pub delay: Duration,
    pub trouble: Option<Trouble>,
}

/// Why a text is no fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    #[error("a fault is STAGE:ACTION or STAGE:ACTION:PROBABILITY")]
    Shape,
    #[error("no stage {0:?}; there are {stages}", stages = Fault::stages())]
    Stage(String),
    #[error("no action {0:?}; there are {actions}", actions = Fault::actions())]
    Action(String),
    #[error("{0:?} is no delay in whole milliseconds, at most {MAX_DELAY_MS}: delay=250")]
    Delay(String),
    #[error("{0:?} is no probability from 0 to 1")]
    Probability(String),
}

/// One day. Beyond it `hang` says the same.
const MAX_DELAY_MS: u64 = 86_400_000;
/// Set apart the dice of neighbouring sessions: any odd number with its bits well mixed (2^64 by the golden ratio).
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

const STAGES: [(&str, Stage); 11] = [
    ("connect", Stage::Connect),
    ("greeting", Stage::Greeting),
    ("ehlo", Stage::Ehlo),
    ("auth", Stage::Auth),
    ("user", Stage::User),
    ("password", Stage::Password),
    ("mail", Stage::Mail),
    ("rcpt", Stage::Rcpt),
    ("data", Stage::Data),
    ("text", Stage::Text),
    ("quit", Stage::Quit),
];

const TROUBLES: [(&str, Trouble); 10] = [
    ("close", Trouble::Instead(Instead::Close)),
    ("hang", Trouble::Instead(Instead::Hang)),
    ("tempfail", Trouble::Instead(Instead::TempFail)),
    ("permfail", Trouble::Instead(Instead::PermFail)),
    ("garbage", Trouble::Spoil(Spoil::Garbage)),
    ("codeless", Trouble::Spoil(Spoil::Codeless)),
    ("coded", Trouble::Spoil(Spoil::Coded)),
    ("lone-lf", Trouble::Spoil(Spoil::LoneLf)),
    ("split", Trouble::Spoil(Spoil::Split)),
    ("drop-reply", Trouble::Spoil(Spoil::DropReply)),
];

impl Faults {
    /// The same seed makes the same session meet the same faults, whatever the other sessions do meanwhile.
    pub fn new(faults: Vec<Fault>, seed: u64) -> Faults {
        Faults { faults, seed }
    }

    /// The dice of one session.
    pub fn dice(&self, session: u64) -> Rng {
        Rng::with_seed(self.seed.wrapping_add(session.wrapping_mul(SPREAD)))
    }

    /// Rolls the dice for one answer.
    pub fn pick(&self, stage: Stage, dice: &mut Rng) -> Fate {
        let mut fate = Fate::default();
        let here = self.faults.iter().filter(|fault| fault.stage == stage);
        for fault in here.filter(|fault| dice.f64() < fault.probability) {
            match fault.action {
                Action::Delay(delay) => fate.delay += delay,
                Action::Trouble(trouble) => fate.trouble = fate.trouble.or(Some(trouble)),
            }
        }
        fate
    }
}

impl Fate {
    /// This one and then another, for the same answer.
    pub fn and(self, other: Fate) -> Fate {
        Fate { delay: self.delay + other.delay, trouble: self.trouble.or(other.trouble) }
    }

    /// What happens at the stage, as `--fault` takes it: what a log can say.
    pub fn faults(self, stage: Stage) -> impl Iterator<Item = Fault> {
        let delay = (!self.delay.is_zero()).then_some(Action::Delay(self.delay));
        let actions = [delay, self.trouble.map(Action::Trouble)];
        actions.into_iter().flatten().map(move |action| Fault { stage, action, probability: 1.0 })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Fault, FaultError> {
        let parts: Vec<&str> = text.split(':').collect();
        let (stage, action, probability) = match parts[..] {
            [stage, action] => (stage, action, 1.0),
            [stage, action, text] => (stage, action, probability(text)?),
            _ => return Err(FaultError::Shape),
        };
        Ok(Fault { stage: stage.parse()?, action: action.parse()?, probability })
    }
}

fn probability(text: &str) -> Result<f64, FaultError> {
    let number = text.parse().ok().filter(|number| (0.0..=1.0).contains(number));
    number.ok_or_else(|| FaultError::Probability(text.to_owned()))
}

impl FromStr for Stage {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Stage, FaultError> {
        let stage = STAGES.iter().find(|(name, _)| *name == text).map(|(_, stage)| *stage);
        stage.ok_or_else(|| FaultError::Stage(text.to_owned()))
    }
}

impl FromStr for Action {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Action, FaultError> {
        if let Some(milliseconds) = text.strip_prefix("delay=") {
            let delay = milliseconds.parse().ok().filter(|milliseconds| *milliseconds <= MAX_DELAY_MS);
            let delay = delay.map(|milliseconds| Action::Delay(Duration::from_millis(milliseconds)));
            return delay.ok_or_else(|| FaultError::Delay(milliseconds.to_owned()));
        }
        let trouble = TROUBLES.iter().find(|(name, _)| *name == text).map(|(_, trouble)| *trouble);
        trouble.map(Action::Trouble).ok_or_else(|| FaultError::Action(text.to_owned()))
    }
}

impl Fault {
    /// The names of all stages, for a message.
    pub fn stages() -> String {
        STAGES.map(|(name, _)| name).join(" ")
    }

    /// The names of all actions, for a message.
    pub fn actions() -> String {
        format!("{} delay=MS", TROUBLES.map(|(name, _)| name).join(" "))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stage = STAGES.iter().find(|(_, stage)| *stage == self.stage).map_or("", |(name, _)| name);
        match self.action {
            Action::Delay(delay) => write!(f, "{stage}:delay={}", delay.as_millis())?,
            Action::Trouble(trouble) => {
                let action = TROUBLES.iter().find(|(_, known)| *known == trouble).map_or("", |(name, _)| name);
                write!(f, "{stage}:{action}")?;
            }
        }
        if self.probability < 1.0 {
            write!(f, ":{}", self.probability)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specs: &[&str], seed: u64) -> Faults {
        Faults::new(specs.iter().map(|spec| spec.parse().unwrap()).collect(), seed)
    }

    #[test]
    fn every_stage_takes_every_action() {
        let actions = TROUBLES.map(|(name, _)| name).into_iter().chain(["delay=0", "delay=250", "delay=86400000"]);
        for action in actions {
            for (stage, _) in STAGES {
                for spec in [format!("{stage}:{action}"), format!("{stage}:{action}:0.25")] {
                    assert_eq!(spec.parse::<Fault>().unwrap().to_string(), spec);
                }
            }
        }
    }

    #[test]
    fn a_wrong_fault_says_what_there_is() {
        let table = [
            ("", "a fault is STAGE:ACTION or STAGE:ACTION:PROBABILITY"),
            ("text", "a fault is STAGE:ACTION or STAGE:ACTION:PROBABILITY"),
            ("text:close:1:2", "a fault is STAGE:ACTION or STAGE:ACTION:PROBABILITY"),
            (
                "body:close",
                "no stage \"body\"; there are connect greeting ehlo auth user password mail rcpt data text quit",
            ),
            (
                "text:explode",
                "no action \"explode\"; there are close hang tempfail permfail garbage codeless coded lone-lf split \
                 drop-reply delay=MS",
            ),
            ("text:delay=soon", "\"soon\" is no delay in whole milliseconds, at most 86400000: delay=250"),
            ("text:delay=86400001", "\"86400001\" is no delay in whole milliseconds, at most 86400000: delay=250"),
            ("text:close:1.1", "\"1.1\" is no probability from 0 to 1"),
            ("text:close:-0.1", "\"-0.1\" is no probability from 0 to 1"),
            ("text:close:NaN", "\"NaN\" is no probability from 0 to 1"),
            ("text:close:", "\"\" is no probability from 0 to 1"),
        ];
        for (spec, expected) in table {
            assert_eq!(spec.parse::<Fault>().unwrap_err().to_string(), expected, "{spec}");
        }
    }

    #[test]
    fn the_first_trouble_happens_and_all_delays() {
        let faults = faults(
            &[
                "text:close:0",
                "text:delay=100",
                "text:split",
                "text:hang",
                "mail:hang",
                "text:delay=20",
                "text:delay=7:0",
            ],
            1,
        );
        let mut dice = faults.dice(1);
        let split = Some(Trouble::Spoil(Spoil::Split));
        assert_eq!(faults.pick(Stage::Text, &mut dice), Fate { delay: Duration::from_millis(120), trouble: split });
        assert_eq!(faults.pick(Stage::Rcpt, &mut dice), Fate::default());
        assert_eq!(Fate::default().faults(Stage::Rcpt).count(), 0);
        let told: Vec<_> = faults.pick(Stage::Text, &mut dice).faults(Stage::Text).map(|f| f.to_string()).collect();
        assert_eq!(told, ["text:delay=120", "text:split"]);
        let hang = Fate { delay: Duration::ZERO, trouble: Some(Trouble::Instead(Instead::Hang)) };
        assert_eq!(faults.pick(Stage::Mail, &mut dice), hang);
        assert_eq!(hang.and(faults.pick(Stage::Text, &mut dice)).trouble, hang.trouble);
    }

    #[test]
    fn dice_are_fair_and_repeatable() {
        let rolls = |seed, session| -> Vec<bool> {
            let faults = faults(&["text:close:0.25"], seed);
            let mut dice = faults.dice(session);
            (0..4000).map(|_| faults.pick(Stage::Text, &mut dice).trouble.is_some()).collect()
        };
        let first = rolls(7, 1);
        assert_eq!(first, rolls(7, 1));
        assert_ne!(first, rolls(8, 1));
        assert_ne!(first, rolls(7, 2));
        let hits = first.iter().filter(|hit| **hit).count();
        assert!((900..1100).contains(&hits), "{hits} of 4000");
        // The first roll of each session too: most sessions meet only few faults.
        let hits = (1..=4000).filter(|session| rolls_once(*session)).count();
        assert!((900..1100).contains(&hits), "{hits} of 4000");
    }

    fn rolls_once(session: u64) -> bool {
        let faults = faults(&["connect:close:0.25"], 7);
        faults.pick(Stage::Connect, &mut faults.dice(session)).trouble.is_some()
    }
}
