//! The walls of the house (ARCHITECTURE.md, "The walls"), checked by reading the sources.
//!
//! Every check is a function from a text to what is wrong with it, so that each can be shown a bad sample and must find
//! it. Known limit: it reads paths as they are written; a room that gets something by another room's `pub use` is seen
//! as using that other room.

mod papers;
mod paths;

use std::fs;
use std::path::{Path, PathBuf};

/// Most lines of a file, tests and tables aside.
const MAX_LINES: usize = 500;

/// Files that are one long table and may be longer.
const TABLES: [&str; 0] = [];

/// Each room, in the order of the trip, and the rooms it may name. What is not here may name nothing and be named by
/// nobody, so a new room is entered first.
const ROOMS: [(&str, &[&str]); 17] = [
    ("smtp", &[]),
    ("intake", &["smtp", "message", "address", "rules", "sms", "limits", "spool", "clock"]),
    ("message", &["smtp"]),
    ("address", &["smtp", "message"]),
    ("rules", &["smtp", "message", "address"]),
    ("sms", &["smtp", "message", "address", "rules"]),
    ("limits", &["smtp", "message", "address", "sms"]),
    ("spool", &["smtp", "message", "address", "sms", "limits", "clock"]),
    ("delivery", &["smtp", "message", "address", "sms", "limits", "spool", "gateway", "bounce", "clock"]),
    ("gateway", &["smtp", "message", "address", "sms", "spool", "clock"]),
    ("bounce", &["smtp", "message", "address", "sms", "spool", "gateway", "clock"]),
    ("simulator", &["smtp", "message", "address", "sms", "spool", "gateway", "bounce", "clock"]),
    (
        "config",
        &["smtp", "intake", "message", "address", "rules", "sms", "limits", "spool", "delivery", "gateway", "bounce"],
    ),
    ("cli", ALL_ROOMS),
    ("clock", &[]),
    ("shutdown", &[]),
    ("main", &["cli"]),
];
const ALL_ROOMS: &[&str] = &[
    "smtp",
    "intake",
    "message",
    "address",
    "rules",
    "sms",
    "limits",
    "spool",
    "delivery",
    "gateway",
    "bounce",
    "simulator",
    "config",
    "clock",
    "shutdown",
];

/// Rooms that touch nothing but their arguments.
const PURE_ROOMS: [&str; 5] = ["message", "address", "rules", "sms", "limits"];

/// What a pure room may not mention, whatever for.
const IMPURE: [&str; 18] = [
    "tokio",
    "std::fs",
    "std::net",
    "std::io",
    "std::env",
    "std::process",
    "std::thread",
    "tracing",
    "log::",
    "fastrand",
    "async ",
    ".await",
    "Timestamp::now",
    "Zoned::now",
    "SystemTime",
    "Instant",
    "static mut",
    "thread_local",
];

/// What a file that calls itself pure may not do, wherever it stands. It may name types of those who do: an address, a
/// moment, dice that somebody else has made.
const DOING: [&str; 13] = [
    "std::fs",
    "std::process",
    "std::env",
    "TcpStream",
    "UnixStream",
    "tracing::",
    ".await",
    "async fn",
    "::now()",
    "fastrand::u",
    "fastrand::f64",
    "fastrand::bool",
    "Rng::new()",
];

/// One source file: its path below the root, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The room it stands in: `smtp` for `src/smtp/line.rs`, `clock` for `src/clock.rs`.
    fn room(&self) -> &str {
        let inner = self.path.strip_prefix("src/").unwrap_or(&self.path);
        inner.split('/').next().unwrap_or(inner).trim_end_matches(".rs")
    }

    /// Whether the whole file is tests.
    fn is_test_file(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("/tests/")
    }

    /// The text before the tests at its end; nothing when all of it is tests.
    fn without_tests(&self) -> &str {
        if self.is_test_file() {
            return "";
        }
        let tail =
            ["\n#[cfg(test)]\nmod tests", "\n#[cfg(test)]\npub mod tests", "\n#[cfg(test)]\npub(crate) mod tests"];
        let end = tail.iter().filter_map(|mark| self.text.find(mark)).min().unwrap_or(self.text.len());
        &self.text[..end]
    }
}

// ----- the checks

/// Rooms named that the file's room may not know.
fn broken_walls(source: &Source) -> Vec<String> {
    let room = source.room();
    if room == "lib" {
        return Vec::new();
    }
    let Some((_, may_name)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        return vec![format!("{}: the room {room} is not in the table of tests/walls.rs", source.path)];
    };
    paths::rooms_named(source)
        .into_iter()
        .filter(|(_, named)| named != room && !may_name.contains(&named.as_str()))
        .map(|(line, named)| format!("{}:{line}: {room} may not know {named}", source.path))
        .collect()
}

/// Too many lines.
fn excess_lines(source: &Source) -> Option<String> {
    let lines = source.without_tests().lines().count();
    let too_many = lines > MAX_LINES && !TABLES.contains(&source.path.as_str());
    too_many.then(|| format!("{}: {lines} lines, {MAX_LINES} at most", source.path))
}

/// Words that a pure file may not hold.
fn impurities(source: &Source) -> Vec<String> {
    let forbidden: &[&str] = match PURE_ROOMS.contains(&source.room()) {
        true => &IMPURE,
        false if calls_itself_pure(source) => &DOING,
        false => return Vec::new(),
    };
    let code = paths::without_comments_and_strings(source.without_tests());
    let in_line = |(n, line): (usize, &str)| {
        let found: Vec<&str> = forbidden.iter().copied().filter(|word| line.contains(word)).collect();
        found
            .into_iter()
            .map(|word| format!("{}:{}: is pure, yet mentions {word}", source.path, n + 1))
            .collect::<Vec<_>>()
    };
    code.lines().enumerate().flat_map(in_line).collect()
}

/// Whether the head of a file says `Pure`.
fn calls_itself_pure(source: &Source) -> bool {
    let mut head = source.text.lines().take_while(|line| line.starts_with("//!"));
    head.any(|line| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == "Pure"))
}

/// No head that says what the file is for.
fn missing_head(source: &Source) -> Option<String> {
    let first = source.text.lines().next().unwrap_or_default();
    let has_head = first.strip_prefix("//! ").is_some_and(|sentence| sentence.len() > 10);
    (!has_head).then(|| format!("{}: does not open with //! and its job", source.path))
}

// ----- run over the tree

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with this ending, as paths below the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_str().is_some_and(|name| name.ends_with(ending)) {
                found.push(path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

fn read(path: &str) -> Source {
    let text = fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    Source { path: path.to_owned(), text }
}

fn sources() -> Vec<Source> {
    let sources: Vec<Source> = files("src", ".rs").iter().map(|path| read(path)).collect();
    assert!(sources.len() > 50, "only {} sources found: the checks would pass on nothing", sources.len());
    sources
}

#[track_caller]
fn expect_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn no_room_names_what_it_may_not_know() {
    expect_none(&sources().iter().flat_map(broken_walls).collect::<Vec<_>>());
}

#[test]
fn no_file_is_too_long() {
    expect_none(&sources().iter().filter_map(excess_lines).collect::<Vec<_>>());
}

#[test]
fn every_table_that_may_be_long_is_there_and_long() {
    let is_needed = |path: &str| read(path).without_tests().lines().count() > MAX_LINES;
    let needless: Vec<String> = TABLES.iter().filter(|path| !is_needed(path)).map(|path| (*path).to_owned()).collect();
    expect_none(&needless);
}

#[test]
fn what_is_pure_touches_nothing() {
    expect_none(&sources().iter().flat_map(impurities).collect::<Vec<_>>());
}

#[test]
fn every_file_says_what_it_is_for() {
    let tests = files("tests", ".rs");
    let all = sources().into_iter().chain(tests.iter().map(|path| read(path)));
    expect_none(&all.filter_map(|source| missing_head(&source)).collect::<Vec<_>>());
}

#[test]
fn the_rooms_stand_in_the_order_of_the_trip() {
    let lib = read("src/lib.rs").text;
    let declared: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let in_table: Vec<&str> = ROOMS.iter().map(|(name, _)| *name).filter(|name| *name != "main").collect();
    assert_eq!(declared, in_table);
}

// ----- the checks, checked

fn sample(path: &str, text: &str) -> Source {
    Source { path: path.to_owned(), text: text.to_owned() }
}

#[test]
fn a_broken_wall_is_found() {
    for (path, text, wrong) in [
        ("src/smtp/line.rs", "use crate::message::Text;", "src/smtp/line.rs:1: smtp may not know message"),
        (
            "src/smtp/line.rs",
            "use crate::{\n    clock,\n    smtp::{Reply, Text},\n};",
            "src/smtp/line.rs:2: smtp may not know clock",
        ),
        ("src/sms/mod.rs", "\nfn f() { crate::gateway::submit() }", "src/sms/mod.rs:2: sms may not know gateway"),
        ("src/sms/mod.rs", "use super::gateway::Outcome;", "src/sms/mod.rs:1: sms may not know gateway"),
        ("src/sms/a.rs", "use super::super::spool;", "src/sms/a.rs:1: sms may not know spool"),
        ("src/spool/mod.rs", "use crate::*;", "src/spool/mod.rs:1: spool may not know *"),
        ("src/gateway/mod.rs", "use crate as house;", "src/gateway/mod.rs:1: gateway may not know as"),
        ("src/gateway/a/b.rs", "use crate::config::Config;", "src/gateway/a/b.rs:1: gateway may not know config"),
        ("src/delivery/mod.rs", "use crate::intake::Desk;", "src/delivery/mod.rs:1: delivery may not know intake"),
        ("src/main.rs", "use telepost::smtp;", "src/main.rs:1: main may not know smtp"),
        ("src/panel/mod.rs", "", "src/panel/mod.rs: the room panel is not in the table of tests/walls.rs"),
    ] {
        assert_eq!(broken_walls(&sample(path, text)), [wrong], "{text}");
    }
}

#[test]
fn what_only_looks_like_a_broken_wall_is_not_taken_for_one() {
    for (path, text) in [
        ("src/smtp/line.rs", "use crate::smtp::Reply;\nuse super::data::Text;"),
        (
            "src/smtp/line.rs",
            "// crate::message\n/* crate::sms /* nested */ crate::sms */\nlet a = \"crate::spool \\\" crate::spool\";",
        ),
        ("src/smtp/line.rs", "let a = r#\"a \" crate::spool\"#; let q = '\"'; let r = '\\''; fn f<'a>(x: &'a str) {}"),
        ("src/smtp/line.rs", "pub(crate) fn f() {}\npub(in crate::smtp) fn g() {}"),
        ("src/smtp/line.rs", "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    use crate::simulator::Simulator;\n}"),
        ("src/intake/desk.rs", "use crate::{address::{self, Route}, sms::Sms};"),
        ("src/cli/serve.rs", "use crate::config::Config;"),
        ("src/lib.rs", "pub mod smtp;"),
    ] {
        expect_none(&broken_walls(&sample(path, text)));
    }
}

#[test]
fn an_overlong_file_is_found() {
    let long = "//! x\n".repeat(MAX_LINES + 1);
    assert!(excess_lines(&sample("src/smtp/line.rs", &long)).is_some());
    assert!(excess_lines(&sample("src/smtp/line.rs", &long[6..])).is_none());
    assert!(excess_lines(&sample("src/smtp/tests.rs", &long)).is_none());
    assert!(excess_lines(&sample("src/smtp/tests/line.rs", &long)).is_none());
    let tail = format!("//! x\n\n#[cfg(test)]\nmod tests {{\n{long}}}\n");
    assert!(excess_lines(&sample("src/smtp/line.rs", &tail)).is_none());
    let helper = format!("//! x\n\n#[cfg(test)]\nfn helper() {{}}\n{long}\n");
    assert!(excess_lines(&sample("src/smtp/line.rs", &helper)).is_some());
}

#[test]
fn an_impure_word_is_found() {
    for word in IMPURE {
        assert_eq!(impurities(&sample("src/sms/x.rs", &format!("fn f() {{ {word} }}"))).len(), 1, "{word}");
    }
    for word in DOING {
        let pure = format!("//! Cuts texts. Pure: no more.\nfn f() {{ {word} }}");
        assert_eq!(impurities(&sample("src/delivery/x.rs", &pure)).len(), 1, "{word}");
        let other = format!("//! Purely a helper.\nfn f() {{ {word} }}");
        expect_none(&impurities(&sample("src/delivery/x.rs", &other)));
    }
    expect_none(&impurities(&sample(
        "src/sms/x.rs",
        "// no tokio here\nfn f() {}\n\n#[cfg(test)]\nmod tests { tokio }",
    )));
}

#[test]
fn a_file_without_a_head_is_found() {
    for bad in ["", "use std::fmt;", "// What it does.\n", "//!\n//! What it does.", "//! ok"] {
        assert!(missing_head(&sample("src/sms/x.rs", bad)).is_some(), "{bad:?}");
    }
    assert!(missing_head(&sample("src/sms/x.rs", "//! What it does.\n")).is_none());
}
