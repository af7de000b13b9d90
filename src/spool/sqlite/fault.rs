//! What goes wrong while the database is talked to, before the name of its file is known.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::spool::SpoolError;

/// The database's own error, or one of ours.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl Fault {
    /// The error as the room's callers get it, for the database at `path`.
    pub fn at(self, path: &Path) -> SpoolError {
        let error = match self {
            Fault::Spool(error) => return error,
            Fault::Sqlite(error) => error,
        };
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => SpoolError::Busy(path),
            Some(ErrorCode::DiskFull) => SpoolError::Full(path),
            Some(ErrorCode::ReadOnly) => SpoolError::ReadOnly(path),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                SpoolError::Damaged { path, detail: error.to_string() }
            }
            Some(_) => SpoolError::Disk { path, detail: error.to_string() },
            // Not SQLite complains but whoever read a column: somebody wrote there what does not belong there.
            None => SpoolError::Damaged { path, detail: error.to_string() },
        }
    }
}
