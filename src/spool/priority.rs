//! Which message goes before which. Values only.

use std::fmt;
use std::str::FromStr;

/// How much a message hurries. While a more urgent one is due at a gateway, no other leaves there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    Low,
    #[default]
    Normal,
    Urgent,
}

impl Priority {
    /// From the least to the most urgent.
    pub const ALL: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::Urgent];

    /// The one word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Normal => "normal",
            Priority::Urgent => "urgent",
        }
    }
}

/// The word is none of the priorities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no priority; there are low, normal and urgent")]
pub struct PriorityError(pub String);

impl FromStr for Priority {
    type Err = PriorityError;

    /// The inverse of [`Priority::as_str`].
    fn from_str(word: &str) -> Result<Priority, PriorityError> {
        Priority::ALL.into_iter().find(|one| one.as_str() == word).ok_or_else(|| PriorityError(word.to_owned()))
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a message is about, where a rule can tell: later messages with the same key speak of the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Such as `web1/http`.
    pub key: String,
    pub standing: Standing,
}

/// How the thing stands that a message speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Problem,
    /// The problem of the same key is over.
    Recovery,
}

impl Standing {
    /// The one word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Problem => "problem",
            Standing::Recovery => "recovery",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn priorities_read_back_as_they_are_written_and_urgent_is_the_highest() {
        for priority in Priority::ALL {
            assert_eq!(priority.as_str().parse(), Ok(priority));
        }
        assert!(Priority::ALL.is_sorted());
        assert_eq!("Urgent".parse::<Priority>(), Err(PriorityError("Urgent".to_owned())));
    }
}
