//! Secrets: they stand in files or in the environment, never in the configuration.
//!
//! What is read never leaves as text. Known limit: who may read the file is looked at, who may write it is not.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use secrecy::SecretString;

use super::section::Section;
use super::value::FilePath;

/// Bytes of a secret's file, its line end included.
const MAX_SECRET: u64 = 1024;
/// The permission that lets everybody on the machine read a file.
const OTHERS_READ: u32 = 0o004;

/// The secret of a section: `password_file` or `password_env`, one of them.
pub(super) fn password(section: &mut Section<'_, '_>) -> Option<SecretString> {
    section.refused("password", "does not belong in this file: write password_file or password_env");
    let file = section.optional::<FilePath>("password_file");
    let variable = section.optional::<String>("password_env");
    match (section.has("password_file"), section.has("password_env")) {
        (true, true) => section.problem("password_env", "stands beside password_file: only one of them may be there"),
        (false, false) if !section.has("password") => {
            section.problem("password_file", "is missing, and so is password_env: one of them must be there");
        }
        _ => {}
    }
    match (file, variable) {
        (Some(FilePath(path)), _) => from_file(section, &path),
        (None, Some(name)) => from_environment(section, &name),
        (None, None) => None,
    }
}

fn from_file(section: &mut Section<'_, '_>, path: &Path) -> Option<SecretString> {
    let read = read(path);
    let told =
        read.map_err(|error| format!("{} can't be read: {error}", path.display())).and_then(|(text, metadata)| {
            let secret = one_line(&text).map_err(|reason| format!("{} {reason}", path.display()))?;
            Ok((secret, metadata.permissions().mode() & OTHERS_READ != 0))
        });
    match told {
        Ok((secret, is_public)) => {
            if is_public {
                let advice = format!("everybody on this machine may read {0}: chmod o= {0}", path.display());
                section.warning("password_file", advice);
            }
            Some(secret)
        }
        Err(reason) => {
            section.problem("password_file", reason);
            None
        }
    }
}

fn from_environment(section: &mut Section<'_, '_>, name: &str) -> Option<SecretString> {
    let may_be = !name.is_empty() && !name.contains(['=', '\0']);
    let text = if may_be { std::env::var(name).ok() } else { None };
    let secret = match text {
        Some(text) => one_line(&text).map_err(|reason| format!("the variable {name} {reason}")),
        None => Err(format!("there is no variable {name:?} in the environment, or it is no text")),
    };
    secret.map_err(|reason| section.problem("password_env", reason)).ok()
}

/// Only a regular file: a pipe could make us wait for ever.
fn read(path: &Path) -> io::Result<(String, Metadata)> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    file.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    match u64::try_from(text.len()) {
        Ok(..=MAX_SECRET) => Ok((text, metadata)),
        _ => Err(io::Error::other(format!("it has more than {MAX_SECRET} bytes"))),
    }
}

/// The secret without the line end that editors put behind it.
fn one_line(text: &str) -> Result<SecretString, &'static str> {
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    match line {
        "" => Err("is empty"),
        _ if line.contains(['\n', '\r', '\0']) => Err("has more than one line"),
        _ => Ok(SecretString::from(line)),
    }
}
