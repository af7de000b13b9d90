//! What the tests stand on: the real binary in a folder of its own, a simulated gateway, a mail server that collects.
//!
//! Nothing here has a fixed port or sleeps in the hope that something has happened meanwhile: everything waits for what
//! it needs, for [`PATIENCE`] at most, and then fails with what it saw. Everything ends with the value that started it.

pub mod client;
pub mod house;
pub mod jail;
pub mod keys;
pub mod mails;
pub mod postfix;
pub mod process;
pub mod programs;
pub mod simulator;
pub mod sink;

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long anything may take before a test gives up. A busy machine with two cores needs a tenth of it.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// The rest between two looks at something that does not call back.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Looks until `look` finds something. Panics with `what` when it does not in time.
pub fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} in vain for {what}");
        std::thread::sleep(LOOK_INTERVAL);
    }
}

/// The binary under test, in an environment that says nothing about logs or colours.
pub fn telepost() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telepost"));
    command.env_remove("RUST_LOG").env_remove("NOTIFY_SOCKET").env("NO_COLOR", "1").stdin(Stdio::null());
    command
}

/// What a finished command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Said { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Said {
    /// The standard output, read as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("no JSON ({error}): {self:#?}"))
    }

    /// Fails unless the exit code is `code`.
    #[track_caller]
    pub fn exits_with(self, code: i32) -> Said {
        assert_eq!(self.code, code, "exit code of {self:#?}");
        self
    }
}

/// Whether it may take long, for figures that mean more: `tests/run --long` says so.
pub fn is_long() -> bool {
    std::env::var_os("TELEPOST_LONG").is_some()
}

/// Where the dice of a test begin: another place in every run, unless `TELEPOST_SEED` names that of a run before.
pub fn seed() -> u64 {
    match std::env::var("TELEPOST_SEED") {
        Ok(seed) => seed.parse().expect("TELEPOST_SEED is a number"),
        Err(_) => fastrand::u64(..),
    }
}

/// Keeps what a test has measured for `tests/run`, which shows all figures at its end.
pub fn keep_figures(name: &str, figures: &str) {
    print!("{figures}");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(name), figures).unwrap();
}

/// A loopback address that no other test of any running test binary uses: on it a port is still free a moment after
/// it was found so, and a server can come back to the port it had.
pub fn own_loopback() -> Ipv4Addr {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = std::process::id().to_be_bytes();
    let host = u8::try_from(count).expect("more than 255 addresses in one test binary");
    // The upper half of 127.0.0.0/8: in 127.0.0.0/16 is everybody else.
    Ipv4Addr::new(127, high | 0x80, low, host)
}
