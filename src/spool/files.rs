//! Makes the spool's own files, which nobody but its owner may read: phone numbers and texts are in them.
//!
//! An administrator may well be the first to touch a spool, with `sudo telepost queue`: what root makes in somebody's
//! directory belongs to that somebody, or the relay could not open it later. SQLite does the same for its log.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::Path;

const OWNER_ONLY: u32 = 0o600;
const ROOT: u32 = 0;

/// The directory that the file is in.
pub fn directory(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes an empty file; an error when it is there.
pub fn create(path: &Path) -> io::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).mode(OWNER_ONLY).open(path)?;
    give_to_owner(&file, path)
}

/// Opens the file to read and write, and makes it when it is missing.
pub fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(OWNER_ONLY).open(path)?;
    give_to_owner(&file, path)?;
    Ok(file)
}

fn give_to_owner(file: &File, path: &Path) -> io::Result<()> {
    let owner = fs::metadata(directory(path))?;
    match file.metadata()?.uid() == ROOT && owner.uid() != ROOT {
        true => fchown(file, Some(owner.uid()), Some(owner.gid())),
        false => Ok(()),
    }
}
