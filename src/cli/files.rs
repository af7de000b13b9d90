//! Lets this process have as many files open as the system allows: every connection is one.
//!
//! Systems start programs with a low limit, 1024 as a rule, for the sake of those that use select(2), and let the others
//! raise it. When that fails telepost runs with what it has, and says so.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::config::Config;

/// Files beside the connections: the spool, the log, sessions with gateways, the runtime's own.
const OTHER_FILES: u64 = 100;

/// Raises the limit, and warns when it stays below what the listeners may need.
pub fn open_enough(config: &Config) {
    let limit = raise();
    let connections: usize = config.listeners.iter().map(|listener| listener.max_connections).sum();
    let needed = (connections as u64).saturating_add(OTHER_FILES);
    if let Some(limit) = limit.filter(|limit| *limit < needed) {
        tracing::warn!(limit, needed, "fewer files may be open than the listeners' max_connections need");
    }
}

/// The limit after it was raised; `None`: there is none.
fn raise() -> Option<u64> {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    match setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        Ok(()) => maximum,
        Err(error) => {
            tracing::warn!(%error, limit = current, "the number of open files stays as limited as it was");
            current
        }
    }
}
