//! Reads what the sender wishes to hear about a message: RET, ENVID, NOTIFY and ORCPT (RFC 3461, section 4).
//!
//! Pure. Values come in xtext, where `+2B` stands for a plus sign, and are kept decoded, as a notice shows them.

use super::envelope::{Notify, OriginalRecipient, Returned};

/// Characters of ENVID (RFC 3461, section 4.4) and of ORCPT (section 4.2), decoded.
const MAX_ENVELOPE_ID: usize = 100;
const MAX_ORIGINAL: usize = 500;

/// `RET=FULL` or `RET=HDRS`.
pub(super) fn returned(value: &str) -> Option<Returned> {
    match value.to_ascii_uppercase().as_str() {
        "FULL" => Some(Returned::Full),
        "HDRS" => Some(Returned::Headers),
        _ => None,
    }
}

/// `ENVID=xtext`.
pub(super) fn envelope_id(value: &str) -> Option<String> {
    xtext(value).filter(|id| (1..=MAX_ENVELOPE_ID).contains(&id.len()))
}

/// `NOTIFY=NEVER`, or any of `SUCCESS`, `FAILURE` and `DELAY` with commas between.
pub(super) fn notify(value: &str) -> Option<Notify> {
    let mut notify = Notify { success: false, failure: false, delay: false };
    if value.eq_ignore_ascii_case("NEVER") {
        return Some(notify);
    }
    for word in value.split(',') {
        match word.to_ascii_uppercase().as_str() {
            "SUCCESS" => notify.success = true,
            "FAILURE" => notify.failure = true,
            "DELAY" => notify.delay = true,
            _ => return None,
        }
    }
    Some(notify)
}

/// `ORCPT=type;xtext`.
pub(super) fn original(value: &str) -> Option<OriginalRecipient> {
    let (kind, address) = value.split_once(';')?;
    let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let address = xtext(address).filter(|address| (1..=MAX_ORIGINAL).contains(&address.len()))?;
    is_kind.then(|| OriginalRecipient { kind: kind.to_ascii_lowercase(), address })
}

/// Decodes xtext (RFC 3461, section 4). Nothing that could start a line in a notice comes out of it.
pub(super) fn xtext(value: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => {
                let (&[high, low], after) = rest.split_first_chunk()?;
                rest = after;
                decoded.push(hexadecimal(high)? << 4 | hexadecimal(low)?);
            }
            b'=' => return None,
            byte => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).ok().filter(|text| !text.contains(char::is_control))
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn xtext_is_decoded() {
        let table = [
            ("abc", Some("abc")),
            ("+2B447731", Some("+447731")),
            ("a+2bb", Some("a+b")),
            ("a+3Db", Some("a=b")),
            ("a+20b", Some("a b")),
            ("+C3+BC", Some("ü")),
            ("a=b", None),
            ("a+2", None),
            ("a+", None),
            ("a+ZZ", None),
            ("+FF", None),
            ("a+0D+0Ab", None),
            ("+00", None),
        ];
        for (value, expected) in table {
            assert_eq!(xtext(value).as_deref(), expected, "{value}");
        }
        assert_eq!(envelope_id(""), None);
        assert_eq!(envelope_id(&"x".repeat(100)).map(|id| id.len()), Some(100));
        assert_eq!(envelope_id(&"x".repeat(101)), None);
    }

    #[test]
    fn notify_is_never_or_a_list() {
        let table = [
            ("NEVER", Some((false, false, false))),
            ("failure", Some((false, true, false))),
            ("SUCCESS,FAILURE,DELAY", Some((true, true, true))),
            ("NEVER,FAILURE", None),
            ("FAILURE,", None),
            ("", None),
        ];
        for (value, expected) in table {
            let expected = expected.map(|(success, failure, delay)| Notify { success, failure, delay });
            assert_eq!(notify(value), expected, "{value}");
        }
    }

    #[test]
    fn original_recipients_have_a_type() {
        let table = [
            ("rfc822;+2B44@d", Some(("rfc822", "+44@d"))),
            ("RFC822;a@b", Some(("rfc822", "a@b"))),
            ("rfc822;", None),
            (";a@b", None),
            ("a@b", None),
        ];
        for (value, expected) in table {
            let expected =
                expected.map(|(kind, address)| OriginalRecipient { kind: kind.into(), address: address.into() });
            assert_eq!(original(value), expected, "{value}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_in_xtext_comes_back(text in "[ -~]{1,40}") {
            let written: String = text.bytes().map(|byte| format!("+{byte:02X}")).collect();
            prop_assert_eq!(xtext(&written), Some(text));
        }
    }
}
