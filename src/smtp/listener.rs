//! Listens on one address or Unix socket and gives every client a session of its own.
//!
//! Accepting never ends on an error: it is logged, and after a short pause tried again. A client that comes when all
//! places are taken hears 421 and is gone, without a task or a wait on its account.

use std::fs;
use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::{debug, info, warn};

use super::connection;
use super::reply::{Reception, Reply};
use super::settings::{Bind, Network, Settings};
use super::shared::Shared;

/// Connections the system keeps for us until we accept them; it lowers this to its own limit (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;
/// The rest after a failed accept: when file descriptors run out, trying at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Owner and group may connect: whoever can write to the socket can send SMS, so not everybody.
const SOCKET_MODE: u32 = 0o660;

/// A bound listener, not serving yet.
#[derive(Debug)]
pub struct Listener {
    door: Door,
    /// Kept to be dropped with the door.
    socket_file: Option<SocketFile>,
    bind: Bind,
    shared: Arc<Shared>,
}

#[derive(Debug)]
enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
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
    /// The address is taken or not ours; a Unix socket's path holds something else than a socket nobody listens on; a file
    /// that the settings name cannot be used; on a public address nobody is trusted and nobody can log in.
    pub fn bind(settings: Settings) -> io::Result<Listener> {
        may_open(&settings)?;
        let shared = Arc::new(Shared::open(settings)?);
        let settings = &shared.settings;
        let (door, socket_file, bind) = match &settings.bind {
            Bind::Tcp(address) => {
                let listener = bind_tcp(*address)?;
                let bind = Bind::Tcp(listener.local_addr()?);
                (Door::Tcp(listener), None, bind)
            }
            Bind::Unix(path) => {
                let (listener, file) = bind_unix(path)?;
                (Door::Unix(listener), Some(file), settings.bind.clone())
            }
        };
        Ok(Listener { door, socket_file, bind, shared })
    }

    /// Where it really listens: with port 0 in the settings, the port that the system chose.
    pub fn local_address(&self) -> &Bind {
        &self.bind
    }

    /// Serves clients until `shutdown`, then returns when the last session has finished. Letters go to `reception`.
    pub async fn serve<R: Reception>(self, reception: Arc<R>, shutdown: CancellationToken) {
        let places = Arc::new(Semaphore::new(self.shared.settings.max_connections.min(Semaphore::MAX_PERMITS)));
        let sessions = TaskTracker::new();
        let full =
            Reply::new(421, "4.3.2", format!("{} has no place free, try again soon", self.shared.settings.hostname));
        info!(bind = %self.bind, "listening");
        let mut sending_away = false;
        while let Some(accepted) = shutdown.run_until_cancelled(self.door.accept()).await {
            let guest = match accepted {
                Ok(guest) => guest,
                Err(error) => {
                    warn!(bind = %self.bind, %error, "a connection could not be accepted");
                    rest_after(&error, &shutdown).await;
                    continue;
                }
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                // Said once and not for each client: a flood of them must not become a flood of log lines.
                if !std::mem::replace(&mut sending_away, true) {
                    warn!(bind = %self.bind, places = self.shared.settings.max_connections, "no place free, clients are sent away");
                }
                guest.send_away(&full);
                continue;
            };
            sending_away = false;
            let (shared, reception, shutdown) = (Arc::clone(&self.shared), Arc::clone(&reception), shutdown.clone());
            sessions.spawn(async move {
                guest.serve(shared, reception, shutdown).await;
                drop(place);
            });
        }
        // From here on nobody new is let in: clients see a refused connection and try another server.
        drop(self.door);
        drop(self.socket_file);
        sessions.close();
        sessions.wait().await;
        info!(bind = %self.bind, "closed");
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
    let is_public = matches!(settings.bind, Bind::Tcp(address) if !address.ip().to_canonical().is_loopback());
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

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Without this a restart would have to wait until the connections of the last run are forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

fn bind_unix(path: &Path) -> io::Result<(UnixListener, SocketFile)> {
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile::new(path)?;
    // Before `listen`: until then nobody can connect, whatever the umask said.
    fs::set_permissions(path, fs::Permissions::from_mode(SOCKET_MODE))?;
    socket.listen(BACKLOG)?;
    Ok((UnixListener::from_std(socket.into())?, file))
}

/// Removes a socket that nobody listens on any more; anything else at `path` is left alone.
fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata.file_type().is_socket(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if !is_socket {
        let text = format!("{} exists and is not a socket", path.display());
        return Err(io::Error::new(ErrorKind::AlreadyExists, text));
    }
    match StdUnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, format!("somebody listens on {} already", path.display()))),
    }
}

/// Our socket in the file system, removed with the listener unless another server has put its own there meanwhile.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    fn new(path: &Path) -> io::Result<SocketFile> {
        let metadata = fs::symlink_metadata(path)?;
        Ok(SocketFile { path: path.to_owned(), device: metadata.dev(), inode: metadata.ino() })
    }

    fn remove(&self) -> io::Result<()> {
        let metadata = fs::symlink_metadata(&self.path)?;
        if (metadata.dev(), metadata.ino()) == (self.device, self.inode) { fs::remove_file(&self.path) } else { Ok(()) }
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = self.remove() {
            debug!(path = %self.path.display(), %error, "the socket file was not removed");
        }
    }
}
