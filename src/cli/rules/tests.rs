//! Folders of mails, the shipped profiles among them.

use std::fs;
use std::path::Path;

use super::*;

const SHIPPED: [&str; 2] = ["contrib/monitoring", "contrib/helpdesk"];

fn test(folder: &Path) -> Test {
    Test { folder: folder.to_owned(), config: None, to: mailbox::parse("+447731234567").unwrap(), write: false }
}

fn report(test: &Test) -> Report {
    let settings = config::profiles(&test.folder).unwrap_or_else(|problems| panic!("{problems}"));
    try_out(test, settings).unwrap()
}

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| fs::write(folder.path().join(name), text).unwrap());
    folder
}

#[test]
fn every_shipped_profile_makes_of_its_samples_what_is_expected() {
    for shipped in SHIPPED {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(shipped);
        let test = test(&folder);
        let report = report(&test);
        assert_eq!(report.differences, [], "{}", picture(&report, &test));
        assert!(report.unused.is_empty(), "rules without a sample: {:?}", report.unused);
    }
}

#[test]
fn every_shipped_profile_has_a_sample() {
    for shipped in SHIPPED {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(shipped);
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names: Vec<String> = entries.collect();
        let profiles: Vec<&str> = names.iter().filter_map(|name| name.strip_suffix(".toml")).collect();
        assert!(!profiles.is_empty());
        for profile in profiles {
            let is_sample = |name: &String| name.starts_with(&format!("{profile}.")) && name.ends_with(".eml");
            assert!(names.iter().any(is_sample), "{profile}");
        }
    }
}

const RULES: &str = r#"
[[rule]]
name = "noise"
match.subject = "noise*"
action = "drop"
[[rule]]
name = "night"
match.subject = "/^night (?<what>.*)/"
action = "hold"
template = "{what}"
priority = "urgent"
sender = "NIGHT"
key = "{what}"
overflow = "split"
max_parts = 2
[[rule]]
name = "calm"
match.subject = "calm"
match.from = "root@*"
match.to = "*@sms.example.com"
key = "calm"
resolves = true
[[rule]]
name = "spam"
match.subject = "spam"
action = "refuse"
reason = "not wanted"
"#;

const GOOD: [(&str, &str, &str); 6] = [
    ("noise", "Subject: noise 1\n\nx", "action: drop\nrule: noise\n"),
    ("spam", "Subject: spam\n\nx", "action: refuse\nreply: 550 5.7.1 not wanted\n"),
    ("night", "Subject: night\n bird\n\nx", "action: hold\npriority: urgent\nsender: NIGHT\nkey: bird\nbird\n"),
    (
        "calm",
        "Subject: calm\nFrom: root@a\nTo: b@c, 00447731234567@sms.example.com\n\nx",
        "rule: calm\nresolves: calm\ncalm: x",
    ),
    ("crlf", "Subject: rule: 1\r\n\r\nx\r\n\r\ny\r\n", "\r\nrule: 1: x\r\ny\r\n"),
    ("other", "Subject: other\n\nx\n", "rule: none\nother: x"),
];

#[test]
fn what_is_expected_and_comes_out_is_no_difference() {
    let folder = folder(&[("a.toml", RULES)]);
    for (name, mail, expected) in GOOD {
        fs::write(folder.path().join(format!("{name}.eml")), mail).unwrap();
        fs::write(folder.path().join(format!("{name}.sms")), expected).unwrap();
    }
    assert_eq!(report(&test(folder.path())), Report { mails: 6, ..Report::default() });
}

#[test]
fn each_difference_is_shown() {
    let long = format!("Subject: night {}\n\nx", "word ".repeat(50));
    let files = [
        ("a.toml", RULES),
        ("long.eml", &long),
        ("long.sms", "action: hold\nword\n---\nword"),
        ("noise.eml", "Subject: noise\n\nx"),
        ("noise.sms", "noise: x\n"),
        ("new.eml", "Subject: spam\n\nx"),
        ("wrong.eml", "Subject: other\n\nx\ny\n"),
        ("wrong.sms", "priority: low\nother: x\nz"),
        ("nothing.eml", ""),
        ("nothing.sms", "action: refuse\nreply: 554 5.6.0 the message is empty"),
    ];
    let folder = folder(&files);
    let test = test(folder.path());
    insta::assert_snapshot!(anstream::adapter::strip_str(&picture(&report(&test), &test)).to_string());

    let settings = || config::profiles(folder.path()).unwrap();
    try_out(&Test { write: true, ..self::test(folder.path()) }, settings()).unwrap();
    assert_eq!(report(&test).differences, []);
}

#[test]
fn a_folder_that_can_not_be_tried_out_is_told_so() {
    let told = |files: &[(&str, &str)]| {
        let folder = folder(files);
        let told = match config::profiles(folder.path()) {
            Ok(settings) => try_out(&test(folder.path()), settings).unwrap_err(),
            Err(problems) => problems.to_string(),
        };
        told.replace(folder.path().to_str().unwrap(), "DIR")
    };
    assert_eq!(told(&[("a.toml", RULES)]), "DIR has no mails (.eml) in it");
    assert_eq!(told(&[("a.toml", RULES), ("a.sms", "")]), "DIR/a.sms has no mail (.eml) beside it");
    assert!(told(&[("a.eml", "")]).contains("include: fits no file"));
    assert!(told(&[("a.toml", "[[rule]]\nx = 1")]).contains("DIR/a.toml:2:1"));
}
