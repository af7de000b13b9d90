//! Runs one milter connection: reads, feeds the decoder, asks the [`Session`], answers.
//!
//! Decides nothing about a mail. Whatever goes wrong here or in the spool costs the mail its SMS, and at most so many
//! seconds as the waits below say, but never its way to the mailbox: the log says so, and the server hears `Continue`.
//! When the connection itself breaks the server does what its `milter_default_action` says.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::answer::Answer;
use super::event::{CutShort, Event};
use super::frame::{Frame, FrameDecoder, FrameError};
use super::session::{Next, Passing, Session};
use super::terms::{Interest, TooOld};
use crate::smtp::budget::Share;
use crate::smtp::reply::Reception;
use crate::smtp::shared::Shared;
use crate::smtp::wire::{COMMAND_BUFFER, End, TEXT_BUFFER, Wire};

/// How long we wait for the next frame. The server keeps the connection for as long as its client stays, and tells
/// nothing while a text of any size comes in.
const LONGEST_SILENCE: Duration = Duration::from_secs(2 * 60 * 60);
/// How long the rest of a frame may take, which comes from a server near by.
const LONGEST_FRAME: Duration = Duration::from_secs(60);
/// How long a mail waits for memory. Postfix gives us 30 seconds for each answer (`milter_command_timeout`).
const LONGEST_WAIT_FOR_ROOM: Duration = Duration::from_secs(20);
/// How long the spool may take; Postfix waits 300 seconds (`milter_content_timeout`), and the mail with it.
const LONGEST_HANDOVER: Duration = Duration::from_secs(20);
/// How long a mail that is under way may take when the relay is going down.
const GRACE: Duration = Duration::from_secs(30);

/// Why a connection ends before the server said so.
#[derive(Debug, Error)]
enum Trouble {
    #[error("{0}")]
    Line(#[from] End),
    #[error("this is not the milter protocol: {0}")]
    Frame(#[from] FrameError),
    #[error("this is not the milter protocol: {0}")]
    Event(#[from] CutShort),
    #[error("the server speaks {0}")]
    Terms(#[from] TooOld),
}

/// Serves one mail server until it needs us no more. `address` is its own, `None` on a Unix socket.
pub(in crate::smtp) async fn run<S, R>(
    stream: S,
    address: Option<IpAddr>,
    shared: Arc<Shared>,
    reception: Arc<R>,
    shutdown: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    R: Reception,
{
    // Whoever may ask here learns which numbers we write to, and can make telephones ring.
    if !address.is_none_or(|address| shared.settings.trusts(address)) {
        return warn!(server = ?address, "not served: only trusted networks may use a milter listener");
    }
    let interest = if reception.may_ring() { Interest::Mails } else { Interest::Envelopes };
    let mut connection = Connection {
        wire: Wire::new(stream, shared.settings.timeouts.write),
        frames: FrameDecoder::default(),
        session: Session::new(Arc::clone(&shared.settings), interest),
        share: shared.budget.share(),
        reception,
        shutdown,
        latest: None,
    };
    let ended = connection.converse().await;
    // What was asked before the trouble has its answer, whether or not both came in one packet.
    if matches!(ended, Err(Trouble::Frame(_) | Trouble::Event(_) | Trouble::Terms(_)))
        && let Err(error) = connection.wire.flush().await
    {
        debug!(server = ?address, %error, "last answers not heard");
    }
    match ended {
        Ok(()) | Err(Trouble::Line(End::Closed | End::ShuttingDown)) => {
            debug!(server = ?address, "milter connection ended")
        }
        Err(trouble) => warn!(server = ?address, %trouble, "milter connection broken off"),
    }
}

struct Connection<S, R> {
    wire: Wire<S>,
    frames: FrameDecoder,
    session: Session,
    /// The memory taken for the mail that passes by.
    share: Share,
    reception: Arc<R>,
    shutdown: CancellationToken,
    /// When a mail that is under way must have come to its end, once the relay is going down.
    latest: Option<Instant>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send, R: Reception> Connection<S, R> {
    async fn converse(&mut self) -> Result<(), Trouble> {
        loop {
            let event = Event::read(self.read_frame().await?)?;
            match self.session.take(event, &*self.reception)? {
                Next::Wait => {}
                Next::Say(answer) => self.wire.send(&answer.to_bytes()),
                Next::Ring(passing) => {
                    Box::pin(ring(&*self.reception, *passing)).await;
                    self.wire.send(&Answer::Continue.to_bytes());
                }
                Next::HangUp => return Ok(self.wire.flush().await?),
            }
            if !self.session.is_amid_mail() {
                self.share.give_back();
            }
        }
    }

    async fn read_frame(&mut self) -> Result<Frame, Trouble> {
        let mut deadline = Instant::now() + LONGEST_SILENCE;
        loop {
            let (taken, frame) = self.frames.feed(self.wire.unused())?;
            self.wire.advance(taken);
            if let Some(frame) = frame {
                return Ok(frame);
            }
            self.wire.flush().await?;
            if self.frames.is_amid_frame() {
                deadline = deadline.min(Instant::now() + LONGEST_FRAME);
            }
            self.make_room().await;
            self.read_more(deadline).await?;
        }
    }

    async fn read_more(&mut self, deadline: Instant) -> Result<(), End> {
        let at_once = if self.frames.expected() > COMMAND_BUFFER { TEXT_BUFFER } else { COMMAND_BUFFER };
        tokio::select! {
            biased;
            () = self.shutdown.cancelled() => {
                if !self.session.is_amid_mail() {
                    return Err(End::ShuttingDown);
                }
                let latest = *self.latest.get_or_insert_with(|| Instant::now() + GRACE);
                self.wire.read(at_once, deadline.min(latest)).await
            }
            read = self.wire.read(at_once, deadline) => read,
        }
    }

    /// Waits until there is memory for the mail so far and the frame that is coming in. Meanwhile the server's bytes stay
    /// where they are.
    async fn make_room(&mut self) {
        let needed = self.session.kept() + self.frames.expected();
        if needed <= COMMAND_BUFFER || !self.session.is_amid_mail() {
            return;
        }
        let limit = self.session.most();
        let covered = self.share.cover(needed.min(limit), self.session.announced(), limit);
        if timeout(LONGEST_WAIT_FOR_ROOM, covered).await.is_err() {
            warn!("no memory came free for a mail that passes by: no rule sees it, it goes its way");
            self.session.give_up_mail();
        }
    }
}

/// Offers a mail to the rules that ring. Of what went wrong the log alone can tell: the mail's author asked for no SMS.
async fn ring<R: Reception>(reception: &R, passing: Passing) {
    let Passing { queue_id, letter } = passing;
    let Ok(verdicts) = timeout(LONGEST_HANDOVER, reception.ring(letter)).await else {
        return error!(queue_id, "a mail that passes by was not offered to the rules in time: it may not have rung");
    };
    for verdict in verdicts {
        match verdict {
            Ok(accepted) => info!(queue_id, "a mail that passes by rings: {accepted}"),
            Err(reply) => {
                warn!(queue_id, code = reply.code, enhanced = reply.enhanced, "a mail that passes by could not ring");
            }
        }
    }
}
