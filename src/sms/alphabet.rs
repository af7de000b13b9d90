//! The alphabets a text can be set in, and what each character costs in them.
//!
//! Control characters other than the line feed are in none of them.

use super::gsm7;
use super::parts::Encoding;

/// What the characters of a galley are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Ascii,
    Latin1,
    Gsm7,
    Ucs2,
    /// What both have, at the dearer of both prices: see [`Charset`](super::Charset).
    AsciiInGsm7,
    /// Likewise.
    Latin1InGsm7,
}

impl Alphabet {
    /// How many units a character takes; `None` when the alphabet lacks it.
    pub(super) fn units(self, character: char) -> Option<usize> {
        if character.is_control() && character != '\n' {
            return None;
        }
        match self {
            Alphabet::Ascii => character.is_ascii().then(|| of_bytes(character)),
            Alphabet::Latin1 => (u32::from(character) <= 0xff).then(|| of_bytes(character)),
            Alphabet::Gsm7 => gsm7::septets(character),
            Alphabet::Ucs2 => Some(character.len_utf16()),
            Alphabet::AsciiInGsm7 => dearer(Alphabet::Ascii.units(character), gsm7::septets(character)),
            Alphabet::Latin1InGsm7 => dearer(Alphabet::Latin1.units(character), gsm7::septets(character)),
        }
    }

    /// The encoding its texts travel in.
    pub(super) fn encoding(self) -> Encoding {
        match self {
            Alphabet::Ascii | Alphabet::AsciiInGsm7 => Encoding::Ascii,
            Alphabet::Latin1 | Alphabet::Latin1InGsm7 => Encoding::Latin1,
            Alphabet::Gsm7 => Encoding::Gsm7,
            Alphabet::Ucs2 => Encoding::Ucs2,
        }
    }
}

/// Byte encodings go as lines, and a line break over the line is CRLF.
fn of_bytes(character: char) -> usize {
    if character == '\n' { 2 } else { 1 }
}

fn dearer(one: Option<usize>, other: Option<usize>) -> Option<usize> {
    Some(one?.max(other?))
}

#[cfg(test)]
mod tests {
    use super::Alphabet::*;

    #[test]
    fn each_alphabet_has_its_price() {
        // ascii, latin1, gsm7, ucs2, ascii in gsm7, latin1 in gsm7
        let table = [
            ('a', [Some(1); 6]),
            ('\n', [Some(2), Some(2), Some(1), Some(1), Some(2), Some(2)]),
            ('[', [Some(1), Some(1), Some(2), Some(1), Some(2), Some(2)]),
            ('`', [Some(1), Some(1), None, Some(1), None, None]),
            ('é', [None, Some(1), Some(1), Some(1), None, Some(1)]),
            ('ç', [None, Some(1), None, Some(1), None, None]),
            ('€', [None, None, Some(2), Some(1), None, None]),
            ('Ω', [None, None, Some(1), Some(1), None, None]),
            ('😀', [None, None, None, Some(2), None, None]),
            ('\r', [None; 6]),
            ('\t', [None; 6]),
            ('\0', [None; 6]),
            ('\u{1b}', [None; 6]),
            ('\u{c}', [None; 6]),
            ('\u{7f}', [None; 6]),
            ('\u{85}', [None; 6]),
        ];
        for (character, units) in table {
            let alphabets = [Ascii, Latin1, Gsm7, Ucs2, AsciiInGsm7, Latin1InGsm7];
            assert_eq!(alphabets.map(|alphabet| alphabet.units(character)), units, "{character:?}");
        }
    }
}
