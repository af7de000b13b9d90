//! What can go wrong with the spool, in words for operators.

use std::path::PathBuf;

use super::{ParcelId, State};
use crate::limits::Limit;

/// Why the spool can't be opened, or did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpoolError {
    #[error("the spool {} can't be opened: its directory does not exist", .0.display())]
    NoDirectory(PathBuf),
    #[error("another telepost serves the spool {}: process {}", path.display(), process.as_deref().unwrap_or("unknown"))]
    Served { path: PathBuf, process: Option<String> },
    #[error("the spool {} may only be read, and must be written too", .0.display())]
    ReadOnly(PathBuf),
    #[error("{} is not a telepost spool", .0.display())]
    Foreign(PathBuf),
    #[error(
        "the spool {} was made by a newer telepost: its schema is {found}, this one knows up to {known}",
        path.display()
    )]
    TooNew { path: PathBuf, found: i64, known: i64 },
    #[error("the spool {} is served by an older telepost; restart that one first", .0.display())]
    ServedByOlder(PathBuf),
    #[error(
        "the spool {} is damaged ({detail}); stop telepost and keep a copy of the file and of its -wal; \
         `sqlite3 FILE .recover` saves what can be read; moved away, telepost begins with an empty one",
        path.display()
    )]
    Damaged { path: PathBuf, detail: String },
    #[error("no space is left for the spool {}", .0.display())]
    Full(PathBuf),
    #[error("the spool {} is busy", .0.display())]
    Busy(PathBuf),
    #[error("the spool {} can't be read or written: {detail}", path.display())]
    Disk { path: PathBuf, detail: String },
    #[error("the spool has ended")]
    Ended,
    #[error("there is no message {0}")]
    NoSuchParcel(ParcelId),
    #[error("message {id} is {state}: {what} can't happen to it")]
    Impossible { id: ParcelId, state: State, what: &'static str },
    #[error("message {0} has no text to send")]
    NothingToSend(ParcelId),
    #[error("over {0}")]
    Over(Limit),
}

impl SpoolError {
    /// Whether the same may succeed later: everything that is the fault of the disk or of somebody else at the spool,
    /// and not of what was asked.
    pub fn is_temporary(&self) -> bool {
        match self {
            SpoolError::Full(_)
            | SpoolError::Busy(_)
            | SpoolError::Disk { .. }
            | SpoolError::ReadOnly(_)
            | SpoolError::Damaged { .. } => true,
            SpoolError::NoDirectory(_)
            | SpoolError::Served { .. }
            | SpoolError::Foreign(_)
            | SpoolError::TooNew { .. }
            | SpoolError::ServedByOlder(_)
            | SpoolError::Ended
            | SpoolError::NoSuchParcel(_)
            | SpoolError::Impossible { .. }
            | SpoolError::NothingToSend(_)
            | SpoolError::Over(_) => false,
        }
    }
}
