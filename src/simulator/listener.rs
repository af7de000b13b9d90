//! Listens, and gives every client a session of its own.
//!
//! Accepting never ends on an error: it is logged, and after a short pause tried again. Who comes when all places are
//! taken hears 421.

use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connection::{self, Context};
use super::ledger::Ledger;
use super::reply::Reply;
use super::settings::Settings;

/// Connections that the system keeps for us until we accept them.
const BACKLOG: u32 = 4096;
/// The rest after a failed accept: when file descriptors run out, trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// A simulated gateway that is bound, but does not answer yet.
#[derive(Debug)]
pub struct Simulator {
    listener: TcpListener,
    address: SocketAddr,
    settings: Arc<Settings>,
    ledger: Arc<Ledger>,
}

impl Simulator {
    /// Takes the address and opens the log.
    ///
    /// # Errors
    /// The address is taken or not ours; the log can't be opened.
    pub async fn bind(settings: Settings) -> io::Result<Simulator> {
        let ledger = Arc::new(Ledger::open(&settings)?);
        let socket = if settings.listen.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // Without this a restart would have to wait until the connections of the last run are forgotten.
        socket.set_reuseaddr(true)?;
        socket.bind(settings.listen)?;
        let listener = socket.listen(BACKLOG)?;
        let address = listener.local_addr()?;
        Ok(Simulator { listener, address, settings: Arc::new(settings), ledger })
    }

    /// Where it really listens: with port 0 in the settings, the port that the system chose.
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }

    /// The accounts, to look at and to change while it runs.
    pub fn ledger(&self) -> Arc<Ledger> {
        Arc::clone(&self.ledger)
    }

    /// Serves clients until `shutdown`, then returns when the last session has ended.
    pub async fn run(self, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.settings.max_sessions.min(Semaphore::MAX_PERMITS)));
        let sessions = TaskTracker::new();
        let mut number = 0;
        while let Some(accepted) = shutdown.run_until_cancelled(self.listener.accept()).await {
            let (stream, client) = match accepted {
                Ok(guest) => guest,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    rest_after(&error, &shutdown).await;
                    continue;
                }
            };
            let Ok(permit) = Arc::clone(&places).try_acquire_owned() else {
                send_away(stream);
                continue;
            };
            number += 1;
            let (settings, ledger) = (Arc::clone(&self.settings), self.ledger());
            let context = Context { number, settings, ledger, shutdown: shutdown.clone() };
            sessions.spawn(async move {
                // Answers go out in as few writes as there can be; waiting for more would only delay them.
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY not set");
                }
                connection::run(stream, Some(client.ip()), context).await;
                drop(permit);
            });
        }
        drop(self.listener);
        sessions.close();
        sessions.wait().await;
    }
}

/// Says why, if that needs no waiting, and closes. A new socket's empty buffer always has room for one line.
fn send_away(stream: TcpStream) {
    let reply = Reply::new(421, "Too many sessions, closing connection").bytes("\r\n");
    let said = stream.into_std().and_then(|mut stream| stream.write_all(&reply));
    if let Err(error) = said {
        tracing::debug!(%error, "a client that was sent away did not hear why");
    }
}

/// A client that gave up while it waited is no reason to rest; anything else may be a lack of resources.
async fn rest_after(error: &io::Error, shutdown: &CancellationToken) {
    if !matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted) {
        shutdown.run_until_cancelled(tokio::time::sleep(ACCEPT_PAUSE)).await;
    }
}
