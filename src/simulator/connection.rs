//! Runs one session over one connection: reads, lets the faults have their say, answers. Decides nothing else.
//!
//! Commands that arrive together are answered together. When the gateway ends, a session that waits hears 421; an
//! answer that is owed still goes out. Whatever breaks the connection is logged and ends only this session.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

use super::fault::{Fate, Stage, Trouble};
use super::ledger::Ledger;
use super::lines::{Line, Lines};
use super::reply::Reply;
use super::session::{Request, Session, Step};
use super::settings::Settings;
use super::speech::{self, Act};

/// Bytes taken from the connection at a time.
const READ_SIZE: usize = 4096;
/// Answers that are held back for the next read never grow beyond this.
const MAX_OWED: usize = 16 * 1024;

/// What all sessions share, and the number of this one.
pub struct Context {
    pub number: u64,
    pub settings: Arc<Settings>,
    pub ledger: Arc<Ledger>,
    pub shutdown: CancellationToken,
}

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("we closed it")]
    Closed,
    #[error("the client closed it")]
    Gone,
    #[error("the client was too slow")]
    Slow,
    #[error("the gateway ends")]
    Shutdown,
    #[error("the connection broke: {0}")]
    Broken(#[from] std::io::Error),
}

/// Serves one client from greeting to goodbye.
pub async fn run<S: AsyncRead + AsyncWrite + Unpin>(stream: S, client: Option<IpAddr>, context: Context) {
    let session = Session::new(&context.settings);
    let dice = context.settings.faults.dice(context.number);
    let (lines, owed) = (Lines::default(), Vec::new());
    let mut connection = Connection { stream, context, session, lines, owed, dice, is_under_way: false };
    let end = match connection.converse(client).await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    tracing::debug!(session = connection.context.number, %end, "session ended");
    connection.leave(&end).await;
}

struct Connection<S> {
    stream: S,
    context: Context,
    session: Session,
    lines: Lines,
    /// Said, but not written yet.
    owed: Vec<u8>,
    dice: Rng,
    /// Whether something of what was read last has been answered: the round trip is made once for all of it.
    is_under_way: bool,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Talks until there is a reason not to.
    async fn converse(&mut self, client: Option<IpAddr>) -> Result<std::convert::Infallible, End> {
        self.greet(client).await?;
        let mut deadline = self.deadline();
        loop {
            let line = self.next_line(deadline).await?;
            if let Some(request) = self.session.take(line) {
                self.exchange(request).await?;
                deadline = self.deadline();
            }
        }
    }

    async fn greet(&mut self, client: Option<IpAddr>) -> Result<(), End> {
        let fate = self.roll(Stage::Connect).and(self.roll(Stage::Greeting));
        let acts = match fate.trouble {
            Some(Trouble::Instead(instead)) => speech::instead(Stage::Greeting, instead),
            trouble => speak(&Reply::greeting(self.context.number, client), trouble),
        };
        self.perform(fate.delay, acts).await
    }

    /// One request and what comes of it.
    async fn exchange(&mut self, request: Request) -> Result<(), End> {
        let stage = request.stage();
        let fate = stage.map_or_else(Fate::default, |stage| self.roll(stage));
        if let (Some(stage), Some(Trouble::Instead(instead))) = (stage, fate.trouble) {
            return self.perform(fate.delay, speech::instead(stage, instead)).await;
        }
        let acts = match self.context.ledger.look(|accounts| self.session.answer(request, accounts)) {
            Step::Say(reply) => speak(&reply, fate.trouble),
            Step::Leave(reply) => [speak(&reply, fate.trouble), vec![Act::Close]].concat(),
            Step::Accept(envelope, text) => {
                let reply = self.context.ledger.accept(envelope, text, self.context.number, Timestamp::now());
                speak(&reply, fate.trouble)
            }
        };
        self.perform(fate.delay, acts).await
    }

    /// What goes wrong with one answer.
    fn roll(&mut self, stage: Stage) -> Fate {
        let fate = self.context.settings.faults.pick(stage, &mut self.dice);
        for fault in fate.faults(stage) {
            tracing::debug!(session = self.context.number, %fault, "goes wrong on purpose");
        }
        fate
    }

    async fn perform(&mut self, delay: Duration, acts: Vec<Act>) -> Result<(), End> {
        let is_under_way = std::mem::replace(&mut self.is_under_way, true);
        let round_trip = if is_under_way { Duration::ZERO } else { self.context.settings.round_trip };
        self.pause(delay + round_trip).await?;
        for act in acts {
            match act {
                Act::Say(bytes) => self.owed.extend_from_slice(&bytes),
                Act::Pause(pause) => self.pause(pause).await?,
                Act::Close => return Err(End::Closed),
                Act::Hang => return Err(self.hang().await),
            }
        }
        if self.owed.len() > MAX_OWED { self.flush().await } else { Ok(()) }
    }

    /// The end of the gateway cuts it short, and so the answer after it comes early rather than never.
    async fn pause(&mut self, pause: Duration) -> Result<(), End> {
        if pause > Duration::ZERO {
            self.flush().await?;
            self.context.shutdown.run_until_cancelled(sleep(pause)).await;
        }
        Ok(())
    }

    /// Says nothing, and does not listen to what is said, until the client has had enough.
    async fn hang(&mut self) -> End {
        if let Err(end) = self.flush().await {
            return end;
        }
        let deadline = Instant::now() + self.context.settings.timeouts.hang;
        loop {
            match self.read(deadline).await {
                Ok(()) => self.lines = Lines::default(),
                Err(End::Slow | End::Shutdown) => return End::Closed,
                Err(end) => return end,
            }
        }
    }

    async fn next_line(&mut self, deadline: Instant) -> Result<Line, End> {
        loop {
            if let Some(line) = self.lines.next(self.session.line_limit()) {
                return Ok(line);
            }
            self.flush().await?;
            self.read(deadline).await?;
        }
    }

    async fn read(&mut self, deadline: Instant) -> Result<(), End> {
        let mut bytes = [0; READ_SIZE];
        let read = timeout_at(deadline, self.stream.read(&mut bytes));
        match self.context.shutdown.run_until_cancelled(read).await {
            None => Err(End::Shutdown),
            Some(Err(_)) => Err(End::Slow),
            Some(Ok(Ok(0))) => Err(End::Gone),
            Some(Ok(Ok(count))) => {
                self.lines.push(&bytes[..count]);
                self.is_under_way = false;
                Ok(())
            }
            Some(Ok(Err(error))) => Err(End::Broken(error)),
        }
    }

    /// For the next command line, or for a whole text.
    fn deadline(&self) -> Instant {
        let timeouts = &self.context.settings.timeouts;
        Instant::now() + if self.session.is_in_text() { timeouts.text } else { timeouts.command }
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.owed.is_empty() {
            return Ok(());
        }
        let write = async {
            self.stream.write_all(&self.owed).await?;
            self.stream.flush().await
        };
        timeout(self.context.settings.timeouts.write, write).await.map_err(|_| End::Slow)??;
        self.owed.clear();
        Ok(())
    }

    /// Writes what is owed, a last word where the client waits for one, and closes.
    async fn leave(&mut self, end: &End) {
        let last_word = match end {
            End::Slow => Some("Too slow, closing connection"),
            End::Shutdown => Some("The gateway ends, closing connection"),
            End::Closed | End::Gone | End::Broken(_) => None,
        };
        if let Some(word) = last_word {
            self.owed.extend(Reply::new(421, word).bytes("\r\n"));
        }
        if let Err(error) = self.flush().await {
            tracing::debug!(session = self.context.number, %error, "the last answer was not taken");
        }
        if let Ok(Err(error)) = timeout(self.context.settings.timeouts.write, self.stream.shutdown()).await {
            tracing::debug!(session = self.context.number, %error, "the connection was gone before it was closed");
        }
    }
}

/// The answer to something that was done.
fn speak(reply: &Reply, trouble: Option<Trouble>) -> Vec<Act> {
    match trouble {
        Some(Trouble::Spoil(spoil)) => speech::spoilt(reply, spoil),
        Some(Trouble::Instead(_)) | None => speech::plain(reply),
    }
}
