//! UTF-7 (RFC 2152), which nobody should write and some still do.
//!
//! Forgiving: what is no code stays as it is.

use crate::message::transfer;

/// Decodes runs of `+base64-`; `+-` is a plus.
pub(super) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((byte, after)) = rest.split_first() {
        if *byte != b'+' {
            text.push(char::from(*byte));
            rest = after;
            continue;
        }
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
        let length = after.iter().position(|byte| !is_digit(byte)).unwrap_or(after.len());
        let (run, behind) = after.split_at(length);
        if run.is_empty() {
            text.push('+');
        } else {
            let units = transfer::base64(run, usize::MAX).bytes;
            let (pairs, _) = units.as_chunks::<2>();
            let utf16 = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
            text.extend(char::decode_utf16(utf16).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
        }
        rest = behind.strip_prefix(b"-").unwrap_or(behind);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn the_examples_of_rfc_2152() {
        assert_eq!(decode(b"A+ImIDkQ."), "A≢Α.");
        assert_eq!(decode(b"Hi Mom -+Jjo--!"), "Hi Mom -☺-!");
        assert_eq!(decode(b"+ZeVnLIqe-"), "日本語");
        assert_eq!(decode(b"Item 3 is +AKM-1."), "Item 3 is £1.");
        assert_eq!(decode(b"1 +- 1 = 2 +"), "1 + 1 = 2 +");
    }
}
