//! Cuts the bytes of a mail server's milter connection into frames: four bytes of length, a command, its data.
//!
//! A pure state machine: it is fed bytes in whatever pieces the network gives and never waits, reads or allocates more
//! than [`MAX_FRAME`]; memory grows with the bytes that came, not with the length that was claimed. There is no way to
//! find the next frame behind a wrong length, so any error is the end of the connection.

use thiserror::Error;

/// Bytes of one frame without its length. A piece of a body has up to 65,535; Postfix sends a header field in one frame,
/// which `header_size_limit` keeps under 102,400 bytes.
pub(super) const MAX_FRAME: usize = 256 * 1024;
/// Bytes of the length itself, and with the command behind it.
const LENGTH: usize = 4;
const HEAD: usize = LENGTH + 1;

/// One frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::smtp) struct Frame {
    pub command: u8,
    pub data: Vec<u8>,
}

/// Why the bytes are no frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(in crate::smtp) enum FrameError {
    #[error("a frame of no bytes")]
    Empty,
    #[error("a frame of {0} bytes, where {MAX_FRAME} is the most")]
    TooLong(u32),
}

/// Turns bytes into [`Frame`]s.
#[derive(Debug, Default)]
pub(in crate::smtp) struct FrameDecoder {
    /// Length and command as far as they came.
    head: Vec<u8>,
    /// The data as far as it came.
    data: Vec<u8>,
}

impl FrameDecoder {
    /// Takes bytes from the front of `input`: how many, and the frame they completed. Without a frame, all of `input`
    /// is taken.
    pub(in crate::smtp) fn feed(&mut self, input: &[u8]) -> Result<(usize, Option<Frame>), FrameError> {
        let mut taken = fill(&mut self.head, HEAD, input);
        let (Some(wanted), Some(&command)) = (self.wanted()?, self.head.get(LENGTH)) else { return Ok((taken, None)) };
        taken += fill(&mut self.data, wanted, &input[taken..]);
        if self.data.len() < wanted {
            return Ok((taken, None));
        }
        self.head.clear();
        Ok((taken, Some(Frame { command, data: std::mem::take(&mut self.data) })))
    }

    /// Bytes of data that the frame which is coming in will have, once its length is known.
    pub(super) fn expected(&self) -> usize {
        self.wanted().ok().flatten().unwrap_or(0)
    }

    /// Whether part of a frame is here.
    pub(super) fn is_amid_frame(&self) -> bool {
        !self.head.is_empty()
    }

    fn wanted(&self) -> Result<Option<usize>, FrameError> {
        let Some(length) = self.head.first_chunk::<LENGTH>() else { return Ok(None) };
        match u32::from_be_bytes(*length) {
            0 => Err(FrameError::Empty),
            length if length as usize > MAX_FRAME => Err(FrameError::TooLong(length)),
            length => Ok(Some(length as usize - 1)),
        }
    }
}

/// Copies bytes from the front of `input` until `buffer` has `wanted`; gives how many it took.
fn fill(buffer: &mut Vec<u8>, wanted: usize, input: &[u8]) -> usize {
    let missing = wanted.saturating_sub(buffer.len()).min(input.len());
    buffer.extend_from_slice(&input[..missing]);
    missing
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Decoded = Result<Vec<Frame>, FrameError>;

    fn decode<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Decoded {
        let mut decoder = FrameDecoder::default();
        let mut frames = Vec::new();
        for mut piece in pieces {
            while !piece.is_empty() {
                let (taken, frame) = decoder.feed(piece)?;
                piece = &piece[taken..];
                frames.extend(frame);
            }
        }
        Ok(frames)
    }

    fn frame(command: u8, data: &[u8]) -> Frame {
        Frame { command, data: data.to_vec() }
    }

    fn encoded(frames: &[Frame]) -> Vec<u8> {
        let encode = |frame: &Frame| {
            let length = u32::try_from(frame.data.len() + 1).unwrap().to_be_bytes();
            [&length[..], &[frame.command], &frame.data].concat()
        };
        frames.iter().flat_map(encode).collect()
    }

    #[test]
    fn frames_are_cut_by_their_length() {
        let table: [(&[u8], Decoded); 7] = [
            (b"", Ok(vec![])),
            (b"\0\0\0\x01Q", Ok(vec![frame(b'Q', b"")])),
            (b"\0\0\0\x03Hab\0\0\0\x01N", Ok(vec![frame(b'H', b"ab"), frame(b'N', b"")])),
            (b"\0\0\0\x05Hab", Ok(vec![])),
            (b"\0\0\0\0Q", Err(FrameError::Empty)),
            (b"\0\x04\0\x01Q", Err(FrameError::TooLong(256 * 1024 + 1))),
            (b"GET / HTTP/1.1", Err(FrameError::TooLong(u32::from_be_bytes(*b"GET ")))),
        ];
        for (input, expected) in table {
            assert_eq!(decode([input]), expected, "{input:?}");
        }
    }

    #[test]
    fn a_claimed_length_costs_nothing_until_the_bytes_come() {
        let mut decoder = FrameDecoder::default();
        assert_eq!(decoder.feed(b"\0\x04\0\0B"), Ok((5, None)));
        assert_eq!(decoder.expected(), MAX_FRAME - 1);
        assert!(decoder.data.capacity() < 100);
        assert!(decoder.is_amid_frame());
    }

    #[test]
    fn every_split_of_the_bytes_gives_the_same_frames() {
        let frames = [frame(b'O', &[0, 0, 0, 6]), frame(b'T', b""), frame(b'B', b"some text\r\n"), frame(b'Q', b"")];
        let bytes = encoded(&frames);
        for at in 0..=bytes.len() {
            let (first, second) = bytes.split_at(at);
            assert_eq!(decode([first, second]).as_deref(), Ok(&frames[..]), "split at {at}");
        }
    }

    proptest! {
        #[test]
        fn what_was_encoded_is_decoded_in_pieces_of_any_size(
            frames in proptest::collection::vec((any::<u8>(), proptest::collection::vec(any::<u8>(), 0..40)), 0..8),
            size in 1_usize..20,
        ) {
            let frames: Vec<Frame> = frames.iter().map(|(command, data)| frame(*command, data)).collect();
            prop_assert_eq!(decode(encoded(&frames).chunks(size)), Ok(frames));
        }

        #[test]
        fn any_chunking_of_any_bytes_gives_the_same(
            input in proptest::collection::vec(prop_oneof![4 => Just(0_u8), 1 => any::<u8>()], 0..200),
            size in 1_usize..20,
        ) {
            prop_assert_eq!(decode([&input[..]]), decode(input.chunks(size)));
        }
    }
}
