//! Runs one session over one connection: reads, feeds the decoders, asks the [`Session`], answers.
//!
//! Decides nothing about commands; where the milter protocol is spoken, `milter` takes over. A letter is handed over
//! only after its final dot was seen, whatever else happens to the connection; once handed over, its answer is awaited
//! even when the client has gone. When the server shuts down a session that waits for a command gets 421 and is closed;
//! one in the middle of a text may finish it.
//!
//! What an idle session never does (a handshake, a login, a handover) is boxed where it is awaited, so that thousands
//! of idle ones do not each keep room for it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::answers;
use super::auth::{Credentials, Login};
use super::budget::Share;
use super::command::Chunk;
use super::data::{DotDecoder, Progress, TooBig};
use super::envelope::Letter;
use super::line::{Line, LineDecoder};
use super::milter;
use super::proxy::{self, Passed, ProxyError};
use super::reply::{Accepted, Reception, Reply};
use super::session::{Handover, Next, Session};
use super::settings::{Protocol, ProxyProtocol, Settings, Tls};
use super::shared::Shared;
use super::wire::{COMMAND_BUFFER, End, TEXT_BUFFER, Wire};

/// How long a whole text may take, so that one byte a minute does not hold a place for ever.
const LONGEST_TEXT: Duration = Duration::from_secs(60 * 60);
/// How much of a text beyond `max_message_size` is read and dropped, so that the client hears its 552, before we hang
/// up.
const MOST_EXCESS: u64 = 64 * 1024 * 1024;
/// How long a message waits for memory; the client waits two minutes for our answer to DATA (RFC 5321, section
/// 4.5.3.2.4).
const LONGEST_WAIT_FOR_ROOM: Duration = Duration::from_secs(100);
/// How long the reception may take; the client waits ten minutes (RFC 5321, section 4.5.3.2.6).
const LONGEST_HANDOVER: Duration = Duration::from_secs(300);

/// Serves one client from greeting to goodbye. `address` is the peer's, `None` on a Unix socket.
pub(super) async fn run<S, R>(
    mut stream: S,
    address: Option<IpAddr>,
    shared: Arc<Shared>,
    reception: Arc<R>,
    shutdown: CancellationToken,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    R: Reception,
{
    let introduced = Box::pin(introduce(&mut stream, address, &shared.settings));
    let address = match shutdown.run_until_cancelled(introduced).await {
        Some(Ok(address)) => address,
        Some(Err(error)) => return warn!(client = ?address, %error, "not served: PROXY protocol"),
        None => return,
    };
    let Protocol::Mail(grammar) = shared.settings.protocol else {
        return Box::pin(milter::run(stream, address, shared, reception, shutdown)).await;
    };
    let session = Session::new(Arc::clone(&shared.settings), grammar, shared.next_session(), address);
    let house = House { shared, reception, shutdown };
    if matches!(house.shared.settings.tls, Tls::Implicit(_)) {
        return Box::pin(house.serve_encrypted(stream, session, Opening::Greeting)).await;
    }
    if let Some((stream, session)) = house.serve(stream, session, Opening::Greeting).await {
        Box::pin(house.serve_encrypted(stream, session, Opening::None)).await;
    }
}

/// Who stands at the door, when those who come pass through a proxy.
async fn introduce<S>(stream: &mut S, peer: Option<IpAddr>, settings: &Settings) -> Result<Option<IpAddr>, ProxyError>
where
    S: AsyncRead + Unpin,
{
    if settings.proxy_protocol == ProxyProtocol::Off {
        return Ok(peer);
    }
    // Whoever else could write a header could be anybody.
    if !peer.is_none_or(|peer| settings.is_proxy(peer)) {
        return Err(ProxyError::Stranger);
    }
    match proxy::read(stream).await? {
        Passed::For(address) => Ok(Some(address)),
        Passed::Itself => Ok(peer),
    }
}

/// What a client meets.
struct House<R> {
    shared: Arc<Shared>,
    reception: Arc<R>,
    shutdown: CancellationToken,
}

/// Whether we speak first.
enum Opening {
    Greeting,
    /// After STARTTLS it is the client's turn.
    None,
}

impl<R: Reception> House<R> {
    /// Serves until the end; gives the stream back when the client wants to go on encrypted.
    async fn serve<S>(&self, stream: S, session: Session, opening: Opening) -> Option<(S, Session)>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let wire = Wire::new(stream, self.shared.settings.timeouts.write);
        let share = self.shared.budget.share();
        let mut connection = Connection { wire, session, lines: LineDecoder::default(), share, house: self };
        if matches!(opening, Opening::Greeting) {
            connection.wire.say(&connection.session.greeting());
        }
        let end = connection.converse().await;
        if matches!(end, End::StartTls) {
            return Some((connection.wire.into_stream(), connection.session));
        }
        let client = connection.session.address();
        debug!(?client, %end, "session ended");
        if let Some(reply) = connection.last_word(&end) {
            connection.wire.say(&reply);
        }
        if is_worth_a_goodbye(&end)
            && let Err(error) = connection.wire.hang_up().await
        {
            debug!(?client, %error, "goodbye not heard");
        }
        None
    }

    async fn serve_encrypted<S>(&self, stream: S, mut session: Session, opening: Opening)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let Some(certificate) = &self.shared.certificate else { return };
        let Some(accepted) = self.shutdown.run_until_cancelled(certificate.accept(stream)).await else { return };
        match accepted {
            Ok(stream) => {
                session.secured();
                self.serve(stream, session, opening).await;
            }
            Err(error) => debug!(client = ?session.address(), %error, "no encrypted connection came about"),
        }
    }
}

struct Connection<'a, S, R> {
    wire: Wire<S>,
    session: Session,
    lines: LineDecoder,
    /// The memory taken for the message that is coming in.
    share: Share,
    house: &'a House<R>,
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send, R: Reception> Connection<'_, S, R> {
    /// Talks until there is a reason not to.
    async fn converse(&mut self) -> End {
        loop {
            if let Err(end) = self.exchange().await {
                return end;
            }
        }
    }

    /// One command and its answer.
    async fn exchange(&mut self) -> Result<(), End> {
        let line = self.read_line().await?;
        let mut next = Some(self.session.take(line, &*self.house.reception));
        while let Some(step) = next {
            next = self.perform(step).await?;
        }
        if self.session.kept() == 0 {
            self.share.give_back();
        }
        Ok(())
    }

    /// Does what the session asks for, which may lead to something else.
    async fn perform(&mut self, next: Next) -> Result<Option<Next>, End> {
        match next {
            Next::Say(reply) => self.wire.say(&reply),
            Next::HangUp(reply) => {
                self.wire.say(&reply);
                return Err(if reply.code == 221 { End::Quit } else { End::HungUp(reply.lines.join(" ")) });
            }
            Next::ReadText(reply) => {
                self.make_room(TEXT_BUFFER).await?;
                self.wire.say(&reply);
                let text = self.read_text().await?;
                let handover = self.session.end_of_text(text);
                self.answer(handover).await?;
            }
            Next::ReadChunk(chunk) => {
                self.read_chunk(chunk).await?;
                let handover = self.session.end_of_chunk(chunk);
                self.answer(handover).await?;
            }
            Next::StartTls(reply) => return Err(self.start_tls(&reply).await?),
            Next::LookUp { name } => {
                let user = match &self.house.shared.guard {
                    Some(guard) => guard.look_up(name).await,
                    None => None,
                };
                return Ok(Some(self.session.looked_up(user)));
            }
            Next::Judge(credentials) => {
                let login = Box::pin(self.judge(credentials)).await?;
                return Ok(Some(self.session.judged(login)));
            }
        }
        Ok(None)
    }

    /// Commands that came along with STARTTLS may have been slipped in by somebody on the way, to be obeyed as if they
    /// had come encrypted (CVE-2011-0411). No honest client sends any before it has our answer.
    async fn start_tls(&mut self, reply: &Reply) -> Result<End, End> {
        if !self.wire.unused().is_empty() {
            let text = "nothing may be sent along with STARTTLS";
            self.wire.say(&Reply::new(554, "5.5.1", text));
            return Err(End::HungUp(text.to_owned()));
        }
        self.wire.say(reply);
        self.wire.flush().await?;
        Ok(End::StartTls)
    }

    /// Asks the guard, and lets a denied client wait.
    async fn judge(&mut self, credentials: Credentials) -> Result<Login, End> {
        self.wire.flush().await?;
        let Some(guard) = &self.house.shared.guard else { return Ok(Login::Unavailable) };
        let judged = async {
            let login = guard.judge(credentials, self.session.address()).await;
            if let Login::Denied { pause } = login {
                sleep(pause).await;
            }
            login
        };
        self.house.shutdown.run_until_cancelled(judged).await.ok_or(End::ShuttingDown)
    }

    /// The next command line. The time limit is for the whole line, not for its next byte.
    async fn read_line(&mut self) -> Result<Line, End> {
        let deadline = Instant::now() + self.house.shared.settings.timeouts.command;
        loop {
            let (taken, line) = self.lines.feed(self.wire.unused());
            self.wire.advance(taken);
            if let Some(line) = line {
                return Ok(line);
            }
            self.wire.flush().await?;
            tokio::select! {
                biased;
                () = self.house.shutdown.cancelled() => return Err(End::ShuttingDown),
                read = self.wire.read(COMMAND_BUFFER, deadline) => read?,
            }
        }
    }

    /// A message's text up to its dot.
    async fn read_text(&mut self) -> Result<Result<Vec<u8>, TooBig>, End> {
        let mut decoder = DotDecoder::new(self.house.shared.settings.max_message_size);
        let mut patience = Patience::new(self.house.shared.settings.timeouts.data);
        loop {
            let (taken, progress) = decoder.feed(self.wire.unused());
            self.wire.advance(taken);
            if progress == Progress::End {
                return Ok(decoder.finish());
            }
            if decoder.excess() > MOST_EXCESS {
                return Err(End::Flood);
            }
            self.make_room(decoder.len() + TEXT_BUFFER).await?;
            self.read_more_text(&mut patience).await?;
        }
    }

    /// The bytes of one BDAT.
    async fn read_chunk(&mut self, chunk: Chunk) -> Result<(), End> {
        if chunk.size > (self.house.shared.settings.max_message_size as u64).saturating_add(MOST_EXCESS) {
            return Err(End::Flood);
        }
        let mut patience = Patience::new(self.house.shared.settings.timeouts.data);
        let mut missing = chunk.size;
        while missing > 0 {
            let unused = self.wire.unused();
            let piece = &unused[..unused.len().min(usize::try_from(missing).unwrap_or(usize::MAX))];
            let taken = piece.len();
            self.session.keep(piece);
            self.wire.advance(taken);
            missing -= taken as u64;
            if missing > 0 {
                self.make_room(self.session.kept() + TEXT_BUFFER).await?;
                self.read_more_text(&mut patience).await?;
            }
        }
        Ok(())
    }

    /// Waits until there is memory for a text of so many bytes. Meanwhile the client's bytes stay where they are.
    async fn make_room(&mut self, bytes: usize) -> Result<(), End> {
        self.wire.flush().await?;
        let limit = self.house.shared.settings.max_message_size;
        let covered = self.share.cover(bytes.min(limit), self.session.announced(), limit);
        // Covered first: a text that needs no more may come to its end while we go down.
        tokio::select! {
            biased;
            waited = timeout(LONGEST_WAIT_FOR_ROOM, covered) => waited.map_err(|_| End::NoRoom),
            () = self.house.shutdown.cancelled() => Err(End::ShuttingDown),
        }
    }

    async fn read_more_text(&mut self, patience: &mut Patience) -> Result<(), End> {
        self.wire.flush().await?;
        let deadline = patience.deadline();
        tokio::select! {
            biased;
            () = self.house.shutdown.cancelled(), if !patience.is_ending => {
                patience.end();
                self.wire.read(TEXT_BUFFER, patience.deadline()).await
            }
            read = self.wire.read(TEXT_BUFFER, deadline) => read,
        }
    }

    /// Says what became of the text; a finished letter goes to the reception first.
    async fn answer(&mut self, handover: Handover) -> Result<(), End> {
        let (replies, acceptance) = match handover {
            Handover::Answered(replies) => (replies, None),
            Handover::Letter(letter) => {
                self.wire.flush().await?;
                let acceptance = self.session.acceptance(&letter);
                (Box::pin(receive(&*self.house.reception, *letter)).await, acceptance)
            }
        };
        for reply in replies {
            match &acceptance {
                Some(words) if reply.code == 250 => self.wire.say(words),
                _ => self.wire.say(&reply),
            }
        }
        Ok(())
    }

    /// What the client hears before we hang up without having been asked to.
    fn last_word(&self, end: &End) -> Option<Reply> {
        match end {
            End::Silent => Some(Reply::new(421, "4.4.2", "waited too long, goodbye")),
            End::ShuttingDown => Some(Reply::new(421, "4.3.2", "going down, try again soon")),
            End::NoRoom => Some(Reply::new(421, "4.3.1", "too many messages at once, try again soon")),
            End::Flood => Some(self.session.too_big()),
            End::Quit | End::HungUp(_) | End::Closed | End::Broken(_) | End::Deaf | End::StartTls => None,
        }
    }
}

fn is_worth_a_goodbye(end: &End) -> bool {
    match end {
        End::Quit | End::HungUp(_) | End::Closed | End::Silent | End::ShuttingDown | End::Flood | End::NoRoom => true,
        End::Broken(_) | End::Deaf | End::StartTls => false,
    }
}

/// How long the bytes of a text are waited for: each time for `Timeouts::data`, and not for ever in all.
struct Patience {
    each: Duration,
    latest: Instant,
    is_ending: bool,
}

impl Patience {
    fn new(each: Duration) -> Patience {
        Patience { each, latest: Instant::now() + LONGEST_TEXT, is_ending: false }
    }

    fn deadline(&self) -> Instant {
        self.latest.min(Instant::now() + self.each)
    }

    /// The server is going down: what is left of the text must come within the time of one wait.
    fn end(&mut self) {
        self.is_ending = true;
        self.latest = self.deadline();
    }
}

async fn receive<R: Reception>(reception: &R, letter: Letter) -> Vec<Reply> {
    let (kind, recipients, bytes) = (letter.answers, letter.envelope.recipients.len(), letter.bytes.len());
    let client = letter.envelope.client.address;
    let Ok(verdicts) = timeout(LONGEST_HANDOVER, reception.receive(letter)).await else {
        error!(?client, bytes, recipients, "the letter was not taken over in time");
        let reply = Reply::new(451, "4.3.0", "took too long, try again later");
        return answers::same_for_all(kind, recipients, &reply);
    };
    for verdict in &verdicts {
        match verdict {
            Ok(Accepted::Queued { id }) => info!(%id, ?client, bytes, "letter accepted"),
            Ok(Accepted::Dropped { by }) => info!(%by, ?client, bytes, "letter dropped"),
            // The reply's text may name a number or quote the mail, so it is not logged.
            Err(reply) => info!(?client, bytes, code = reply.code, enhanced = reply.enhanced, "letter refused"),
        }
    }
    answers::of_verdicts(kind, recipients, verdicts)
}
