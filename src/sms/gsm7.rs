//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, sections 6.2.1 and 6.2.1.1), to the letter.
//!
//! The tables are whole, ESC, CR and form feed included, so that they can be compared with the specification; which
//! of these a text may hold is `alphabet`'s business.

/// The default alphabet; the index is the code. At 1B stands the escape to the extension table.
#[rustfmt::skip]
const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1b}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table: code and character. 0D (CR2) and 1B (a further escape) are control codes and stand for nothing.
const EXTENSION: [(u8, char); 10] = [
    (0x0a, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2f, '\\'),
    (0x3c, '['),
    (0x3d, '~'),
    (0x3e, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// How many septets each character of ISO 8859-1 takes; 0 where the alphabet lacks it. Nearly every character of a mail
/// is one of them, and a text that must be cut is measured many times.
const OF_LATIN1: [u8; 256] = {
    let mut septets = [0; 256];
    let mut at = 0;
    while at < DEFAULT.len() {
        if (DEFAULT[at] as usize) < septets.len() {
            septets[DEFAULT[at] as usize] = 1;
        }
        at += 1;
    }
    at = 0;
    while at < EXTENSION.len() {
        if (EXTENSION[at].1 as usize) < septets.len() {
            septets[EXTENSION[at].1 as usize] = 2;
        }
        at += 1;
    }
    septets
};

/// How many septets a character takes: one, or two in the extension table. `None` when the alphabet lacks it.
pub(super) fn septets(character: char) -> Option<usize> {
    if let Some(septets) = OF_LATIN1.get(character as usize) {
        return (*septets > 0).then_some(usize::from(*septets));
    }
    if DEFAULT.contains(&character) {
        return Some(1);
    }
    EXTENSION.iter().any(|(_, extended)| *extended == character).then_some(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of TS 23.038, section 6.2.1, as code points, column by column as it is printed: column 0 holds the
    /// codes 00 to 0F.
    #[rustfmt::skip]
    const PRINTED: [[u32; 16]; 8] = [
        [0x40, 0xa3, 0x24, 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, 0x0a, 0xd8, 0xf8, 0x0d, 0xc5, 0xe5],
        [0x394, 0x5f, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, 0x1b, 0xc6, 0xe6, 0xdf, 0xc9],
        [0x20, 0x21, 0x22, 0x23, 0xa4, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f],
        [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f],
        [0xa1, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f],
        [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xc4, 0xd6, 0xd1, 0xdc, 0xa7],
        [0xbf, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xe4, 0xf6, 0xf1, 0xfc, 0xe0],
    ];

    #[test]
    fn the_default_alphabet_is_that_of_the_specification() {
        for (code, character) in DEFAULT.into_iter().enumerate() {
            assert_eq!(u32::from(character), PRINTED[code / 16][code % 16], "{code:02X}");
            assert_eq!(septets(character), Some(1), "{code:02X}");
        }
    }

    #[test]
    fn the_extension_table_is_that_of_the_specification() {
        let printed = [
            (0x0a, 0x0c),
            (0x14, 0x5e),
            (0x28, 0x7b),
            (0x29, 0x7d),
            (0x2f, 0x5c),
            (0x3c, 0x5b),
            (0x3d, 0x7e),
            (0x3e, 0x5d),
            (0x40, 0x7c),
            (0x65, 0x20ac),
        ];
        for ((code, character), (printed_code, printed)) in EXTENSION.into_iter().zip(printed) {
            assert_eq!((code, u32::from(character)), (printed_code, printed));
            assert_eq!(septets(character), Some(2), "{code:02X}");
        }
    }

    #[test]
    fn nothing_else_is_in_the_alphabet() {
        let known = (0..=u32::from(char::MAX)).filter_map(char::from_u32).filter(|c| septets(*c).is_some());
        assert_eq!(known.count(), 128 + 10);
        for character in ['ç', '`', 'á', 'í', 'ó', 'ú', 'Á', 'À', 'ê', 'Α', 'α', 'µ', '°', '\t', '\u{a0}', '’']
        {
            assert_eq!(septets(character), None, "{character:?}");
        }
    }
}
