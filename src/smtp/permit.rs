//! What a client may send: to which numbers, and under which sender IDs.
//!
//! Pure. A listener has a permit and a user may have one; both must allow. The door asks for the sender ID where a
//! client names one; which number a mailbox means only the address book knows, so the permit goes along to the
//! reception.

/// A choice from all there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Allowed {
    #[default]
    All,
    /// These, and nothing when there are none.
    Only(Vec<String>),
}

impl Allowed {
    /// All when `choice` is empty, as the configuration writes it.
    pub fn of(choice: Vec<String>) -> Allowed {
        if choice.is_empty() { Allowed::All } else { Allowed::Only(choice) }
    }

    /// What both allow, when `narrower` tells of two choices which one lies within the other.
    fn and(&self, other: &Allowed, narrower: impl Fn(&str, &str) -> Option<String>) -> Allowed {
        match (self, other) {
            (Allowed::All, allowed) | (allowed, Allowed::All) => allowed.clone(),
            (Allowed::Only(mine), Allowed::Only(others)) => {
                let narrower = &narrower;
                let pairs = mine.iter().flat_map(|one| others.iter().filter_map(move |other| narrower(one, other)));
                Allowed::Only(pairs.collect())
            }
        }
    }
}

/// What one client may send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permit {
    /// Prefixes of numbers in international form, such as `+39`.
    pub numbers: Allowed,
    /// Sender IDs.
    pub senders: Allowed,
}

impl Permit {
    /// Whether an SMS may go to `number`, which is written `+` and digits.
    pub fn may_write(&self, number: &str) -> bool {
        match &self.numbers {
            Allowed::All => true,
            Allowed::Only(prefixes) => prefixes.iter().any(|prefix| number.starts_with(prefix.as_str())),
        }
    }

    /// Whether an SMS may be signed with `sender`.
    pub fn may_sign(&self, sender: &str) -> bool {
        match &self.senders {
            Allowed::All => true,
            Allowed::Only(senders) => senders.iter().any(|allowed| is_same_sender(allowed, sender)),
        }
    }

    /// The sender ID for an SMS whose sender did not choose one: `usual`, or the first allowed one when that is not.
    /// `None`: none is allowed.
    pub fn signature<'a>(&'a self, usual: &'a str) -> Option<&'a str> {
        match &self.senders {
            _ if self.may_sign(usual) => Some(usual),
            Allowed::All => Some(usual),
            Allowed::Only(senders) => senders.first().map(String::as_str),
        }
    }

    /// What both permits allow.
    pub fn and(&self, other: &Permit) -> Permit {
        let prefix = |one: &str, other: &str| match (one.starts_with(other), other.starts_with(one)) {
            (true, _) => Some(one.to_owned()),
            (_, true) => Some(other.to_owned()),
            _ => None,
        };
        let same = |one: &str, other: &str| is_same_sender(one, other).then(|| one.to_owned());
        Permit { numbers: self.numbers.and(&other.numbers, prefix), senders: self.senders.and(&other.senders, same) }
    }
}

/// Telephones show a number with its plus sign or without, and letters as they were written.
fn is_same_sender(one: &str, other: &str) -> bool {
    let bare = |id: &str| id.strip_prefix('+').unwrap_or(id).to_ascii_lowercase();
    bare(one) == bare(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(words: &[&str]) -> Allowed {
        Allowed::Only(words.iter().map(|word| (*word).to_owned()).collect())
    }

    #[test]
    fn numbers_are_allowed_by_prefix() {
        let permit = Permit { numbers: only(&["+39", "+447"]), ..Permit::default() };
        for (number, expected) in [("+393331234567", true), ("+447731234567", true), ("+442071234567", false)] {
            assert_eq!(permit.may_write(number), expected, "{number}");
            assert!(Permit::default().may_write(number));
        }
    }

    #[test]
    fn senders_are_allowed_by_name_and_the_first_is_the_usual_one() {
        let permit = Permit { senders: only(&["HELPDESK", "+393331234567"]), ..Permit::default() };
        let table = [
            ("HELPDESK", true, "HELPDESK"),
            ("Helpdesk", true, "Helpdesk"),
            ("393331234567", true, "393331234567"),
            ("ALERTS", false, "HELPDESK"),
        ];
        for (sender, may, signature) in table {
            assert_eq!((permit.may_sign(sender), permit.signature(sender)), (may, Some(signature)), "{sender}");
        }
        assert_eq!(Permit::default().signature("ALERTS"), Some("ALERTS"));
        assert_eq!(Permit { senders: only(&[]), ..Permit::default() }.signature("ALERTS"), None);
    }

    #[test]
    fn two_permits_allow_what_both_allow() {
        let listener = Permit { numbers: only(&["+39", "+44"]), senders: Allowed::All };
        let user = Permit { numbers: only(&["+39333", "+4", "+1"]), senders: only(&["A"]) };
        let both = Permit { numbers: only(&["+39333", "+44"]), senders: only(&["A"]) };
        assert_eq!(listener.and(&user), both);
        assert_eq!(listener.and(&Permit::default()), listener);
        let nothing = listener.and(&Permit { numbers: only(&["+1"]), senders: Allowed::All });
        assert!(!nothing.may_write("+1555") && !nothing.may_write("+39333"));
    }
}
