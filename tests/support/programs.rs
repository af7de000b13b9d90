//! Programs that real-world tests need and that not every machine has.
//!
//! A missing one is a failure where all tests were asked for (`TELEPOST_TESTS=all`, as `tests/run` does); otherwise the
//! test is left out and says so, past the test runner's capturing, so that it is really seen.

use std::env;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

/// Where administrators' programs are, which an ordinary user's PATH leaves out.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Where a program is.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(MORE_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(is_program)
}

/// Whether `test` can run with `programs` here. When not, it has been said why, and the test is to return.
pub fn are_here(test: &str, programs: &[&str]) -> bool {
    let missing: Vec<&str> = programs.iter().copied().filter(|program| find(program).is_none()).collect();
    if missing.is_empty() {
        return true;
    }
    leave_out(test, &format!("for want of {}", missing.join(", ")));
    false
}

/// Whether `test`, which must start a Postfix, can do so here. Only root can.
pub fn are_here_for_root(test: &str, programs: &[&str]) -> bool {
    if !are_here(test, programs) {
        return false;
    }
    let id = Command::new("id").arg("-u").output().expect("id runs");
    let is_root = id.stdout.trim_ascii() == b"0";
    if !is_root {
        leave_out(test, "because only root can start a Postfix");
    }
    is_root
}

fn leave_out(test: &str, reason: &str) {
    let all_wanted = env::var_os("TELEPOST_TESTS").is_some_and(|wanted| wanted == "all");
    assert!(!all_wanted, "{test} can't run {reason}; `tests/run` as root installs what the tests need");
    // Not eprintln!: the test runner swallows it. One write, so that lines of several tests stay whole.
    let line = format!("LEFT OUT: {test}, {reason} (tests/run runs all)\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
}

fn is_program(file: &PathBuf) -> bool {
    std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[test]
fn programs_are_found_or_not() {
    assert!(find("sh").is_some());
    assert!(find("no-such-program-of-telepost").is_none());
}
