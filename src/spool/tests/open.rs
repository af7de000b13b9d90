//! Opening: who may, what is checked, what older files become.

use std::os::unix::fs::PermissionsExt;

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
