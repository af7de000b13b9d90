//! Names of character sets, as programs write them.

use encoding_rs::{Encoding, REPLACEMENT};

use super::table::Table;

/// What a name stands for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Label {
    /// One of the sets of the WHATWG.
    Known(&'static Encoding),
    Utf7,
    /// UTF-16 in an order that the bytes must tell.
    Utf16,
    Utf32,
    Iso2022Kr,
    Hz,
    Dos(Table),
    Unknown,
}

impl Label {
    /// Reads a name; quotes, blanks and the language of RFC 2231 (`utf-8*en`) around it don't matter.
    pub(super) fn named(name: &str) -> Label {
        let name = name.split(['*', ';']).next().unwrap_or_default();
        let name = name.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>'));
        match (Label::spelled(name), name.split_once(' ')) {
            // "koi8-r format=flowed": somebody forgot the semicolon.
            (Label::Unknown, Some((name, _))) => Label::spelled(name),
            (label, _) => label,
        }
    }

    fn spelled(name: &str) -> Label {
        let name = name.to_ascii_lowercase();
        let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        match bare.as_str() {
            "utf7" | "unicode11utf7" | "xutf7" | "utf7imap" | "cp65000" => return Label::Utf7,
            "utf16" | "ucs2" | "iso10646ucs2" | "unicode" => return Label::Utf16,
            "utf32" | "utf32le" | "utf32be" | "ucs4" => return Label::Utf32,
            "iso2022kr" | "csiso2022kr" => return Label::Iso2022Kr,
            "hzgb2312" | "hz" => return Label::Hz,
            "cp437" | "ibm437" | "437" => return Label::Dos(Table::Cp437),
            "cp850" | "ibm850" | "850" => return Label::Dos(Table::Cp850),
            _ => {}
        }
        known(&name).or_else(|| known(&respelled(&bare))).map_or(Label::Unknown, Label::Known)
    }
}

/// A name that the WHATWG takes for a set that must not be decoded is none for us.
fn known(name: &str) -> Option<&'static Encoding> {
    Encoding::for_label(name.as_bytes()).filter(|encoding| *encoding != REPLACEMENT)
}

/// The name as the WHATWG spells it, from its letters and digits: `iso8859_15`, `cp-1252`, `Latin-1`, `win1251`.
fn respelled(bare: &str) -> String {
    let numbered = |prefixes: &[&str], spelling: &str| {
        let number = prefixes.iter().find_map(|prefix| bare.strip_prefix(prefix))?;
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| format!("{spelling}{number}"))
    };
    let families: [(&[&str], &str); 3] = [
        (&["iso8859", "iso88590"], "iso-8859-"),
        (&["windows", "win", "cp", "xcp", "ms"], "windows-"),
        (&["latin"], "latin"),
    ];
    let spelled = families.iter().find_map(|(prefixes, spelling)| numbered(prefixes, spelling));
    match bare {
        "windows932" | "cp932" | "sjis" | "mskanji" => "shift_jis".to_owned(),
        "cp936" | "ms936" | "windows936" => "gbk".to_owned(),
        "cp949" | "ms949" | "uhc" | "ksc56011987" => "euc-kr".to_owned(),
        "cp950" | "big5hkscs" => "big5".to_owned(),
        "koi8r" => "koi8-r".to_owned(),
        "koi8u" => "koi8-u".to_owned(),
        "eucjp" => "euc-jp".to_owned(),
        "utf8" | "utf8mb4" | "cp65001" | "unicode11utf8" => "utf-8".to_owned(),
        "cp858" => "iso-8859-15".to_owned(),
        _ => spelled.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_programs_write_them() {
        for (name, encoding) in [
            ("UTF8", "UTF-8"),
            ("\"utf-8\"", "UTF-8"),
            ("utf-8*en", "UTF-8"),
            ("utf_8", "UTF-8"),
            ("Latin-1", "windows-1252"),
            ("iso8859_15", "ISO-8859-15"),
            ("ISO-8859-1", "windows-1252"),
            ("cp-1251", "windows-1251"),
            ("win1250", "windows-1250"),
            ("cp936", "GBK"),
            ("KS_C_5601-1987", "EUC-KR"),
            ("ansi_x3.4-1968", "windows-1252"),
            ("iso 8859 2", "ISO-8859-2"),
            ("koi8-r format=flowed", "KOI8-R"),
        ] {
            match Label::named(name) {
                Label::Known(found) => assert_eq!(found.name(), encoding, "{name}"),
                other => panic!("{name}: {other:?}"),
            }
        }
        for name in ["", "x-unknown", "unknown-8bit", "default", "iso-2022-cn"] {
            assert!(matches!(Label::named(name), Label::Unknown), "{name}");
        }
    }
}
