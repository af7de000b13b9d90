//! What the sessions of one listener have in common.

use std::io;
use std::sync::Arc;

use super::auth::Guard;
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
}

impl Shared {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// One of them cannot be read or makes no sense.
    pub(super) fn open(settings: Settings) -> io::Result<Shared> {
        let guard = settings.users.as_deref().map(Guard::open).transpose()?.map(Arc::new);
        let certificate = settings.tls.files().map(Certificate::open).transpose()?.map(Arc::new);
        Ok(Shared { settings: Arc::new(settings), guard, certificate })
    }
}
