//! Splits a header from its body (RFC 5322, section 2.2) into fields as they were written.
//!
//! It never decodes a value. What is not quite a header is read as far as it goes: a line that is no field ends the
//! header, and the body begins with it.
//!
//! Known limit: of a header longer than [`MAX_HEAD`] bytes or [`MAX_FIELDS`] fields the rest is left out.

/// How many fields are kept.
const MAX_FIELDS: usize = 1000;
/// How many bytes of a header are kept.
const MAX_HEAD: usize = 256 * 1024;

/// One header field: name as written, value still folded and encoded.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a [u8],
}

/// The fields of one header, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Head<'a>(Vec<Field<'a>>);

impl<'a> Head<'a> {
    pub(super) fn fields(&self) -> &[Field<'a>] {
        &self.0
    }

    /// The value of the first field of that name, unfolded.
    pub(super) fn first(&self, name: &str) -> Option<Vec<u8>> {
        self.all(name).next()
    }

    /// The values of all fields of that name, unfolded.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = Vec<u8>> {
        self.0.iter().filter(move |field| field.name.eq_ignore_ascii_case(name)).map(|field| unfolded(field.value))
    }

    /// Whether any field is one that mails have: "ALERT: disk full" is a line of text, not a header.
    pub(super) fn is_of_a_mail(&self) -> bool {
        self.0.iter().any(|field| is_known(field.name))
    }
}

/// The header at the start of `bytes`, and where the body begins.
pub(super) fn split(bytes: &[u8]) -> (Head<'_>, usize) {
    let mut fields: Vec<Field<'_>> = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let end = at + line_length(&bytes[at..]);
        let line = &bytes[at..end];
        if is_blank(line) && !(is_folded(line) && next_is_folded(bytes, end)) {
            at = end;
            break;
        }
        if is_folded(line) && !fields.is_empty() {
            // Longer by this line: the fields lie one behind the other, so the value simply ends later.
            if let Some(last) = fields.last_mut().filter(|_| end <= MAX_HEAD) {
                let start = last.value.as_ptr().addr() - bytes.as_ptr().addr();
                last.value = &bytes[start..end];
            }
        } else if let Some(field) = field(if at == 0 { line.trim_ascii_start() } else { line }) {
            if fields.len() < MAX_FIELDS && end <= MAX_HEAD {
                fields.push(field);
            }
        } else if !(at == 0 && is_before_header(line, &bytes[end..])) {
            break;
        }
        at = end;
    }
    (Head(fields), at)
}

/// Takes the line ends out of a value (RFC 5322, section 2.2.3); what else is no text becomes a space.
pub(super) fn unfolded(value: &[u8]) -> Vec<u8> {
    let kept = value.iter().filter(|byte| !matches!(byte, b'\r' | b'\n'));
    let line: Vec<u8> = kept.map(|byte| if *byte == b'\t' { b' ' } else { *byte }).collect();
    line.trim_ascii().to_vec()
}

/// The length of the line at the start of `bytes`, its line feed included.
pub(super) fn line_length(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |at| at + 1)
}

fn field(line: &[u8]) -> Option<Field<'_>> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line[..colon].trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(|byte| (b'!'..=b'~').contains(byte));
    let name = std::str::from_utf8(name).ok().filter(|_| is_name)?;
    Some(Field { name, value: &line[colon + 1..] })
}

fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty()
}

fn is_folded(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"\t")
}

/// A line of blanks inside a folded value (RFC 5322, obs-FWS) does not end the header; one before the body does.
fn next_is_folded(bytes: &[u8], at: usize) -> bool {
    let line = &bytes[at..at + line_length(&bytes[at..])];
    is_folded(line) && !is_blank(line)
}

/// What a mailbox file puts before a mail, and the end of a field that was cut off.
fn is_before_header(line: &[u8], rest: &[u8]) -> bool {
    let is_rest_of_field = is_folded(line) && field(&rest[..line_length(rest)]).is_some();
    line.starts_with(b"From ") || line.starts_with(b">From ") || is_rest_of_field
}

fn is_known(name: &str) -> bool {
    const KNOWN: [&str; 17] = [
        "from",
        "to",
        "cc",
        "bcc",
        "subject",
        "date",
        "message-id",
        "sender",
        "reply-to",
        "received",
        "return-path",
        "mime-version",
        "in-reply-to",
        "references",
        "auto-submitted",
        "precedence",
        "delivered-to",
    ];
    let name = name.to_ascii_lowercase();
    KNOWN.contains(&name.as_str())
        || name.starts_with("x-")
        || name.starts_with("content-")
        || name.starts_with("list-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mail: &str) -> (Vec<(String, String)>, &str) {
        let (head, at) = split(mail.as_bytes());
        let text = |value| String::from_utf8(unfolded(value)).unwrap();
        let fields = head.fields().iter().map(|field| (field.name.to_owned(), text(field.value))).collect();
        (fields, &mail[at..])
    }

    #[test]
    fn headers_as_programs_write_them() {
        let is = |mail, fields: &[(&str, &str)], body| {
            let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            assert_eq!(read(mail), (fields, body), "{mail:?}");
        };
        is("A: b\r\nC: d\r\n e\r\n\r\ntext", &[("A", "b"), ("C", "d e")], "text");
        is("A: b\n\ttabbed\n\ntext", &[("A", "b tabbed")], "text");
        is("A: b\n \n c\n\ntext", &[("A", "b  c")], "text");
        is("A: b\n \ntext", &[("A", "b")], "text");
        is("A : b\n\n", &[("A", "b")], "");
        is("A:b", &[("A", "b")], "");
        is("From root Mon Jan  1\nA: b\n\ntext", &[("A", "b")], "text");
        is("A: b\nno field here\nC: d", &[("A", "b")], "no field here\nC: d");
        is("\ntext", &[], "text");
        is(" folded at first\n", &[], " folded at first\n");
        // What a script's indented text begins with.
        is(" charset=x\nA: b\n\ntext", &[("A", "b")], "text");
        is("  A: b\nC: d\n\ntext", &[("A", "b"), ("C", "d")], "text");
    }

    #[test]
    fn a_header_has_a_known_field() {
        assert!(split(b"Subject: x\n\n").0.is_of_a_mail());
        assert!(split(b"X-Mailer: x\n\n").0.is_of_a_mail());
        assert!(!split(b"ALERT: disk full\n\n").0.is_of_a_mail());
    }

    #[test]
    fn a_header_without_end_is_kept_in_part() {
        let long = "A: b\n".repeat(MAX_HEAD);
        let (head, at) = split(long.as_bytes());
        assert_eq!((head.fields().len(), at), (MAX_FIELDS, long.len()));
    }
}
