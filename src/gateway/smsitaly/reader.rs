//! Cuts what the gateway sends into lines. Pure: bytes in, lines out.
//!
//! Lenient: a line ends with CRLF or a lone LF, and may come in any number of pieces. A line longer than [`MAX_LINE`]
//! is an error, so the memory is bounded whatever the other side sends.

use super::reply::Line;

/// Bytes of one line, its end included; RFC 5321, section 4.5.3.1.5, allows 512.
pub const MAX_LINE: usize = 2048;

/// A line longer than [`MAX_LINE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong;

/// What has come and was not read yet.
#[derive(Default)]
pub struct Reader {
    buffer: Vec<u8>,
    /// A line that was read but belongs to the next reply.
    put_back: Option<Line>,
}

impl Reader {
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line; `None` until all of it has come.
    pub fn next(&mut self) -> Result<Option<Line>, LineTooLong> {
        if let Some(line) = self.put_back.take() {
            return Ok(Some(line));
        }
        match self.buffer.iter().take(MAX_LINE).position(|&byte| byte == b'\n') {
            Some(end) => {
                let bytes: Vec<u8> = self.buffer.drain(..=end).collect();
                Ok(Some(Line::parse(bytes.trim_ascii_end())))
            }
            None if self.buffer.len() >= MAX_LINE => Err(LineTooLong),
            None => Ok(None),
        }
    }

    /// The next [`Reader::next`] gives this line again.
    pub fn put_back(&mut self, line: Line) {
        self.put_back = Some(line);
    }

    /// A line that was begun and will not be ended any more.
    pub fn rest(&mut self) -> Option<Line> {
        let line = Line::parse(std::mem::take(&mut self.buffer).trim_ascii_end());
        (!line.is_blank()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(reader: &mut Reader) -> Vec<String> {
        std::iter::from_fn(|| reader.next().unwrap()).map(|line| line.text).collect()
    }

    #[test]
    fn lines_end_with_crlf_or_lf_wherever_they_are_split() {
        let bytes = b"220-one\r\n220-two\n220\r\r\n\r\n250 three\r\nbegun";
        for split in 0..=bytes.len() {
            let mut reader = Reader::default();
            reader.push(&bytes[..split]);
            let mut lines = texts(&mut reader);
            reader.push(&bytes[split..]);
            lines.extend(texts(&mut reader));
            assert_eq!(lines, ["one", "two", "", "", "three"], "split at {split}");
            assert_eq!(reader.rest().map(|line| line.text).as_deref(), Some("begun"));
            assert_eq!(reader.rest(), None);
        }
    }

    #[test]
    fn a_line_has_a_limit() {
        let mut reader = Reader::default();
        reader.push(&[b'x'; MAX_LINE - 1]);
        assert_eq!(reader.next(), Ok(None));
        reader.push(b"\n");
        assert_eq!(reader.next().unwrap().unwrap().text.len(), MAX_LINE - 1);
        reader.push(&[b'x'; MAX_LINE]);
        reader.push(b"\n");
        assert_eq!(reader.next(), Err(LineTooLong));
    }

    #[test]
    fn a_line_put_back_comes_first() {
        let mut reader = Reader::default();
        reader.push(b"1\n2\n");
        let first = reader.next().unwrap().unwrap();
        reader.put_back(first);
        assert_eq!(texts(&mut reader), ["1", "2"]);
    }
}
