//! Configurations that are not good, and what is said of them.

use super::*;
use crate::config::problem::MAX_SHOWN;

#[test]
fn all_problems_are_told_at_once() {
    let text = r#"hostname = "sms example"
spol = 1

[spool]
url = "postgres://telepost@db/telepost"
keep = "30x"

[[listener]]
protocol = "smpt"
bind = "localhost"
trusted = ["0.0.0.0/0", "10.1.2.3/8", 5]
max_connections = 0

[numbers]
domains = []
country_code = 39

[[gateway]]
name = "smsitaly"
pasword_file = "/etc/telepost/password"

[[route]]
gateways = ["smsitaly", "other"]

[[rule]]
action = "drop"
"#;
    insta::assert_snapshot!(examine_text(text).unwrap_err());
}

#[test]
fn a_file_that_is_no_toml() {
    insta::assert_snapshot!(examine_text("[spool\nurl = \"sqlite:/x\nkeep = 30d\n").unwrap_err());
}

#[test]
fn an_empty_file() {
    insta::assert_snapshot!(examine_text("hostname = \"sms.example.com\"").unwrap_err());
}

const URL: &str = "url = \"sqlite:/var/lib/telepost/spool.db\"";
const BIND: &str = "bind = \"127.0.0.1:2525\"";
const DOMAINS: &str = "domains = [\"sms.example.com\"]";
const DEFAULT: &str = "default = \"ALERTS\"";
const NAME: &str = "name = \"smsitaly\"";
const PASSWORD: &str = "password_env = \"CARGO_PKG_NAME\"";

/// A second gateway that no route knows.
const UNUSED: &str = r#"[[route]]
gateways = ["smsitaly"]
[[gateway]]
name = "spare"
host = "192.0.2.1"
username = "u"
password_env = "CARGO_PKG_NAME"
[numbers]"#;

/// Lines of the good configuration, and what stands there instead.
const TABLE: &[(&str, &str)] = &[
    (URL, "url = \"sqlite://host/path\""),
    (URL, "url = \"mysql://u:p@h/d\""),
    (URL, "url = true"),
    (URL, "url = \"sqlite:/x\"\nkeep = \"11000w\""),
    (URL, "url = \"sqlite:/x\"\nkeep = 30"),
    (URL, "url = \"sqlite:/x\"\nkeep = \"-1d\""),
    (BIND, "bind = \"unix:lmtp.sock\""),
    (BIND, "bind = \"127.0.0.1:2525\"\n[[listener]]\nbind = \"127.0.0.1:2525\""),
    (BIND, "bind = \"0.0.0.0:25\"\ntrusted = []"),
    (BIND, "bind = \"0.0.0.0:25\"\ntrusted = [\"::/0\"]"),
    (BIND, "bind = \"0.0.0.0:25\"\ntrusted = [\"::ffff:10.0.0.0/104\"]"),
    (BIND, "bind = \"127.0.0.1:2525\"\ntrusted = \"::1\""),
    (BIND, "bind = \"127.0.0.1:2525\"\ntls = \"starttls\"\ncertificate = \"x\"\nkey = \"y\"\nusers = \"z\""),
    (BIND, "bind = \"127.0.0.1:2525\"\nprotocol = \"esmtp\""),
    (BIND, "bind = \"127.0.0.1:2525\"\nprotocol = \"milter\"\ntrusted = []\nusers = \"z\""),
    (BIND, "bind = \"127.0.0.1:2525\"\nmax_message_size = 10"),
    (BIND, "bind = \"127.0.0.1:2525\"\nmax_message_size = \"0MB\""),
    (BIND, "bind = \"127.0.0.1:2525\"\nmax_recipients = 1.5"),
    (BIND, "bind = \"127.0.0.1:2525\"\nmax_conections = 5"),
    (DOMAINS, "domains = [\"a b\", \"c..d\"]"),
    (DOMAINS, "domains = [\"a.example\"]\ncountry_code = \"0039\""),
    (DOMAINS, "domains = [\"a.example\"]\nallow = [\"39\", \"+x\"]"),
    (DOMAINS, "domains = [\"a.example\"]\n[aliases]\noncall = []\n\"a@b\" = [\"+447731234567\"]"),
    (DOMAINS, "domains = [\"a.example\"]\n[aliases]\noncall = [\"+44\", \"0044773123\"]"),
    (DOMAINS, "domains = [\"a.example\"]\n[aliases]\na = [\"+447731234567\"]\nA = [\"+447731234567\"]"),
    (DEFAULT, "default = \"TOO LONG FOR IT\""),
    (DEFAULT, "default = \"ALERTS\"\n[[sender.map]]\nfrom = \"\"\nid = \"Ä\""),
    (DEFAULT, "default = \"ALERTS\"\n[sender.map]\nfrom = \"a\""),
    (DEFAULT, "default = \"ALERTS\"\n[message]\ntemplate = \"{subjct}\"\nmax_parts = 3"),
    (DEFAULT, "default = \"ALERTS\"\n[message]\ntemplate = \" \"\noverflow = \"split\""),
    (DEFAULT, "default = \"ALERTS\"\n[message]\nend_marks = [\"\"]\ncut_from = [\"(\", \"\", \"a{1000000}\"]"),
    (DEFAULT, "default = \"ALERTS\"\n[message]\nellipsis = \"\\u0007\""),
    (NAME, "name = \"sms italy\""),
    (NAME, "name = \"smsitaly\"\nprotocol = \"smpp\""),
    (NAME, "name = \"smsitaly\"\nport = 70000"),
    (NAME, "name = \"smsitaly\"\nrate = \"10\""),
    (NAME, "name = \"smsitaly\"\nrate = \"0/s\""),
    (NAME, "name = \"smsitaly\"\nmax_length = 3"),
    (NAME, "name = \"smsitaly\"\ncharset = \"utf-8\""),
    (PASSWORD, "password = \"hunter2\""),
    (PASSWORD, ""),
    (PASSWORD, "password_file = \"/nonexistent/password\""),
    (PASSWORD, "password_file = \"/\""),
    (PASSWORD, "password_env = \"TELEPOST_NO_SUCH_VARIABLE\""),
    (PASSWORD, "password_env = \"CARGO_PKG_NAME\"\npassword_file = \"x\""),
    ("[spool]", "[[spool]]"),
    ("[[gateway]]", "[gateway]"),
    ("[numbers]", "[delivery]\nretry = []\n[numbers]"),
    ("[numbers]", "[delivery]\nretry = [\"0s\"]\n[numbers]"),
    ("[numbers]", "[delivery]\nretry = [\"5m\"]\nexpire = \"1m\"\n[numbers]"),
    ("[numbers]", "[bounce]\nrelay = \"127.0.0.1\"\nfrom = \"postmaster\"\nnotify = [\"a b\"]\n[numbers]"),
    ("[numbers]", "[[route]]\ngateways = []\n[numbers]"),
    ("[numbers]", "[[route]]\nprefix = \"39\"\ngateways = [\"smsitaly\", \"smsitaly\"]\n[numbers]"),
    ("[numbers]", "[[route]]\n[[route]]\n[numbers]"),
    ("[numbers]", "[limits]\non_limit = \"hold\"\n[admin]\n[numbers]"),
    ("[numbers]", "[limits]\nper_number = \"20\"\nper_day = 0\nzone = \"Rome\"\non_limit = \"drop\"\n[numbers]"),
    ("[numbers]", "[limits]\nper_day = 500\nreserve = 500\n[numbers]"),
    ("[numbers]", "[limits]\nreserve = 500\n[limits.per_prefix]\n39 = \"5/d\"\n\"+44\" = 5\n[numbers]"),
    ("[numbers]", "[[quiet]]\nnumbers = [\"oncall\"]\naliases = [\"oncall\"]\nfrom = \"22\"\nto = \"7:00\"\n[numbers]"),
    ("[numbers]", "[[quiet]]\nfrom = \"07:00\"\nto = \"07:00\"\nzone = \"UTC\"\n[numbers]"),
    ("[numbers]", UNUSED),
    ("[numbers]", "[[gateway]]\nname = \"smsitaly\"\n[numbers]"),
    ("[numbers]", "[numbers]\ncertificat = 1"),
    (BIND, "bind = \"unix:/run/x.sock\"\ntrusted = [\"::1\"]"),
    ("[numbers]", "[quiet]\n[numbers]"),
    ("[numbers]", "[[rule]]\nname = \"Störung\"\nmatch = 1\n[numbers]"),
    ("[numbers]", "[[rule]]\nmatch.sender = \"a\"\nmatch.subject = \"/(/\"\nmatch.from = \"/a\"\n[numbers]"),
    ("[numbers]", "[[rule]]\nmatch.header = \"a\"\nmatch.body = \"/a/g\"\naction = \"deny\"\n[numbers]"),
    ("[numbers]", "[[rule]]\nmatch.body = \"/(?<a>x)/\"\ntemplate = \"{b}\"\nkey = \" \"\n[numbers]"),
    ("[numbers]", "[[rule]]\nreason = \"no\"\nresolves = true\ngateways = []\npriority = \"high\"\n[numbers]"),
    ("[numbers]", "[[rule]]\naction = \"refuse\"\nreason = \"\"\ngateways = [\"other\"]\nsender = \"\"\n[numbers]"),
    ("[numbers]", "[[rule]]\naction = \"drop\"\nring = [\"oncall\", \"+44x\"]\n[numbers]"),
    ("[numbers]", "[[rule]]\nmax_parts = 3\nexpire = 1\n[[rule]]\nstrip_quotes = false\n[numbers]"),
    (
        "[spool]",
        "include = [\"/nonexistent/a.toml\", \"/nonexistent/*/b.toml\", \"/nonexistent/*.toml\", \"\"]\n[spool]",
    ),
];

#[test]
fn one_thing_wrong() {
    let shown = TABLE.iter().map(|(old, new)| {
        let told = told(&changed(old, new)).into_iter().map(|line| format!("  => {line}\n"));
        format!("{new}\n{}", told.collect::<String>())
    });
    insta::assert_snapshot!(shown.collect::<Vec<_>>().join("\n"));
}

#[test]
fn lists_without_sections_in_them() {
    let text =
        "hostname = \"[192.0.2.1]\"\nlistener = []\nroute = []\ngateway = [1]\nspool = \"sqlite:/x\"\nrule = 1\n";
    insta::assert_snapshot!(told(text).join("\n"));
}

#[test]
fn every_key_of_the_manual_is_taken_or_refused_in_plain_words() {
    let text = include_str!("manual.toml");
    insta::assert_snapshot!(told(text).join("\n"));
}

#[test]
fn common_slips_of_the_pen() {
    let table = [
        "keep = 30d",
        "keep = \"30d",
        "keep \"30d\"",
        "keep: \"30d\"",
        "keep =",
        "keep = '30d' dedup_window = '1h'",
        "keep = “30d”",
        "keep = \"30d\"\nkeep = \"1d\"",
        "keep = [\"30d\"",
        "path = \"C:\\spool\"",
        "[[spool]",
        "; keep = 1",
    ];
    let shown = table.map(|line| format!("{line}\n{}\n", told(&format!("[spool]\n{line}\n[numbers]\n")).join("\n")));
    insta::assert_snapshot!(shown.join("\n"));
}

#[test]
fn a_file_full_of_problems_does_not_flood_the_screen() {
    let text = format!("{LEAST}[numbers.x]\n{}", "[[quiet]]\n= ] \n".repeat(2_000));
    let problems = examine_text(&text).unwrap_err();
    assert!(problems.len() > MAX_SHOWN);
    assert!(problems.to_string().contains(&format!("... and {} more", problems.len() - MAX_SHOWN)));
}

#[test]
fn a_file_that_is_not_there_or_no_text() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("telepost.toml");
    let said = |path: &Path| load(path).unwrap_err().to_string().replace(path.to_str().unwrap(), "FILE");
    assert!(said(&path).starts_with("error: can't be read: No such file"), "{}", said(&path));
    std::fs::write(&path, b"a = 1\nb = \"\xff\"\n").unwrap();
    assert!(said(&path).starts_with("error: line 2 is not UTF-8"), "{}", said(&path));
    std::fs::write(&path, vec![b'#'; 1 << 21]).unwrap();
    assert!(said(&path).contains("more than 1048576 bytes"), "{}", said(&path));
}
