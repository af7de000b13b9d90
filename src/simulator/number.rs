//! Who an SMS is from and for: what the document takes as a sender ID and as a recipient. Pure.
//!
//! Whether a number exists nobody asks here.

use std::ops::RangeInclusive;

const SENDER_DIGITS: RangeInclusive<usize> = 1..=16;
const SENDER_CHARACTERS: RangeInclusive<usize> = 1..=11;
/// Country code included, `+` and `00` not.
const RECIPIENT_DIGITS: RangeInclusive<usize> = 10..=16;

/// Whether a text is a sender ID: up to 16 digits, with or without `+`, or up to 11 letters and digits of ASCII.
pub fn is_sender_id(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_number = SENDER_DIGITS.contains(&digits.len()) && is_digits(digits);
    let is_word = SENDER_CHARACTERS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_number || is_word
}

/// The number that `+44…`, `0044…` or `44…` means, written with `+`. `None` when it is none: no country code begins
/// with 0.
pub fn recipient(text: &str) -> Option<String> {
    let digits = text.strip_prefix('+').or_else(|| text.strip_prefix("00")).unwrap_or(text);
    let may_be_called = RECIPIENT_DIGITS.contains(&digits.len()) && is_digits(digits) && !digits.starts_with('0');
    may_be_called.then(|| format!("+{digits}"))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sender_ids_are_as_documented() {
        let good = [
            "+393331234567",
            "393331234567",
            "1",
            "+1",
            "1234567890123456",
            "+1234567890123456",
            "ALERTS",
            "A1b2C3d4E5f",
        ];
        let bad = [
            "",
            "+",
            "12345678901234567",
            "+12345678901234567",
            "ABCDEFGHIJKL",
            "+ALERTS",
            "My Alpha",
            "a-b",
            "\u{e9}",
            "<1>",
            "1@b",
        ];
        good.into_iter().for_each(|text| assert!(is_sender_id(text), "{text}"));
        bad.into_iter().for_each(|text| assert!(!is_sender_id(text), "{text}"));
    }

    #[test]
    fn recipients_come_in_three_forms() {
        let table = [
            ("+4477331234567", Some("+4477331234567")),
            ("004477331234567", Some("+4477331234567")),
            ("4477331234567", Some("+4477331234567")),
            ("+1234567890", Some("+1234567890")),
            ("+1234567890123456", Some("+1234567890123456")),
            ("+123456789", None),
            ("+12345678901234567", None),
            ("+0044773312345", None),
            ("03331234567", None),
            ("+44 7733 1234567", None),
            ("<+4477331234567>", None),
            ("4477331234567@smtp.smsitaly.com", None),
            ("++4477331234567", None),
            ("+", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(recipient(text).as_deref(), expected, "{text}");
        }
    }
}
