//! What the strongroom is told. Filled in by `config`, values only.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::limits;

/// `[spool]`, and `[limits]`, because only what is stored counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The SQLite database; written `sqlite:/path` in the configuration.
    pub path: PathBuf,
    /// How long finished messages stay for history.
    pub keep: Duration,
    /// For how long the same Message-ID, sender, recipient and text is accepted only once; zero: off.
    pub dedup_window: Duration,
    pub limits: Arc<limits::Settings>,
}
