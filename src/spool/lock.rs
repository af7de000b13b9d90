//! The right to be the relay of a spool, which one process has at a time: a locked file beside the spool.
//!
//! The kernel gives the lock back when the process ends, however it ends. Not the spool's own file is locked: SQLite
//! locks that one, and loses its locks when anybody in the process closes another handle of it. Known limit: on a
//! network file system it holds only as far as that file system's locks do.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{SpoolError, files};

/// How much of the lock file is read for the name of its holder.
const HOLDER_LENGTH: u64 = 20;

/// The right, given back on drop.
#[derive(Debug)]
pub struct RelayLock(#[expect(dead_code, reason = "held, never read: closing it gives the lock back")] File);

impl RelayLock {
    /// Takes the right over the spool at `path`.
    pub fn take(path: &Path) -> Result<RelayLock, SpoolError> {
        let trouble = |error: io::Error| SpoolError::Disk { path: path.to_owned(), detail: error.to_string() };
        let mut file = files::open(&lock_path(path)).map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(SpoolError::Served { path: path.to_owned(), process: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(trouble(error)),
        }
        sign(&mut file).map_err(trouble)?;
        Ok(RelayLock(file))
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// The process ID that the holder wrote down.
fn holder(file: &mut File) -> Option<String> {
    let mut text = String::new();
    file.take(HOLDER_LENGTH).read_to_string(&mut text).ok()?;
    let id = text.trim();
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).then(|| id.to_owned())
}

fn sign(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time_and_the_other_learns_who() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.db");
        let first = RelayLock::take(&path).unwrap();
        let process = Some(std::process::id().to_string());
        assert_eq!(RelayLock::take(&path).unwrap_err(), SpoolError::Served { path: path.clone(), process });
        drop(first);
        RelayLock::take(&path).unwrap();
    }
}
