//! What the sessions of one listener have in common.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::auth::Guard;
use super::budget::Budget;
use super::settings::Settings;
use super::tls::Certificate;
use super::watched::FileError;

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
    pub(super) fn open(settings: Settings, budget: Budget) -> Result<Shared, FileError> {
        let guard = guard(&settings).transpose()?.map(Arc::new);
        let certificate = certificate(&settings).transpose()?.map(Arc::new);
        Ok(Shared { settings: Arc::new(settings), guard, certificate, budget, sessions: AtomicU64::new(0) })
    }

    /// The number of the next session, from 1 on.
    pub(super) fn next_session(&self) -> u64 {
        self.sessions.fetch_add(1, Ordering::Relaxed) + 1
    }
}

/// Which of the files that the settings name a listener could not use now; of certificate and key, the first one.
pub fn unusable_files(settings: &Settings) -> Vec<FileError> {
    let guard = guard(settings).and_then(Result::err);
    let certificate = certificate(settings).and_then(Result::err);
    certificate.into_iter().chain(guard).collect()
}

fn guard(settings: &Settings) -> Option<Result<Guard, FileError>> {
    settings.users.as_deref().map(Guard::open)
}

fn certificate(settings: &Settings) -> Option<Result<Certificate, FileError>> {
    settings.tls.files().map(Certificate::open)
}
