//! Opens the database file: makes it when it is missing, checks it, brings an older schema up to date.
//!
//! A file that is damaged, foreign or newer than this telepost is left exactly as it is. Known limits: the quick check
//! reads the whole file (about three seconds for a million messages), so only the relay makes it, and only when the file
//! is not as the last one left it; the file does not shrink when messages leave it, SQLite reuses the room.

use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};

use super::fault::Fault;
use super::rows::integer;
use crate::spool::SpoolError;
use crate::spool::files;
use crate::spool::lock::RelayLock;

/// The steps from an empty file to the schema of today; `PRAGMA user_version` counts those already made.
pub const SCHEMAS: &[&str] =
    &[include_str!("../schema/1.sql"), include_str!("../schema/2.sql"), include_str!("../schema/3.sql")];

/// `PRAGMA application_id` of a spool: "tpsp".
pub const APPLICATION_ID: i64 = 0x7470_7370;
/// How long to wait while another process writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait before a busy file is opened again.
const BUSY_PAUSE: Duration = Duration::from_millis(20);
/// The write-ahead log is cut back to this after a burst, in bytes.
const LOG_LIMIT: i64 = 64 << 20;
/// Prepared statements that a connection keeps: more than the room has.
const STATEMENTS: usize = 64;

/// Makes the file unless it is there.
pub fn create_file(path: &Path) -> Result<(), SpoolError> {
    if !files::directory(path).is_dir() {
        return Err(SpoolError::NoDirectory(path.to_owned()));
    }
    // Never opened when it is there: closing such a handle would take away the locks that SQLite holds on the file.
    match files::create(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(SpoolError::Disk { path: path.to_owned(), detail: error.to_string() })
        }
        _ => Ok(()),
    }
}

/// The writer's connection, to a sound spool that has the last of the `schemas`. `lock` is the right to be the relay,
/// when the caller has it.
pub fn database(path: &Path, lock: Option<&RelayLock>, schemas: &[&str]) -> Result<Connection, SpoolError> {
    let begun = Instant::now();
    loop {
        match ready(path, lock, schemas).map_err(|fault| fault.at(path)) {
            // SQLite itself does not wait for those who are making the same file.
            Err(SpoolError::Busy(_)) if begun.elapsed() < BUSY_TIMEOUT => std::thread::sleep(BUSY_PAUSE),
            done => return done,
        }
    }
}

fn ready(path: &Path, lock: Option<&RelayLock>, schemas: &[&str]) -> Result<Connection, Fault> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if db.is_readonly(MAIN_DB)? {
        return Err(SpoolError::ReadOnly(path.to_owned()).into());
    }
    look(&db, path, schemas)?;
    set_durable(&db)?;
    if lock.is_some_and(|lock| !lock.is_untouched()) {
        quick_check(&db, path)?;
    }
    migrate(&db, path, schemas, lock)?;
    Ok(db)
}

/// What a commit means here.
fn set_durable(db: &Connection) -> Result<(), Fault> {
    db.pragma_update(None, "journal_mode", "wal")?;
    // FULL, not NORMAL: after a power failure NORMAL may have forgotten the last commits, which were answered with 250.
    db.pragma_update(None, "synchronous", "full")?;
    db.pragma_update(None, "foreign_keys", true)?;
    db.pragma_update(None, "journal_size_limit", LOG_LIMIT)?;
    Ok(())
}

/// A connection that can't change anything.
pub fn reader(path: &Path) -> Result<Connection, Fault> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, Fault> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    // Else SQLite prepares a statement anew whenever it is given other values that might call for another plan.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(db)
}

/// Looks whether the file is sound.
fn quick_check(db: &Connection, path: &Path) -> Result<(), Fault> {
    let found: String = db.pragma_query_value(None, "quick_check", |row| row.get(0))?;
    match found.as_str() {
        "ok" => Ok(()),
        _ => Err(SpoolError::Damaged { path: path.to_owned(), detail: found }.into()),
    }
}

/// What the file is.
enum Found {
    /// A spool with the schema of today.
    Current,
    /// A spool of an older telepost.
    Older,
    /// Nothing yet.
    Empty,
}

fn look(db: &Connection, path: &Path, schemas: &[&str]) -> Result<Found, Fault> {
    // One statement sees one moment: another process may be making this very file.
    let (application, found, things): (i64, i64, i64) = db.query_one(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
         FROM pragma_application_id, pragma_user_version",
        (),
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
    )?;
    let known = integer(schemas.len());
    if application != APPLICATION_ID {
        let empty = application == 0 && found == 0 && things == 0;
        return if empty { Ok(Found::Empty) } else { Err(SpoolError::Foreign(path.to_owned()).into()) };
    }
    match found {
        _ if found == known => Ok(Found::Current),
        _ if found > known => Err(SpoolError::TooNew { path: path.to_owned(), found, known }.into()),
        _ => Ok(Found::Older),
    }
}

/// Brings the schema up to date. `held` is the right to be the relay, when the caller has it: a spool that an older
/// relay is working on is not changed under its hands.
fn migrate(db: &Connection, path: &Path, schemas: &[&str], held: Option<&RelayLock>) -> Result<(), Fault> {
    let _taken = match look(db, path, schemas)? {
        Found::Current => return Ok(()),
        Found::Older if held.is_none() => Some(take_for_migration(path)?),
        Found::Older | Found::Empty => None,
    };
    db.execute_batch("BEGIN EXCLUSIVE")?;
    let done = climb(db, path, schemas);
    match done {
        Ok(()) => Ok(db.execute_batch("COMMIT")?),
        Err(fault) => {
            db.execute_batch("ROLLBACK")?;
            Err(fault)
        }
    }
}

fn take_for_migration(path: &Path) -> Result<RelayLock, SpoolError> {
    RelayLock::take(path).map_err(|error| match error {
        SpoolError::Served { path, .. } => SpoolError::ServedByOlder(path),
        other => other,
    })
}

/// Looks again, because another process may have been faster, and makes the steps that are missing.
fn climb(db: &Connection, path: &Path, schemas: &[&str]) -> Result<(), Fault> {
    look(db, path, schemas)?;
    let made: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
    for schema in schemas.iter().skip(made as usize) {
        db.execute_batch(schema)?;
    }
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", integer(schemas.len()))?;
    Ok(())
}
