//! What goes wrong at the gateway in each round: a pack of cards, one for every action at every stage.
//!
//! The pack is shuffled and dealt to its end before it is shuffled again, so that no fault is left to chance entirely.

use std::collections::BTreeSet;

use fastrand::Rng;

pub const STAGES: [&str; 11] =
    ["connect", "greeting", "ehlo", "auth", "user", "password", "mail", "rcpt", "data", "text", "quit"];
pub const ACTIONS: [&str; 11] = [
    "close",
    "hang",
    "delay",
    "tempfail",
    "permfail",
    "garbage",
    "codeless",
    "coded",
    "lone-lf",
    "split",
    "drop-reply",
];

/// Faults of one round; 30 rounds see the whole pack, and most of it twice.
const HAND: usize = 8;
/// How likely each of them is, in per cent: rarely enough that something gets past all of them.
const LIKELY: std::ops::Range<u32> = 10..60;
/// What hangs, hangs until the kill, and then its session does nothing else in its round.
const LIKELY_TO_HANG: std::ops::Range<u32> = 5..15;
/// In milliseconds.
const DELAY: std::ops::Range<u32> = 1..150;

/// What a round brings.
pub enum Hand {
    /// Faults, with their probabilities.
    Faults(Vec<String>),
    /// One that always happens, and tells us that our account is in trouble.
    Block(String),
}

/// All the cards that are left.
pub struct Pack {
    cards: Vec<(&'static str, &'static str)>,
}

impl Pack {
    pub fn new() -> Pack {
        Pack { cards: Vec::new() }
    }

    pub fn deal(&mut self, dice: &mut Rng) -> Hand {
        let mut faults = Vec::new();
        while faults.len() < HAND {
            if self.cards.is_empty() {
                self.cards = STAGES.iter().flat_map(|stage| ACTIONS.map(|action| (*stage, action))).collect();
                dice.shuffle(&mut self.cards);
            }
            match self.cards.last() {
                Some((stage, action)) if blocks(stage, action) && faults.is_empty() => {
                    let block = Hand::Block(format!("{stage}:{action}"));
                    self.cards.pop();
                    return block;
                }
                // It takes a round of its own, the next one.
                Some((stage, action)) if blocks(stage, action) => break,
                Some((stage, action)) => {
                    faults.push(fault(stage, action, dice));
                    self.cards.pop();
                }
                None => unreachable!("the pack was filled"),
            }
        }
        // Unlike the document's, some gateways end their answer to EHLO, and a login takes no half a second.
        if dice.bool() {
            faults.push("ehlo:coded".to_owned());
        }
        // So that something is under way most of the time, and answers are lost more often than the pack alone lets them.
        faults.extend(["text:delay=20", "text:drop-reply:0.03"].map(str::to_owned));
        Hand::Faults(faults)
    }
}

fn blocks(stage: &str, action: &str) -> bool {
    matches!((stage, action), ("auth" | "user" | "password", "permfail"))
}

fn fault(stage: &str, action: &str, dice: &mut Rng) -> String {
    let likely = f64::from(dice.u32(if action == "hang" { LIKELY_TO_HANG } else { LIKELY })) / 100.0;
    match action {
        "delay" => format!("{stage}:delay={}:{likely}", dice.u32(DELAY)),
        _ => format!("{stage}:{action}:{likely}"),
    }
}

/// How many actions at how many stages are among what happened.
pub fn kinds(happened: &[String]) -> usize {
    let without_amount = |fault: &String| fault.split('=').next().unwrap_or_default().to_owned();
    happened.iter().map(without_amount).collect::<BTreeSet<_>>().len()
}

/// How often one of these happened.
pub fn count(happened: &[String], faults: &[&str]) -> usize {
    happened.iter().filter(|fault| faults.contains(&fault.as_str())).count()
}

#[test]
fn the_whole_pack_is_dealt_and_the_same_seed_deals_the_same() {
    let deal = |seed| -> Vec<String> {
        let (mut pack, mut dice) = (Pack::new(), Rng::with_seed(seed));
        let hand = |hand| match hand {
            Hand::Faults(faults) => faults,
            Hand::Block(fault) => vec![fault],
        };
        (0..30).flat_map(|_| hand(pack.deal(&mut dice))).collect()
    };
    let dealt = deal(7);
    assert_eq!(dealt, deal(7));
    assert_ne!(dealt, deal(8));
    let bare: Vec<String> = dealt.iter().map(|fault| fault.split(':').take(2).collect::<Vec<_>>().join(":")).collect();
    assert_eq!(kinds(&bare), STAGES.len() * ACTIONS.len());
}
