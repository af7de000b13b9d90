//! The part of a notice that machines read: `message/delivery-status` (RFC 3464, section 2). Pure.
//!
//! The part is 7-bit by its definition. What is not ASCII is written as `\x{E9}`, the form that RFC 6533 gives for
//! addresses; encoded-words were the other choice, but few readers of this part undo them.

use jiff::Timestamp;
use mail_builder::headers::date::Date;

use super::case::{Case, Kind};
use super::settings::Settings;

/// Most bytes of one field's value, so that a line stays below the 998 of RFC 5322.
const MAX_VALUE: usize = 900;

/// Not sent within its time (RFC 3463, section 3.5).
const EXPIRED: &str = "4.4.7";
/// Taken by the gateway (RFC 3463, section 3.1).
const RELAYED: &str = "2.0.0";
/// Not sent yet (section 3.5).
const DELAYED: &str = "4.4.7";
/// Refused, and nobody said why in an enhanced code (RFC 3463, section 3.1).
const REFUSED: &str = "5.0.0";

/// The body of the part: the fields about the message, a blank line, the fields about its one recipient. Lines end
/// in CRLF, all of it is ASCII.
pub(super) fn fields(settings: &Settings, case: &Case) -> String {
    let mut fields = String::new();
    if let Some(id) = &case.envelope_id {
        field(&mut fields, "Original-Envelope-Id", "", id);
    }
    field(&mut fields, "Reporting-MTA", "dns; ", &settings.hostname);
    field(&mut fields, "Arrival-Date", "", &date(case.arrival));
    fields.push_str("\r\n");
    if let Some(original) = &case.original {
        field(&mut fields, "Original-Recipient", &format!("{}; ", original.kind), &original.address);
    }
    let kind_of_address = if case.address.is_ascii() { "rfc822; " } else { "utf-8; " };
    field(&mut fields, "Final-Recipient", kind_of_address, &case.address);
    field(&mut fields, "Action", "", action(&case.kind));
    field(&mut fields, "Status", "", &status(&case.kind));
    let words = case.kind.words();
    if !words.trim().is_empty() {
        field(&mut fields, "Diagnostic-Code", if code(words).is_some() { "smtp; " } else { "x-sms; " }, words);
    }
    if let Some(last_attempt) = case.last_attempt {
        field(&mut fields, "Last-Attempt-Date", "", &date(last_attempt));
    }
    field(&mut fields, "Final-Log-ID", "", &case.id);
    if let Kind::Delayed { until, .. } = case.kind {
        field(&mut fields, "Will-Retry-Until", "", &date(until));
    }
    fields
}

/// A point in time as header fields write it, in UTC.
pub(super) fn date(time: Timestamp) -> String {
    Date::new(time.as_second()).to_rfc822()
}

fn field(fields: &mut String, name: &str, kind: &str, value: &str) {
    fields.push_str(name);
    fields.push_str(": ");
    fields.push_str(kind);
    fields.push_str(&printable_ascii(value));
    fields.push_str("\r\n");
}

/// One line of ASCII, cut at `MAX_VALUE`: control characters become spaces, so that no value starts a field.
fn printable_ascii(text: &str) -> String {
    let mut line = String::new();
    for c in text.trim().chars() {
        let before = line.len();
        match c {
            ' '..='~' => line.push(c),
            c if c.is_control() => line.push(' '),
            c => line.push_str(&format!("\\x{{{:X}}}", u32::from(c))),
        }
        if line.len() > MAX_VALUE {
            line.truncate(before);
            break;
        }
    }
    line
}

/// The status code (RFC 3463) of the whole recipient. The gateway's enhanced code tells what was wrong; that the
/// message failed for good is our word, so its class is 5 whatever class the gateway used.
fn status(kind: &Kind) -> String {
    match kind {
        Kind::Expired { .. } => EXPIRED.to_owned(),
        Kind::Refused { reply } => enhanced(reply).unwrap_or_else(|| REFUSED.to_owned()),
        Kind::Relayed { .. } => RELAYED.to_owned(),
        Kind::Delayed { .. } => DELAYED.to_owned(),
    }
}

/// What was done (RFC 3464, section 2.3.3). Never `delivered`: nobody but the telephone knows that.
fn action(kind: &Kind) -> &'static str {
    match kind {
        Kind::Refused { .. } | Kind::Expired { .. } => "failed",
        Kind::Relayed { .. } => "relayed",
        Kind::Delayed { .. } => "delayed",
    }
}

/// Splits `550 5.1.1 no such number` at its reply code (RFC 5321, section 4.2); `None` for words without one.
fn code(words: &str) -> Option<(&str, &str)> {
    let (code, rest) = words.trim().split_at_checked(3)?;
    let is_code = code.starts_with(['2', '3', '4', '5']) && code.bytes().all(|b| b.is_ascii_digit());
    let is_alone = rest.is_empty() || rest.starts_with([' ', '-']);
    (is_code && is_alone).then(|| (code, rest.get(1..).unwrap_or("")))
}

/// The enhanced code that stands after a reply code, its class made 5.
fn enhanced(reply: &str) -> Option<String> {
    let (_, rest) = code(reply)?;
    let mut numbers = rest.split(' ').next()?.split('.');
    let (class, subject, detail) = (numbers.next()?, numbers.next()?, numbers.next()?);
    let is_number = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    let fits = matches!(class, "2" | "4" | "5") && is_number(subject) && is_number(detail) && numbers.next().is_none();
    fits.then(|| format!("5.{subject}.{detail}"))
}

#[cfg(test)]
mod tests {
    use super::{MAX_VALUE, code, printable_ascii, status};
    use crate::bounce::Kind;

    #[test]
    fn status_follows_the_enhanced_code_where_there_is_one() {
        for (reply, expected) in [
            ("550 5.1.1 no such number", "5.1.1"),
            ("550 no such number", "5.0.0"),
            ("550-5.7.1 blocked", "5.7.1"),
            ("452 4.2.2 full", "5.2.2"),
            ("550 5.1 half a code", "5.0.0"),
            ("550 5.1.1.1 too much of it", "5.0.0"),
            ("550 5.1.1111 too long", "5.0.0"),
            ("550 5.x.1 no code", "5.0.0"),
            ("550", "5.0.0"),
            ("5.1.1 without a reply code", "5.0.0"),
            ("cancelled by an operator", "5.0.0"),
            ("", "5.0.0"),
        ] {
            assert_eq!(status(&Kind::Refused { reply: reply.to_owned() }), expected, "{reply}");
        }
        assert_eq!(status(&Kind::Expired { reason: "550 5.1.1 whatever".to_owned() }), "4.4.7");
    }

    #[test]
    fn only_a_reply_code_makes_words_an_smtp_reply() {
        for (words, is_reply) in [
            ("550 no", true),
            ("421", true),
            ("550-no", true),
            ("550no", false),
            ("5500 credits are missing", false),
            ("650 no", false),
            ("connection refused", false),
            ("né", false),
            ("", false),
        ] {
            assert_eq!(code(words).is_some(), is_reply, "{words}");
        }
    }

    #[test]
    fn a_value_is_one_short_line_of_ascii() {
        for (text, line) in [
            ("plain", "plain"),
            (" around ", "around"),
            ("a\r\nX-Evil: b", "a  X-Evil: b"),
            ("a\tb\u{0}c\u{85}d", "a b c d"),
            ("né €", "n\\x{E9} \\x{20AC}"),
        ] {
            assert_eq!(printable_ascii(text), line);
        }
        let long = printable_ascii(&"ü".repeat(5000));
        assert!(long.len() <= MAX_VALUE && long.ends_with("\\x{FC}"), "{long}");
    }
}
