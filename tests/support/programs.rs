//! Programs that real-world tests need and that not every machine has.
//!
//! A missing one is a failure where all tests were asked for (`TELEPOST_TESTS=all`, as `tests/run` does); otherwise the
//! test is left out and says so, past the test runner's capturing, so that it is really seen.

use std::env;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Where administrators' programs are, which an ordinary user's PATH leaves out.
const MORE_FOLDERS: [&str; 2] = ["/usr/sbin", "/sbin"];

/// Where a program is; what is written with its whole path may be any file, such as a language's module.
pub fn find(name: &str) -> Option<PathBuf> {
    if name.starts_with('/') {
        return Some(PathBuf::from(name)).filter(|file| file.is_file());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders = env::split_paths(&path).chain(MORE_FOLDERS.map(PathBuf::from));
    folders.map(|folder| folder.join(name)).find(|file| is_program(file))
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

/// Whether `test`, which must start a mail server, can do so here. Only root can.
pub fn are_here_for_root(test: &str, programs: &[&str]) -> bool {
    if !are_here(test, programs) {
        return false;
    }
    let id = Command::new("id").arg("-u").output().expect("id runs");
    let is_root = id.stdout.trim_ascii() == b"0";
    if !is_root {
        leave_out(test, "because only root can start a mail server");
    }
    is_root
}

/// The folder with the programs that `tests/run` unpacks and does not install, because their packages would take
/// another's place; `None` where there is no such program. Only root can start them.
pub fn unpacked(test: &str, program: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unpacked");
    if !is_program(&folder.join(program)) {
        leave_out(test, &format!("for want of {program}"));
        return None;
    }
    are_here_for_root(test, &["ldd", "chroot"]).then_some(folder)
}

/// A command for a program that is here.
pub fn command(name: &str) -> Command {
    Command::new(find(name).unwrap_or_else(|| panic!("{name} is not here")))
}

/// Runs a program with this input to its end.
pub fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // An error means that it ended without reading all, and how it ended tells why.
    child.stdin.take().unwrap().write_all(input).ok();
    child.wait_with_output().unwrap()
}

/// Runs a program with this input; it must end well.
#[track_caller]
pub fn feed(command: &mut Command, input: &[u8]) {
    let output = run(command, input);
    assert!(output.status.success(), "{command:?}: {output:?}");
}

fn leave_out(test: &str, reason: &str) {
    let all_wanted = env::var_os("TELEPOST_TESTS").is_some_and(|wanted| wanted == "all");
    assert!(!all_wanted, "{test} can't run {reason}; `tests/run` as root installs what the tests need");
    say_left_out(test, &format!("{reason} (tests/run runs all)"));
}

/// Says that a test is left out for a reason that no installation changes.
pub fn say_left_out(test: &str, reason: &str) {
    // Not eprintln!: the test runner swallows it. One write, so that lines of several tests stay whole.
    let line = format!("LEFT OUT: {test}, {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr takes a line");
}

fn is_program(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[test]
fn programs_are_found_or_not() {
    assert!(find("sh").is_some());
    assert!(find("no-such-program-of-telepost").is_none());
}
