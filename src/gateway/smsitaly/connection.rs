//! The wire under a session: writes our lines, waits for the gateway's replies, and never waits for ever.
//!
//! It knows no dialogue. A reply that stops short (silence or the end of the connection in the middle of it) counts
//! as what its code has said so far: the document's own list after EHLO never comes to a proper end.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout_at};

use super::command::Command;
use super::reader::{LineTooLong, MAX_LINE, Reader};
use super::reply::{Class, Line, Reply};
use crate::gateway::connect::Stream;

/// Lines of one reply, blank ones included.
const MAX_LINES: usize = 64;
/// Bytes taken from the connection at a time.
const READ_SIZE: usize = 1024;

/// Why no reply came.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    #[error("the gateway closed the connection")]
    Closed,
    #[error("the connection broke: {0}")]
    Broken(String),
    #[error("the gateway said nothing for {0:?}")]
    Silent(Duration),
    #[error("the gateway sent a line of more than {MAX_LINE} bytes")]
    LongLine,
    #[error("the gateway sent more than {MAX_LINES} lines at a time")]
    ManyLines,
    #[error("the gateway ended the session: {0}")]
    Goodbye(String),
}

/// Bytes that could not be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritten {
    /// How many the connection had taken before.
    pub written: usize,
    pub loss: Loss,
}

/// Until when something is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    deadline: Instant,
    within: Duration,
}

impl Wait {
    /// From now on so long.
    pub fn of(within: Duration) -> Wait {
        Wait { deadline: Instant::now() + within, within }
    }

    /// The same, but from now on at most so long.
    fn at_most(self, within: Duration) -> Wait {
        let shorter = Wait::of(within);
        if shorter.deadline < self.deadline { shorter } else { self }
    }
}

pub struct Connection {
    stream: Box<dyn Stream>,
    reader: Reader,
}

impl Connection {
    pub fn new(stream: Box<dyn Stream>) -> Connection {
        Connection { stream, reader: Reader::default() }
    }

    /// Says a line and hears the reply to it, both together within `within`.
    pub async fn ask(&mut self, command: &Command<'_>, within: Duration) -> Result<Reply, Loss> {
        let wait = Wait::of(within);
        self.write(command.line().as_bytes(), wait).await.map_err(|unwritten| unwritten.loss)?;
        self.reply(wait).await
    }

    /// Writes all of it; in one piece as long as the connection takes it.
    pub async fn write(&mut self, bytes: &[u8], wait: Wait) -> Result<(), Unwritten> {
        let mut written = 0;
        while written < bytes.len() {
            match timeout_at(wait.deadline, self.stream.write(&bytes[written..])).await {
                Ok(Ok(0)) => return Err(Unwritten { written, loss: Loss::Closed }),
                Ok(Ok(more)) => written += more,
                Ok(Err(error)) => return Err(Unwritten { written, loss: Loss::Broken(error.to_string()) }),
                Err(_) => return Err(Unwritten { written, loss: Loss::Silent(wait.within) }),
            }
        }
        let flushed = timeout_at(wait.deadline, self.stream.flush()).await;
        let loss = match flushed {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => Loss::Broken(error.to_string()),
            Err(_) => Loss::Silent(wait.within),
        };
        Err(Unwritten { written, loss })
    }

    /// The next reply, all its lines.
    pub async fn reply(&mut self, wait: Wait) -> Result<Reply, Loss> {
        self.reply_until_quiet(wait, wait.within, |_| false).await
    }

    /// The next reply; a reply that is `enough` already but promises more lines is over after a silence of `quiet`.
    pub async fn reply_until_quiet(
        &mut self,
        wait: Wait,
        quiet: Duration,
        enough: fn(&Reply) -> bool,
    ) -> Result<Reply, Loss> {
        let first = self.first_line(wait).await?;
        let mut continues = first.continues;
        let mut reply = Reply::begin(first);
        while continues {
            let wait = if enough(&reply) { wait.at_most(quiet) } else { wait };
            let line = match self.line(wait).await {
                Ok(line) => line,
                Err(Loss::Closed | Loss::Broken(_) | Loss::Silent(_)) => break,
                Err(loss) => return Err(loss),
            };
            if !reply.goes_on_with(&line) {
                self.reader.put_back(line);
                break;
            }
            continues = line.continues || line.code.is_none();
            reply.lines.push(line.text);
            if reply.lines.len() > MAX_LINES {
                return Err(Loss::ManyLines);
            }
        }
        Ok(reply)
    }

    /// Throws away what the gateway sent without being asked, so that it is not taken for an answer later. Does not
    /// wait. An error when the gateway has closed the connection or said that it will.
    pub async fn catch_up(&mut self) -> Result<(), Loss> {
        for _ in 0..MAX_LINES {
            match self.reader.next().map_err(|LineTooLong| Loss::LongLine)? {
                Some(line) if Reply::begin(line.clone()).class() == Class::Closing => {
                    return Err(Loss::Goodbye(Reply::begin(line).to_string()));
                }
                Some(line) => tracing::debug!(line = line.text, "the gateway spoke without being asked"),
                None if self.fill_at_once().await? => {}
                None => return Ok(()),
            }
        }
        Err(Loss::ManyLines)
    }

    /// Closes our side, so that the gateway sees an orderly end.
    pub async fn close(mut self, within: Duration) {
        if let Ok(Err(error)) = tokio::time::timeout(within, self.stream.shutdown()).await {
            tracing::debug!(%error, "the connection to the gateway was gone before it was closed");
        }
    }

    /// The first line that says something. When nothing more can come, one that lacks only its end will do.
    async fn first_line(&mut self, wait: Wait) -> Result<Line, Loss> {
        for _ in 0..MAX_LINES {
            match self.line(wait).await {
                Ok(line) if line.is_blank() => {}
                Ok(line) => return Ok(line),
                Err(loss @ (Loss::LongLine | Loss::ManyLines)) => return Err(loss),
                Err(loss) => return self.reader.rest().ok_or(loss),
            }
        }
        Err(Loss::ManyLines)
    }

    async fn line(&mut self, wait: Wait) -> Result<Line, Loss> {
        loop {
            if let Some(line) = self.reader.next().map_err(|LineTooLong| Loss::LongLine)? {
                return Ok(line);
            }
            self.fill(wait).await?;
        }
    }

    async fn fill(&mut self, wait: Wait) -> Result<(), Loss> {
        let mut bytes = [0; READ_SIZE];
        match timeout_at(wait.deadline, self.stream.read(&mut bytes)).await {
            Ok(Ok(0)) => Err(Loss::Closed),
            Ok(Ok(count)) => {
                self.reader.push(&bytes[..count]);
                Ok(())
            }
            Ok(Err(error)) => Err(Loss::Broken(error.to_string())),
            Err(_) => Err(Loss::Silent(wait.within)),
        }
    }

    /// Takes what is there already; false when there is nothing.
    async fn fill_at_once(&mut self) -> Result<bool, Loss> {
        tokio::select! {
            biased;
            filled = self.fill(Wait::of(Duration::from_secs(1))) => filled.map(|()| true),
            () = std::future::ready(()) => Ok(false),
        }
    }
}
