//! What the sessions of one listener have in common.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::auth::Guard;
use super::budget::Budget;
use super::settings::Settings;
use super::tls::Certificate;

/// The common things, made once for each listener.
#[derive(Debug)]
pub(super) struct Shared {
    pub settings: Arc<Settings>,
    /// `None`: nobody can log in.
    pub guard: Option<Arc<Guard>>,
    /// `None`: nothing is encrypted.
    pub certificate: Option<Arc<Certificate>>,
    /// For the letters of these and perhaps other listeners' sessions.
    pub budget: Budget,
    sessions: AtomicU64,
}

impl Shared {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// One of them cannot be read or makes no sense.
    pub(super) fn open(settings: Settings, budget: Budget) -> io::Result<Shared> {
        let guard = settings.users.as_deref().map(Guard::open).transpose()?.map(Arc::new);
        let certificate = settings.tls.files().map(Certificate::open).transpose()?.map(Arc::new);
        Ok(Shared { settings: Arc::new(settings), guard, certificate, budget, sessions: AtomicU64::new(0) })
    }

    /// The number of the next session, from 1 on.
    pub(super) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed) + 1
    }
}
