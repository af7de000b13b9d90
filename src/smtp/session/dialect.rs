//! The gateway's dialect: a MAIL that names a bare sender ID brings the bare words of one SMS.
//!
//! A MAIL with a whole address, or with none, brings a mail here as anywhere: people use the gateway from ordinary mail
//! programs too, as section 3 of its document shows.

use super::Session;
use crate::smtp::command::Mail;
use crate::smtp::envelope::Mailbox;
use crate::smtp::reply::Reply;
use crate::smtp::settings::Grammar;

/// The longest sender IDs of the document: all digits, or with letters.
const MAX_DIGITS: usize = 16;
const MAX_LETTERS: usize = 11;

impl Session {
    /// The sender ID, when what MAIL brings are bare words.
    pub(super) fn sender_id<'a>(&self, mail: &'a Mail) -> Option<&'a str> {
        match (self.grammar, mail.from.mailbox()) {
            (Grammar::Gateway, Some(Mailbox { local, domain: None })) => Some(local),
            _ => None,
        }
    }

    /// Whether the client may use the sender ID that it named, if it named one.
    pub(super) fn may_sign(&self, mail: &Mail) -> Result<(), Reply> {
        match self.sender_id(mail) {
            Some(sender) if !is_sender_id(sender) => {
                let text = format!("a sender ID has up to {MAX_DIGITS} digits or {MAX_LETTERS} letters and digits");
                Err(Reply::new(553, "5.1.7", text))
            }
            Some(sender) if !self.permit.may_sign(sender) => {
                Err(Reply::new(550, "5.7.1", format!("you may not send as {sender}")))
            }
            _ => Ok(()),
        }
    }
}

fn is_sender_id(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (1..=MAX_DIGITS).contains(&digits.len());
    let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && (1..=MAX_LETTERS).contains(&text.len());
    is_number || is_word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_ids_are_short_words_or_numbers() {
        for id in ["A", "ALERTS", "Alerts24", "12345678901", "+393331234567", "1234567890123456", "+1234567890123456"] {
            assert!(is_sender_id(id), "{id}");
        }
        for id in ["", "+", "TWELVELETTER", "12345678901234567", "my.name", "A B", "+ALERTS", "jürgen", "1234567890a1"]
        {
            assert!(!is_sender_id(id), "{id}");
        }
    }
}
