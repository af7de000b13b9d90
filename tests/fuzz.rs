//! The door and the pure half of the trip under damaged sessions, mails, templates and addresses: for a few seconds in
//! every run of the tests, longer with `TELEPOST_FUZZ_SECONDS`. `tests/fuzz/run` does the same led by coverage.
//!
//! Each run takes the same inputs, so that it judges the change and not the dice; `TELEPOST_FUZZ_SEED` takes others. One
//! that breaks something is written to a file, whose name and the way to try it again are told.

mod door;
mod seeds;
mod trip;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use fastrand::Rng;

/// How long each target is run when nobody says.
const SECONDS: u64 = 5;
/// What the dice begin with when nobody says.
const SEED: u64 = 1;
/// Bytes of an input.
const MAX_INPUT: usize = 64 * 1024;
/// The longest that one input may take, in a build without optimization on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// What programs choke on.
const WORDS: [&str; 38] = [
    "\r\n",
    "\n\n",
    "--",
    "=?utf-8?b?",
    "?=",
    "=\n",
    "=E2=80",
    "\0",
    "\u{feff}",
    "\u{200d}",
    "e\u{301}",
    "👨\u{200d}👩",
    "<table><tr><td>",
    "</div",
    "<!--",
    "&#x110000;",
    "Content-Type: multipart/mixed; boundary=x\n",
    "{body|max 3}",
    "{{",
    "|or \"",
    "+44",
    "(0)",
    ";ext=",
    "\u{202e}",
    "\r\n.\r\n",
    "\r",
    "\n.",
    "\r\n..",
    "\r\nDATA\r\n",
    "\r\nBDAT 9\r\n",
    "\r\nBDAT 5 LAST\r\n",
    "\r\nRSET\r\n",
    "\r\nMAIL FROM:<a@b>\r\nRCPT TO:<+44@c>\r\n",
    "\r\nAUTH LOGIN\r\n",
    "+2B",
    " NOTIFY=NEVER ORCPT=rfc822;",
    "\0\0\0\x01",
    "\0\0\0\x08R<a@b>\0",
];

/// A whole number from the environment, or `otherwise`.
fn number(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable).ok().and_then(|number| number.parse().ok()).unwrap_or(otherwise)
}

/// Damages an input in one of a few ways.
fn mutate(input: &mut Vec<u8>, others: &[Vec<u8>], rng: &mut Rng) {
    let at = rng.usize(..=input.len());
    let end = (at + rng.usize(..=64)).min(input.len());
    match rng.u8(..7) {
        0 if at < input.len() => input[at] ^= 1 << rng.u8(..8),
        1 if at < input.len() => input[at] = rng.u8(..),
        2 => drop(input.drain(at..end)),
        3 => {
            let copy = input[at..end].repeat(rng.usize(1..20));
            input.splice(at..at, copy);
        }
        4 => input.truncate(at),
        5 => {
            let other = &others[rng.usize(..others.len())];
            let from = rng.usize(..=other.len());
            let to = (from + rng.usize(..=512)).min(other.len());
            input.splice(at..at, other[from..to].iter().copied());
        }
        _ => {
            let word = WORDS[rng.usize(..WORDS.len())];
            input.splice(at..at, word.bytes());
        }
    }
    input.truncate(MAX_INPUT);
}

/// Runs a target on damaged seeds until the time is over.
fn run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    seeds.iter().for_each(|seed| target(seed));
    let mut rng = Rng::with_seed(number("TELEPOST_FUZZ_SEED", SEED));
    let end = Instant::now() + Duration::from_secs(number("TELEPOST_FUZZ_SECONDS", SECONDS));
    let mut count = 0_u64;
    while Instant::now() < end {
        let mut input = seeds[rng.usize(..seeds.len())].clone();
        (0..rng.usize(1..8)).for_each(|_| mutate(&mut input, seeds, &mut rng));
        let begin = Instant::now();
        let broken = catch_unwind(AssertUnwindSafe(|| target(&input))).is_err();
        if broken || begin.elapsed() > PATIENCE {
            let path = std::env::temp_dir().join(format!("telepost-fuzz-{name}-{:016x}", rng.u64(..)));
            std::fs::write(&path, &input).unwrap();
            let why = if broken { "breaks" } else { "takes too long with" };
            panic!(
                "{name} {why} {0}; again: TELEPOST_FUZZ_INPUT={0} cargo test --test all fuzz::{name}",
                path.display()
            );
        }
        count += 1;
    }
    println!("{name}: {count} inputs");
}

/// The one input that `TELEPOST_FUZZ_INPUT` names, or damaged seeds.
fn again_or_run(name: &str, seeds: &[Vec<u8>], target: fn(&[u8])) {
    match std::env::var_os("TELEPOST_FUZZ_INPUT") {
        Some(path) => target(&std::fs::read(path).unwrap()),
        None => run(name, seeds, target),
    }
}

#[test]
fn mail() {
    again_or_run("mail", &seeds::mails(), trip::mail);
}

#[test]
fn address() {
    let seeds =
        ["+44 (0)7731 234567", "tel:+447731234567;ext=3", "\"a b\"@c.example", "number=0044", "a+urgent", "@a:b@c"];
    again_or_run("address", &seeds.map(|seed| seed.as_bytes().to_vec()), trip::address);
}

#[test]
fn template() {
    let seeds = [
        "{subject|strip_re}: {body|first_line|max 40}\nRe: Größe überschritten\nzwei 会議 👍🏽",
        "{a|upper|shrink 2} ({to}) {header.X-Y|or \"none\"} {{x}}\nnext",
        "{time}{from_name|lower}[{body|shrink}]\nhttps://mon.example/a/b/c?d=e is long\nand two",
    ];
    again_or_run("template", &seeds.map(|seed| seed.as_bytes().to_vec()), trip::template);
}

#[test]
fn command() {
    again_or_run("command", &seeds::commands(), door::command);
}

#[test]
fn data() {
    again_or_run("data", &seeds::texts(), door::data);
}

#[test]
fn session() {
    again_or_run("session", &seeds::sessions(), door::session);
}

#[test]
fn milter() {
    again_or_run("milter", &seeds::frames(), door::milter);
}
