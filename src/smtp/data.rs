//! Reads a message's text off the wire: the dots of DATA (RFC 5321, section 4.5.2) and the bytes of a letter.
//!
//! Pure state machines, fed in whatever pieces the network gives; lines of any length are taken. Two questions are kept
//! apart on purpose:
//!
//! *Where does the message end?* [`DotDecoder`] answers strictly: at `CRLF . CRLF` (or `. CRLF` right after DATA), every
//! CR with its LF. Nothing else that looks alike (`LF . LF`, `CR . CR LF`, `CRLF . CR CRLF` …) ends it, so what a mail
//! system in front of us saw as text stays text (SMTP smuggling, CVE-2023-51764).
//!
//! *What do stray CRs and LFs mean inside?* [`Text`] answers kindly: a bare LF becomes CRLF, a run of CRs before an LF is
//! one line end, any other CR becomes a space. That is what Postfix does today (`smtpd_forbid_bare_newline = normalize`,
//! `cleanup_replace_stray_cr_lf`). The alternatives were to refuse with 554 5.6.0, which silences the old devices and
//! scripts that send bare LFs and then have nobody who reads the refusal, and to keep the bytes, which passes the
//! ambiguity on to whoever quotes the letter in a notice.
//!
//! Whoever sends bare LFs doubles the dots behind them nevertheless (Python's smtplib, given bytes, does both), so one of
//! two dots behind a bare LF goes. A single one stays: nobody who doubles dots sends it.

/// A message's text as it grows, never more than its limit.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Vec<u8>,
    limit: usize,
    /// CRs have come whose meaning the next byte decides.
    after_cr: bool,
    /// Bytes taken since the limit was passed; the ones before them are let go too.
    excess: Option<u64>,
}

/// The text was longer than the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooBig;

impl Text {
    /// An empty text that may grow to `limit` bytes.
    pub(super) fn new(limit: usize) -> Text {
        Text { bytes: Vec::new(), limit, after_cr: false, excess: None }
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, mut input: &[u8]) {
        while !input.is_empty() && self.excess.is_none() {
            let plain = input.iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(input.len());
            if plain > 0 && std::mem::take(&mut self.after_cr) {
                self.keep(b" ");
            }
            self.keep(&input[..plain]);
            match input.get(plain) {
                Some(b'\r') => self.after_cr = true,
                Some(_) => {
                    self.after_cr = false;
                    self.keep(b"\r\n");
                }
                None => {}
            }
            input = input.get(plain + 1..).unwrap_or_default();
        }
        if let Some(excess) = &mut self.excess {
            *excess = excess.saturating_add(input.len() as u64);
        }
    }

    /// Bytes kept so far.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether the limit was passed.
    pub(super) fn is_too_big(&self) -> bool {
        self.excess.is_some()
    }

    /// Bytes that came after the limit was passed, about.
    pub(super) fn excess(&self) -> u64 {
        self.excess.unwrap_or(0)
    }

    /// The whole text: every CR followed by an LF and every LF preceded by a CR.
    pub(super) fn finish(self) -> Result<Vec<u8>, TooBig> {
        match self.excess {
            None => Ok(self.bytes),
            Some(_) => Err(TooBig),
        }
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.excess.is_some() {
            return;
        }
        if self.bytes.len() + bytes.len() > self.limit {
            self.bytes = Vec::new();
            self.excess = Some(0);
            return;
        }
        let missing = (self.bytes.len() + bytes.len()).saturating_sub(self.bytes.capacity());
        if missing > 0 {
            // Doubling as usual, but never beyond the limit: what is counted for a letter is what it takes.
            let more = self.bytes.capacity().clamp(missing, self.limit - self.bytes.len());
            self.bytes.reserve_exact(more.max(bytes.len()));
        }
        self.bytes.extend_from_slice(bytes);
    }
}

/// Where in a line of DATA the next byte stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// After CRLF, or at the very beginning.
    LineStart,
    /// After a dot at the line's start; the dot is not passed on.
    Dot,
    /// After `. CR` at the line's start; the CR is not passed on yet.
    DotCr,
    /// After a bare LF.
    LooseStart,
    /// After a dot behind a bare LF; it was passed on, and a second one is not.
    LooseDot,
    Middle,
    /// After a CR that may belong to a line end.
    Cr,
}

/// Whether more of the text is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    More,
    /// The final dot was seen.
    End,
}

/// Undoes the transparency of DATA and finds its end.
#[derive(Debug)]
pub(super) struct DotDecoder {
    place: Place,
    text: Text,
}

impl DotDecoder {
    /// A decoder for a message of at most `limit` bytes.
    pub(super) fn new(limit: usize) -> DotDecoder {
        DotDecoder { place: Place::LineStart, text: Text::new(limit) }
    }

    /// Takes bytes from the front of `input`: how many, and whether the message is complete. Until then all of `input`
    /// is taken.
    pub(super) fn feed(&mut self, input: &[u8]) -> (usize, Progress) {
        let mut n = 0;
        while n < input.len() {
            if self.place == Place::Middle {
                let plain = input[n..].iter().position(|byte| matches!(byte, b'\r' | b'\n')).unwrap_or(input.len() - n);
                self.text.push(&input[n..n + plain]);
                n += plain;
            }
            let Some(&byte) = input.get(n) else { break };
            n += 1;
            if self.step(byte) == Progress::End {
                return (n, Progress::End);
            }
        }
        (n, Progress::More)
    }

    /// Bytes kept so far.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// Bytes that came after the limit was passed, about.
    pub(super) fn excess(&self) -> u64 {
        self.text.excess()
    }

    /// The whole message, once [`Progress::End`] was reported.
    pub(super) fn finish(self) -> Result<Vec<u8>, TooBig> {
        self.text.finish()
    }

    fn step(&mut self, byte: u8) -> Progress {
        let before = self.place;
        self.place = match (before, byte) {
            (Place::DotCr, b'\n') => return Progress::End,
            (Place::LineStart, b'.') => Place::Dot,
            (Place::Dot, b'\r') => Place::DotCr,
            (Place::Cr, b'\n') => Place::LineStart,
            (_, b'\r') => Place::Cr,
            (_, b'\n') => Place::LooseStart,
            (Place::LooseStart, b'.') => Place::LooseDot,
            _ => Place::Middle,
        };
        if before == Place::DotCr {
            self.text.push(b"\r");
        }
        let is_doubled = before == Place::LooseDot && byte == b'.';
        if !is_doubled && !matches!(self.place, Place::Dot | Place::DotCr) {
            self.text.push(&[byte]);
        }
        Progress::More
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The message and what came after it; `None` while the message has no end.
    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<(String, String)> {
        let mut decoder = DotDecoder::new(10_000);
        let mut pieces = pieces.into_iter();
        while let Some(piece) = pieces.next() {
            let (taken, progress) = decoder.feed(piece);
            if progress == Progress::End {
                let rest = std::iter::once(&piece[taken..]).chain(pieces).flatten().copied().collect::<Vec<u8>>();
                let text = decoder.finish().expect("below the limit");
                return Some((String::from_utf8_lossy(&text).into(), String::from_utf8_lossy(&rest).into()));
            }
            assert_eq!(taken, piece.len());
        }
        None
    }

    #[test]
    fn dots_are_unstuffed_and_the_end_is_found() {
        let table = [
            (".\r\n", "", ""),
            ("a\r\n.\r\n", "a\r\n", ""),
            ("a\r\n.\r\nQUIT\r\n", "a\r\n", "QUIT\r\n"),
            ("..\r\n.\r\n", ".\r\n", ""),
            ("...\r\n..a\r\n.b\r\n.\r\n", "..\r\n.a\r\nb\r\n", ""),
            ("a.\r\n.\r\n", "a.\r\n", ""),
            ("a\r\n\r\n.\r\n", "a\r\n\r\n", ""),
            ("a\0b\r\n.\r\n", "a\0b\r\n", ""),
        ];
        for (input, text, rest) in table {
            assert_eq!(decode([input.as_bytes()]), Some((text.into(), rest.into())), "{input:?}");
        }
    }

    /// Every look-alike of the end is text, and a command after it is text too.
    #[test]
    fn nothing_else_ends_a_message() {
        let look_alikes = [
            ("\n.\n", "\r\n.\r\n"),
            ("\n.\r\n", "\r\n.\r\n"),
            ("\r.\r\n", " .\r\n"),
            ("\r.\r", " . "),
            ("\r\n.\n", "\r\n\r\n"),
            ("\r\n.\r", "\r\n "),
            ("\r\n.\r\r\n", "\r\n\r\n"),
            ("\n.\r", "\r\n. "),
            ("\r.\n", " .\r\n"),
            ("\r\n.\0\r\n", "\r\n\0\r\n"),
            ("\r\n\0.\r\n", "\r\n\0.\r\n"),
            ("\r\n..\r\n", "\r\n.\r\n"),
            ("\r\n .\r\n", "\r\n .\r\n"),
            ("\r\n. \r\n", "\r\n \r\n"),
            ("\n\n.\n\n", "\r\n\r\n.\r\n\r\n"),
            ("\r\0\n.\r\0\n", " \0\r\n. \0\r\n"),
        ];
        for (wire, text) in look_alikes {
            let input = format!("a{wire}MAIL FROM:<evil@example.org>\r\n.\r\nNOOP\r\n");
            let expected = format!("a{text}MAIL FROM:<evil@example.org>\r\n");
            for size in [1, 2, 3, 1000] {
                let decoded = decode(input.as_bytes().chunks(size));
                assert_eq!(decoded, Some((expected.clone(), "NOOP\r\n".into())), "{wire:?} in pieces of {size}");
            }
        }
    }

    /// Python's smtplib does this to bytes with bare LFs, and so do scripts that know of dots and not of CRs.
    #[test]
    fn dots_doubled_behind_a_bare_lf_are_single_again() {
        let table = [
            ("a\n..\n...b\n....\n", "a\r\n.\r\n..b\r\n...\r\n"),
            ("a\n.b\n. .\n.\n.\n", "a\r\n.b\r\n. .\r\n.\r\n.\r\n"),
            ("..\n..\n", ".\r\n.\r\n"),
            ("a\r\n.\n..\n", "a\r\n\r\n.\r\n"),
            ("a\n..\r\n", "a\r\n.\r\n"),
            ("a\n.\r.\n", "a\r\n. .\r\n"),
            ("a..\n", "a..\r\n"),
        ];
        for (wire, text) in table {
            let input = format!("{wire}\r\n.\r\n");
            for size in [1, 2, 1000] {
                let decoded = decode(input.as_bytes().chunks(size));
                assert_eq!(decoded, Some((format!("{text}\r\n"), String::new())), "{wire:?} in pieces of {size}");
            }
        }
    }

    #[test]
    fn a_cr_that_doubles_before_the_line_end_is_one_line_end() {
        let decoded = decode([&b"a: b\r\r\n\r\r\ntext\r\r\n.\r\n"[..]]);
        assert_eq!(decoded, Some(("a: b\r\n\r\ntext\r\n".into(), String::new())));
    }

    #[test]
    fn the_limit_counts_the_text_and_lets_the_rest_go() {
        for (length, fits) in [(8, true), (9, false), (100_000, false)] {
            let mut decoder = DotDecoder::new(10);
            let wire = format!("{}\r\n.\r\n", "x".repeat(length));
            assert_eq!(decoder.feed(wire.as_bytes()), (wire.len(), Progress::End));
            assert!(decoder.text.bytes.capacity() < 100);
            assert_eq!(decoder.finish().is_ok(), fits, "{length}");
        }
    }

    #[test]
    fn what_comes_after_the_limit_is_counted() {
        let mut decoder = DotDecoder::new(10);
        decoder.feed(&[b'x'; 50]);
        for _ in 0..4 {
            decoder.feed(&[b'x'; 50]);
        }
        assert!((200..=250).contains(&decoder.excess()), "{}", decoder.excess());
    }

    fn awkward_bytes() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => Just(b'\r'), 3 => Just(b'\n'), 3 => Just(b'.'), 1 => Just(b'x'), 1 => any::<u8>()];
        proptest::collection::vec(byte, 0..80)
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_message(mut input in awkward_bytes(), size in 1_usize..9) {
            input.extend_from_slice(b"\r\n.\r\n");
            prop_assert_eq!(decode([&input[..]]), decode(input.chunks(size)));
        }

        #[test]
        fn the_message_ends_at_the_first_crlf_dot_crlf(input in awkward_bytes()) {
            let wire = [b"\r\n", &input[..]].concat();
            let end = wire.windows(5).position(|window| window == b"\r\n.\r\n");
            let expected = end.map(|end| String::from_utf8_lossy(&wire[end + 5..]).into_owned());
            prop_assert_eq!(decode([&wire[2..]]).map(|(_, rest)| rest), expected);
        }

        #[test]
        fn no_stray_cr_or_lf_is_left(input in awkward_bytes()) {
            let mut text = Text::new(10_000);
            text.push(&input);
            let bytes = text.finish().expect("below the limit");
            let bare = String::from_utf8_lossy(&bytes).replace("\r\n", "");
            prop_assert!(!bare.contains(['\r', '\n']), "{bare:?}");
        }

        #[test]
        fn a_stuffed_message_comes_back_whole(lines in proptest::collection::vec("[.a]{0,4}", 0..8)) {
            let text: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
            let stuffed: String = lines
                .iter()
                .map(|line| if line.starts_with('.') { format!(".{line}\r\n") } else { format!("{line}\r\n") })
                .collect();
            prop_assert_eq!(decode([format!("{stuffed}.\r\n").as_bytes()]), Some((text, String::new())));
        }
    }
}
