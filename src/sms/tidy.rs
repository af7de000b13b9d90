//! Cleans a text before it is set: NFC, no invisible characters, no space that carries nothing.
//!
//! In an SMS every character is paid for and the screen is small, so blank lines, indentation and runs of spaces go;
//! line breaks stay, because they carry meaning. Known limit: columns lined up by spaces lose their line-up.

use unicode_normalization::UnicodeNormalization;

/// What stands between two visible characters; the wider one wins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    None,
    Space,
    Line,
}

impl Gap {
    fn as_str(self) -> &'static str {
        match self {
            Gap::None => "",
            Gap::Space => " ",
            Gap::Line => "\n",
        }
    }
}

/// The text in NFC, its lines parted by one LF and its words by one space, none at the ends; without control and
/// invisible characters. Tidying a second time changes nothing.
pub(super) fn tidy(text: &str) -> String {
    if text.is_ascii() {
        return tidy_ascii(text);
    }
    let mut tidied = String::with_capacity(text.len());
    let mut gap = Gap::None;
    for character in text.chars().filter(|c| !is_invisible(*c)).nfc() {
        if ends_line(character) {
            gap = Gap::Line;
        } else if character.is_whitespace() {
            gap = gap.max(Gap::Space);
        } else {
            if !tidied.is_empty() {
                tidied.push_str(gap.as_str());
            }
            gap = Gap::None;
            tidied.push(character);
        }
    }
    tidied
}

/// The same for what most texts are: in NFC already, and taken word by word.
fn tidy_ascii(text: &str) -> String {
    let mut tidied = String::with_capacity(text.len());
    let mut gap = Gap::None;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.bytes().position(|byte| !byte.is_ascii_graphic()).unwrap_or(rest.len());
        if word > 0 {
            if !tidied.is_empty() {
                tidied.push_str(gap.as_str());
            }
            gap = Gap::None;
            tidied.push_str(&rest[..word]);
        } else if ends_line(first) {
            gap = Gap::Line;
        } else if first.is_whitespace() {
            gap = gap.max(Gap::Space);
        }
        rest = &rest[word.max(1)..];
    }
    tidied
}

/// LF, CR, VT, FF, NEL and the two separators of Unicode; CRLF makes two of them and one gap.
fn ends_line(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Controls, and what only steers layout: soft hyphen, zero-width space, bidi marks, byte order mark, noncharacters.
/// The zero-width joiner and non-joiner stay: they make other glyphs of their neighbours.
fn is_invisible(character: char) -> bool {
    match character {
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' => true,
        '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{feff}' | '\u{fff0}'..='\u{fffc}' | '\u{fdd0}'..='\u{fdef}' => true,
        other if u32::from(other) & 0xfffe == 0xfffe => true,
        other => other.is_control() && !other.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn space_that_carries_nothing_goes() {
        let table = [
            ("", ""),
            (" \n\t ", ""),
            ("  disk   full  ", "disk full"),
            ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour"),
            ("one \n \n\n  two", "one\ntwo"),
            ("a\u{a0}b\u{2003}c\u{3000}d\te", "a b c d e"),
            ("a\u{2028}b\u{85}c\u{b}d\u{c}e", "a\nb\nc\nd\ne"),
            ("so\u{ad}ft zero\u{200b}width \u{202e}bidi\u{feff}", "soft zerowidth bidi"),
            ("nul\0esc\u{1b}[1mbel\u{7}", "nulesc[1mbel"),
            ("cafe\u{301} n\u{303} A\u{30a}", "café ñ Å"),
            ("e\u{200b}\u{301}", "é"),
            ("👨\u{200d}👩", "👨\u{200d}👩"),
        ];
        for (text, tidied) in table {
            assert_eq!(tidy(text), tidied, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn tidying_twice_changes_nothing(text in "\\PC{0,40}|[ \\n\\r\\ta\u{301}\u{200b}\u{0}]{0,40}") {
            let once = tidy(&text);
            prop_assert_eq!(tidy(&once), once);
        }

        #[test]
        fn ascii_is_tidied_like_any_other_text(text in "[ -~\\n\\r\\t\u{b}\u{0}\u{1b}]{0,40}") {
            // A letter beyond ASCII makes it take the other way.
            let expected = format!("{}\n\u{e9}", tidy(&text));
            prop_assert_eq!(tidy(&format!("{text}\n\u{e9}")), expected.trim_start());
        }
    }
}
