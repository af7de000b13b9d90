//! A value that is read from files and read again when they change, so that nobody has to restart for a new password
//! or certificate.
//!
//! It looks at the files' stamps when it is asked, and never watches them in between. Files that cannot be read or make
//! no sense leave the value as it was, and the log says so once for each change. Asking may wait for a disk.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use thiserror::Error;
use tracing::{info, warn};

/// Bytes of one file.
const MAX_FILE: u64 = 16 << 20;

/// Device, inode, length and time of change (seconds and nanoseconds) of each file; `None` when it is not there.
type Stamp = Vec<Option<(u64, u64, u64, i64, i64)>>;
/// Makes the value from the contents of the files, in their order.
type Read<T> = fn(&[Vec<u8>]) -> Result<T, Nonsense>;

/// What makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nonsense {
    /// Which of the files, from 0 on.
    pub file: usize,
    /// A sentence for the operator.
    pub reason: String,
}

/// A file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {reason}", path.display())]
pub struct FileError {
    pub path: PathBuf,
    /// For the operator; nothing that stands in the file, which may be a secret.
    pub reason: String,
}

impl From<FileError> for io::Error {
    fn from(error: FileError) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// The value and where it comes from.
pub(super) struct Watched<T> {
    files: Vec<PathBuf>,
    read: Read<T>,
    state: Mutex<(Stamp, Arc<T>)>,
}

impl<T> Watched<T> {
    /// Reads the files for the first time.
    ///
    /// # Errors
    /// One of them cannot be read, or `read` made nothing of them.
    pub(super) fn open(files: Vec<PathBuf>, read: Read<T>) -> Result<Watched<T>, FileError> {
        let stamp = stamp(&files);
        let value = load(&files, read)?;
        Ok(Watched { files, read, state: Mutex::new((stamp, Arc::new(value))) })
    }

    /// The value, from the files as they are now or as they last made sense.
    pub(super) fn current(&self) -> Arc<T> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let stamp = stamp(&self.files);
        if stamp != state.0 {
            // The stamp is taken before reading: a file that changes meanwhile is read once more next time.
            state.0 = stamp;
            match load(&self.files, self.read) {
                Ok(value) => {
                    info!(files = ?self.files, "read again after a change");
                    state.1 = Arc::new(value);
                }
                Err(error) => warn!(files = ?self.files, %error, "changed, but not usable: the old ones stay in force"),
            }
        }
        Arc::clone(&state.1)
    }
}

impl<T> fmt::Debug for Watched<T> {
    /// Only the files: the value may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watched").field("files", &self.files).finish_non_exhaustive()
    }
}

fn stamp(files: &[PathBuf]) -> Stamp {
    let stamp = |file: &PathBuf| {
        let metadata = fs::metadata(file).ok()?;
        Some((metadata.dev(), metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
    };
    files.iter().map(stamp).collect()
}

fn load<T>(files: &[PathBuf], read: Read<T>) -> Result<T, FileError> {
    let wrong = |path: &Path, reason: String| FileError { path: path.to_owned(), reason };
    let contents = |path: &PathBuf| contents(path).map_err(|error| wrong(path, error.to_string()));
    let contents = files.iter().map(contents).collect::<Result<Vec<_>, _>>()?;
    read(&contents).map_err(|Nonsense { file, reason }| {
        let path = files.get(file).map(PathBuf::as_path).unwrap_or(Path::new(""));
        wrong(path, reason)
    })
}

/// Only a regular file: a pipe could make us wait for ever, and a device never ends.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(..=MAX_FILE) => Ok(bytes),
        _ => Err(io::Error::other(format!("it has more than {MAX_FILE} bytes"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(contents: &[Vec<u8>]) -> Result<u32, Nonsense> {
        let text = String::from_utf8_lossy(&contents[0]);
        text.trim().parse().map_err(|_| Nonsense { file: 0, reason: format!("{text:?} is no number") })
    }

    #[test]
    fn a_change_is_seen_and_nonsense_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("number");
        fs::write(&file, "1").unwrap();
        let watched = Watched::open(vec![file.clone()], number).unwrap();
        assert_eq!(*watched.current(), 1);
        fs::write(&file, "22").unwrap();
        assert_eq!(*watched.current(), 22);
        fs::write(&file, "nonsense").unwrap();
        assert_eq!(*watched.current(), 22);
        fs::remove_file(&file).unwrap();
        assert_eq!(*watched.current(), 22);
        fs::write(&file, "333").unwrap();
        assert_eq!(*watched.current(), 333);
    }

    #[test]
    fn the_first_time_must_succeed_and_the_error_names_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("number");
        let missing = Watched::open(vec![file.clone()], number).unwrap_err();
        assert_eq!((&missing.path, missing.reason.contains("No such file")), (&file, true), "{missing}");
        let folder = Watched::open(vec![directory.path().to_owned()], number).unwrap_err();
        assert_eq!(folder.reason, "it is not a regular file");
        fs::write(&file, "x").unwrap();
        let wrong = Watched::open(vec![file], number).unwrap_err().to_string();
        assert!(wrong.ends_with("/number: \"x\" is no number"), "{wrong}");
    }
}
