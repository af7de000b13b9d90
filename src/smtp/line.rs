//! Cuts the client's bytes into command lines, strictly at CRLF (RFC 5321, section 2.3.8).
//!
//! A pure state machine: it is fed bytes in whatever pieces the network gives and never waits, reads or allocates more
//! than [`MAX_LINE`]. A bare CR or LF never ends a line, because two parties who disagree about line ends can be made
//! to see different commands in the same bytes (SMTP smuggling). A line that is over-long or holds a bare CR or LF is
//! reported as soon as that is certain, so that somebody typing through `nc` learns what is wrong at once, and the rest
//! of it, up to the next CRLF, is dropped.

/// Bytes of one command line without its CRLF: RFC 5321 wants 512, extensions add theirs (RFC 4954 alone asks for
/// 12288 in AUTH exchanges, but none of our mechanisms needs more than this).
pub(super) const MAX_LINE: usize = 4096;

/// One command line, or why it cannot be one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The line without its CRLF; holds neither CR nor LF.
    Whole(Vec<u8>),
    /// A CR or LF stood alone in it.
    Stray,
    /// More than [`MAX_LINE`] bytes.
    TooLong,
}

/// Turns bytes into [`Line`]s.
#[derive(Debug, Default)]
pub(super) struct LineDecoder {
    line: Vec<u8>,
    after_cr: bool,
    /// The line was already reported as faulty: nothing of it is kept or reported again.
    dropping: bool,
}

impl LineDecoder {
    /// Takes bytes from the front of `input`: how many, and the line they completed. Without a line, all of `input` is
    /// taken.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, Option<Line>) {
        for (n, &byte) in input.iter().enumerate() {
            if let Some(line) = self.step(byte) {
                return (n + 1, Some(line));
            }
        }
        (input.len(), None)
    }

    fn step(&mut self, byte: u8) -> Option<Line> {
        let after_cr = std::mem::replace(&mut self.after_cr, byte == b'\r');
        match (after_cr, byte) {
            (true, b'\n') => self.end(),
            (true, _) | (false, b'\n') => self.drop_rest(Line::Stray),
            (false, b'\r') => None,
            (false, _) if self.dropping => None,
            (false, _) if self.line.len() == MAX_LINE => self.drop_rest(Line::TooLong),
            (false, _) => {
                self.line.push(byte);
                None
            }
        }
    }

    fn end(&mut self) -> Option<Line> {
        let line = std::mem::take(&mut self.line);
        let reported = std::mem::replace(&mut self.dropping, false);
        (!reported).then_some(Line::Whole(line))
    }

    fn drop_rest(&mut self, fault: Line) -> Option<Line> {
        self.line = Vec::new();
        let reported = std::mem::replace(&mut self.dropping, true);
        (!reported).then_some(fault)
    }
}

/// All lines of bytes that come in these pieces; what has no end is no line.
pub(super) fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Line> {
    let mut decoder = LineDecoder::default();
    let mut lines = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let (taken, line) = decoder.feed(piece);
            piece = &piece[taken..];
            lines.extend(line);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn whole(text: &str) -> Line {
        Line::Whole(text.into())
    }

    #[test]
    fn only_crlf_ends_a_line() {
        let table: &[(&str, Vec<Line>)] = &[
            ("NOOP\r\n", vec![whole("NOOP")]),
            ("\r\n", vec![whole("")]),
            ("NOOP\r\nQUIT\r\n", vec![whole("NOOP"), whole("QUIT")]),
            ("NOOP\r", vec![]),
            ("NOOP\n", vec![Line::Stray]),
            ("NOOP\nQUIT\r\n", vec![Line::Stray]),
            ("NOOP\n\r\nQUIT\r\n", vec![Line::Stray, whole("QUIT")]),
            ("NOOP\rQUIT\r\nRSET\r\n", vec![Line::Stray, whole("RSET")]),
            ("NOOP\r\r\nRSET\r\n", vec![Line::Stray, whole("RSET")]),
            ("a\nb\nc\rd\r\nRSET\r\n", vec![Line::Stray, whole("RSET")]),
            ("\n\r\nRSET\r\n", vec![Line::Stray, whole("RSET")]),
        ];
        for (input, expected) in table {
            assert_eq!(&decode([input.as_bytes()]), expected, "{input:?}");
        }
    }

    #[test]
    fn an_endless_line_is_reported_once_and_costs_no_memory() {
        let longest = "x".repeat(MAX_LINE);
        let mut decoder = LineDecoder::default();
        assert_eq!(decoder.feed(longest.as_bytes()), (MAX_LINE, None));
        assert_eq!(decoder.feed(b"y"), (1, Some(Line::TooLong)));
        for _ in 0..100 {
            assert_eq!(decoder.feed(longest.as_bytes()), (MAX_LINE, None));
        }
        assert_eq!(decoder.line.capacity(), 0);
        assert_eq!(decoder.feed(b"\r\nNOOP\r\n"), (8, Some(whole("NOOP"))));
    }

    #[test]
    fn the_longest_line_is_taken() {
        let longest = "x".repeat(MAX_LINE);
        assert_eq!(decode([format!("{longest}\r\n").as_bytes()]), vec![whole(&longest)]);
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_lines(
            input in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'.'), any::<u8>()], 0..200),
            size in 1_usize..20,
        ) {
            prop_assert_eq!(decode([&input[..]]), decode(input.chunks(size)));
        }
    }
}
