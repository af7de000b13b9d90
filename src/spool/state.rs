//! The table of states as code: where a parcel stands, what can happen to it, and where that leads. Pure.
//!
//! Every change of a parcel asks [`moves`]; a move that is not in the table does not happen.

use std::fmt;
use std::str::FromStr;

/// Where a parcel stands; the words that logs, metrics, the command line and the manual use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Waiting,
    Sending,
    Sent,
    Held,
    Refused,
    Expired,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Waiting, State::Sending, State::Sent, State::Held, State::Refused, State::Expired];

    /// The one word for the state.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Sending => "sending",
            State::Sent => "sent",
            State::Held => "held",
            State::Refused => "refused",
            State::Expired => "expired",
        }
    }
}

/// The word is not one of the states.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no state; there are waiting, sending, sent, held, refused and expired")]
pub struct StateError(pub String);

impl FromStr for State {
    type Err = StateError;

    /// The inverse of [`State::as_str`].
    fn from_str(word: &str) -> Result<State, StateError> {
        State::ALL.into_iter().find(|state| state.as_str() == word).ok_or_else(|| StateError(word.to_owned()))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an operator may order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Try it at once, whatever became of it.
    Retry,
    /// Keep it back.
    Hold,
    /// Let what is held go.
    Release,
    /// Give it up.
    Cancel,
}

impl Order {
    pub const ALL: [Order; 4] = [Order::Retry, Order::Hold, Order::Release, Order::Cancel];

    /// The one word for the order, as on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Order::Retry => "retry",
            Order::Hold => "hold",
            Order::Release => "release",
            Order::Cancel => "cancel",
        }
    }

    /// The states in which it can be carried out.
    pub fn possible_in(self) -> impl Iterator<Item = State> {
        State::ALL.into_iter().filter(move |from| moves(*from, Step::Ordered(self)).is_some())
    }
}

/// What can happen to a parcel: the rows of the table at the head of [the room](super).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A session takes it.
    Claimed,
    /// The gateway took a part, and more are left.
    PartAccepted,
    /// The gateway took the last part.
    LastPartAccepted,
    /// The gateway took nothing; later.
    Retry,
    /// Nobody knows whether the gateway took it, and the operator shall look.
    Held,
    /// The gateway said no for good.
    Refused,
    /// The session gave it back untried.
    Released,
    /// Its time ran out.
    Expired,
    /// It was found `sending` at a start, and is to be tried again.
    FoundToRetry,
    /// It was found `sending` at a start, and is to be held.
    FoundToHold,
    /// Another gateway gets it, because its own is no longer configured.
    Moved,
    /// No gateway that could have it is configured any more.
    Stranded,
    /// A recovery came before it was sent; or it is a recovery, and nothing of its problem was sent.
    Overtaken,
    /// The digest that it was gathered into was sent.
    DigestSent,
    /// That digest was refused.
    DigestRefused,
    /// That digest's time ran out.
    DigestExpired,
    /// An operator wants it so.
    Ordered(Order),
}

impl Step {
    /// Whether a try ends with it. A try that a crash cut short counts: it may have cost money.
    pub fn ends_a_try(self) -> bool {
        matches!(
            self,
            Step::LastPartAccepted | Step::Retry | Step::Held | Step::Refused | Step::FoundToRetry | Step::FoundToHold
        )
    }

    /// How many parts are accepted by it.
    pub fn accepted_parts(self) -> u32 {
        u32::from(matches!(self, Step::PartAccepted | Step::LastPartAccepted))
    }
}

/// Where `step` leads a parcel that stands at `from`; `None` when it can't happen there.
pub fn moves(from: State, step: Step) -> Option<State> {
    match (step, from) {
        (Step::Claimed, State::Waiting) => Some(State::Sending),
        (Step::Expired, State::Waiting) => Some(State::Expired),
        (Step::Moved, State::Waiting) => Some(State::Waiting),
        (Step::Stranded, State::Waiting) => Some(State::Held),
        (Step::PartAccepted, State::Sending) => Some(State::Sending),
        (Step::LastPartAccepted, State::Sending) => Some(State::Sent),
        (Step::Retry | Step::Released | Step::FoundToRetry, State::Sending) => Some(State::Waiting),
        (Step::Held | Step::FoundToHold, State::Sending) => Some(State::Held),
        (Step::Refused, State::Sending) => Some(State::Refused),
        (Step::Overtaken, State::Waiting | State::Held) => Some(State::Refused),
        (Step::DigestSent, State::Held) => Some(State::Sent),
        (Step::DigestRefused, State::Held) => Some(State::Refused),
        (Step::DigestExpired, State::Held) => Some(State::Expired),
        (Step::Ordered(order), from) => ordered(from, order),
        _ => None,
    }
}

/// What a session has no operator can touch: he would not know what he stopped.
fn ordered(from: State, order: Order) -> Option<State> {
    match (order, from) {
        (Order::Retry, State::Waiting | State::Held | State::Refused | State::Expired) => Some(State::Waiting),
        (Order::Hold, State::Waiting) => Some(State::Held),
        (Order::Release, State::Held) => Some(State::Waiting),
        (Order::Cancel, State::Waiting | State::Held) => Some(State::Refused),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the room's head, row by row; columns in the order of [`State::ALL`], `-` for "can't happen".
    #[rustfmt::skip]
    const TABLE: [(Step, [&str; 6]); 20] = [
        //                               waiting    sending    sent  held       refused    expired
        (Step::Claimed,                 ["sending", "-",       "-",  "-",       "-",       "-"]),
        (Step::PartAccepted,            ["-",       "sending", "-",  "-",       "-",       "-"]),
        (Step::LastPartAccepted,        ["-",       "sent",    "-",  "-",       "-",       "-"]),
        (Step::Retry,                   ["-",       "waiting", "-",  "-",       "-",       "-"]),
        (Step::Held,                    ["-",       "held",    "-",  "-",       "-",       "-"]),
        (Step::Refused,                 ["-",       "refused", "-",  "-",       "-",       "-"]),
        (Step::Released,                ["-",       "waiting", "-",  "-",       "-",       "-"]),
        (Step::Expired,                 ["expired", "-",       "-",  "-",       "-",       "-"]),
        (Step::FoundToRetry,            ["-",       "waiting", "-",  "-",       "-",       "-"]),
        (Step::FoundToHold,             ["-",       "held",    "-",  "-",       "-",       "-"]),
        (Step::Moved,                   ["waiting", "-",       "-",  "-",       "-",       "-"]),
        (Step::Stranded,                ["held",    "-",       "-",  "-",       "-",       "-"]),
        (Step::Overtaken,               ["refused", "-",       "-",  "refused", "-",       "-"]),
        (Step::DigestSent,              ["-",       "-",       "-",  "sent",    "-",       "-"]),
        (Step::DigestRefused,           ["-",       "-",       "-",  "refused", "-",       "-"]),
        (Step::DigestExpired,           ["-",       "-",       "-",  "expired", "-",       "-"]),
        (Step::Ordered(Order::Retry),   ["waiting", "-",       "-",  "waiting", "waiting", "waiting"]),
        (Step::Ordered(Order::Hold),    ["held",    "-",       "-",  "-",       "-",       "-"]),
        (Step::Ordered(Order::Release), ["-",       "-",       "-",  "waiting", "-",       "-"]),
        (Step::Ordered(Order::Cancel),  ["refused", "-",       "-",  "refused", "-",       "-"]),
    ];

    #[test]
    fn every_pair_moves_as_the_table_says() {
        for (step, row) in TABLE {
            for (from, expected) in State::ALL.into_iter().zip(row) {
                let found = moves(from, step).map_or("-", State::as_str);
                assert_eq!(found, expected, "{step:?} while {from}");
            }
        }
    }

    #[test]
    fn what_was_sent_stays_sent() {
        assert!(TABLE.iter().all(|(step, _)| moves(State::Sent, *step).is_none()));
    }

    #[test]
    fn states_read_back_as_they_are_written() {
        for state in State::ALL {
            assert_eq!(state.as_str().parse(), Ok(state));
        }
        assert!("Waiting".parse::<State>().is_err());
    }

    #[test]
    fn an_order_knows_where_it_is_possible() {
        assert_eq!(Order::Cancel.possible_in().collect::<Vec<_>>(), [State::Waiting, State::Held]);
    }
}
