//! Cuts what the client sends into lines. Pure: bytes in, lines out.
//!
//! Only CRLF ends a line properly; one that ends with a lone LF is given as what it is, so that nobody waits for ever
//! and whoever sent it is told. Memory is bounded: of a line over its limit only the end is looked for.

/// One line, without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Proper(Vec<u8>),
    /// Ended by a LF without CR.
    LoneLf(Vec<u8>),
    TooLong,
}

/// What has come and was not read yet.
#[derive(Debug, Default)]
pub struct Lines {
    buffer: Vec<u8>,
    /// How much of the buffer was given out.
    read: usize,
    /// How much of the buffer holds no LF.
    searched: usize,
    /// Whether the present line has been over its limit.
    overlong: bool,
}

impl Lines {
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.read);
        self.searched -= self.read;
        self.read = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next line, at most `limit` bytes with its end; `None` until all of it has come.
    pub fn next(&mut self, limit: usize) -> Option<Line> {
        let Some(found) = self.buffer[self.searched..].iter().position(|&byte| byte == b'\n') else {
            self.searched = self.buffer.len();
            self.drop_excess(limit);
            return None;
        };
        let end = self.searched + found;
        let line = &self.buffer[self.read..end];
        let overlong = std::mem::take(&mut self.overlong) || line.len() >= limit;
        let line = match line.strip_suffix(b"\r") {
            _ if overlong => Line::TooLong,
            Some(line) => Line::Proper(line.to_vec()),
            None => Line::LoneLf(line.to_vec()),
        };
        self.read = end + 1;
        self.searched = self.read;
        Some(line)
    }

    fn drop_excess(&mut self, limit: usize) {
        if self.buffer.len() - self.read >= limit {
            self.overlong = true;
            self.read = self.buffer.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn proper(text: &str) -> Line {
        Line::Proper(text.as_bytes().to_vec())
    }

    fn lines_of(lines: &mut Lines, limit: usize) -> Vec<Line> {
        std::iter::from_fn(|| lines.next(limit)).collect()
    }

    #[test]
    fn lines_are_the_same_wherever_they_are_split() {
        let bytes = b"EHLO x\r\n\r\na\rb\r\nlone\n0123456789\r\n01234567\r\nrest";
        let expected = [
            proper("EHLO x"),
            proper(""),
            proper("a\rb"),
            Line::LoneLf(b"lone".to_vec()),
            Line::TooLong,
            proper("01234567"),
        ];
        for split in 0..=bytes.len() {
            let mut lines = Lines::default();
            lines.push(&bytes[..split]);
            let mut found = lines_of(&mut lines, 10);
            lines.push(&bytes[split..]);
            found.extend(lines_of(&mut lines, 10));
            assert_eq!(found, expected, "split at {split}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            lines.push(&[b'x'; 1000]);
            assert_eq!(lines.next(512), None);
            assert!(lines.buffer.len() < 2000);
        }
        lines.push(b"\r\nNOOP\r\n");
        assert_eq!(lines_of(&mut lines, 512), [Line::TooLong, proper("NOOP")]);
    }

    proptest! {
        #[test]
        fn pieces_do_not_matter(pieces in proptest::collection::vec("[a\r\n]{0,6}", 0..20)) {
            let mut whole = Lines::default();
            whole.push(pieces.concat().as_bytes());
            let mut cut = Lines::default();
            let mut found = Vec::new();
            for piece in &pieces {
                cut.push(piece.as_bytes());
                found.extend(lines_of(&mut cut, 5));
            }
            prop_assert_eq!(found, lines_of(&mut whole, 5));
        }
    }
}
