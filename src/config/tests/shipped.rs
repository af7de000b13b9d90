//! The configurations in `conf/`: each works as it stands, and `telepost.toml` has every key.

use super::*;

const FULL: &str = include_str!("../../../conf/telepost.toml");
const MINIMAL: &str = include_str!("../../../conf/minimal.toml");

/// Whether a line is a key or a section that stands behind a `#`.
fn is_off(line: &str) -> bool {
    let Some(line) = line.strip_prefix("# ") else { return false };
    let key = line.split_once(" = ").map(|(key, _)| key).unwrap_or_default();
    line.starts_with("[") || (!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c)))
}

/// `telepost.toml` with everything in it that is off switched on. Of the two places for a password only `place` stays.
pub(super) fn uncommented(place: &str) -> String {
    let lines = FULL.lines().map(|line| if is_off(line) { &line[2..] } else { line });
    let other = if place == "password_env" { "password_file = " } else { "password_env = " };
    lines.filter(|line| !line.starts_with(other)).map(|line| format!("{line}\n")).collect()
}

/// The configuration in a folder with a password.
fn in_folder(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("smsitaly.password");
    std::fs::write(&password, "secret\n").unwrap();
    let text = text.replace("/etc/telepost/smsitaly.password", password.to_str().unwrap());
    (folder, text)
}

#[test]
fn both_work_as_they_stand_and_say_the_same() {
    // One has all the defaults written out, the other none of them.
    let [full, minimal] = [FULL, MINIMAL].map(|text| {
        let (folder, text) = in_folder(text);
        let effective = examine_text(&text).unwrap_or_else(|problems| panic!("{problems}")).effective;
        effective.replace(folder.path().to_str().unwrap(), "")
    });
    assert_eq!(full, minimal);
}

#[test]
fn minimal_has_nothing_that_could_be_left_out() {
    for line in MINIMAL.lines().filter(|line| line.contains(" = ")) {
        let (_folder, text) = in_folder(&MINIMAL.replace(&format!("{line}\n"), ""));
        assert!(examine_text(&text).is_err(), "{line}");
    }
}

/// Whether a key has a name that the operator chooses.
fn is_of_the_operator(key: &str) -> bool {
    key.starts_with("aliases.") || key.starts_with("rule.match.header.")
}

#[test]
fn every_key_is_there_and_no_other() {
    let text = uncommented("password_env");
    let mut book = Book::new(Path::new("/"), Depth::Configuration);
    book.read(Source { path: PathBuf::from("telepost.toml"), text }, Config::read).unwrap();
    let known: BTreeSet<_> = book.known.into_iter().filter(|key| !is_of_the_operator(key)).collect();
    let mut there = BTreeSet::new();
    let mut section = String::new();
    for line in FULL.lines() {
        let line = if is_off(line) { &line[2..] } else { line };
        if line.starts_with('[') {
            section = format!("{}.", line.trim_matches(['[', ']']));
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            there.insert(format!("{section}{key}"));
        }
    }
    there.retain(|key| !is_of_the_operator(key));
    assert_eq!(there, known);
}

#[test]
fn what_is_off_works_when_switched_on() {
    for place in ["password_env", "password_file"] {
        let (_folder, text) = in_folder(&uncommented(place));
        let text = text.replace("SMSITALY_PASSWORD", "CARGO_PKG_NAME");
        let checked = examine_text(&text).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(checked.config.hostname, "sms.example.com");
        assert!(checked.config.gateways[0].rate.is_some());
        assert_eq!(checked.config.address.aliases["oncall"].len(), 2);
    }
}

#[test]
fn every_key_has_its_sentence() {
    let lines: Vec<_> = FULL.lines().collect();
    for (n, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(" = ")) {
        let above = lines[n - 1];
        let is_sentence = above.starts_with("# ") && !is_off(above) && above.ends_with('.');
        let opens = above.starts_with('[') || is_off(above);
        let is_example =
            line.starts_with("# oncall") || line.starts_with("# from = \"nagios") || line.starts_with("# id");
        assert!(is_sentence || (is_example && opens), "{line}");
    }
}

#[test]
fn the_demo_works() {
    let (folder, _) = in_folder("");
    let text = include_str!("../../cli/demo/demo.toml")
        .replace("{listen}", "127.0.0.1:0")
        .replace("{gateway_port}", "2526")
        .replace("{user}", "demo")
        .replace("{folder}/password", "{folder}/smsitaly.password")
        .replace("{folder}", folder.path().to_str().unwrap());
    let config = examine_text(&text).unwrap_or_else(|problems| panic!("{problems}")).config;
    assert_eq!(config.address.routes[0].gateways, ["simulated"]);
}
