//! The text of an SMS: from the lines after DATA to characters. Pure.
//!
//! A line that begins with a dot has had one added (RFC 821, section 4.5.2). Only a dot between two proper CRLF ends
//! the text. The text is bare: nothing in it is a header field.

use super::lines::Line;
use super::settings::Charset;

/// Bytes that are kept of a text. Far beyond the longest that can be accepted, so its true length can be told.
const MAX_BYTES: usize = 64 * 1024;

/// Why a text can't be accepted whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    TooBig,
    /// A CR or LF stands alone; which of them ends a line is anyone's guess.
    LoneCrLf,
}

/// A text that is coming in.
#[derive(Debug)]
pub struct Collector {
    charset: Charset,
    bytes: Vec<u8>,
    flaw: Option<Flaw>,
    /// Whether the last line ended so that a dot may follow.
    after_crlf: bool,
}

impl Collector {
    pub fn new(charset: Charset) -> Collector {
        Collector { charset, bytes: Vec::new(), flaw: None, after_crlf: true }
    }

    /// Takes a line; gives the text when it was the last one. Lines of the text end with LF, the last one with nothing.
    pub fn take(&mut self, line: &Line) -> Option<Result<String, Flaw>> {
        let at_line_start = self.after_crlf;
        self.after_crlf = !matches!(line, Line::LoneLf(_));
        match line {
            Line::Proper(bytes) if at_line_start && bytes == b"." => return Some(self.end()),
            Line::Proper(bytes) if at_line_start => self.add(bytes.strip_prefix(b".").unwrap_or(bytes)),
            Line::Proper(bytes) => self.add(bytes),
            Line::LoneLf(_) => self.flaw = self.flaw.or(Some(Flaw::LoneCrLf)),
            Line::TooLong => self.flaw = self.flaw.or(Some(Flaw::TooBig)),
        }
        None
    }

    fn add(&mut self, line: &[u8]) {
        if line.contains(&b'\r') {
            self.flaw = self.flaw.or(Some(Flaw::LoneCrLf));
        }
        if self.bytes.len() + line.len() >= MAX_BYTES {
            self.flaw = self.flaw.or(Some(Flaw::TooBig));
        }
        if self.flaw.is_none() {
            self.bytes.extend_from_slice(line);
            self.bytes.push(b'\n');
        }
    }

    fn end(&mut self) -> Result<String, Flaw> {
        let bytes = std::mem::take(&mut self.bytes);
        let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        self.flaw.map_or_else(|| Ok(decode(text, self.charset)), Err)
    }
}

fn decode(bytes: &[u8], charset: Charset) -> String {
    let latin1 = || bytes.iter().copied().map(char::from).collect();
    match charset {
        Charset::Latin1 => latin1(),
        Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Charset::Detect => std::str::from_utf8(bytes).map_or_else(|_| latin1(), str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Lines;
    use super::*;

    fn collect(bytes: &[u8], charset: Charset) -> Option<Result<String, Flaw>> {
        let mut lines = Lines::default();
        lines.push(bytes);
        let mut collector = Collector::new(charset);
        let text = std::iter::from_fn(|| lines.next(1000)).find_map(|line| collector.take(&line));
        assert_eq!(lines.next(1000), None, "nothing may follow in {}", bytes.escape_ascii());
        text
    }

    #[test]
    fn texts_are_collected() {
        type Collected = Option<Result<String, Flaw>>;
        let text = |text: &str| Some(Ok(text.to_owned()));
        let table: [(&[u8], Collected); 14] = [
            (b"disk full\r\n.\r\n", text("disk full")),
            (b"one\r\ntwo\r\n.\r\n", text("one\ntwo")),
            (b"one\r\n\r\n.\r\n", text("one\n")),
            (b".\r\n", text("")),
            (b"\r\n.\r\n", text("")),
            (b"..\r\n...\r\n..a\r\n.\r\n", text(".\n..\n.a")),
            (b"a.b\r\n.c\r\n.\r\n", text("a.b\nc")),
            (b"Subject: no header\r\n.\r\n", text("Subject: no header")),
            (b"a\n.\r\n", None),
            (b"a\r\n.\n", None),
            (b"a\n.\r\n.\r\n", Some(Err(Flaw::LoneCrLf))),
            (b"a\r.\r\n.\r\n", Some(Err(Flaw::LoneCrLf))),
            (b"a\r\n.\nb\r\n.\r\n", Some(Err(Flaw::LoneCrLf))),
            (b"no end\r\n", None),
        ];
        for (bytes, expected) in table {
            assert_eq!(collect(bytes, Charset::Detect), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn bytes_are_read_by_charset() {
        let table: [(&[u8], Charset, &str); 7] = [
            (b"gr\xfcn", Charset::Detect, "gr\u{fc}n"),
            (b"gr\xc3\xbcn", Charset::Detect, "gr\u{fc}n"),
            (b"gr\xc3\xbcn \xfc", Charset::Detect, "gr\u{c3}\u{bc}n \u{fc}"),
            (b"gr\xc3\xbcn", Charset::Latin1, "gr\u{c3}\u{bc}n"),
            (b"gr\xfcn", Charset::Utf8, "gr\u{fffd}n"),
            (b"\xe2\x82\xac", Charset::Utf8, "\u{20ac}"),
            (b"plain", Charset::Latin1, "plain"),
        ];
        for (bytes, charset, expected) in table {
            assert_eq!(decode(bytes, charset), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn a_text_without_end_takes_no_memory() {
        let mut collector = Collector::new(Charset::Detect);
        for _ in 0..1000 {
            assert_eq!(collector.take(&Line::Proper(vec![b'x'; 990])), None);
        }
        assert!(collector.bytes.len() <= MAX_BYTES);
        assert_eq!(collector.take(&Line::Proper(b".".to_vec())), Some(Err(Flaw::TooBig)));
        let mut collector = Collector::new(Charset::Detect);
        assert_eq!(collector.take(&Line::TooLong), None);
        assert_eq!(collector.take(&Line::Proper(b".".to_vec())), Some(Err(Flaw::TooBig)));
    }
}
