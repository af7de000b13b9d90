//! What the phone shows as the sender, valid by construction.

use std::fmt;
use std::str::FromStr;

/// A sender ID: `+` or not and up to 16 digits, or up to 11 alphanumeric characters (ASCII letters and digits).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SenderId(String);

/// Why a text is no sender ID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no sender ID: up to 16 digits (a + may stand before them), or up to 11 letters and digits")]
pub struct SenderIdError(pub String);

impl FromStr for SenderId {
    type Err = SenderIdError;

    fn from_str(text: &str) -> Result<SenderId, SenderIdError> {
        let digits = text.strip_prefix('+').unwrap_or(text);
        let numeric = (1..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let alphanumeric = (1..=11).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric());
        match numeric || alphanumeric {
            true => Ok(SenderId(text.to_owned())),
            false => Err(SenderIdError(text.to_owned())),
        }
    }
}

impl SenderId {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SenderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::SenderId;

    #[test]
    fn numbers_and_short_words_are_sender_ids() {
        for (text, good) in [
            ("ALERTS", true),
            ("Alerts2Go11", true),
            ("+393331234567", true),
            ("1234567890123456", true),
            ("+1234567890123456", true),
            ("12345678901234567", false),
            ("TwelveLetter", false),
            ("two words", false),
            ("dash-ed", false),
            ("Büro", false),
            ("a\r\nRCPT", false),
            ("+", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<SenderId>().is_ok(), good, "{text:?}");
        }
    }
}
