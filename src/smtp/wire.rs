//! The bytes between us and one client: buffered, timed, and answered in batches (RFC 2920).
//!
//! Knows nothing of SMTP but that it answers in lines. Answers are collected by [`Wire::say`] and leave together when
//! the client's bytes are used up, so that a pipelined group of commands costs one packet. Every wait has a limit: the
//! caller's deadline for reading, `Timeouts::write` for writing.

use std::fmt::Display;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

/// Bytes read at once while commands are awaited.
pub(super) const COMMAND_BUFFER: usize = 2 * 1024;
/// Bytes read at once while a message's text comes. Nothing is read in larger pieces.
pub(super) const TEXT_BUFFER: usize = 32 * 1024;
/// How long and for how many bytes we listen after our last word. Closing at once while the client still sends would
/// make its system throw away what we said (RFC 1122, section 4.2.2.13).
const LINGER: Duration = Duration::from_secs(1);
const LINGER_BYTES: usize = 1024 * 1024;

/// Why a session ends.
#[derive(Debug, Error)]
pub(super) enum End {
    #[error("the client said QUIT")]
    Quit,
    #[error("we hung up: {0}")]
    HungUp(String),
    #[error("the client closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Broken(io::Error),
    #[error("the client was silent for too long")]
    Silent,
    #[error("the client did not take our reply")]
    Deaf,
    #[error("the message went on and on after its limit")]
    Flood,
    #[error("no memory came free for the message")]
    NoRoom,
    #[error("the server is going down")]
    ShuttingDown,
    #[error("the client goes on encrypted")]
    StartTls,
}

/// One client's connection.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    input: Vec<u8>,
    /// How much of `input` was used.
    used: usize,
    output: Vec<u8>,
    write_timeout: Duration,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    /// A wire over `stream`, on which nothing was said yet.
    pub(super) fn new(stream: S, write_timeout: Duration) -> Wire<S> {
        Wire { stream, input: Vec::new(), used: 0, output: Vec::new(), write_timeout }
    }

    /// The stream, when everything was said and every byte that came was used.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    /// Puts a reply, with its line ends, into the batch that goes out next.
    pub(super) fn say(&mut self, reply: &impl Display) {
        self.send(reply.to_string().as_bytes());
    }

    /// Puts bytes into the batch that goes out next.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    /// The bytes that came and were not used yet.
    pub(super) fn unused(&self) -> &[u8] {
        &self.input[self.used..]
    }

    /// Marks the first `count` of the unused bytes as used.
    pub(super) fn advance(&mut self, count: usize) {
        self.used = (self.used + count).min(self.input.len());
    }

    /// Waits for more bytes, at most `at_once`, after all those before were used. May be cancelled without loss.
    pub(super) async fn read(&mut self, at_once: usize, deadline: Instant) -> Result<(), End> {
        self.used = 0;
        self.input = Vec::new();
        match timeout_at(deadline, poll_fn(|context| poll_bytes(&mut self.stream, at_once, context))).await {
            Ok(Ok(bytes)) if bytes.is_empty() => Err(End::Closed),
            Ok(Ok(bytes)) => {
                self.input = bytes;
                Ok(())
            }
            Ok(Err(error)) => Err(End::Broken(error)),
            Err(_) => Err(End::Silent),
        }
    }

    /// Sends the batch of replies.
    pub(super) async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let write = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        match timeout(self.write_timeout, write).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Broken(error)),
            Err(_) => Err(End::Deaf),
        }
    }

    /// Sends what is left to say, closes our side, and waits a moment for the client to close its own.
    pub(super) async fn hang_up(mut self) -> Result<(), End> {
        self.flush().await?;
        match timeout(self.write_timeout, self.stream.shutdown()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(End::Broken(error)),
            Err(_) => return Err(End::Deaf),
        }
        let deadline = Instant::now() + LINGER;
        let mut heard = 0;
        while heard < LINGER_BYTES && self.read(COMMAND_BUFFER, deadline).await.is_ok() {
            heard += self.input.len();
        }
        Ok(())
    }
}

/// The bytes that are there, at most `at_once`; none at the end. The room for them is on the stack, and only while there
/// is something to read: thousands of idle sessions hold no buffer.
fn poll_bytes(
    stream: &mut (impl AsyncRead + Unpin),
    at_once: usize,
    context: &mut Context<'_>,
) -> Poll<io::Result<Vec<u8>>> {
    let mut room = [const { MaybeUninit::uninit() }; TEXT_BUFFER];
    let mut buffer = ReadBuf::uninit(&mut room[..at_once.min(TEXT_BUFFER)]);
    ready!(Pin::new(stream).poll_read(context, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().to_vec()))
}
