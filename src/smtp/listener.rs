//! Listens on one address or Unix socket and gives every client a session of its own.
//!
//! Accepting never ends on an error: it is logged, and after a short pause tried again. A client that comes when all
//! places are taken hears 421 and is gone, without a task or a wait on its account.

use std::io::{self, ErrorKind, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpStream, UnixStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::bind::{self, Door, Opened, SocketFile};
use super::budget::Budget;
use super::connection;
use super::crowd::{Crowd, Full};
use super::reply::{Reception, Reply};
use super::settings::{Bind, Network, Protocol, Settings};
use super::shared::Shared;

/// The rest after a failed accept: when file descriptors run out, trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A bound listener, not serving yet.
#[derive(Debug)]
pub struct Listener {
    door: Door,
    /// Kept to be dropped with the door.
    file: Option<SocketFile>,
    bind: Bind,
    shared: Arc<Shared>,
    crowd: Crowd,
}

/// A client that just came in.
enum Guest {
    Tcp(TcpStream, IpAddr),
    Unix(UnixStream),
}

impl Listener {
    /// Takes the address of `settings.bind`. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// The address is taken or not ours; a Unix socket's path holds something else than a socket nobody listens on; a
    /// file that the settings name cannot be used; on a public address nobody is trusted and nobody can log in.
    pub fn bind(settings: Settings) -> io::Result<Listener> {
        Listener::bind_within(settings, Budget::default())
    }

    /// The same with a share of the memory that several listeners have for the letters on their way in.
    ///
    /// # Errors
    /// As [`Listener::bind`].
    pub fn bind_within(settings: Settings, budget: Budget) -> io::Result<Listener> {
        may_open(&settings)?;
        let shared = Arc::new(Shared::open(settings, budget)?);
        let Opened { door, bind, file } = bind::open(&shared.settings)?;
        let crowd = Crowd::new(Arc::clone(&shared.settings));
        Ok(Listener { door, file, bind, shared, crowd })
    }

    /// Where it really listens: with port 0 in the settings, the port that the system chose.
    pub fn local_address(&self) -> &Bind {
        &self.bind
    }

    /// Serves clients until `shutdown`, then returns when the last session has finished. Letters go to `reception`.
    pub async fn serve<R: Reception>(self, reception: Arc<R>, shutdown: CancellationToken) {
        self.serve_until(reception, shutdown.clone(), shutdown).await;
    }

    /// As [`Listener::serve`], but lets nobody in any more from `closing` on, while those who are in go on until
    /// `shutdown`. Whoever shuts down must close, too.
    pub async fn serve_until<R: Reception>(
        self,
        reception: Arc<R>,
        closing: CancellationToken,
        shutdown: CancellationToken,
    ) {
        let sessions = TaskTracker::new();
        info!(bind = %self.bind, "listening");
        let (mut is_full, mut is_failing) = (false, false);
        while let Some(accepted) = closing.run_until_cancelled(self.door.accept()).await {
            let was_failing = std::mem::replace(&mut is_failing, accepted.is_err());
            let guest = match accepted {
                Ok(guest) => guest,
                Err(error) => {
                    // Said once and not five times a second for as long as it lasts.
                    if !was_failing {
                        warn!(bind = %self.bind, %error, "no connection can be accepted, trying again");
                    }
                    rest_after(&error, &closing).await;
                    continue;
                }
            };
            let admitted = self.crowd.admit(guest.address());
            let was_full = std::mem::replace(&mut is_full, matches!(admitted, Err(Full::House)));
            let seat = match admitted {
                Ok(seat) => seat,
                Err(full) => {
                    // Said once and not for each client: a flood of them must not become a flood of log lines.
                    if is_full && !was_full {
                        warn!(bind = %self.bind, "no place free, clients are sent away");
                    }
                    self.turn_away(guest, full);
                    continue;
                }
            };
            let (shared, reception, shutdown) = (Arc::clone(&self.shared), Arc::clone(&reception), shutdown.clone());
            sessions.spawn(async move {
                guest.serve(shared, reception, shutdown).await;
                drop(seat);
            });
        }
        // From here on nobody new is let in: clients see a refused connection and try another server.
        drop(self.door);
        drop(self.file);
        sessions.close();
        sessions.wait().await;
        info!(bind = %self.bind, "closed");
    }

    fn turn_away(&self, guest: Guest, full: Full) {
        match self.shared.settings.protocol {
            Protocol::Mail(_) => guest.send_away(&self.apology(full)),
            // A mail server expects no words of SMTP here, and knows what to do without us.
            Protocol::Milter => drop(guest),
        }
    }

    fn apology(&self, full: Full) -> Reply {
        match full {
            Full::House => {
                let hostname = &self.shared.settings.hostname;
                Reply::new(421, "4.3.2", format!("{hostname} has no place free, try again soon"))
            }
            Full::Client => Reply::new(421, "4.7.0", "too many connections from your address, close some first"),
        }
    }
}

impl Door {
    async fn accept(&self) -> io::Result<Guest> {
        match self {
            Door::Tcp(listener) => listener.accept().await.map(|(stream, peer)| Guest::Tcp(stream, peer.ip())),
            Door::Unix(listener) => listener.accept().await.map(|(stream, _)| Guest::Unix(stream)),
        }
    }
}

impl Guest {
    fn address(&self) -> Option<IpAddr> {
        match self {
            Guest::Tcp(_, address) => Some(*address),
            Guest::Unix(_) => None,
        }
    }

    async fn serve<R: Reception>(self, shared: Arc<Shared>, reception: Arc<R>, shutdown: CancellationToken) {
        match self {
            Guest::Tcp(stream, address) => {
                // Replies go out in batches already; waiting for more would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    debug!(client = %address, %error, "TCP_NODELAY not set");
                }
                connection::run(stream, Some(address), shared, reception, shutdown).await;
            }
            Guest::Unix(stream) => connection::run(stream, None, shared, reception, shutdown).await,
        }
    }

    /// Says `reply` if that needs no waiting, and closes. A new socket's empty buffer always has room for one line.
    fn send_away(self, reply: &Reply) {
        let said = match self {
            Guest::Tcp(stream, _) => stream.into_std().and_then(|mut stream| write!(stream, "{reply}")),
            Guest::Unix(stream) => stream.into_std().and_then(|mut stream| write!(stream, "{reply}")),
        };
        if let Err(error) = said {
            debug!(%error, "a client that was sent away did not hear why");
        }
    }
}

/// A client that gave up while it waited is no reason to rest; anything else may be a lack of resources.
async fn rest_after(error: &io::Error, shutdown: &CancellationToken) {
    if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted) {
        return;
    }
    shutdown.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE)).await;
}

/// A listener for everybody that serves nobody is a mistake, and the next step would be to open it for everybody.
fn may_open(settings: &Settings) -> io::Result<()> {
    let is_public = match &settings.bind {
        Bind::Tcp(address) => !address.ip().to_canonical().is_loopback(),
        Bind::Unix(_) => false,
        // Where systemd listens is its affair; its Unix sockets have no address to be trusted.
        Bind::Systemd(_) => false,
    };
    if is_public && settings.trusted.is_empty() && settings.users.is_none() {
        let text = "on a public address there must be trusted networks or users: nobody could send";
        return Err(io::Error::new(ErrorKind::InvalidInput, text));
    }
    let is_everybody = |network: &Network| network.prefix_length == 0;
    if is_public && settings.trusted.iter().any(is_everybody) {
        warn!(bind = %settings.bind, "every address is trusted: whoever can reach this listener can send SMS");
    }
    Ok(())
}
