//! Cuts a mail into its parts (RFC 2046, section 5.1), in one pass and without copying a byte.
//!
//! A boundary counts only at the start of a line and with nothing behind it. It never decodes and never fails: a
//! missing end is the end of the mail, and text without any boundary is text.
//!
//! Known limits: [`MAX_PARTS`] parts, [`MAX_DEPTH`] multiparts in one another; what lies deeper is one opaque part,
//! and [`Parts::is_beyond`] says so.

use super::fields::{self, Parameterized};
use super::head::{self, Head, line_length};
use super::transfer::Encoding;

/// How many parts are told apart.
pub(super) const MAX_PARTS: usize = 1000;
/// How deep multiparts are opened; real mails stay under ten.
pub(super) const MAX_DEPTH: usize = 40;
/// How far a multipart that does not tell its boundary is searched for one.
const BOUNDARY_SEARCH: usize = 64 * 1024;

/// One part: its header, and what it contains: bytes, or other parts.
#[derive(Clone, Debug)]
pub(super) struct Part<'a> {
    pub(super) head: Head<'a>,
    pub(super) kind: Parameterized,
    pub(super) disposition: Parameterized,
    /// Still encoded; of a multipart everything up to its end.
    pub(super) body: &'a [u8],
    /// Places in [`Parts`].
    pub(super) children: Vec<usize>,
}

/// All parts of a mail; the first is the mail itself.
#[derive(Clone, Debug)]
pub(super) struct Parts<'a> {
    all: Vec<Part<'a>>,
    /// The mail has more parts, or deeper ones, than are told apart.
    pub(super) is_beyond: bool,
}

impl<'a> Parts<'a> {
    /// Cuts the mail that has this header and body.
    pub(super) fn of(head: Head<'a>, body: &'a [u8]) -> Parts<'a> {
        let root = Part::new(head, body);
        let parts = Cutter::new(root.clone(), root.boundary()).cut(body);
        if !parts.root().children.is_empty() || !root.kind.value.starts_with("multipart/") {
            return parts;
        }
        match likely_boundary(body) {
            Some(boundary) => Cutter::new(root, Some(boundary)).cut(body),
            None => parts,
        }
    }

    pub(super) fn root(&self) -> &Part<'a> {
        &self.all[0]
    }

    /// The character set that the mail, or else the first of its parts to name one, is in.
    pub(super) fn charset(&self) -> Option<&str> {
        self.all.iter().find_map(|part| part.kind.parameter("charset"))
    }

    pub(super) fn children(&self, part: &Part<'a>) -> impl DoubleEndedIterator<Item = &Part<'a>> {
        part.children.iter().map(|at| &self.all[*at])
    }
}

impl<'a> Part<'a> {
    fn new(head: Head<'a>, body: &'a [u8]) -> Part<'a> {
        let parameterized = |name| head.first(name).map(|value| fields::parameterized(&value)).unwrap_or_default();
        let (kind, disposition) = (parameterized("Content-Type"), parameterized("Content-Disposition"));
        Part { head, kind, disposition, body, children: Vec::new() }
    }

    pub(super) fn encoding(&self) -> Encoding {
        self.head.first("Content-Transfer-Encoding").map_or(Encoding::Identity, |value| Encoding::named(&value))
    }

    pub(super) fn file_name(&self) -> Option<&str> {
        self.disposition.parameter("filename").or_else(|| self.kind.parameter("name"))
    }

    fn boundary(&self) -> Option<Vec<u8>> {
        let boundary = self.kind.parameter("boundary").filter(|_| self.kind.value.starts_with("multipart/"))?;
        let boundary = boundary.trim_end();
        (!boundary.is_empty()).then(|| boundary.as_bytes().to_vec())
    }
}

/// A multipart whose end has not come yet.
struct Open {
    boundary: Vec<u8>,
    /// Place of the multipart.
    owner: usize,
    /// Place of its part that is being read; none before the first and after the last.
    current: Option<usize>,
}

struct Cutter<'a> {
    all: Vec<Part<'a>>,
    open: Vec<Open>,
    is_beyond: bool,
}

impl<'a> Cutter<'a> {
    fn new(root: Part<'a>, boundary: Option<Vec<u8>>) -> Cutter<'a> {
        let open = boundary.map(|boundary| Open { boundary, owner: 0, current: None });
        Cutter { all: vec![root], open: open.into_iter().collect(), is_beyond: false }
    }

    fn cut(mut self, bytes: &'a [u8]) -> Parts<'a> {
        let mut at = 0;
        while at < bytes.len() && !self.open.is_empty() {
            let end = at + line_length(&bytes[at..]);
            let delimiter = self.delimiter(&bytes[at..end]);
            at = match delimiter {
                None => end,
                Some((level, is_last)) => {
                    self.close(level, bytes, at);
                    if is_last {
                        self.open.truncate(level);
                        end
                    } else {
                        self.begin(level, bytes, end)
                    }
                }
            };
        }
        Parts { all: self.all, is_beyond: self.is_beyond }
    }

    /// Which open multipart a line delimits, and whether it ends it.
    fn delimiter(&self, line: &[u8]) -> Option<(usize, bool)> {
        let name = line.strip_prefix(b"--")?.trim_ascii_end();
        let is = |name: &[u8]| self.open.iter().rposition(|open| open.boundary == name);
        let last = || name.strip_suffix(b"--").and_then(is);
        is(name).map(|level| (level, false)).or_else(|| last().map(|level| (level, true)))
    }

    /// Ends the part that a multipart reads, and everything open inside it, before the delimiter at `at`.
    fn close(&mut self, level: usize, bytes: &'a [u8], at: usize) {
        let before = &bytes[..at];
        let before = before.strip_suffix(b"\n").unwrap_or(before);
        let end = before.strip_suffix(b"\r").unwrap_or(before).len();
        let ended: Vec<usize> = self.open[level..].iter().filter_map(|open| open.current).collect();
        for place in ended {
            let part = &mut self.all[place];
            let start = part.body.as_ptr().addr() - bytes.as_ptr().addr();
            part.body = &bytes[start..end.max(start)];
        }
        self.open.truncate(level + 1);
        self.open[level].current = None;
    }

    /// Begins a part of a multipart at `at`; gives where its body begins.
    fn begin(&mut self, level: usize, bytes: &'a [u8], at: usize) -> usize {
        if self.all.len() >= MAX_PARTS {
            self.is_beyond = true;
            return at;
        }
        let (head, length) = head::split(&bytes[at..]);
        let start = at + length;
        let part = Part::new(head, &bytes[start..]);
        let place = self.all.len();
        let owner = self.open[level].owner;
        self.all[owner].children.push(place);
        self.open[level].current = Some(place);
        match part.boundary() {
            Some(_) if self.open.len() >= MAX_DEPTH => self.is_beyond = true,
            Some(boundary) => self.open.push(Open { boundary, owner: place, current: None }),
            None => {}
        }
        self.all.push(part);
        start
    }
}

/// The boundary of a multipart that tells none, or a wrong one: the first line that looks like it and has a header
/// of a part behind it.
fn likely_boundary(body: &[u8]) -> Option<Vec<u8>> {
    let body = &body[..body.len().min(BOUNDARY_SEARCH)];
    let mut lines = body.split(|byte| *byte == b'\n').peekable();
    while let Some(line) = lines.next() {
        let name = line.strip_prefix(b"--").map(<[u8]>::trim_ascii_end).filter(|name| !name.is_empty());
        let next = lines.peek().map(|next| next.to_ascii_lowercase()).unwrap_or_default();
        if let Some(name) = name.filter(|_| next.starts_with(b"content-")) {
            return Some(name.to_vec());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(mail: &str) -> Vec<(String, String)> {
        let (head, at) = head::split(mail.as_bytes());
        let parts = Parts::of(head, &mail.as_bytes()[at..]);
        let shown = |part: &Part<'_>| (part.kind.value.clone(), String::from_utf8_lossy(part.body).into_owned());
        parts.all.iter().skip(1).filter(|part| part.children.is_empty()).map(shown).collect()
    }

    const MIXED: &str = "Content-Type: multipart/mixed; boundary=b\n\n";

    #[test]
    fn boundaries_stand_on_lines_of_their_own() {
        for (body, expected) in [
            ("pre\n--b\n\none\n--b\n\ntwo\n--b--\npost", &["one", "two"][..]),
            ("--b\r\n\r\none\r\n--b--\r\n", &["one"]),
            // The trap of mail-parser 0.11: the text goes on behind a boundary in the middle of a line.
            ("--b\n\nuse the flag --b or\n--bb, not\n --b\n--b--", &["use the flag --b or\n--bb, not\n --b"]),
            ("--b  \n\none\n--b--  \n", &["one"]),
            ("--b\n\nno end", &["no end"]),
            ("--b\n--b\n\nx\n--b--", &["", "x"]),
            ("--b\nno header, no blank line\n--b--", &["no header, no blank line"]),
            ("no boundary at all", &[]),
        ] {
            let found: Vec<String> = parts(&format!("{MIXED}{body}")).into_iter().map(|(_, body)| body).collect();
            assert_eq!(found, expected, "{body:?}");
        }
    }

    #[test]
    fn an_outer_boundary_ends_what_lies_in_it() {
        let inner = "Content-Type: multipart/alternative; boundary=c\n\n--c\nContent-Type: text/plain\n\nplain\n";
        let mail = format!("{MIXED}--b\n{inner}--b\nContent-Type: image/png\n\nPNG\n--b--");
        let expected = [("text/plain", "plain"), ("image/png", "PNG")];
        assert_eq!(parts(&mail), expected.map(|(kind, body)| (kind.to_owned(), body.to_owned())));
    }

    #[test]
    fn a_boundary_that_is_not_told_is_found() {
        for kind in ["multipart/mixed", "multipart/mixed; boundary=wrong"] {
            let mail = format!("Content-Type: {kind}\n\npre\n--x\nContent-Type: text/plain\n\ntext\n--x--");
            assert_eq!(parts(&mail), [("text/plain".to_owned(), "text".to_owned())], "{kind}");
        }
    }

    #[test]
    fn a_tower_of_multiparts_has_a_limit() {
        let floor = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        let tower: String = (0..2000).map(floor).collect();
        let (head, at) = head::split(tower.as_bytes());
        let parts = Parts::of(head, &tower.as_bytes()[at..]);
        assert!(parts.is_beyond);
        assert_eq!(parts.all.len(), MAX_DEPTH + 1);
    }

    #[test]
    fn a_crowd_of_parts_has_a_limit() {
        let mail = format!("{MIXED}{}", "--b\n\nx\n".repeat(5000));
        let (head, at) = head::split(mail.as_bytes());
        let parts = Parts::of(head, &mail.as_bytes()[at..]);
        assert!(parts.is_beyond);
        assert_eq!(parts.all.len(), MAX_PARTS);
    }
}
