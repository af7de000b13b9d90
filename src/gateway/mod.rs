//! The carriers: the only road out. A [`Submission`] goes in, an [`Outcome`] comes back.
//!
//! It never decides when to try again and never touches the spool.

mod outcome;
mod settings;

pub use outcome::{Outcome, Submission};
pub use settings::{OnUnknown, Protocol, Rate, Settings, Timeouts};
