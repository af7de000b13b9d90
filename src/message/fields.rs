//! What the values of structured header fields mean: the only file that knows mail-parser.
//!
//! mail-parser reads their grammar: parameters (RFC 2231), mailboxes and groups, dates. It is not asked to open a
//! mail. Version 0.11 loses text at a boundary in the middle of a line, at unpadded base64 and at one bad `=` of
//! quoted-printable; it decodes every attachment; and it asserts in debug builds. `parts`, `transfer`, `words` and
//! `charset` do that work, each part only when somebody wants to read it.
//!
//! Nothing here fails: what can't be read is as if it were not there.

use jiff::civil;
use jiff::tz::{Offset, TimeZone};
use mail_parser::HeaderValue;
use mail_parser::parsers::MessageStream;

use super::text::Author;
use super::{clean, words};

/// The longest value that is looked into; a longer one is a list that nobody needs the end of, or an attack.
const MAX_VALUE: usize = 64 * 1024;

/// A value with parameters: `Content-Type`, `Content-Disposition`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Parameterized {
    /// In lower case: `text/plain`, `attachment`.
    pub(super) value: String,
    parameters: Vec<(String, String)>,
}

impl Parameterized {
    /// The value of a parameter, its name given in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads `Content-Type` or `Content-Disposition` from an unfolded value.
pub(super) fn parameterized(value: &[u8]) -> Parameterized {
    let line = terminated(value);
    let HeaderValue::ContentType(parsed) = MessageStream::new(&line).parse_content_type() else {
        return Parameterized::default();
    };
    let subtype = parsed.c_subtype.as_deref().map(|subtype| format!("/{subtype}")).unwrap_or_default();
    let full = format!("{}{subtype}", parsed.c_type).to_lowercase();
    let parameters = parsed.attributes.unwrap_or_default().into_iter();
    Parameterized {
        // "text/plain charset=utf-8": somebody forgot the semicolon.
        value: full.split([' ', '\t', ',']).next().unwrap_or_default().to_owned(),
        parameters: parameters.map(|a| (a.name.to_lowercase(), a.value.into_owned())).collect(),
    }
}

/// The mailboxes of an address list (RFC 5322, section 3.4), groups opened, in order.
pub(super) fn mailboxes(value: &[u8], hint: Option<&str>) -> Vec<Author> {
    let line = terminated(&safe_words(value, hint));
    let HeaderValue::Address(list) = MessageStream::new(&line).parse_address() else { return Vec::new() };
    let text = |text: Option<&str>| clean::one_line(text.unwrap_or_default());
    let mailboxes = list.iter().map(|mailbox| Author { address: text(mailbox.address()), name: text(mailbox.name()) });
    mailboxes.filter(|mailbox| !mailbox.address.is_empty()).collect()
}

/// A date (RFC 5322, section 3.3) in the zone it was written in; without one its clock is shown as it is.
pub(super) fn date(value: &[u8]) -> Option<jiff::ZonedDateTime> {
    let unzoned = [value, b" -0000"].concat();
    let date =
        [value, &unzoned].into_iter().find_map(|value| match MessageStream::new(&terminated(value)).parse_date() {
            HeaderValue::DateTime(date) => Some(date),
            _ => None,
        })?;
    let number = |part: u8| i8::try_from(part).ok();
    let day = civil::Date::new(i16::try_from(date.year).ok()?, number(date.month)?, number(date.day)?).ok()?;
    // A leap second is the second before it to a clock that has none.
    let second = number(date.second.min(59))?;
    let time = civil::Time::new(number(date.hour)?, number(date.minute)?, second, 0).ok()?;
    let sign = if date.tz_before_gmt { -1 } else { 1 };
    let seconds = sign * (i32::from(date.tz_hour) * 3600 + i32::from(date.tz_minute) * 60);
    let zone = TimeZone::fixed(Offset::from_seconds(seconds).ok()?);
    day.to_datetime(time).to_zoned_datetime(zone).ok()
}

/// A message identifier without its angle brackets.
pub(super) fn message_id(value: &[u8]) -> Option<String> {
    let id = clean::one_line(&String::from_utf8_lossy(value));
    let inner = id.split_once('<').map_or(id.as_str(), |(_, after)| after);
    let inner = inner.split_once('>').map_or(inner, |(before, _)| before).trim();
    (!inner.is_empty()).then(|| inner.to_owned())
}

/// Makes every word that is not ASCII an encoded-word in UTF-8 that no comma or quote can leave: mail-parser then
/// finds the mailboxes, and never sees a character set.
fn safe_words(value: &[u8], hint: Option<&str>) -> Vec<u8> {
    if value.is_ascii() && !value.windows(2).any(|two| two == b"=?") {
        return value.to_vec();
    }
    words::recoded(value, hint)
}

fn terminated(value: &[u8]) -> Vec<u8> {
    let mut line = value[..value.len().min(MAX_VALUE)].to_vec();
    line.push(b'\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_as_programs_write_them() {
        for (value, kind, name, parameter) in [
            ("text/plain", "text/plain", "charset", None),
            ("Text/HTML; Charset=\"utf-8\"", "text/html", "charset", Some("utf-8")),
            ("text/plain;charset=utf-8;", "text/plain", "charset", Some("utf-8")),
            ("text/plain charset=utf-8", "text/plain", "charset", None),
            ("text", "text", "charset", None),
            ("", "", "charset", None),
            ("multipart/mixed; boundary=\"a; b=c\"", "multipart/mixed", "boundary", Some("a; b=c")),
            ("multipart/mixed; boundary*0=ab; boundary*1=cd", "multipart/mixed", "boundary", Some("abcd")),
            ("application/x; name*=utf-8''caf%C3%A9.txt", "application/x", "name", Some("café.txt")),
            ("attachment; filename=\"x.log\"", "attachment", "filename", Some("x.log")),
        ] {
            let parsed = parameterized(value.as_bytes());
            assert_eq!((parsed.value.as_str(), parsed.parameter(name)), (kind, parameter), "{value}");
        }
    }

    #[test]
    fn address_lists_as_programs_write_them() {
        for (value, expected) in [
            ("root@host", &[("", "root@host")][..]),
            ("Root <root@host>", &[("Root", "root@host")]),
            ("\"Doe, Jane\" <j@x>, <k@x>", &[("Doe, Jane", "j@x"), ("", "k@x")]),
            ("team: a@x, B <b@x>; c@x", &[("", "a@x"), ("B", "b@x"), ("", "c@x")]),
            ("undisclosed-recipients:;", &[]),
            ("root@host (The Root)", &[("The Root", "root@host")]),
            ("=?utf-8?b?Sm9zw6ksIEpy?= <j@x>", &[("José, Jr", "j@x")]),
            ("=?utf-8?q?Jos=C3?= =?utf-8?q?=A9?= <j@x>", &[("José", "j@x")]),
            ("\"=?utf-8?q?Jos=C3=A9?=\" <j@x>", &[("José", "j@x")]),
            ("José, <j@x>", &[("", "j@x")]),
            ("José García <j@x>", &[("José García", "j@x")]),
            ("+447731234567@sms.example.com", &[("", "+447731234567@sms.example.com")]),
            ("", &[]),
        ] {
            let found = mailboxes(value.as_bytes(), None);
            let found: Vec<(&str, &str)> = found.iter().map(|m| (m.name.as_str(), m.address.as_str())).collect();
            assert_eq!(found, expected, "{value}");
        }
    }

    #[test]
    fn dates_stay_in_their_zone() {
        for (value, expected) in [
            ("Mon, 9 Feb 2026 08:05:00 +0100", Some("2026-02-09T08:05:00+01:00")),
            ("9 Feb 2026 08:05 -0330", Some("2026-02-09T08:05:00-03:30")),
            ("Mon, 09 Feb 2026 08:05:00 GMT", Some("2026-02-09T08:05:00+00:00")),
            ("Mon, 09 Feb 26 08:05:00 +0000 (UTC)", Some("2026-02-09T08:05:00+00:00")),
            ("Wed, 31 Dec 2025 23:59:60 +0000", Some("2025-12-31T23:59:59+00:00")),
            ("Mon, 09 Feb 2026 08:05:00 EST", Some("2026-02-09T08:05:00-05:00")),
            ("09 Feb 2026 08:05:00", Some("2026-02-09T08:05:00+00:00")),
            ("yesterday", None),
            ("Mon, 99 Foo 2026 99:99:99 +9999", None),
            ("", None),
        ] {
            let found = date(value.as_bytes()).map(|date| date.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn message_ids_lose_their_brackets() {
        for (value, id) in [
            ("<a@b>", Some("a@b")),
            (" <a@b> ", Some("a@b")),
            ("a@b", Some("a@b")),
            ("(x) <a@b>", Some("a@b")),
            ("<>", None),
            ("", None),
        ] {
            assert_eq!(message_id(value.as_bytes()).as_deref(), id, "{value}");
        }
    }
}
