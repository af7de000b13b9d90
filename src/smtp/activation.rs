//! Takes the sockets that systemd opened for us (sd_listen_fds(3)), by their `FileDescriptorName=`.
//!
//! They are handed to the process as a whole, once, so they are kept for the process as a whole; each can be taken
//! once.

use std::env;
use std::io::{self, ErrorKind};
use std::sync::{LazyLock, Mutex, PoisonError};

use listenfd::ListenFd;

static HANDED: LazyLock<Mutex<Handed>> = LazyLock::new(|| {
    let names = env::var("LISTEN_FDNAMES").unwrap_or_default();
    Mutex::new(Handed { sockets: ListenFd::from_env(), names: names.split(':').map(str::to_owned).collect() })
});

struct Handed {
    sockets: ListenFd,
    names: Vec<String>,
}

/// A socket that listens already.
#[derive(Debug)]
pub(super) enum Socket {
    Tcp(std::net::TcpListener),
    Unix(std::os::unix::net::UnixListener),
}

/// Takes the next socket of that name; several may have the same.
///
/// # Errors
/// There is none, or it is no stream socket.
pub(super) fn take(name: &str) -> io::Result<Socket> {
    HANDED.lock().unwrap_or_else(PoisonError::into_inner).take(name)
}

impl Handed {
    fn take(&mut self, name: &str) -> io::Result<Socket> {
        for index in places(&self.names, name, self.sockets.len()) {
            match self.sockets.take_tcp_listener(index) {
                Ok(Some(listener)) => return Ok(Socket::Tcp(listener)),
                Ok(None) => {}
                // Not TCP: then it must be the other kind.
                Err(_) => match self.sockets.take_unix_listener(index)? {
                    Some(listener) => return Ok(Socket::Unix(listener)),
                    None => continue,
                },
            }
        }
        Err(io::Error::new(ErrorKind::NotFound, format!("systemd handed over no socket named {name:?}")))
    }
}

/// Which of the sockets have the name.
fn places(names: &[String], name: &str, count: usize) -> Vec<usize> {
    names.iter().take(count).enumerate().filter(|(_, given)| *given == name).map(|(index, _)| index).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_found_by_name() {
        let names: Vec<String> = "smtp:lmtp:smtp".split(':').map(str::to_owned).collect();
        assert_eq!(places(&names, "smtp", 3), [0, 2]);
        assert_eq!(places(&names, "smtp", 1), [0]);
        assert_eq!(places(&names, "submission", 3), [0; 0]);
    }

    #[test]
    fn a_socket_that_was_not_handed_over_is_an_error() {
        let mut handed = Handed { sockets: ListenFd::empty(), names: vec!["smtp".into()] };
        let error = handed.take("smtp").unwrap_err();
        assert_eq!(error.to_string(), "systemd handed over no socket named \"smtp\"");
    }
}
