//! What the dispatcher is told. Filled in by `config`, values only.

use std::time::Duration;

/// `[delivery]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait after the first failed try, the second and so on; the last one repeats. Never empty.
    pub retry: Vec<Duration>,
    /// How long a message may wait before it expires.
    pub expire: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        let retry = [30, 60, 120, 300, 900, 1800, 3600].map(Duration::from_secs).to_vec();
        Settings { retry, expire: Duration::from_secs(2 * 24 * 3600) }
    }
}
