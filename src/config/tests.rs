//! What a configuration may say, what is said of one that is not good, and whether the shipped ones are true.

use std::collections::BTreeSet;
use std::path::PathBuf;

use proptest::prelude::*;
use secrecy::ExposeSecret;

use super::*;

mod bad;
mod rules;
mod shipped;

/// A good configuration with nothing but what must be given; the password comes from a variable that Cargo sets.
const LEAST: &str = r#"hostname = "sms.example.com"
[spool]
url = "sqlite:/var/lib/telepost/spool.db"
[[listener]]
bind = "127.0.0.1:2525"
[numbers]
domains = ["sms.example.com"]
[sender]
default = "ALERTS"
[[gateway]]
name = "smsitaly"
host = "smtp.smsitaly.com"
username = "myuserid"
password_env = "CARGO_PKG_NAME"
"#;

fn examine_text(text: &str) -> Result<Checked, Problems> {
    examine(Path::new("telepost.toml"), Path::new("/etc/telepost"), text, Depth::Configuration)
}

/// The good configuration with its `old` line changed.
fn changed(old: &str, new: &str) -> String {
    assert!(LEAST.contains(old), "{old}");
    LEAST.replace(old, new)
}

/// Problems as `line:column: key: reason`, without the lines of the file.
fn told(text: &str) -> Vec<String> {
    let rendered = match examine_text(text) {
        Ok(checked) => checked.warnings.to_string(),
        Err(problems) => problems.to_string(),
    };
    let mut told = Vec::new();
    let mut lines = rendered.lines().peekable();
    while let Some(line) = lines.next() {
        let Some(reason) = line.strip_prefix("error: ").or_else(|| line.strip_prefix("warning: ")) else { continue };
        let place = lines.peek().and_then(|line| line.trim_start().strip_prefix("--> telepost.toml:"));
        told.push(format!("{} {reason}", place.unwrap_or("no place")));
    }
    told
}

/// Everything that a configuration comes to, the secrets too.
fn everything(config: &Config) -> String {
    let passwords = config.gateways.iter().map(|gateway| gateway.password.expose_secret().to_owned());
    format!("{config:#?}{:?}", passwords.collect::<Vec<_>>())
}

#[test]
fn what_must_be_given_is_enough() {
    let Checked { config, warnings, .. } = examine_text(LEAST).unwrap();
    assert!(warnings.is_empty());
    assert_eq!(config.hostname, "sms.example.com");
    assert_eq!(config.spool.path, PathBuf::from("/var/lib/telepost/spool.db"));
    assert_eq!(config.listeners[0].hostname, "sms.example.com");
    assert_eq!(config.gateways[0].password.expose_secret(), "telepost");
    assert_eq!(config.address.routes[0].gateways, ["smsitaly"]);
    assert_eq!(config.message, crate::message::Settings::default());
    assert_eq!(config.delivery, crate::delivery::Settings::default());
    assert_eq!(config.bounce.from.to_string(), "postmaster@sms.example.com");
    assert_eq!(config.intake().media["smsitaly"], config.gateways[0].medium);
}

#[test]
fn values_are_taken_in_all_their_forms() {
    let table = [
        (r#"keep = "90s""#, "spool", r#"keep = "90s""#),
        (r#"from = '"a \" b"@example.com'"#, "bounce", r#"from = '"a \" b"@example.com'"#),
        (r#"keep = "7200s""#, "spool", r#"keep = "2h""#),
        (r#"dedup_window = "0s""#, "spool", r#"dedup_window = "0s""#),
        (r#"retry = ["60s", "14d"]"#, "delivery", r#"retry = ["1m", "2w"]"#),
        (r#"max_message_size = "10MiB""#, "[listener]", r#"max_message_size = "10MiB""#),
        (r#"max_message_size = "2500KB""#, "[listener]", r#"max_message_size = "2500KB""#),
        (r#"max_message_size = "1000000B""#, "[listener]", r#"max_message_size = "1MB""#),
        (r#"rate = "20/h""#, "[gateway]", r#"rate = "20/h""#),
        ("port = 0x19", "[gateway]", "port = 25"),
        ("low_credit = 1_000", "[gateway]", "low_credit = 1000"),
        (r#"trusted = ["10.0.0.0/8", "192.0.2.1/32", "fc00::/7"]"#, "[listener]", r#""192.0.2.1", "fc00::/7"]"#),
        (r#"relay = "[::1]:2525""#, "bounce", r#"relay = "[::1]:2525""#),
        (r#"relay = "MAIL.example.com.:25""#, "bounce", r#"relay = "mail.example.com:25""#),
        (r#"from = "Ops@Example.COM""#, "bounce", r#"from = "Ops@example.com""#),
        (r#""on call" = []"#, "spool", ""),
        (r#"OnCall = ["+447731234567"]"#, "aliases", r#"OnCall = ["+447731234567"]"#),
        (r#""on.call" = ["+447731234567"]"#, "aliases", r#""on.call" = ["+447731234567"]"#),
        (r#"country_code = "39""#, "numbers", r#"country_code = "39""#),
        (r#"per_number = "20/h""#, "limits", r#"per_number = "20/h""#),
        (r#"zone = "Europe/Rome""#, "limits", r#"zone = "Europe/Rome""#),
        (r#""+39" = "7/m""#, "limits.per_prefix", r#""+39" = "7/m""#),
        (r#"cut_from = ['(?i)^-{3,}\s', "a\\b"]"#, "message", r#"cut_from = ['(?i)^-{3,}\s', 'a\b']"#),
        (r#"ellipsis = """#, "message", r#"ellipsis = """#),
        (r#"template = "{{{body}}}""#, "message", r#"template = "{{{body}}}""#),
    ];
    for (line, section, written) in table {
        let header = format!("[{section}]\n");
        let text = match LEAST.contains(&header) {
            true => LEAST.replace(&header, &format!("{header}{line}\n")),
            false => format!("{LEAST}{header}{line}\n"),
        };
        match (examine_text(&text), written) {
            (Err(_), "") => {}
            (result, written) => {
                let effective = result.unwrap().effective;
                assert!(!written.is_empty() && effective.contains(written), "{line}\n{effective}");
            }
        }
    }
}

#[test]
fn limits_and_quiet_hours_are_what_the_gate_is_told() {
    let text = format!(
        "{LEAST}{}",
        r#"
        [aliases]
        oncall = ["+447731234567", "+393331234567"]
        [limits]
        per_number = "20/h"
        per_day = 5000
        reserve = 500
        on_limit = "digest"
        zone = "Europe/Rome"
        [limits.per_prefix]
        "+39" = "1000/d"
        [[quiet]]
        numbers = ["+15551234567"]
        aliases = ["OnCall"]
        from = "22:00"
        to = "07:30"
        zone = "Europe/London"
        "#
    );
    let limits = examine_text(&text).unwrap().config.spool.limits;
    let per_number = limits.per_number.unwrap();
    assert_eq!((per_number.parts, per_number.per.as_secs()), (20, 3600));
    assert_eq!((limits.per_sender, limits.per_day, limits.per_month, limits.reserve), (None, Some(5000), None, 500));
    assert_eq!((limits.on_limit, limits.zone.iana_name()), (crate::limits::OnLimit::Digest, Some("Europe/Rome")));
    assert_eq!((&*limits.per_prefix[0].prefix, limits.per_prefix[0].allowance.parts), ("+39", 1000));
    let quiet = &limits.quiet[0];
    let numbers: Vec<_> = quiet.numbers.iter().map(|number| number.as_str()).collect();
    assert_eq!(numbers, ["+15551234567", "+447731234567", "+393331234567"]);
    assert_eq!((quiet.from.to_string(), quiet.to.to_string()), ("22:00:00".to_owned(), "07:30:00".to_owned()));
    assert_eq!(quiet.zone.iana_name(), Some("Europe/London"));
}

#[test]
fn without_limits_there_are_none() {
    assert_eq!(*examine_text(LEAST).unwrap().config.spool.limits, crate::limits::Settings::default());
}

#[test]
fn the_effective_configuration_says_the_same() {
    let shown = |text: &str| {
        let Checked { config, effective, .. } = examine_text(text).unwrap();
        (everything(&config), effective)
    };
    let rich = shipped::uncommented("password_env").replace("SMSITALY_PASSWORD", "CARGO_PKG_NAME");
    for text in
        [LEAST, &rich, &changed("bind = \"127.0.0.1:2525\"", "bind = \"unix:/run/lmtp.sock\"\nprotocol = \"lmtp\"")]
    {
        let (config, effective) = shown(text);
        assert_eq!(shown(&effective), (config, effective.clone()), "{effective}");
    }
}

#[test]
fn the_effective_configuration_has_every_default() {
    insta::assert_snapshot!(examine_text(LEAST).unwrap().effective);
}

#[test]
fn no_secret_is_ever_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("password"), "hunter2\r\n").unwrap();
    let text = changed("password_env = \"CARGO_PKG_NAME\"", "password_file = \"password\"");
    let checked = examine(Path::new("telepost.toml"), folder.path(), &text, Depth::Configuration).unwrap();
    assert_eq!(checked.config.gateways[0].password.expose_secret(), "hunter2");
    assert!(!format!("{checked:?}{}", checked.warnings).contains("hunter2"));
    for line in ["password = \"hunter2\"", "\"password\"= 'hunter2'", "passwort = \"hunter2\"\npassword=\"hunter2"] {
        let problems = examine_text(&changed("password_env = \"CARGO_PKG_NAME\"", line)).unwrap_err();
        assert!(!format!("{problems}{problems:?}").contains("hunter2"), "{problems}");
    }
    for (old, new) in [
        ("sqlite:/var/lib/telepost/spool.db", "postgres://telepost:hunter2@db/telepost"),
        ("sqlite:/var/lib/telepost/spool.db", "sqlite://telepost:hunter2@db/telepost"),
        ("smtp.smsitaly.com", "smtp://myuserid:hunter2@smtp.smsitaly.com"),
        ("password_env = \"CARGO_PKG_NAME\"", "password = \"\"\"\nhunter2\n"),
    ] {
        let problems = examine_text(&changed(old, new)).unwrap_err();
        assert!(!format!("{problems}{problems:?}").contains("hunter2"), "{problems}");
    }
}

#[test]
fn a_file_that_everybody_may_read_is_no_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "hunter2").unwrap();
    for (mode, warnings) in [(0o644, 1), (0o640, 0), (0o600, 0)] {
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        let text = changed("password_env = \"CARGO_PKG_NAME\"", "password_file = \"password\"");
        let checked = examine(Path::new("telepost.toml"), folder.path(), &text, Depth::Configuration).unwrap();
        assert_eq!(checked.warnings.len(), warnings, "{mode:o}");
    }
}

#[test]
fn domains_are_whatever_the_door_takes() {
    let text = changed("[\"sms.example.com\"]", "[\"SMS.Example.com.\", \"Bücher.example\", \"[192.0.2.1]\"]");
    let checked = examine_text(&text).unwrap();
    assert_eq!(checked.config.address.domains, ["sms.example.com", "bücher.example", "[192.0.2.1]"]);
    assert_eq!(examine_text(&checked.effective).unwrap().config.address, checked.config.address);
}

#[test]
fn relative_paths_start_at_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telepost.toml");
    std::fs::write(&path, changed("sqlite:/var/lib/telepost/spool.db", "sqlite:spool.db")).unwrap();
    assert_eq!(load(&path).unwrap().spool.path, folder.path().join("spool.db"));
}

proptest! {
    #[test]
    fn no_text_panics(text in "[a-z\\[\\]=\"'. \n{}0-9#,é\\\\\u{0}]{0,80}") {
        if let Err(problems) = examine_text(&text) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.to_string().contains("error"));
        }
    }

    #[test]
    fn no_damage_panics(at in 0..LEAST.len(), length in 0..40usize, put in "[\\PC\n]{0,10}") {
        let end = (at + length).min(LEAST.len());
        let text = format!("{}{put}{}", &LEAST[..at], &LEAST[end..]);
        match examine_text(&text) {
            Ok(checked) => {
                let again = examine_text(&checked.effective).unwrap();
                prop_assert_eq!(everything(&again.config), everything(&checked.config));
            }
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.to_string().contains("error: "));
            }
        }
    }

    #[test]
    fn units_say_the_same_when_written(number in 1..100_000u32, unit in "[smhdw]", size in "[KM]i?B", per in "[smhd]") {
        let text = changed("[numbers]", &format!("max_message_size = \"{number}{size}\"\n[numbers]"))
            .replace("[[gateway]]", &format!("[[gateway]]\nrate = \"{number}/{per}\""))
            .replace("[numbers]", &format!("[delivery]\nretry = [\"1s\"]\nexpire = \"{number}{unit}\"\n[numbers]"));
        if let Ok(checked) = examine_text(&text) {
            let again = examine_text(&checked.effective).unwrap();
            prop_assert_eq!(everything(&again.config), everything(&checked.config));
        }
    }
}
