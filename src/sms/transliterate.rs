//! What stands for a character that an alphabet lacks: typographic forms, then the letter without its marks, then
//! letters that sound or look alike.
//!
//! It never replaces Chinese, Japanese or Korean: read aloud in Latin letters, and kanji as if they were Chinese, they
//! would mislead more than they tell. Known limits: a German umlaut loses its dots where the alphabet has none, because
//! a Turkish one looks the same and may not become `ue`; small Greek letters become Latin ones even beside capitals that
//! the GSM alphabet has; scripts without vowels stay without them.

use std::borrow::Cow;

use any_ascii::any_ascii_char;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::alphabet::Alphabet;

/// The text with everything replaced that the alphabet lacks; what nothing comes close to is kept.
pub(super) fn replace_all(text: &str, alphabet: Alphabet) -> String {
    let mut replaced = String::with_capacity(text.len());
    for character in text.chars() {
        match replace(character, alphabet) {
            _ if alphabet.units(character).is_some() => replaced.push(character),
            Some(text) => replaced.push_str(&text),
            None => replaced.push(character),
        }
    }
    replaced
}

/// What stands for the character, all of it in the alphabet; empty for what only changes its neighbour's looks.
/// `None` when there is nothing close.
fn replace(character: char, alphabet: Alphabet) -> Option<Cow<'static, str>> {
    let carried = |text: &str| text.chars().all(|c| alphabet.units(c).is_some());
    if is_cjk(character) {
        return None;
    }
    if is_modifier(character) {
        return Some("".into());
    }
    if let Some(text) = symbol(character).filter(|text| carried(text)) {
        return Some(text.into());
    }
    if let Some(base) = with_fewer_marks(character).find(|base| alphabet.units(*base).is_some()) {
        return Some(base.to_string().into());
    }
    match any_ascii_char(character) {
        "" if is_combining_mark(character) => Some("".into()),
        "" => Some("?".into()),
        text if carried(text) => Some(text.into()),
        text => Some(text.chars().map(|c| if alphabet.units(c).is_some() { c } else { '\'' }).collect()),
    }
}

/// Chinese, Japanese or Korean letters: Unicode's Han, Hiragana, Katakana, Bopomofo, Hangul and Yi, with their marks.
fn is_cjk(character: char) -> bool {
    matches!(
        u32::from(character),
        0x1100..=0x11ff         // Hangul Jamo
        | 0x2e80..=0x2fdf       // Radicals
        | 0x3005..=0x3007 | 0x3021..=0x3029 | 0x3031..=0x3035 | 0x3038..=0x303c
        | 0x3040..=0x31ff       // Hiragana, Katakana, Bopomofo, Hangul Jamo, Kanbun
        | 0x3200..=0x33ff       // Enclosed and squared letters
        | 0x3400..=0x4dbf | 0x4e00..=0x9fff
        | 0xa000..=0xa4cf       // Yi
        | 0xa960..=0xa97f | 0xac00..=0xd7ff
        | 0xf900..=0xfaff
        | 0xff66..=0xffdc       // Halfwidth forms
        | 0x1aff0..=0x1b16f     // Kana supplements
        | 0x20000..=0x3ffff     // The ideographic planes
    )
}

/// What changes only how its neighbour looks: joiners, variation selectors, skin tones, the keycap, tags of flags.
fn is_modifier(character: char) -> bool {
    matches!(
        u32::from(character),
        0x200c..=0x200d | 0xfe00..=0xfe0f | 0x1f3fb..=0x1f3ff | 0x20e3 | 0xe0000..=0xe01ef
    )
}

/// The character without its last mark, then without the last two, and so on: ǘ, ü, u.
fn with_fewer_marks(character: char) -> impl Iterator<Item = char> {
    let letters: Vec<char> = std::iter::once(character).nfd().collect();
    (1..letters.len()).rev().filter_map(move |n| {
        let mut composed = letters[..n].iter().copied().nfc();
        composed.next().filter(|_| composed.next().is_none())
    })
}

/// Forms that any_ascii knows not, or not well for a person who reads an alert: it takes `≠` for `=`.
fn symbol(character: char) -> Option<&'static str> {
    Some(match character {
        '‘' | '’' | '‚' | '‛' | '′' | 'ʼ' | '`' | '´' | '‹' | '›' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' => "\"",
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '⁃' => "-",
        '…' => "...",
        // any_ascii has nothing for the commonest letter of Arabic, which carries a vowel.
        'ا' => "a",
        '•' | '‣' | '◦' | '▪' | '●' | '·' => "-",
        '×' | '✕' => "x",
        '≠' => "!=",
        '±' => "+/-",
        '→' | '➔' | '➜' | '⟶' => "->",
        '←' | '⟵' => "<-",
        '↔' => "<->",
        '⇒' => "=>",
        '↑' | '⬆' | '▲' | '🔺' => "up",
        '↓' | '⬇' | '▼' | '🔻' => "down",
        '✅' | '✔' | '✓' | '☑' | '🆗' => "OK",
        '❌' | '✖' | '✗' | '✘' | '❎' => "X",
        '⚠' | '🚨' | '❗' | '❕' => "!",
        '⛔' | '🛑' => "(stop)",
        '❓' | '❔' => "?",
        '🔴' | '🟥' => "(red)",
        '🟠' | '🟧' => "(orange)",
        '🟡' | '🟨' => "(yellow)",
        '🟢' | '🟩' => "(green)",
        '🔵' | '🟦' => "(blue)",
        '⚪' | '⬜' => "(white)",
        '⚫' | '⬛' => "(black)",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_form_that_the_alphabet_has_stands_for_a_character() {
        let table = [
            // Not in the GSM alphabet, but its capital is; a capital in the middle of a word would be worse than none.
            ('ç', Alphabet::Gsm7, "c"),
            ('Ç', Alphabet::Ascii, "C"),
            ('’', Alphabet::Gsm7, "'"),
            ('’', Alphabet::Latin1, "'"),
            ('«', Alphabet::Gsm7, "\""),
            ('—', Alphabet::Latin1, "-"),
            ('…', Alphabet::Gsm7, "..."),
            ('`', Alphabet::Gsm7, "'"),
            ('€', Alphabet::Latin1, "EUR"),
            ('°', Alphabet::Gsm7, "deg"),
            ('µ', Alphabet::Gsm7, "u"),
            ('≠', Alphabet::Gsm7, "!="),
            ('á', Alphabet::Gsm7, "a"),
            ('ǘ', Alphabet::Gsm7, "ü"),
            ('ǘ', Alphabet::Ascii, "u"),
            ('ș', Alphabet::Latin1, "s"),
            ('ß', Alphabet::Ascii, "ss"),
            ('Ł', Alphabet::Gsm7, "L"),
            ('Ж', Alphabet::Gsm7, "Zh"),
            ('λ', Alphabet::Gsm7, "l"),
            ('ﬁ', Alphabet::Gsm7, "fi"),
            ('！', Alphabet::Gsm7, "!"),
            ('✅', Alphabet::Gsm7, "OK"),
            ('🔥', Alphabet::Gsm7, ":fire:"),
            ('🇮', Alphabet::Gsm7, "I"),
            ('\u{fe0f}', Alphabet::Gsm7, ""),
            ('\u{1f3fd}', Alphabet::Gsm7, ""),
            ('\u{301}', Alphabet::Gsm7, ""),
            ('\u{e000}', Alphabet::Gsm7, "?"),
            ('ع', Alphabet::Gsm7, "'"),
            ('ا', Alphabet::Gsm7, "a"),
        ];
        for (character, alphabet, expected) in table {
            assert_eq!(replace(character, alphabet).as_deref(), Some(expected), "{character:?} in {alphabet:?}");
        }
    }

    #[test]
    fn chinese_japanese_and_korean_are_never_replaced() {
        for character in "漢字かなカナｶﾅ한글ㄅ々〇㈱𠮷".chars() {
            assert_eq!(replace(character, Alphabet::Gsm7), None, "{character:?}");
        }
    }

    /// The two planes that hold all letters and emoji.
    #[test]
    fn what_stands_for_a_character_is_in_the_alphabet() {
        for character in ('\0'..'\u{20000}').filter(|c| !c.is_control() && !c.is_whitespace()) {
            for alphabet in [Alphabet::Ascii, Alphabet::AsciiInGsm7, Alphabet::Gsm7] {
                let text = replace(character, alphabet).unwrap_or_default();
                let is_carried = text.chars().all(|c| alphabet.units(c).is_some() && c != '\n');
                assert!(is_carried, "{character:?} gives {text:?} in {alphabet:?}");
                // A word separator may become a space, but nothing may come with a space at its end.
                assert!(text == " " || text.trim() == text, "{character:?} gives {text:?}");
            }
        }
    }
}
