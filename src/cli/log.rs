//! Where log events go: stderr, one line each. `RUST_LOG` chooses what is shown.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

/// What is shown otherwise. rustls would tell of every client that calls us by an address instead of a name.
const USUAL: &str = "info,rustls=error";

/// Starts logging for the rest of the process. A second call changes nothing.
pub fn start() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(USUAL));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .try_init();
    if started.is_err() {
        tracing::debug!("logging had been started before");
    }
}
