//! Rules, and the files that bring more of them.

use std::fs;
use std::time::Duration;

use super::*;
use crate::intake::{Action, Ring, Treatment};
use crate::rules::{Field, Rule};
use crate::sms::Overflow;
use crate::spool::{Priority, Standing};

const FULL: &str = r#"[message]
template = "{body}"
max_parts = 2
overflow = "split"
[[rule]]
match.subject = "/^(?<state>Problem|Resolved): (?<what>.+)$/"
match.from = "zabbix@*"
match.header.X-Host = "/(?<host>\\S+)/"
name = "zabbix"
template = "{host} {what|shrink}"
overflow = "refuse"
sender = "ZABBIX"
gateways = ["smsitaly"]
priority = "urgent"
expire = "1h"
key = "{host}/{what}"
resolves = true
[[rule]]
action = "refuse"
match.to = "*"
[[rule]]
action = "hold"
"#;

fn rules(text: &str) -> Vec<Rule<Treatment>> {
    examine_text(&format!("{LEAST}{text}")).unwrap_or_else(|problems| panic!("{problems}")).config.rules
}

#[test]
fn a_rule_says_what_it_says_and_the_rest_comes_from_above() {
    let rules = rules(FULL);
    let zabbix = &rules[0];
    let fields: Vec<&Field> = zabbix.when.iter().map(|condition| &condition.field).collect();
    assert_eq!(fields, [&Field::From, &Field::Subject, &Field::Header("X-Host".to_owned())]);
    assert_eq!(zabbix.name, "zabbix");
    let Treatment { action, sms, sender, gateways, priority, expire, topic } = &zabbix.then;
    assert_eq!((action, sms.template.as_str()), (&Action::Send, "{host} {what|shrink}"));
    assert_eq!((sms.max_parts, sms.overflow, sms.ellipsis.as_str()), (2, Overflow::Refuse, "..."));
    assert_eq!(sender.as_ref().map(|sender| sender.as_str()), Some("ZABBIX"));
    assert_eq!((gateways.as_slice(), *priority), (&["smsitaly".to_owned()][..], Some(Priority::Urgent)));
    assert_eq!(*expire, Some(Duration::from_secs(3600)));
    let matter = topic.as_ref().unwrap();
    assert_eq!((matter.key.as_str(), matter.standing), ("{host}/{what}", Standing::Recovery));

    assert_eq!(rules[1].name, "no. 2");
    assert_eq!(rules[1].then.action, Action::Refuse { reason: "refused by rule no. 2".to_owned() });
    assert_eq!(rules[2].then.sms.template.as_str(), "{body}");
    assert_eq!(rules[2].then.topic, None);
}

#[test]
fn a_rule_that_can_never_be_asked_is_told_so() {
    let text = format!("{LEAST}[[rule]]\nname = \"all\"\n[[rule]]\nmatch.from = \"a@*\"\n");
    assert_eq!(told(&text), ["18:1 rule.match: is never looked at: rule \"all\" before it fits every mail"]);
}

#[test]
fn a_rule_with_ring_is_for_mails_that_pass_by_and_for_them_alone() {
    let text = format!(
        "{LEAST}[aliases]\nOnCall = [\"+447731234567\"]\n[[rule]]\nname = \"door\"\n\
         [[rule]]\nname = \"not\"\nring = []\nmatch.to = \"eve@*\"\n\
         [[rule]]\nname = \"rings\"\nring = [\"oncall\", \"+393331234567\"]\naction = \"hold\"\n"
    );
    let warning = "rule: has ring, but there is no [[listener]] with protocol = \"milter\": no mail passes by";
    let heard = |text: &str| told(text).iter().any(|line| line.ends_with(warning));
    assert!(heard(&text));
    assert!(!heard(&text.replace("[[listener]]", "[[listener]]\nprotocol = \"milter\"")));
    let Checked { config, effective, .. } = examine_text(&text).unwrap();
    assert_eq!(config.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(), ["door"]);
    let shown = |rule: &Rule<Ring>| {
        let telephones: Vec<String> = rule.then.telephones.iter().map(ToString::to_string).collect();
        (rule.name.clone(), telephones.join(" "), rule.then.treatment.action.clone())
    };
    let rings: Vec<_> = config.rings.iter().map(shown).collect();
    let expected = [("not", "", Action::Send), ("rings", "oncall +393331234567", Action::Hold)];
    assert_eq!(rings, expected.map(|(name, telephones, action)| (name.to_owned(), telephones.to_owned(), action)));
    assert_eq!(examine_text(&effective).unwrap().config.rings, config.rings, "{effective}");
}

/// A folder with profiles and a configuration that includes them.
fn with_profiles(include: &str, profiles: &[(&str, &str)]) -> (tempfile::TempDir, Result<Checked, Problems>) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("profiles")).unwrap();
    for (name, text) in profiles {
        fs::write(folder.path().join("profiles").join(name), text).unwrap();
    }
    let text = format!("include = {include}\n{LEAST}[[rule]]\nmatch.from = \"own@*\"\n");
    let checked = examine(Path::new("telepost.toml"), folder.path(), &text, Depth::Configuration);
    (folder, checked)
}

const ONE: &str = "[[rule]]\nmatch.from = \"one@*\"\n[[rule]]\nname = \"named\"\nmatch.from = \"two@*\"\n";

#[test]
fn included_rules_come_after_those_of_the_file_in_the_order_of_their_names() {
    let others = [("b.toml", ONE), ("a.toml", ONE), (".hidden.toml", "="), ("note.txt", "=")];
    for (include, expected) in [
        (r#"["profiles/*.toml"]"#, &["no. 1", "a 1", "named", "b 1", "named"][..]),
        (r#"["profiles/b.toml", "profiles/a*"]"#, &["no. 1", "b 1", "named", "a 1", "named"]),
        (r#"["profiles/none*"]"#, &["no. 1"]),
        ("[]", &["no. 1"]),
    ] {
        let (_folder, checked) = with_profiles(include, &others);
        let checked = checked.unwrap_or_else(|problems| panic!("{problems}"));
        let names: Vec<&str> = checked.config.rules.iter().map(|rule| rule.name.as_str()).collect();
        assert_eq!(names, expected, "{include}");
        let again = examine_text(&checked.effective).unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(again.config.rules, checked.config.rules, "{}", checked.effective);
    }
}

#[test]
fn what_is_wrong_in_an_included_file_is_told_with_its_own_place() {
    let profiles = [
        ("a.toml", "\n[[rule]]\ntemplate = \"{x}\"\n"),
        ("b.toml", "[spool]\nurl = \"x\"\n"),
        ("c.toml", "[[rule]]\n= 1\n"),
    ];
    let (folder, checked) = with_profiles(r#"["profiles/*.toml"]"#, &profiles);
    let told = checked.unwrap_err().to_string().replace(folder.path().to_str().unwrap(), "");
    insta::assert_snapshot!(told);
}

#[test]
fn a_flood_of_files_is_refused() {
    let names: Vec<String> = (0..501).map(|n| format!("{n}.toml")).collect();
    let profiles: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), ONE)).collect();
    let (_folder, checked) = with_profiles(r#"["profiles/*.toml"]"#, &profiles);
    let told = checked.unwrap_err().to_string();
    assert!(told.contains("fits 501 files, at most 500 may be included"), "{told}");
}
