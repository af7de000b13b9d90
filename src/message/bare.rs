//! Words without a mail around them, as the gateway's dialect brings them. Pure.
//!
//! It never fails: bytes that are no UTF-8 are ISO 8859-1, in which every byte is a character.

/// The words in `bytes`, lines ended by LF, without line breaks at the end.
pub fn bare_words(bytes: &[u8]) -> String {
    let words = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
    };
    words.replace("\r\n", "\n").trim_end_matches('\n').to_owned()
}

#[cfg(test)]
mod tests {
    use super::bare_words;

    #[test]
    fn utf8_is_tried_first_and_the_last_line_break_is_not_of_the_words() {
        for (bytes, words) in [
            (&b"disk full\r\n"[..], "disk full"),
            (b"one\r\ntwo\r\n\r\n", "one\ntwo"),
            ("B\u{fc}ro".as_bytes(), "B\u{fc}ro"),
            (b"B\xfcro", "B\u{fc}ro"),
            (b"", ""),
        ] {
            assert_eq!(bare_words(bytes), words);
        }
    }
}
