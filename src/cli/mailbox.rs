//! Recipients and senders as they are written on a command line.

use crate::smtp::Mailbox;

/// Reads `local@domain`, in angle brackets or not, or a bare number or alias, spaces and all.
pub fn parse(text: &str) -> Result<Mailbox, String> {
    if !text.contains('@') && !text.trim().is_empty() {
        return Ok(Mailbox { local: text.trim().to_owned(), domain: None });
    }
    text.parse().map_err(|error| format!("{text:?}: {error}; a good one is 00447731234567@sms.example.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_mailboxes_and_bare_numbers() {
        for (text, shown) in [
            ("+44 7731 234567", "\"+44 7731 234567\""),
            ("oncall", "oncall"),
            ("<0044@Sms.Example>", "0044@sms.example"),
            (" root@host.example ", "root@host.example"),
        ] {
            assert_eq!(parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "@host", "a@b c", "a@b@c"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }
}
