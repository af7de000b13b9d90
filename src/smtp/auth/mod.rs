//! Who may log in: judges [`Credentials`] by the users file.
//!
//! ```text
//!   session ──Credentials──► Guard ──► throttle   failed too often?         Blocked
//!      ▲                       │  ───► cache      right a moment ago?       Granted
//!      └────────Login──────────┘  ───► password   slow hash, off the runtime
//! ```
//!
//! Hashes are computed on the runtime's blocking threads, few at a time, because each takes its share of memory. An
//! unknown name costs the same work as a known one. Nothing here knows SMTP but `exchange`, which makes the
//! credentials.

mod cache;
mod exchange;
mod password;
mod throttle;
mod users;

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout};
use tracing::{error, info, warn};

pub(super) use self::exchange::{Credentials, Exchange, Mechanism, Step};
#[cfg(test)]
pub(super) use self::password::cheap_hash;
pub use self::password::hash_password;
pub(super) use self::users::User;

use self::cache::Cache;
use self::throttle::Throttle;
use self::users::Users;
use super::watched::{FileError, Nonsense, Watched};

/// Hashes computed at a time: each takes about 20 MiB and a processor.
const HASHES_AT_A_TIME: usize = 2;
/// How long a login waits for its turn.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What became of a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    Granted(Arc<User>),
    /// Name or password are wrong; the answer waits for the pause.
    Denied {
        pause: Duration,
    },
    /// Too many failures from this address: nothing was looked at.
    Blocked,
    /// It could not be found out.
    Unavailable,
}

/// Judges the logins of one listener.
#[derive(Debug)]
pub(super) struct Guard {
    users: Watched<Users>,
    throttle: Mutex<Throttle>,
    cache: Mutex<Cache>,
    turns: Semaphore,
}

impl Guard {
    /// Reads the users file.
    ///
    /// # Errors
    /// It cannot be read, or a line in it makes no sense.
    pub(super) fn open(file: &Path) -> Result<Guard, FileError> {
        let read = |contents: &[Vec<u8>]| {
            let text = contents.first().map_or(&[][..], Vec::as_slice);
            Users::parse(text).map_err(|reason| Nonsense { file: 0, reason })
        };
        Ok(Guard {
            users: Watched::open(vec![file.to_owned()], read)?,
            throttle: Mutex::default(),
            cache: Mutex::new(Cache::new()),
            turns: Semaphore::new(HASHES_AT_A_TIME),
        })
    }

    /// Judges the credentials of a client at `address`; `None` on a Unix socket, whose clients are not slowed down.
    pub(super) async fn judge(self: &Arc<Guard>, credentials: Credentials, address: Option<IpAddr>) -> Login {
        let may_try = |address| lock(&self.throttle).may_try(address, Instant::now().into_std());
        if !address.is_none_or(may_try) {
            warn!(client = ?address, "login not looked at: too many failures from this address");
            return Login::Blocked;
        }
        match self.find(credentials).await {
            Found::User(user) => {
                if let Some(address) = address {
                    lock(&self.throttle).succeeded(address);
                }
                info!(client = ?address, user = %user.name, "logged in");
                Login::Granted(user)
            }
            // An unknown name may be a password typed in the wrong place, so only known ones are logged.
            Found::WrongPassword(user) => self.deny(Some(&user.name), address),
            Found::Nobody => self.deny(None, address),
            Found::Trouble => Login::Unavailable,
        }
    }

    /// The user of that name, on the word of a server that has judged the login itself.
    pub(super) async fn look_up(self: &Arc<Guard>, name: String) -> Option<Arc<User>> {
        let guard = Arc::clone(self);
        let user = spawn_blocking(move || guard.users.current().get(&name).map(|(_, user)| Arc::clone(user))).await;
        user.unwrap_or_else(|error| {
            error!(%error, "a user could not be looked up");
            None
        })
    }

    fn deny(&self, user: Option<&str>, address: Option<IpAddr>) -> Login {
        warn!(client = ?address, user, "login failed");
        let fail = |address| lock(&self.throttle).failed(address, Instant::now().into_std());
        Login::Denied { pause: address.map_or(Duration::ZERO, fail) }
    }

    /// Those who are remembered need no turn: a flood of wrong passwords must not keep them waiting.
    async fn find(self: &Arc<Guard>, credentials: Credentials) -> Found {
        let now = Instant::now().into_std();
        let credentials = Arc::new(credentials);
        let (guard, wanted) = (Arc::clone(self), Arc::clone(&credentials));
        match spawn_blocking(move || guard.recall(&wanted, now)).await {
            Ok(Some(user)) => return Found::User(user),
            Ok(None) => {}
            Err(error) => return trouble(&error),
        }
        let Ok(Ok(_turn)) = timeout(LONGEST_WAIT, self.turns.acquire()).await else {
            return trouble(&"no turn came in time");
        };
        let guard = Arc::clone(self);
        let found = spawn_blocking(move || guard.compare(&credentials, now)).await;
        found.unwrap_or_else(|error| trouble(&error))
    }

    fn recall(&self, Credentials { name, password }: &Credentials, now: std::time::Instant) -> Option<Arc<User>> {
        let users = self.users.current();
        let (hash, user) = users.get(name)?;
        lock(&self.cache).knows(name, password, hash, now).then(|| Arc::clone(user))
    }

    /// Blocks for as long as the hash takes.
    fn compare(&self, Credentials { name, password }: &Credentials, now: std::time::Instant) -> Found {
        let users = self.users.current();
        let Some((hash, user)) = users.get(name) else {
            if let Some(decoy) = users.decoy() {
                // The answer is known already; what counts is the time it takes.
                std::hint::black_box(decoy.is_of(password));
            }
            return Found::Nobody;
        };
        if !hash.is_of(password) {
            return Found::WrongPassword(Arc::clone(user));
        }
        lock(&self.cache).remember(name, password, hash, now);
        Found::User(Arc::clone(user))
    }
}

/// What the users file says to credentials.
enum Found {
    User(Arc<User>),
    WrongPassword(Arc<User>),
    Nobody,
    Trouble,
}

fn trouble(cause: &impl std::fmt::Display) -> Found {
    error!(%cause, "a login could not be looked at");
    Found::Trouble
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // None of them is left half-changed by a panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Office {
        directory: tempfile::TempDir,
        guard: Arc<Guard>,
    }

    fn office(text: &str) -> Office {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("users"), text).unwrap();
        let guard = Guard::open(&directory.path().join("users")).unwrap();
        Office { directory, guard: Arc::new(guard) }
    }

    impl Office {
        async fn login(&self, name: &str, password: &str, address: &str) -> String {
            let credentials = Credentials { name: name.into(), password: password.into() };
            match self.guard.judge(credentials, Some(address.parse().unwrap())).await {
                Login::Granted(user) => user.name.clone(),
                other => format!("{other:?}"),
            }
        }

        fn write(&self, text: &str) {
            std::fs::write(self.directory.path().join("users"), text).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_right_password_is_granted_and_others_are_not() {
        let office = office(&format!("joe:{}\n", cheap_hash("secret")));
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "joe");
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "joe");
        assert_eq!(office.login("joe", "wrong", "192.0.2.1").await, "Denied { pause: 500ms }");
        assert_eq!(office.login("ann", "secret", "192.0.2.1").await, "Denied { pause: 1s }");
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "joe");
        assert_eq!(office.login("joe", "wrong", "192.0.2.1").await, "Denied { pause: 500ms }");
    }

    #[tokio::test(start_paused = true)]
    async fn who_fails_too_often_is_blocked_for_a_while() {
        let office = office(&format!("joe:{}\n", cheap_hash("secret")));
        for _ in 0..10 {
            assert!(office.login("joe", "wrong", "192.0.2.1").await.starts_with("Denied"));
        }
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "Blocked");
        assert_eq!(office.login("joe", "secret", "192.0.2.2").await, "joe");
        tokio::time::advance(Duration::from_secs(900)).await;
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "joe");
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_file_counts_at_once_for_those_who_are_remembered_too() {
        let office = office(&format!("joe:{}\n", cheap_hash("secret")));
        assert_eq!(office.login("joe", "secret", "192.0.2.1").await, "joe");
        office.write(&format!("# changed\njoe:{}\n", cheap_hash("new")));
        assert!(office.login("joe", "secret", "192.0.2.1").await.starts_with("Denied"));
        assert_eq!(office.login("joe", "new", "192.0.2.1").await, "joe");
        office.write("joe:nonsense\n");
        assert_eq!(office.login("joe", "new", "192.0.2.1").await, "joe");
        office.write("");
        assert!(office.login("joe", "new", "192.0.2.1").await.starts_with("Denied"));
    }

    #[test]
    fn a_bad_file_is_told_at_the_start() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("users");
        assert_eq!(Guard::open(&file).unwrap_err().path, file);
        std::fs::write(&file, "joe").unwrap();
        assert!(Guard::open(&file).unwrap_err().to_string().ends_with("users: line 1: expected name:hash"));
    }
}
