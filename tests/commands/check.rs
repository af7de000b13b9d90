//! `telepost check`: good or not, every error at once, and the configurations that come with telepost.

use std::path::Path;

use super::run;
use crate::support::house::{Config, House};
use crate::support::keys::Keys;
use crate::support::simulator::PASSWORD;

#[test]
fn a_good_configuration_passes_and_can_be_shown_without_its_secrets() {
    let house = House::closed(&Config::default(), &[]);
    house.run("check").exits_with(0);
    let shown = house.run("check --print").exits_with(0).stdout;
    for wanted in ["sms.example.com", "ALERTS", "NAGIOS", "oncall", "{subject}: {body}", "10MB", "on_unknown"] {
        assert!(shown.contains(wanted), "{wanted} is missing in:\n{shown}");
    }
    assert!(!shown.contains(PASSWORD), "the password is shown:\n{shown}");
    // What it prints is a configuration: it reads back to the same.
    let again = house.folder().join("again.toml");
    std::fs::write(&again, &shown).unwrap();
    assert_eq!(run(&format!("check --print -c {}", again.display())).exits_with(0).stdout, shown);
}

#[test]
fn a_bad_one_fails_with_every_error_at_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("telepost.toml");
    let wrong = [
        ("bind = \"nowhere\"", "bind"),
        ("country_code = \"x\"", "country_code"),
        ("boss = [\"12\"]", "boss"),
        ("default = \"much too long for one\"", "default"),
        ("template = \"{nonsense}\"", "template"),
        ("retry = [\"soon\"]", "retry"),
        ("colour = \"red\"", "colour"),
    ];
    let source = format!(
        "hostname = \"sms.example.com\"\n[spool]\nurl = \"sqlite:/tmp/x.db\"\n[[listener]]\nprotocol = \"smtp\"\n{}\n\
         [numbers]\ndomains = [\"sms.example.com\"]\n{}\n[aliases]\n{}\n[sender]\n{}\n[message]\n{}\n[delivery]\n{}\n{}\n",
        wrong[0].0, wrong[1].0, wrong[2].0, wrong[3].0, wrong[4].0, wrong[5].0, wrong[6].0
    );
    std::fs::write(&file, &source).unwrap();
    let said = run(&format!("check -c {}", file.display())).exits_with(2);
    for (line, key) in wrong {
        let number = source.lines().position(|found| found == line).unwrap() + 1;
        let place = format!("telepost.toml:{number}");
        assert!(said.stderr.contains(&place), "{place} ({key}) is missing in:\n{}", said.stderr);
        assert!(said.stderr.contains(key), "{key} is missing in:\n{}", said.stderr);
    }
    assert_eq!(said.stdout, "");
}

#[test]
fn a_route_to_no_gateway_and_a_missing_password_are_found() {
    let house = House::closed(&Config::default(), &[]);
    let source = std::fs::read_to_string(house.config_file()).unwrap();
    for (good, bad, word) in [
        ("gateways = [\"simulated\"]", "gateways = [\"nothere\"]", "nothere"),
        ("password_file = \"", "password_file = \"/nonexistent", "/nonexistent"),
        ("url = \"sqlite:", "url = \"floppy:", "floppy"),
        ("protocol = \"smsitaly\"", "protocol = \"pigeon\"", "pigeon"),
    ] {
        std::fs::write(house.config_file(), source.replace(good, bad)).unwrap();
        let said = house.run("check").exits_with(2);
        assert!(said.stderr.contains(word), "{word} is missing in:\n{}", said.stderr);
    }
    std::fs::write(house.config_file(), "hostname = \n").unwrap();
    let said = house.run("check").exits_with(2);
    assert!(said.stderr.contains("telepost.toml:1"), "{}", said.stderr);
}

#[test]
fn the_configurations_that_come_with_telepost_are_good() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["telepost.toml", "minimal.toml"] {
        let source = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("conf").join(name)).unwrap();
        // Files that an administrator is to make.
        let mut here = source.clone();
        for file in source.split('"').filter(|word| word.starts_with("/etc/telepost/")) {
            let made = folder.path().join(file.rsplit('/').next().unwrap());
            std::fs::write(&made, "secret\n").unwrap();
            here = here.replace(file, made.to_str().unwrap());
        }
        let copy = folder.path().join(name);
        std::fs::write(&copy, here).unwrap();
        run(&format!("check -c {}", copy.display())).exits_with(0);
    }
}

/// What `serve` could not open, `check` calls wrong, with the file, the key and the reason.
#[test]
fn files_that_a_listener_could_not_use_are_found() {
    let keys = Keys::make("");
    let config = Config { listener: keys.listener("smtp", "required"), ..Config::default() };
    let house = House::closed(&config, &[]);
    house.run("check").exits_with(0);
    let (good, other) = (|name: &str| std::fs::read_to_string(keys.path(name)).unwrap(), Keys::make(""));
    let [certificate, key, users] = ["certificate.pem", "key.pem", "users"].map(good);
    let foreign_key = std::fs::read_to_string(other.path("key.pem")).unwrap();
    let table = [
        ("certificate.pem", "certificate", None, "No such file"),
        ("certificate.pem", "certificate", Some("secret words"), "no certificate in the file"),
        ("certificate.pem", "certificate", Some(&certificate[..100]), "not readable"),
        ("key.pem", "key", None, "No such file"),
        ("key.pem", "key", Some(&certificate), "not readable"),
        ("key.pem", "key", Some(&foreign_key), "not the key of the certificate"),
        ("users", "users", None, "No such file"),
        ("users", "users", Some("helpdesk:secret words\n"), "line 1: the hash is no Argon2 hash"),
        ("users", "users", Some("# staff\nhelpdesk\n"), "line 2: expected name:hash"),
    ];
    for (name, key_name, content, reason) in table {
        let file = keys.path(name);
        match content {
            Some(content) => std::fs::write(&file, content).unwrap(),
            None => std::fs::remove_file(&file).unwrap(),
        }
        let said = house.run("check").exits_with(2).stderr;
        let place = format!("telepost.toml:{}", line_of(&house, &format!("{key_name} = \"{}\"", file.display())));
        for wanted in [&format!("listener.{key_name}: {}", file.display()), reason, &place] {
            assert!(said.contains(wanted), "{wanted} is missing in:\n{said}");
        }
        assert!(!said.contains("secret words"), "{said}");
        // serve says the same, and a command that has no use for the files does not mind.
        let served = house.run("serve").exits_with(1).stderr;
        assert!(served.contains(reason) && served.contains(file.to_str().unwrap()), "{served}");
        house.run("queue list").exits_with(0);
        for (name, content) in [("certificate.pem", &certificate), ("key.pem", &key), ("users", &users)] {
            std::fs::write(keys.path(name), content).unwrap();
        }
    }
    // Each listener's files are told at once.
    std::fs::remove_file(keys.path("key.pem")).unwrap();
    std::fs::remove_file(keys.path("users")).unwrap();
    let said = house.run("check").exits_with(2).stderr;
    assert!(said.contains("listener.key: ") && said.contains("listener.users: "), "{said}");
}

/// The number of a line of the house's configuration.
fn line_of(house: &House, line: &str) -> usize {
    let source = std::fs::read_to_string(house.config_file()).unwrap();
    source.lines().position(|found| found == line).expect(line) + 1
}
