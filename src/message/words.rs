//! Decodes the value of a header field: encoded-words (RFC 2047) and raw bytes in any character set.
//!
//! mail-parser is not asked, because it decodes each encoded-word alone: programs cut words inside a character, so
//! neighbours in one character set are put together before they are decoded. Forgiving: words glued to others,
//! blanks and question marks inside them, and languages (RFC 2231, section 5) are read.
//!
//! Known limit: an encoded-word inside quotes is decoded too, against RFC 2047; programs write it that way.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::{charset, clean, transfer};

/// The longest name of a character set that is looked for.
const MAX_LABEL: usize = 60;

/// Decodes an unfolded value into one clean line. `hint` names the set that raw bytes are likely in.
pub(super) fn decode(value: &[u8], hint: Option<&str>) -> String {
    let text: String = runs(value).iter().map(|run| run.text(hint)).collect();
    clean::one_line(&text)
}

/// The value with everything that is not ASCII as encoded-words in UTF-8, each whole; the rest stays as it is.
pub(super) fn recoded(value: &[u8], hint: Option<&str>) -> Vec<u8> {
    let mut line = Vec::new();
    for run in runs(value) {
        if run.label.is_none() && run.bytes.is_ascii() {
            line.extend_from_slice(&run.bytes);
            continue;
        }
        match run.label {
            Some(_) => line.extend(encoded(&run.text(hint)).into_bytes()),
            None => recode_plain(&run.bytes, hint, &mut line),
        }
    }
    line
}

/// Raw bytes word by word: blanks, commas, quotes and brackets keep their meaning.
fn recode_plain(bytes: &[u8], hint: Option<&str>, line: &mut Vec<u8>) {
    let text = charset::decode_raw(bytes, hint);
    let is_text = |c: char| !c.is_ascii() || c.is_ascii_alphanumeric() || c == ' ';
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let end = rest.find(|c| !is_text(c)).unwrap_or(rest.len());
        let words = rest[..end].trim_matches(' ');
        let start = rest.find(|c| c != ' ').unwrap_or(0);
        if words.is_ascii() {
            line.extend_from_slice(&rest.as_bytes()[..end]);
        } else {
            line.extend_from_slice(&rest.as_bytes()[..start]);
            line.extend(encoded(words).into_bytes());
            line.extend_from_slice(&rest.as_bytes()[start + words.len()..end]);
        }
        let sign = rest[end..].chars().next().map_or(0, char::len_utf8);
        line.extend_from_slice(&rest.as_bytes()[end..end + sign]);
        rest = &rest[end + sign..];
    }
}

fn encoded(text: &str) -> String {
    format!("=?utf-8?B?{}?=", BASE64.encode(clean::one_line(text)))
}

/// A stretch of a value in one character set.
struct Run<'a> {
    /// `None`: raw bytes, not encoded.
    label: Option<&'a str>,
    bytes: Vec<u8>,
}

impl Run<'_> {
    fn text(&self, hint: Option<&str>) -> String {
        match self.label {
            Some(label) => charset::decode(&self.bytes, Some(label)),
            None => charset::decode_raw(&self.bytes, hint),
        }
    }
}

fn runs(value: &[u8]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    let mut rest = value;
    let mut closing = Closing::default();
    while !rest.is_empty() {
        let at = value.len() - rest.len();
        let start = find(rest, b"=?").unwrap_or(rest.len());
        let word = word(value, at + start, &mut closing);
        let plain_end = if word.is_some() { start } else { rest.len().min(start + 2) };
        add_plain(&mut runs, &rest[..plain_end]);
        rest = &rest[plain_end..];
        if let Some((word, end)) = word {
            rest = &value[end..];
            add_word(&mut runs, word);
        }
    }
    runs
}

fn add_plain<'a>(runs: &mut Vec<Run<'a>>, plain: &[u8]) {
    match runs.last_mut() {
        Some(Run { label: None, bytes }) => bytes.extend_from_slice(plain),
        _ if plain.is_empty() => {}
        _ => runs.push(Run { label: None, bytes: plain.to_vec() }),
    }
}

/// Adds a word, without the blanks that stand between it and the word before.
fn add_word<'a>(runs: &mut Vec<Run<'a>>, word: Run<'a>) {
    if let [.., Run { label: Some(_), .. }, Run { label: None, bytes }] = runs.as_slice()
        && bytes.trim_ascii().is_empty()
    {
        runs.pop();
    }
    match runs.last_mut() {
        Some(Run { label: Some(label), bytes }) if word.label.is_some_and(|l| l.eq_ignore_ascii_case(label)) => {
            bytes.extend_from_slice(&word.bytes);
        }
        _ => runs.push(word),
    }
}

/// Where the next `?=` is. Remembered, so that a value full of openings is not searched to its end for each.
#[derive(Default)]
struct Closing {
    searched_from: usize,
    found: Option<Option<usize>>,
}

impl Closing {
    fn after(&mut self, value: &[u8], from: usize) -> Option<usize> {
        if let Some(found) = self.found
            && from >= self.searched_from
            && found.is_none_or(|at| at >= from)
        {
            return found;
        }
        let found = find(&value[from..], b"?=").map(|at| from + at);
        (self.searched_from, self.found) = (from, Some(found));
        found
    }
}

/// The encoded-word at `start`, and where it ends.
fn word<'a>(value: &'a [u8], start: usize, closing: &mut Closing) -> Option<(Run<'a>, usize)> {
    let inner = value.get(start..)?.strip_prefix(b"=?")?;
    let mark = inner.iter().take(MAX_LABEL).position(|byte| *byte == b'?')?;
    let label = std::str::from_utf8(&inner[..mark]).ok().filter(|label| !label.is_empty() && !label.contains(' '))?;
    let coding = inner.get(mark + 1)?;
    inner.get(mark + 2).filter(|byte| **byte == b'?')?;
    let text = start + 2 + mark + 3;
    let end = closing.after(value, text)?;
    let encoded = &value[text..end];
    let bytes = match coding {
        b'b' | b'B' => transfer::base64(encoded, usize::MAX).bytes,
        b'q' | b'Q' => q(encoded),
        _ => return None,
    };
    Some((Run { label: Some(label), bytes }, end + 2))
}

fn q(encoded: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
    let mut bytes = Vec::with_capacity(spaced.len());
    transfer::quoted(&spaced, &mut bytes);
    bytes
}

fn find(bytes: &[u8], two: &[u8; 2]) -> Option<usize> {
    bytes.windows(2).position(|pair| pair == two)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_as_programs_write_them() {
        for (value, text) in [
            ("plain", "plain"),
            ("=?utf-8?q?caf=C3=A9_au_lait?=", "café au lait"),
            ("=?UTF-8?B?Y2Fmw6k=?= noir", "café noir"),
            ("=?iso-8859-2?Q?=A3=F3d=BC?=", "Łódź"),
            ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
            ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
            // Cut inside a character, in both codings and between them.
            ("=?utf-8?b?Y2Fmww==?= =?utf-8?b?qSE=?=", "café!"),
            ("=?UTF-8?Q?caf=C3?= =?utf-8?Q?=A9?=", "café"),
            ("=?utf-8?B?4oI=?=  =?utf-8?Q?=AC?=", "€"),
            ("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"),
            ("=?utf-8*en?Q?x?=", "x"),
            ("=?utf-8?Q?two words?=", "two words"),
            ("=?utf-8?Q?really??=", "really?"),
            ("[Alert]=?utf-8?Q?_=C3=A9?=", "[Alert] é"),
            ("=?utf-8?B?aGVsbG8gd29ybGQ?=", "hello world"),
            ("=?unknown-8bit?Q?gr=F6=DFer?=", "größer"),
            ("=?not a word?= 2 =? 3", "=?not a word?= 2 =? 3"),
            ("=?utf-8?x?abc?=", "=?utf-8?x?abc?="),
            ("=?utf-8?Q?open", "=?utf-8?Q?open"),
            ("=?utf-8?Q?line=0D=0Abreak?=", "line break"),
            ("raw größer", "raw größer"),
        ] {
            assert_eq!(decode(value.as_bytes(), None), text, "{value}");
        }
    }

    #[test]
    fn raw_bytes_follow_the_hint() {
        assert_eq!(decode(b"\xf0\xd2\xc9\xd7\xc5\xd4", Some("koi8-r")), "Привет");
        assert_eq!(decode(b"gr\xf6\xdfer", None), "größer");
        assert_eq!(decode(b"\x1b$BF|K\\\x1b(B", None), "日本");
    }

    #[test]
    fn a_value_full_of_openings_is_searched_once() {
        let mut closing = Closing::default();
        let value = b"=?a?q?x".repeat(1000);
        assert_eq!(closing.after(&value, 6), None);
        closing.after(&value, 600);
        assert_eq!(closing.searched_from, 6);
    }
}
