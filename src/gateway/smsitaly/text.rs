//! The text of an SMS as it goes over the line after DATA. Pure.
//!
//! It never shortens or replaces anything: a character that the encoding lacks is an error.

use crate::sms::Encoding;

/// What ends a text (RFC 5321, section 4.1.1.4), after the CRLF of its last line.
const END: &[u8] = b".\r\n";

/// A text ready to be written in one go, its end included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    bytes: Vec<u8>,
}

/// The encoding has no such character.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the text has {character:?} (U+{:04X}) at {position}, which {encoding} can't carry", *character as u32)]
pub struct Unencodable {
    pub character: char,
    /// In characters, from 1.
    pub position: usize,
    pub encoding: Encoding,
}

impl Body {
    /// Encodes a text whose lines end with LF. ASCII and Latin-1 go as one byte per character; the other two as UTF-8,
    /// because what comes out as GSM 7-bit or UCS-2 is then the gateway's own doing. Every line is ended by CRLF, and
    /// one that begins with a dot gets a second one.
    pub fn new(text: &str, encoding: Encoding) -> Result<Body, Unencodable> {
        let mut bytes = Vec::with_capacity(text.len() + 16);
        let mut at_line_start = true;
        let mut after_cr = false;
        for (n, character) in text.chars().enumerate() {
            let is_lf_of_crlf = after_cr && character == '\n';
            after_cr = character == '\r';
            match character {
                '\n' if is_lf_of_crlf => continue,
                // A CR of its own may not go out either: some servers end a line with it.
                '\n' | '\r' => bytes.extend_from_slice(b"\r\n"),
                '.' if at_line_start => bytes.extend_from_slice(b".."),
                _ => {
                    encode(character, encoding, &mut bytes).ok_or(Unencodable {
                        character,
                        position: n + 1,
                        encoding,
                    })?;
                }
            }
            at_line_start = matches!(character, '\n' | '\r');
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(END);
        Ok(Body { bytes })
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether the other side can have seen the end when so many bytes were handed to the connection: from the dot on
    /// it may act, because some take `.` and a lone LF, or a dot and the end of the connection, for the end.
    pub fn may_be_complete(&self, written: usize) -> bool {
        written > self.bytes.len() - END.len()
    }
}

fn encode(character: char, encoding: Encoding, bytes: &mut Vec<u8>) -> Option<()> {
    match encoding {
        Encoding::Ascii if character.is_ascii() => bytes.push(character as u8),
        Encoding::Latin1 => bytes.push(u8::try_from(u32::from(character)).ok()?),
        Encoding::Ascii => return None,
        Encoding::Gsm7 | Encoding::Ucs2 => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_go_out_line_by_line() {
        use Encoding::{Ascii, Latin1, Ucs2};
        let table: [(&str, Encoding, &[u8]); 12] = [
            ("", Ascii, b"\r\n.\r\n"),
            ("disk full", Ascii, b"disk full\r\n.\r\n"),
            ("one\ntwo", Ascii, b"one\r\ntwo\r\n.\r\n"),
            ("one\n", Ascii, b"one\r\n\r\n.\r\n"),
            (".", Ascii, b"..\r\n.\r\n"),
            (".\nMAIL FROM: x", Ascii, b"..\r\nMAIL FROM: x\r\n.\r\n"),
            ("a.b\n..\n.c", Ascii, b"a.b\r\n...\r\n..c\r\n.\r\n"),
            ("a\r\n.b", Ascii, b"a\r\n..b\r\n.\r\n"),
            ("a\r.\rb", Ascii, b"a\r\n..\r\nb\r\n.\r\n"),
            ("a\r\r\n\nb", Ascii, b"a\r\n\r\n\r\nb\r\n.\r\n"),
            ("gr\u{fc}n", Latin1, b"gr\xfcn\r\n.\r\n"),
            ("5 \u{20ac}", Ucs2, "5 \u{20ac}\r\n.\r\n".as_bytes()),
        ];
        for (text, encoding, expected) in table {
            assert_eq!(Body::new(text, encoding).unwrap().bytes(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_foreign_character_is_named() {
        let error = Body::new("ab\u{20ac}", Encoding::Latin1).unwrap_err();
        assert_eq!(error.to_string(), "the text has '\u{20ac}' (U+20AC) at 3, which latin1 can't carry");
        assert!(Body::new("\u{fc}", Encoding::Ascii).is_err());
        assert!(Body::new("\u{ff}", Encoding::Latin1).is_ok());
    }

    #[test]
    fn the_end_counts_from_the_dot_on() {
        let body = Body::new("a", Encoding::Ascii).unwrap();
        let complete: Vec<bool> = (0..=body.bytes().len()).map(|written| body.may_be_complete(written)).collect();
        assert_eq!(complete, [false, false, false, false, true, true, true], "{:?}", body.bytes());
    }

    proptest! {
        #[test]
        fn the_end_comes_once_and_last(text in "[.a\r\n ]{0,40}") {
            let body = Body::new(&text, Encoding::Ascii).unwrap();
            let sent = String::from_utf8(body.bytes().to_vec()).unwrap();
            let framed = format!("\r\n{sent}");
            prop_assert_eq!(framed.find("\r\n.\r\n").unwrap() + 5, framed.len());
            prop_assert!(!sent.replace("\r\n", "").contains(['\r', '\n']));
        }

        #[test]
        fn what_arrives_is_what_was_meant(text in "[.a\u{e9}\n ]{0,40}") {
            let body = Body::new(&text, Encoding::Ucs2).unwrap();
            let sent = String::from_utf8(body.bytes().to_vec()).unwrap();
            let lines: Vec<&str> = sent.strip_suffix("\r\n.\r\n").unwrap().split("\r\n").collect();
            let unstuffed: Vec<&str> = lines.iter().map(|line| line.strip_prefix('.').unwrap_or(line)).collect();
            prop_assert_eq!(unstuffed.join("\n"), text);
        }
    }
}
