//! The right to be the relay of a spool, which one process has at a time: a locked file beside the spool.
//!
//! When the relay has ended in order, the file says how it left the spool; the next one can tell from that whether the
//! spool has been touched since.
//!
//! The kernel gives the lock back when the process ends, however it ends. Not the spool's own file is locked: SQLite
//! locks that one, and loses its locks when anybody in the process closes another handle of it. Known limit: on a
//! network file system it holds only as far as that file system's locks do.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::{SpoolError, files};

/// How much of the lock file is read.
const MAX_LENGTH: u64 = 80;

/// The right, given back on drop.
#[derive(Debug)]
pub struct RelayLock {
    file: File,
    spool: PathBuf,
    is_untouched: bool,
}

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
        let left = content(&mut file).unwrap_or_default();
        let is_untouched = farewell(path).is_ok_and(|farewell| farewell == left);
        rewrite(&mut file, &std::process::id().to_string()).map_err(trouble)?;
        Ok(RelayLock { file, spool: path.to_owned(), is_untouched })
    }

    /// Whether the spool is as the last relay left it when it ended in order.
    pub fn is_untouched(&self) -> bool {
        self.is_untouched
    }
}

impl Drop for RelayLock {
    /// The spool is closed by now. What can't be written here only costs the next start a check.
    fn drop(&mut self) {
        let written = farewell(&self.spool).and_then(|farewell| rewrite(&mut self.file, &farewell));
        if let Err(error) = written {
            tracing::debug!(%error, "how the spool was left could not be written down");
        }
    }
}

/// The spool's file as it is now, in a word that no process ID looks like.
fn farewell(spool: &Path) -> io::Result<String> {
    let found = fs::metadata(spool)?;
    Ok(format!("ended {} {}.{:09}", found.len(), found.mtime(), found.mtime_nsec()))
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

/// The process ID that the holder wrote down.
fn holder(file: &mut File) -> Option<String> {
    let id = content(file).ok()?;
    (!id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())).then_some(id)
}

fn content(file: &mut File) -> io::Result<String> {
    let mut text = String::new();
    file.take(MAX_LENGTH).read_to_string(&mut text)?;
    Ok(text.trim().to_owned())
}

fn rewrite(file: &mut File, text: &str) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{text}")
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

    #[test]
    fn a_spool_is_untouched_only_when_nobody_wrote_since_an_orderly_end() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("spool.db");
        fs::write(&path, "spool").unwrap();
        let is_untouched = || RelayLock::take(&path).unwrap().is_untouched();
        assert!(!is_untouched(), "there was no relay before");
        assert!(is_untouched());
        fs::write(&path, "other").unwrap();
        assert!(!is_untouched(), "somebody wrote");
        // A crash leaves the process ID in the file.
        fs::write(lock_path(&path), "4711\n").unwrap();
        assert!(!is_untouched(), "it crashed");
        assert!(is_untouched());
    }
}
