//! Why a text can't be set.

use super::parts::{Encoding, ForeignChar};

/// Why a text can't be set. Shown, it is for the log and holds none of the text but one character's code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FitError {
    #[error("nothing is left to send")]
    Empty,
    /// The medium can't, or may not, carry this character, and nothing comes close to it. The encoding is the richest
    /// that was allowed.
    #[error("{foreign} can't be sent in {encoding}, and nothing comes close to it")]
    NotCarried { foreign: ForeignChar, encoding: Encoding },
    /// The text is longer than it may be and may not be cut.
    #[error("the text needs more than {max_parts} parts of {max_length} units")]
    TooLong { max_parts: usize, max_length: usize },
}

impl FitError {
    /// The text that a sender may read; ASCII, because it goes into SMTP replies.
    pub fn for_sender(&self) -> String {
        match self {
            FitError::Empty => "the message has no text that could be sent as SMS".to_owned(),
            FitError::NotCarried { foreign, .. } => format!(
                "the text has a character that can't be sent as SMS to this number: U+{:04X}, character {} of the text",
                u32::from(foreign.character),
                foreign.position
            ),
            FitError::TooLong { max_parts: 1, max_length } => {
                format!("the text is longer than one SMS of {max_length} characters and may not be cut")
            }
            FitError::TooLong { max_parts, max_length } => {
                format!("the text is longer than {max_parts} SMS of {max_length} characters and may not be cut")
            }
        }
    }
}
