//! The house rules: finds the first of the operator's rules that a mail fits, and what the rule's expressions caught.
//! Pure.
//!
//! It never decides what is done then: a rule carries whatever the caller hung on it. A mail that fits no rule is no
//! error.

mod captures;
mod condition;
mod judge;

pub use captures::Captures;
pub use condition::{Condition, Criterion, CriterionError, Field};
pub use judge::{Mail, Match, Reason, Rule, judge};
