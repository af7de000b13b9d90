//! The storm gate: says of each message whether it may go now, later or not at all. A storm must cost neither money nor
//! sleep. Pure.
//!
//! What is counted are parts, because they are what is paid for. The counts themselves lie in the spool: whoever asks
//! brings those that matter ([`Settings::meters`]) and writes down what the answer says ([`Judgement`]). So the gate
//! remembers nothing, and what holds for one process holds for several and after a restart.
//!
//! | file | knows |
//! |---|---|
//! | `meter` | one limit, what was counted for it, and when there is room again |
//! | `gate` | all of them together, and what becomes of what is over |
//! | `quiet` | when a telephone shall not ring |
//! | `digest` | how many messages become one |
//! | `budget` | how much of a day's or a month's parts is used |
//!
//! # Promises
//!
//! In no stretch of time as long as a limit says are more parts let through than it says; a message longer than the
//! whole limit goes when nothing else did. Where nothing went before, a message goes at once. The reserve is for urgent
//! messages only. What an operator lets go by his own hand is not asked of the gate, and not counted. A message counts
//! from when it is accepted; one that is not sent in the end is not given back, so that the count is never too low.

mod budget;
mod digest;
mod gate;
mod meter;
mod quiet;
mod settings;
#[cfg(test)]
mod tests;

pub use budget::{Budget, Level};
pub use digest::{MAX_SUBJECTS, compose};
pub use gate::{Ask, Charge, Judgement, Limit, Metered, Urgency, judge};
pub use meter::{Count, Meter, Scope};
pub use quiet::Quiet;
pub use settings::{Allowance, OnLimit, PrefixAllowance, Settings};
