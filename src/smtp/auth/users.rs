//! Reads the users file: `name:hash` on each line, and behind another colon what the user may send.
//!
//! ```text
//! # name:hash[:option=value …]
//! helpdesk:$argon2id$v=19$m=19456,t=2,p=1$…$…
//! monitoring:$argon2id$…:senders=NAGIOS,ALERTS numbers=+39,+44
//! shop:$argon2id$…:credits=1000 account=77
//! ```
//!
//! Pure. `senders` are the sender IDs that the user may use, `numbers` the prefixes it may write to; without them, all.
//! `credits` and `account` are what the gateway's dialect tells after a login; nothing here counts credits down.
//! One bad line makes the whole file unusable: a file that is half in force would be a riddle.

use std::collections::HashMap;
use std::sync::Arc;

use super::password::Hash;
use crate::smtp::permit::{Allowed, Permit};

/// What the dialect tells about an account of which the file says nothing: enough for programs that look before they
/// send.
const PLENTY: u64 = 1_000_000;

/// One user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::smtp) struct User {
    pub name: String,
    pub permit: Permit,
    /// Told after a login in the gateway's dialect.
    pub credits: u64,
    pub account: String,
}

/// All users of one file.
#[derive(Clone, Debug, Default)]
pub(super) struct Users {
    by_name: HashMap<String, (Hash, Arc<User>)>,
    /// Some user's hash, to be worked on when a name is unknown, so that the time of an answer tells nothing.
    decoy: Option<Hash>,
}

impl Users {
    /// Reads the file's text. The error names the line and is a sentence for the operator.
    pub(super) fn parse(text: &[u8]) -> Result<Users, String> {
        let text = str::from_utf8(text).map_err(|_| "the file is not UTF-8".to_owned())?;
        let mut users = Users::default();
        for (n, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let at = |error: &str| format!("line {}: {error}", n + 1);
            let (hash, user) = user(line).map_err(|error| at(&error))?;
            users.decoy.get_or_insert_with(|| hash.clone());
            let name = user.name.clone();
            if users.by_name.insert(name, (hash, Arc::new(user))).is_some() {
                return Err(at("the name stands in the file twice"));
            }
        }
        Ok(users)
    }

    /// The user of that name with the hash of its password.
    pub(super) fn get(&self, name: &str) -> Option<&(Hash, Arc<User>)> {
        self.by_name.get(name)
    }

    /// A hash to work on for a name that is unknown; `None` when all are.
    pub(super) fn decoy(&self) -> Option<&Hash> {
        self.decoy.as_ref()
    }
}

fn user(line: &str) -> Result<(Hash, User), String> {
    let mut parts = line.splitn(3, ':');
    let (Some(name), Some(hash)) = (parts.next(), parts.next()) else {
        return Err("expected name:hash".to_owned());
    };
    if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("a name is not empty and has no spaces".to_owned());
    }
    let hash = Hash::parse(hash)?;
    let mut user = User { name: name.into(), permit: Permit::default(), credits: PLENTY, account: name.into() };
    for option in parts.next().unwrap_or_default().split_ascii_whitespace() {
        set(&mut user, option)?;
    }
    Ok((hash, user))
}

fn set(user: &mut User, option: &str) -> Result<(), String> {
    let values = |value: &str| value.split(',').map(str::to_owned).collect::<Vec<_>>();
    match option.split_once('=') {
        Some((_, "")) => Err(format!("{option} has no value")),
        Some(("senders", value)) => {
            user.permit.senders = Allowed::Only(values(value));
            Ok(())
        }
        Some(("numbers", value)) => {
            let prefixes = values(value);
            if let Some(wrong) = prefixes.iter().find(|prefix| !is_prefix(prefix)) {
                return Err(format!("{wrong:?} is no prefix: write + and digits, such as +39"));
            }
            user.permit.numbers = Allowed::Only(prefixes);
            Ok(())
        }
        Some(("credits", value)) => {
            user.credits = value.parse().map_err(|_| format!("{value:?} is no number of credits"))?;
            Ok(())
        }
        Some(("account", value)) => {
            user.account = value.to_owned();
            Ok(())
        }
        _ => Err(format!("unknown option {option:?}: there are senders, numbers, credits and account")),
    }
}

fn is_prefix(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::password::cheap_hash;
    use super::*;

    fn only(words: &[&str]) -> Allowed {
        Allowed::Only(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn names_hashes_and_options_are_read() {
        let hash = cheap_hash("secret");
        let text = format!(
            "# users\n\njoe:{hash}\r\n  ann:{hash}: numbers=+39,+44  senders=ALERTS,+39333 \nshop:{hash}:credits=12 account=A-7:b\n"
        );
        let users = Users::parse(text.as_bytes()).unwrap();
        let user = |name: &str| User::clone(&users.get(name).unwrap().1);
        let joe = User { name: "joe".into(), permit: Permit::default(), credits: PLENTY, account: "joe".into() };
        assert_eq!(user("joe"), joe);
        let permit = Permit { numbers: only(&["+39", "+44"]), senders: only(&["ALERTS", "+39333"]) };
        assert_eq!(user("ann").permit, permit);
        assert_eq!((user("shop").credits, user("shop").account), (12, "A-7:b".into()));
        assert!(users.get("Joe").is_none());
        assert!(users.decoy().is_some());
        assert!(Users::parse(b"").unwrap().decoy().is_none());
    }

    #[test]
    fn a_bad_line_is_named() {
        let hash = cheap_hash("secret");
        let none = "the hash is no Argon2 hash: `telepost hash-password` makes them";
        let table = [
            ("joe".to_owned(), "expected name:hash".to_owned()),
            (format!(":{hash}"), "a name is not empty and has no spaces".into()),
            (format!("j e:{hash}"), "a name is not empty and has no spaces".into()),
            ("joe:secret".into(), none.into()),
            (format!("joe:{hash}:credits=lots"), "\"lots\" is no number of credits".into()),
            (format!("joe:{hash}:numbers=39"), "\"39\" is no prefix: write + and digits, such as +39".into()),
            (format!("joe:{hash}:senders="), "senders= has no value".into()),
            (
                format!("joe:{hash}:admin"),
                "unknown option \"admin\": there are senders, numbers, credits and account".into(),
            ),
            (format!("joe:{hash}\njoe:{hash}"), "the name stands in the file twice".into()),
        ];
        for (lines, error) in table {
            let text = format!("# one\n{lines}\n");
            let line = text.lines().count();
            assert_eq!(Users::parse(text.as_bytes()).unwrap_err(), format!("line {line}: {error}"));
        }
        assert!(Users::parse(b"\xff").is_err());
    }
}
