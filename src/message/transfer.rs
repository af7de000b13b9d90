//! Undoes the transfer encoding of a part (RFC 2045, section 6), forgivingly and only as far as asked.
//!
//! It never fails: what is no code is skipped in base64 and stays as it is in quoted-printable. mail-parser is not
//! asked, because it loses the tail of unpadded base64 and gives up a whole quoted-printable part for one bad `=`.
//!
//! Known limit: a text that says it is base64 and is not is recognised by its first lines only.

/// How many bytes are looked at to see whether what is called base64 is base64.
const LOOK: usize = 2048;

/// What `Content-Transfer-Encoding` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, and whatever nobody knows.
    Identity,
    Base64,
    QuotedPrintable,
    Uuencode,
}

/// Decoded bytes, and whether there would have been more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    pub(super) is_cut: bool,
}

impl Encoding {
    /// Reads the field, also as careless programs write it: `"base64"`, `Base 64;`, `quoted_printable`.
    pub(super) fn named(value: &[u8]) -> Encoding {
        let value = value.split(|byte| matches!(byte, b';' | b'(')).next().unwrap_or_default();
        let name: Vec<u8> =
            value.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase).collect();
        match name.as_slice() {
            b"base64" | b"b64" => Encoding::Base64,
            b"quotedprintable" | b"qp" => Encoding::QuotedPrintable,
            b"uuencode" | b"xuuencode" | b"xuue" | b"uue" => Encoding::Uuencode,
            _ => Encoding::Identity,
        }
    }

    /// Decodes until the input or `limit` bytes of output are used up.
    pub(super) fn decode(self, body: &[u8], limit: usize) -> Decoded {
        match self {
            Encoding::Base64 if may_be_base64(body) => base64(body, limit),
            Encoding::Identity | Encoding::Base64 => {
                Decoded { bytes: body[..body.len().min(limit)].to_vec(), is_cut: body.len() > limit }
            }
            Encoding::QuotedPrintable => quoted_printable(body, limit),
            Encoding::Uuencode => uuencode(body, limit),
        }
    }
}

/// Base64 with anything between the digits. A `=` closes a group of digits and the next group starts afresh: encoded
/// pieces that a program stuck together are all read. A line of plain words behind the padding, as mailing lists add
/// it, is no base64 and ends it.
pub(super) fn base64(body: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::with_capacity(limit.min(body.len() / 4 * 3 + 3));
    let mut group = (0u32, 0u32);
    let mut was_padded = false;
    for line in body.split(|byte| *byte == b'\n') {
        if was_padded && !is_base64_line(line) {
            break;
        }
        for byte in line {
            match digit(*byte) {
                Some(value) => {
                    group = (group.0 << 6 | value, group.1 + 1);
                    was_padded = false;
                }
                None if *byte == b'=' => {
                    flush(&mut bytes, &mut group);
                    was_padded = true;
                }
                None => {}
            }
            if group.1 == 4 {
                flush(&mut bytes, &mut group);
            }
        }
        if bytes.len() > limit {
            bytes.truncate(limit);
            return Decoded { bytes, is_cut: true };
        }
    }
    flush(&mut bytes, &mut group);
    let is_cut = bytes.len() > limit;
    bytes.truncate(limit);
    Decoded { bytes, is_cut }
}

/// Writes the whole bytes of a group of up to four digits; six spare bits alone are no byte.
fn flush(bytes: &mut Vec<u8>, group: &mut (u32, u32)) {
    let (bits, digits) = std::mem::take(group);
    let whole = (digits * 6 / 8) as usize;
    let aligned = bits << (24 - digits * 6);
    bytes.extend_from_slice(&aligned.to_be_bytes()[1..=whole]);
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

fn is_base64_line(line: &[u8]) -> bool {
    let line = line.trim_ascii();
    let dashes_only = line.len() > 1 && line.iter().all(|byte| matches!(byte, b'-' | b'_'));
    !dashes_only && line.iter().all(|byte| digit(*byte).is_some() || *byte == b'=')
}

/// Words with spaces between them are no base64, whatever the header says; a lost line or a sign of junk is borne.
fn may_be_base64(body: &[u8]) -> bool {
    let look = &body[..body.len().min(LOOK)];
    let text = look.iter().filter(|byte| !byte.is_ascii_whitespace()).count();
    let digits = look.iter().filter(|byte| digit(**byte).is_some() || **byte == b'=').count();
    let spaces = look.trim_ascii().windows(2).filter(|two| two[0] == b' ' && digit(two[1]).is_some()).count();
    digits * 10 >= text * 7 && spaces * 12 <= digits
}

/// Quoted-printable: `=XX` and a `=` at the end of a line mean something, any other `=` is a `=`.
fn quoted_printable(body: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::with_capacity(limit.min(body.len()));
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        if bytes.len() > limit {
            break;
        }
        let text = line.trim_ascii_end();
        if let Some(soft) = text.strip_suffix(b"=") {
            quoted(soft, &mut bytes);
            continue;
        }
        quoted(text, &mut bytes);
        if line.ends_with(b"\n") {
            bytes.push(b'\n');
        }
    }
    let is_cut = bytes.len() > limit;
    bytes.truncate(limit);
    Decoded { bytes, is_cut }
}

/// Appends a line of quoted-printable, without its line end, decoded.
pub(super) fn quoted(line: &[u8], bytes: &mut Vec<u8>) {
    let mut rest = line;
    while let Some((byte, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().and_then(|[high, low]| Some(hex(*high)? << 4 | hex(*low)?));
        match code {
            Some(code) if *byte == b'=' => {
                bytes.push(code);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*byte);
                rest = after;
            }
        }
    }
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// What lies between `begin` and `end`; each line starts with its length.
fn uuencode(body: &[u8], limit: usize) -> Decoded {
    let mut bytes = Vec::new();
    let lines = body.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    for line in lines.skip_while(|line| !line.starts_with(b"begin ")).skip(1).take_while(|line| *line != b"end") {
        let Some((length, digits)) = line.split_first() else { continue };
        let length = usize::from(length.wrapping_sub(b' ') & 63);
        let start = bytes.len();
        for group in digits.chunks(4) {
            let value = |at: usize| u32::from(group.get(at).map_or(0, |digit| digit.wrapping_sub(b' ') & 63));
            let bits = value(0) << 18 | value(1) << 12 | value(2) << 6 | value(3);
            bytes.extend_from_slice(&bits.to_be_bytes()[1..]);
        }
        bytes.truncate(start + length);
        if bytes.len() > limit {
            bytes.truncate(limit);
            return Decoded { bytes, is_cut: true };
        }
    }
    Decoded { bytes, is_cut: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(encoding: Encoding, body: &str) -> String {
        String::from_utf8(encoding.decode(body.as_bytes(), 10_000).bytes).unwrap()
    }

    #[test]
    fn base64_as_it_arrives() {
        for (body, text) in [
            ("aGVsbG8gd29ybGQ=", "hello world"),
            ("aGVsbG8gd29ybGQ", "hello world"),
            ("aGVsbG8g\r\nd29ybGQ=\r\n", "hello world"),
            ("aGVs*bG8!g\n\n\nd29y bGQ", "hello world"),
            ("aGVsbG8=\nIHdvcmxk", "hello world"),
            ("aGVsbG8gd29ybGQ=\n\n-- \nThe list\nhttp://list.example", "hello world"),
            ("aGVsbG8gd29ybGQ=\n_____________\nThe list", "hello world"),
            ("this is plain text, whatever the header says.", "this is plain text, whatever the header says."),
            ("Disk full!", "Disk full!"),
            ("", ""),
            ("=", ""),
        ] {
            assert_eq!(decoded(Encoding::Base64, body), text, "{body:?}");
        }
    }

    #[test]
    fn quoted_printable_as_it_arrives() {
        for (body, text) in [
            ("caf=C3=A9 =\r\nau lait\r\n", "café au lait\n"),
            ("lower =c3=a9", "lower é"),
            ("1 =3D 1 == 1 =ZZ", "1 = 1 == 1 =ZZ"),
            ("soft=  \r\nly", "softly"),
            ("blank at end  \r\nnext", "blank at end\nnext"),
            ("kept at end=20\nnext", "kept at end \nnext"),
            ("ends in =", "ends in "),
            ("half =4", "half =4"),
            ("a==\nb", "a=b"),
        ] {
            assert_eq!(decoded(Encoding::QuotedPrintable, body), text, "{body:?}");
        }
    }

    #[test]
    fn uuencoded_text_is_read() {
        assert_eq!(decoded(Encoding::Uuencode, "begin 644 x\n+:&5L;&\\@=V]R;&0 \n`\nend\n"), "hello world");
    }

    #[test]
    fn names_of_encodings_as_programs_write_them() {
        for (value, encoding) in [
            ("base64", Encoding::Base64),
            (" BASE64 ", Encoding::Base64),
            ("\"Base 64\";", Encoding::Base64),
            ("quoted-printable", Encoding::QuotedPrintable),
            ("Quoted_Printable (by hand)", Encoding::QuotedPrintable),
            ("x-uuencode", Encoding::Uuencode),
            ("8bit", Encoding::Identity),
            ("", Encoding::Identity),
            ("x-nobody-knows", Encoding::Identity),
        ] {
            assert_eq!(Encoding::named(value.as_bytes()), encoding, "{value:?}");
        }
    }

    #[test]
    fn nothing_is_decoded_beyond_the_limit() {
        let long = "QUFB".repeat(1000);
        for (encoding, body) in [
            (Encoding::Base64, long.as_str()),
            (Encoding::QuotedPrintable, long.as_str()),
            (Encoding::Identity, long.as_str()),
        ] {
            let Decoded { bytes, is_cut } = encoding.decode(body.as_bytes(), 10);
            assert_eq!((bytes.len(), is_cut), (10, true), "{encoding:?}");
        }
    }
}
