//! Turns bytes into text by the name of their character set, and by what they are where the name is wrong.
//!
//! It never fails and never drops a byte that could be a letter: what fits nothing is read as windows-1252, or shown
//! as U+FFFD where the character set has no such code.
//!
//! Known limits: a wrong name among the single-byte sets (KOI8-R called windows-1251) can't be seen from the bytes;
//! ISO-2022-CN and EBCDIC are not known.

mod escaped;
mod label;
mod table;
mod utf7;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use label::Label;

/// How many letters beyond ASCII must be valid UTF-8 before a declared set is not believed that could be meant as
/// well: a word or two of Chinese in GBK can be that by chance.
const PROOF_OF_UTF8: usize = 4;

/// The text that `bytes` are, called `label` by whoever sent them.
pub(super) fn decode(bytes: &[u8], label: Option<&str>) -> String {
    if let Some((encoding, length)) = Encoding::for_bom(bytes) {
        return with(encoding, &bytes[length..]);
    }
    let text = match label.map_or(Label::Unknown, Label::named) {
        Label::Utf7 => utf7::decode(bytes),
        Label::Utf16 => utf16(bytes),
        Label::Utf32 => utf32(bytes),
        Label::Iso2022Kr => escaped::iso_2022_kr(bytes),
        Label::Hz => escaped::hz(bytes),
        Label::Dos(table) => table::decode(bytes, table),
        Label::Known(encoding) => known(bytes, encoding),
        Label::Unknown => unlabelled(bytes),
    };
    c1_as_windows_1252(text)
}

/// The text that raw bytes of a header are. `hint` names the set of the body, which may well be theirs, unless it is one
/// that no header could be written in.
pub(super) fn decode_raw(bytes: &[u8], hint: Option<&str>) -> String {
    let is_possible = |hint: &&str| match Label::named(hint) {
        Label::Known(encoding) => encoding.is_ascii_compatible(),
        Label::Dos(_) => true,
        _ => false,
    };
    decode(bytes, hint.filter(is_possible).filter(|_| !bytes.is_ascii()))
}

fn known(bytes: &[u8], encoding: &'static Encoding) -> String {
    if encoding == UTF_8 || encoding == WINDOWS_1252 {
        return unlabelled(bytes);
    }
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return with(encoding, bytes);
    }
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    let proof = if had_errors { 1 } else { PROOF_OF_UTF8 };
    match std::str::from_utf8(bytes) {
        // ISO-2022-JP is ASCII to whoever looks for UTF-8: no letter beyond it, no proof.
        Ok(utf8) if utf8.chars().filter(|letter| !letter.is_ascii()).take(proof).count() == proof => utf8.to_owned(),
        _ => text.into_owned(),
    }
}

/// UTF-8 where it is that, windows-1252 where it is not: also for names that say either, which are often mixed up,
/// and for logs that mix them.
fn unlabelled(bytes: &[u8]) -> String {
    if is_iso_2022_jp(bytes) {
        return with(ISO_2022_JP, bytes);
    }
    // One zero is rather the end of a string in C, which devices send along.
    let has_zeros = bytes.iter().filter(|byte| **byte == 0).nth(1).is_some();
    if let Some(encoding) = unmarked_utf16(bytes).filter(|_| has_zeros) {
        return with(encoding, bytes);
    }
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push_str(&with(WINDOWS_1252, chunk.invalid()));
        }
    }
    text
}

fn with(encoding: &'static Encoding, bytes: &[u8]) -> String {
    encoding.decode_without_bom_handling(bytes).0.into_owned()
}

fn utf16(bytes: &[u8]) -> String {
    // Without a mark RFC 2781 says big-endian, Windows writes little-endian: the zeros of ASCII tell.
    with(unmarked_utf16(bytes).unwrap_or(UTF_16BE), bytes)
}

fn utf32(bytes: &[u8]) -> String {
    let little = bytes.get(3).is_some_and(|byte| *byte == 0) && bytes.first().is_some_and(|byte| *byte != 0);
    let unit = |four: &[u8; 4]| if little { u32::from_le_bytes(*four) } else { u32::from_be_bytes(*four) };
    let (units, _) = bytes.as_chunks::<4>();
    units.iter().map(|four| char::from_u32(unit(four)).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// UTF-16 shows by its zeros: in any text with spaces, digits and line ends nearly all on one side.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    let (pairs, _) = bytes.as_chunks::<2>();
    let high = pairs.iter().filter(|pair| pair[0] == 0 && pair[1] != 0).count();
    let low = pairs.iter().filter(|pair| pair[1] == 0 && pair[0] != 0).count();
    let is_mostly = |zeros: usize, others: usize| zeros * 5 >= pairs.len().max(1) && zeros > others * 10;
    match () {
        () if is_mostly(low, high) => Some(UTF_16LE),
        () if is_mostly(high, low) => Some(UTF_16BE),
        () => None,
    }
}

fn is_iso_2022_jp(bytes: &[u8]) -> bool {
    let switches: [&[u8]; 3] = [b"\x1b$B", b"\x1b$@", b"\x1b(J"];
    bytes.is_ascii() && bytes.windows(3).any(|three| switches.contains(&three))
}

/// C1 controls are never meant: the program thought its windows-125x was ISO-8859, and there quotes and dashes stand.
fn c1_as_windows_1252(text: String) -> String {
    let is_c1 = |character: char| ('\u{80}'..='\u{9f}').contains(&character);
    if !text.contains(is_c1) {
        return text;
    }
    let shown = |character: char| match u8::try_from(u32::from(character)) {
        Ok(byte) if is_c1(character) => with(WINDOWS_1252, &[byte]),
        _ => character.to_string(),
    };
    text.chars().map(shown).collect()
}

/// The bytes without the beginning of a UTF-8 sequence at their end, for text that was cut anywhere.
pub(super) fn whole_sequences(bytes: &[u8]) -> &[u8] {
    let tail = bytes.len().saturating_sub(3);
    let start = bytes[tail..].iter().rposition(|byte| *byte >= 0xc0).map(|at| tail + at);
    match start {
        Some(at) if matches!(std::str::from_utf8(&bytes[at..]), Err(e) if e.error_len().is_none()) => &bytes[..at],
        _ => bytes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_that_mails_come_in() {
        for (label, bytes, text) in [
            ("us-ascii", &b"plain"[..], "plain"),
            ("utf-8", "größer €".as_bytes(), "größer €"),
            ("utf-8", b"\xef\xbb\xbfmarked", "marked"),
            ("iso-8859-1", b"gr\xf6\xdfer", "größer"),
            ("iso-8859-1", b"\x93quoted\x94 \x80", "“quoted” €"),
            ("iso-8859-2", b"\xb1\xe6\xea\xb3", "ąćęł"),
            ("iso-8859-2", b"\x84a\x94", "„a”"),
            ("iso-8859-15", b"\xa4", "€"),
            ("windows-1250", b"\xb9\xe6\x9c", "ąćś"),
            ("windows-1251", b"\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"),
            ("windows-1253", b"\xc3\xe5\xe9\xdc", "Γειά"),
            ("cp1255", b"\xf9\xec\xe5\xed", "שלום"),
            ("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"),
            ("gb2312", b"\xc4\xe3\xba\xc3", "你好"),
            ("gb18030", b"\x81\x30\x89\x38\xc4\xe3", "ß你"),
            ("big5", b"\xa7\x41\xa6\x6e", "你好"),
            ("shift_jis", b"\x93\xfa\x96\x7b", "日本"),
            ("euc-kr", b"\xc7\xd1\xb1\xb9", "한국"),
            ("iso-2022-jp", b"\x1b$BF|K\\\x1b(B!", "日本!"),
            ("iso-2022-kr", b"\x1b$)C\x0eGQ19\x0f ok", "한국 ok"),
            ("hz-gb-2312", b"~{Dc:C~}!~~", "你好!~"),
            ("utf-7", b"gr+APYA3w-er +- 1", "größer + 1"),
            ("utf-16", b"\xff\xfeh\0i\0", "hi"),
            ("utf-16", b"\xfe\xff\0h\0i", "hi"),
            ("utf-16", b"h\0i\0", "hi"),
            ("utf-16", b"\0h\0i", "hi"),
            ("utf-16le", b"h\0i\0", "hi"),
            ("utf-32", b"h\0\0\0i\0\0\0", "hi"),
            ("cp437", b"gr\x94\xe1er", "größer"),
            ("cp850", b"gr\x94\xe1er \xd5", "größer ı"),
        ] {
            assert_eq!(decode(bytes, Some(label)), text, "{label} {bytes:?}");
        }
    }

    #[test]
    fn wrong_names_and_no_names() {
        for (label, bytes, text) in [
            (Some("iso-8859-1"), "größer".as_bytes(), "größer"),
            (Some("us-ascii"), "größer".as_bytes(), "größer"),
            (Some("us-ascii"), b"gr\xf6\xdfer", "größer"),
            (Some("utf-8"), b"gr\xf6\xdfer", "größer"),
            (Some("utf-8"), b"gr\xf6\xdfer and gr\xc3\xb6\xc3\x9fer", "größer and größer"),
            (Some("koi8-r"), "Привет".as_bytes(), "Привет"),
            (Some("gb2312"), "größer über groß".as_bytes(), "größer über groß"),
            (Some("gb2312"), b"\xc1\xaa\xcd\xa8", "联通"),
            (Some("x-unknown"), b"gr\xf6\xdfer", "größer"),
            (Some("x-unknown"), "größer".as_bytes(), "größer"),
            (Some(""), b"x", "x"),
            (None, b"\x1b$BF|K\\\x1b(B", "日本"),
            (None, b"h\0e\0l\0l\0o\0", "hello"),
            (None, b"nul \0 inside", "nul \0 inside"),
            (None, b"ALARM\0", "ALARM\0"),
            (Some("utf-8"), b"n\0ul", "n\0ul"),
        ] {
            assert_eq!(decode(bytes, label), text, "{label:?} {bytes:?}");
        }
    }

    #[test]
    fn a_cut_leaves_no_half_character() {
        for (bytes, whole) in [
            (&b"abc"[..], &b"abc"[..]),
            (b"ab\xc3\xa9", b"ab\xc3\xa9"),
            (b"ab\xc3", b"ab"),
            (b"a\xe2\x82", b"a"),
            (b"\xf0\x9f\x98", b""),
            (b"", b""),
        ] {
            assert_eq!(whole_sequences(bytes), whole);
        }
    }
}
