//! Opens the sockets that listeners listen on: TCP, a Unix socket in the file system, or one that systemd opened for
//! us.
//!
//! A Unix socket's file is ours alone: a stale one is replaced, anything else is left alone, and it goes with the
//! listener.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};
use tokio::net::{TcpListener, UnixListener};
use tracing::debug;

use super::activation;
use super::settings::{Bind, Settings};

/// Connections the system keeps for us until we accept them; it lowers this to its own limit (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;

/// A socket that listens.
#[derive(Debug)]
pub(super) enum Door {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// A door, where it really is, and the file that goes with it.
#[derive(Debug)]
pub(super) struct Opened {
    pub door: Door,
    /// With port 0 in the settings, the port that the system chose.
    pub bind: Bind,
    pub file: Option<SocketFile>,
}

/// Opens the door that the settings name.
pub(super) fn open(settings: &Settings) -> io::Result<Opened> {
    let bind = settings.bind.clone();
    match &settings.bind {
        Bind::Tcp(address) => {
            let listener = bind_tcp(*address)?;
            let bind = Bind::Tcp(listener.local_addr()?);
            Ok(Opened { door: Door::Tcp(listener), bind, file: None })
        }
        Bind::Unix(path) => {
            let (listener, file) = bind_unix(path, settings.socket_mode)?;
            Ok(Opened { door: Door::Unix(listener), bind, file: Some(file) })
        }
        Bind::Systemd(name) => {
            let door = match activation::take(name)? {
                activation::Socket::Tcp(listener) => {
                    listener.set_nonblocking(true)?;
                    Door::Tcp(TcpListener::from_std(listener)?)
                }
                activation::Socket::Unix(listener) => {
                    listener.set_nonblocking(true)?;
                    Door::Unix(UnixListener::from_std(listener)?)
                }
            };
            Ok(Opened { door, bind, file: None })
        }
    }
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

fn bind_unix(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    remove_stale(path)?;
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SockAddr::unix(path)?)?;
    let file = SocketFile::new(path)?;
    // Before `listen`: until then nobody can connect, whatever the umask said.
    fs::set_permissions(path, fs::Permissions::from_mode(mode))?;
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
    match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::new(ErrorKind::AddrInUse, format!("somebody listens on {} already", path.display()))),
    }
}

/// Our socket in the file system, removed with the listener unless another server has put its own there meanwhile.
#[derive(Debug)]
pub(super) struct SocketFile {
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
