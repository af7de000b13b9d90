//! Opening: who may, what is checked, what older files become.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use super::*;

fn error(place: &Place, role: Role) -> SpoolError {
    Spool::open(&place.settings, role).err().unwrap()
}

#[test]
fn its_directory_must_exist() {
    let mut place = Place::new();
    place.settings.path = place.directory.path().join("missing").join("spool.db");
    let error = error(&place, Role::Tool);
    assert_eq!(error, SpoolError::NoDirectory(place.settings.path.clone()));
    assert!(error.to_string().contains("does not exist"));
}

#[test]
fn only_its_owner_may_read_it() {
    let place = Place::new();
    let _spool = place.open(Role::Relay);
    for entry in std::fs::read_dir(place.directory.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", entry.path().display());
    }
}

#[test]
fn there_is_one_relay_and_any_number_of_tools() {
    let place = Place::new();
    let relay = place.open(Role::Relay);
    let _tools = (place.open(Role::Tool), place.open(Role::Tool));
    let refused = error(&place, Role::Relay);
    assert!(refused.to_string().starts_with("another telepost serves the spool"), "{refused}");
    drop(relay);
    place.open(Role::Relay);
}

#[test]
fn a_file_of_something_else_is_left_alone() {
    let place = Place::new();
    place.sqlite().execute_batch("CREATE TABLE songs (title TEXT)").unwrap();
    assert_eq!(error(&place, Role::Tool), SpoolError::Foreign(place.settings.path.clone()));

    std::fs::write(&place.settings.path, "this is not a database, and longer than a header is: ".repeat(50)).unwrap();
    let damaged = error(&place, Role::Relay);
    let words = damaged.to_string();
    assert!(matches!(damaged, SpoolError::Damaged { .. }), "{words}");
    assert!(words.contains("spool.db") && words.contains(".recover"), "{words}");
}

#[tokio::test]
async fn a_damaged_file_is_found_at_the_start() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    for _ in 0..50 {
        store(&spool, &["x".repeat(1000).as_str()]).await;
    }
    drop(spool);
    let mut bytes = std::fs::read(&place.settings.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0x5a);
    std::fs::write(&place.settings.path, &bytes).unwrap();
    assert!(matches!(error(&place, Role::Relay), SpoolError::Damaged { .. }));
    assert_eq!(std::fs::read(&place.settings.path).unwrap(), bytes, "it is kept as it was found");
}

#[test]
fn a_newer_file_is_left_alone() {
    let place = Place::new();
    drop(place.open(Role::Relay));
    place.sqlite().pragma_update(None, "user_version", 99).unwrap();
    let newer = error(&place, Role::Tool);
    assert!(matches!(newer, SpoolError::TooNew { found: 99, .. }), "{newer}");
}

/// As root this is about a directory of somebody else, as anybody else about his own.
#[test]
fn its_files_belong_to_the_owner_of_the_directory() {
    const NOBODY: u32 = 65534;
    let place = Place::new();
    let directory = place.directory.path();
    let owner = |path: &Path| {
        let found = std::fs::metadata(path).unwrap();
        (found.uid(), found.gid())
    };
    if owner(directory).0 == 0 {
        std::os::unix::fs::chown(directory, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let _spool = place.open(Role::Relay);
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(owner(&path), owner(directory), "{}", path.display());
    }
}

#[test]
fn many_can_open_a_new_spool_at_once() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| place.open(Role::Tool));
        }
    });
    place.open(Role::Relay);
}

/// What lies on the disk while the relay is at work is what a crash leaves.
#[tokio::test]
async fn what_was_answered_survives_a_crash() {
    let (place, after_crash) = (Place::new(), Place::new());
    let spool = place.open(Role::Relay);
    let id = claimed(&spool, &["one", "two"]).await;
    spool.note(&id, accepted(), at(1)).await.unwrap();
    for name in ["spool.db", "spool.db-wal"] {
        std::fs::copy(place.directory.path().join(name), after_crash.directory.path().join(name)).unwrap();
    }
    let spool = after_crash.open(Role::Relay);
    assert_eq!(record(&spool, &id).await.parcel.accepted_parts, 1);
    assert_eq!(spool.recover(at(2), &[]).await.unwrap(), [(id, State::Waiting)]);
}

/// A step that a later telepost might make.
const LATER: &str = "ALTER TABLE parcels ADD COLUMN colour INTEGER NOT NULL DEFAULT 5;";

fn later() -> Vec<&'static str> {
    open::SCHEMAS.iter().copied().chain([LATER]).collect()
}

#[tokio::test]
async fn a_newer_telepost_opens_an_older_spool() {
    let place = Place::new();
    let path = &place.settings.path;
    let id = store(&place.open(Role::Relay), &["x"]).await;
    let db = open::database(path, None, &later()).unwrap();
    let (count, colour): (i64, i64) =
        db.query_one("SELECT count(*), min(colour) FROM parcels", (), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!((count, colour), (1, 5), "{id} is still there");
    drop(db);
    open::database(path, None, &later()).unwrap();
    assert!(matches!(error(&place, Role::Relay), SpoolError::TooNew { .. }), "the older one leaves it alone");
}

#[test]
fn a_tool_leaves_the_spool_of_a_running_older_relay_as_it_is() {
    let place = Place::new();
    let path = &place.settings.path;
    let relay = place.open(Role::Relay);
    let refused = open::database(path, None, &later()).err().unwrap();
    assert_eq!(refused, SpoolError::ServedByOlder(path.clone()));
    drop(relay);
    let lock = RelayLock::take(path).unwrap();
    open::database(path, Some(&lock), &later()).unwrap();
}

#[test]
fn a_step_that_fails_leaves_the_older_spool() {
    let place = Place::new();
    let path = &place.settings.path;
    drop(place.open(Role::Relay));
    let broken: Vec<_> = later().into_iter().chain(["CREATE TABLE half (done); NONSENSE"]).collect();
    open::database(path, None, &broken).err().unwrap();
    place.open(Role::Relay);
}

/// What the telepost of each schema left in its file.
const LEFT_BEHIND: [&str; open::SCHEMAS.len()] =
    [include_str!("spools/1.sql"), include_str!("spools/2.sql"), include_str!("spools/3.sql")];

#[tokio::test]
async fn spools_of_every_age_open_and_go_on() {
    for (version, rows) in (1..).zip(LEFT_BEHIND) {
        let place = Place::new();
        let db = place.sqlite();
        open::SCHEMAS[..version].iter().for_each(|schema| db.execute_batch(schema).unwrap());
        db.execute_batch(rows).unwrap();
        db.pragma_update(None, "application_id", open::APPLICATION_ID).unwrap();
        db.pragma_update(None, "user_version", i64::try_from(version).unwrap()).unwrap();
        drop(db);

        let spool = place.open(Role::Relay);
        let letter = spool.letter("04vw00aaaaaa").await.unwrap().unwrap();
        assert_eq!((letter.from.as_deref(), letter.notice_to), (Some("root@site.example"), Some(mailbox("root"))));
        let states: Vec<_> = letter.parcels.iter().map(|record| record.parcel.state).collect();
        assert_eq!(states, [State::Sending, State::Refused, State::Sent]);
        assert_eq!(letter.parcels[0].history[1].what, "part accepted");
        assert_eq!(spool.due_notices(at(100), 10).await.unwrap().len(), 1);
        assert_eq!(spool.gateway_statuses().await.unwrap()[0].credits.as_deref(), Some("99.5"));
        assert_eq!(spool.recover(at(100), &[]).await.unwrap().len(), 1);
        let again = spool.claim(GATEWAY, at(100), 10).await.unwrap();
        assert_eq!((again.len(), again[0].accepted_parts, again[0].parts[1].text.as_str()), (1, 1, "two"));
    }
}

#[test]
fn people_with_sqlite3_read_words_and_times() {
    let place = Place::new();
    let spool = place.open(Role::Relay);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let id = runtime.block_on(claimed(&spool, &["one", "two"]));
    runtime.block_on(spool.note(&id, accepted(), at(1))).unwrap();
    let db = place.sqlite();
    let queue: (String, String, String, String, String) = db
        .query_one("SELECT id, state, number, parts, accepted FROM queue", (), |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
        })
        .unwrap();
    let expected = (id.to_string(), "sending", FIRST, "1/2", "2026-03-01 03:00:00.000Z");
    assert_eq!(queue, (expected.0, expected.1.into(), expected.2.into(), expected.3.into(), expected.4.into()));
    let history: i64 =
        db.query_one("SELECT count(*) FROM history WHERE id = ?1", [id.to_string()], |row| row.get(0)).unwrap();
    assert_eq!(history, 2);
}
