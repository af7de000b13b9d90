//! The few header fields that a notice about a mail gives back to its sender (RFC 3464, section 2, the third part).
//!
//! `Bcc` is never among them.

use super::text::Text;

const KEPT: [&str; 10] =
    ["from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to", "auto-submitted"];
/// How many fields are given back: each of these once, and some that a program repeats.
const MAX_FIELDS: usize = 20;
/// How long a value may be, in characters.
const MAX_VALUE: usize = 500;

/// The fields, each on one line ended by LF, name and value as [`Text::headers`] has them; a long value is cut and
/// marked by `...`.
pub fn kept_headers(text: &Text) -> String {
    let is_kept = |name: &str| KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(name));
    let fields = text.headers.iter().filter(|(name, _)| is_kept(name)).take(MAX_FIELDS);
    fields.map(|(name, value)| format!("{name}: {}\n", shortened(value))).collect()
}

/// The value without anything that could end its line.
fn shortened(value: &str) -> String {
    let mut characters = value.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = characters.by_ref().take(MAX_VALUE).collect();
    if characters.next().is_some() {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(headers: &[(&str, &str)]) -> Text {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Text { headers, ..Text::default() }
    }

    #[test]
    fn only_the_fields_that_tell_one_mail_from_another_are_kept() {
        let text =
            text(&[("Received", "x"), ("From", "root@a"), ("SUBJECT", "größer"), ("Bcc", "secret"), ("X-Y", "z")]);
        assert_eq!(kept_headers(&text), "From: root@a\nSUBJECT: größer\n");
    }

    #[test]
    fn nothing_can_end_a_line_or_grow_without_end() {
        let long = "ö".repeat(5000);
        let headers = [("Subject", "a\r\nX-Evil: b\n\nbody"), ("To", long.as_str())];
        let kept = kept_headers(&text(&headers));
        assert_eq!(kept.lines().next(), Some("Subject: a  X-Evil: b  body"));
        assert_eq!((kept.lines().count(), kept.chars().count()), (2, 28 + "To: ...\n".len() + MAX_VALUE));
        assert_eq!(kept_headers(&text(&headers.repeat(100))).lines().count(), MAX_FIELDS);
    }
}
