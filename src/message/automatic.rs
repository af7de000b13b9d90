//! Tells mail that a program wrote and wants no automatic answer to (RFC 3834).
//!
//! `List-Id` and its kin alone don't count: whoever runs a list waits at its envelope sender for just such notices.

use super::fields::Parameterized;
use super::head::Head;

/// By `Auto-Submitted` (RFC 3834, section 5: anything but `no`), by the older `Precedence`, by what Microsoft's
/// servers ask for in `X-Auto-Response-Suppress`, and because a report is itself an answer.
pub(super) fn is_automatic(head: &Head<'_>, kind: &Parameterized) -> bool {
    let any = |name, is: fn(&str) -> bool| head.all(name).any(|value| keywords(&value).iter().any(|word| is(word)));
    any("Auto-Submitted", |word| word != "no")
        || any("Precedence", |word| matches!(word, "bulk" | "list" | "junk"))
        || any("X-Auto-Response-Suppress", |word| matches!(word, "all" | "ndr"))
        || kind.value == "multipart/report"
}

/// The keywords of a value in lower case, without comments and parameters.
fn keywords(value: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(value).to_lowercase();
    let text = text.split([';', '(']).next().unwrap_or_default();
    text.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{fields, head};

    #[test]
    fn programs_that_want_no_answer() {
        for (header, automatic) in [
            ("Auto-Submitted: auto-generated", true),
            ("Auto-Submitted: auto-replied; x=y", true),
            ("auto-submitted: NO", false),
            ("Auto-Submitted: no (by hand)", false),
            ("Auto-Submitted:", false),
            ("Precedence: bulk", true),
            ("Precedence: LIST", true),
            ("Precedence: junk", true),
            ("Precedence: first-class", false),
            ("X-Auto-Response-Suppress: DR, RN, NDR", true),
            ("X-Auto-Response-Suppress: OOF", false),
            ("List-Id: <x.y>", false),
            ("Content-Type: multipart/report; report-type=delivery-status", true),
            ("Subject: x", false),
        ] {
            let (head, _) = head::split(header.as_bytes());
            let kind = head.first("Content-Type").map(|value| fields::parameterized(&value)).unwrap_or_default();
            assert_eq!(is_automatic(&head, &kind), automatic, "{header}");
        }
    }
}
