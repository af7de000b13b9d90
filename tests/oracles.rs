//! Compares the pure rooms with programs that others wrote for the same work. `tests/oracles/run` installs these and
//! starts this; `tests/oracles/README.md` tells what is compared and why some answers differ.
//!
//! Without `TELEPOST_ORACLES`, the folder of what is installed, the tests are left out and say so.

mod mails;
mod numbers;
mod segments;

use std::collections::BTreeMap;
use std::env;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A file beside the comparison that uses it.
fn script(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracles").join(path)
}

/// The folder that `tests/oracles/run` installs into, when `needed` is there.
fn installed(test: &str, needed: &str) -> Option<PathBuf> {
    let place = env::var_os("TELEPOST_ORACLES").map(PathBuf::from).filter(|place| place.join(needed).exists());
    if place.is_none() {
        // Not eprintln!: the test runner swallows it.
        let line = format!("LEFT OUT: {test}, for want of what tests/oracles/run installs\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    place
}

/// What a program writes that reads `input`.
fn answer(command: &mut Command, input: &[u8]) -> serde_json::Value {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{command:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Answers that were compared.
#[derive(Default)]
struct Tally {
    same: usize,
    explained: BTreeMap<&'static str, usize>,
    unexplained: Vec<String>,
}

/// What became of one comparison.
enum Finding {
    Same,
    /// They differ, and this is why.
    Because(&'static str),
    /// They differ, and nobody knows why.
    Unexplained(String),
}

impl Tally {
    fn count(&mut self, finding: Finding) {
        match finding {
            Finding::Same => self.same += 1,
            Finding::Because(reason) => *self.explained.entry(reason).or_default() += 1,
            Finding::Unexplained(difference) => self.unexplained.push(difference),
        }
    }

    /// Fails for a difference that is not explained, and when fewer than this share agree: explanations that grow are
    /// excuses.
    fn judge(self, whom: &str, percent_same: usize) {
        let all = self.same + self.explained.values().sum::<usize>() + self.unexplained.len();
        println!("{whom}: {} of {all} agree; {:#?}", self.same, self.explained);
        let few: Vec<&str> = self.unexplained.iter().take(20).map(String::as_str).collect();
        assert!(few.is_empty(), "{whom}: {} differences, such as\n{}", self.unexplained.len(), few.join("\n"));
        assert!(self.same * 100 >= all * percent_same, "{whom}: too many differ");
    }
}
