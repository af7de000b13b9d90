//! Takes out of decoded text what nobody reads: control characters, invisible characters, spaces in odd widths.
//!
//! It never changes a letter, a digit or a sign. Joiners stay where they shape what is seen: between emoji, and in
//! scripts that are written joined.
//!
//! Known limit: scripts of the Unicode ranges in [`shapes`] keep their joiners even where these have no effect.

use unicode_normalization::UnicodeNormalization;

use super::line::Line;

/// One line: control characters and line ends become spaces, blanks in a row one space; NFC.
pub(super) fn one_line(text: &str) -> String {
    composed(squeezed(&visible(&text.replace(is_line_end, " "))))
}

/// Breaks text into lines at LF, CRLF, CR and the line ends of Unicode, and takes out what is invisible. Blanks stay
/// as they are: the ends of lines still mean something to whoever reads format=flowed or signatures.
pub(super) fn lines(text: &str) -> impl Iterator<Item = String> {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.split('\n').flat_map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        line.split(is_line_end).map(visible)
    })
}

/// A line as patterns look at it: visible, blanks in a row one, NFC. The mark of a signature keeps its blank, which is
/// all that tells it from a rule.
pub(super) fn line(text: &str) -> String {
    let text = visible(text);
    if text == "-- " { text } else { composed(squeezed(&text)) }
}

/// The text without invisible characters: tabs and odd spaces become spaces.
pub(super) fn visible(text: &str) -> String {
    // Most lines have nothing to take out.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    let mut kept = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => kept.push(' '),
            '\u{200c}' | '\u{200d}' => {
                let joins = kept.chars().next_back().is_some_and(shapes)
                    && characters.peek().is_some_and(|after| shapes(*after));
                if joins {
                    kept.push(character);
                }
            }
            _ if character.is_control() || is_invisible(character) => {}
            _ => kept.push(character),
        }
    }
    kept
}

/// Clean lines as one text: blank lines in a row become one, none at the ends; at most `limit` characters.
pub(super) fn joined(lines: &[Line], limit: usize) -> String {
    let mut text = String::new();
    let mut length = 0;
    for line in lines {
        let line = line.text.trim_end();
        let ends_blank = text.is_empty() || text.ends_with("\n\n");
        if line.is_empty() && ends_blank {
            continue;
        }
        length += line.chars().count() + 1;
        text.push_str(line);
        text.push('\n');
        if length > limit {
            break;
        }
    }
    let cut = text.char_indices().nth(limit).map_or(text.len(), |(at, _)| at);
    text.truncate(cut);
    text.truncate(text.trim_end().len());
    text
}

/// The text in NFC; what is ASCII is.
fn composed(text: String) -> String {
    if text.is_ascii() { text } else { text.nfc().collect() }
}

fn squeezed(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    line
}

fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Soft hyphen, zero-width and bidirectional controls, fillers, tags.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Whether a joiner beside this character changes what is seen: Arabic and its kin, the scripts of India and Burma,
/// Mongolian, emoji with their variation selector and skin tones.
fn shapes(character: char) -> bool {
    matches!(
        character,
        '\u{600}'..='\u{8ff}'
            | '\u{900}'..='\u{109f}'
            | '\u{1780}'..='\u{18af}'
            | '\u{2190}'..='\u{2bff}'
            | '\u{fe0f}'
            | '\u{1f000}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_go_and_shaping_ones_stay() {
        for (text, clean) in [
            ("so\u{ad}ft", "soft"),
            ("z\u{200b}e\u{200d}r\u{feff}o", "zero"),
            ("\u{202e}bidi\u{2069}\u{200f}", "bidi"),
            ("n\0u\u{1}l\u{7f}\u{9f}", "nul"),
            ("a\u{a0}b\u{202f}c\td", "a b c d"),
            ("👨\u{200d}👩\u{200d}👧", "👨\u{200d}👩\u{200d}👧"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("x\u{34f}\u{2007}\u{34f}y", "x y"),
        ] {
            assert_eq!(visible(text), clean, "{text:?}");
        }
    }

    #[test]
    fn one_line_is_one_line_in_nfc() {
        assert_eq!(one_line(" a\r\n  b\u{2028}c\te\u{301} "), "a b c é");
    }

    #[test]
    fn a_line_is_squeezed_and_the_mark_of_a_signature_is_not() {
        for (text, clean) in
            [(" a\t b ", "a b"), ("-- ", "-- "), ("-\u{ad}- ", "-- "), (" -- ", "--"), ("e\u{301}", "é")]
        {
            assert_eq!(line(text), clean, "{text:?}");
        }
    }

    #[test]
    fn lines_end_wherever_somebody_ends_them() {
        let all: Vec<String> = lines("a\r\nb\rc\n\nd\u{2028}e\u{85}f\n").collect();
        assert_eq!(all, ["a", "b", "c", "", "d", "e", "f"]);
    }

    #[test]
    fn a_text_has_no_blank_ends_and_no_two_blank_lines() {
        let lines: Vec<Line> =
            ["", "", "a b", "", "", "c", ""].map(|text| Line { text: text.to_owned(), ..Line::default() }).into();
        assert_eq!(joined(&lines, 100), "a b\n\nc");
        assert_eq!(joined(&lines, 4), "a b");
        assert_eq!(joined(&lines, 2), "a");
    }
}
