//! Opens the connection to a gateway: every address of its name is tried within one common time.
//!
//! It never says a word of any dialect. Known limit: addresses are tried one after another, not side by side; each
//! gets an even share of the time that is left, so that one dead address does not use it all up.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::error::ConnectError;
use super::settings::Settings;

/// Whatever carries a session: a TCP connection, in tests a pipe.
pub trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Connects within `settings.timeouts.connect`.
pub async fn connect(settings: &Settings) -> Result<TcpStream, ConnectError> {
    let deadline = Instant::now() + settings.timeouts.connect;
    let result = match addresses(settings, deadline).await {
        Ok(addresses) => first_of(&addresses, deadline).await,
        Err(error) => Err(error),
    };
    result.map_err(|error| ConnectError::Unreachable {
        host: settings.host.clone(),
        port: settings.port,
        cause: error.to_string(),
    })
}

async fn addresses(settings: &Settings, deadline: Instant) -> io::Result<Vec<SocketAddr>> {
    let found = tokio::net::lookup_host((settings.host.as_str(), settings.port));
    let addresses = timeout_at(deadline, found)
        .await
        .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "its name was not resolved in time"))??;
    Ok(addresses.collect())
}

async fn first_of(addresses: &[SocketAddr], deadline: Instant) -> io::Result<TcpStream> {
    let mut error = io::Error::new(io::ErrorKind::NotFound, "its name has no address");
    for (tried, &address) in addresses.iter().enumerate() {
        let share = share(deadline.saturating_duration_since(Instant::now()), addresses.len() - tried);
        match tokio::time::timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // One small write per command: Nagle's algorithm would hold each of them back.
                stream.set_nodelay(true)?;
                return Ok(stream);
            }
            Ok(Err(refused)) => error = refused,
            Err(_) => error = io::Error::new(io::ErrorKind::TimedOut, format!("{address} did not answer in time")),
        }
    }
    Err(error)
}

/// What the next of `left` addresses gets of the remaining time.
fn share(remaining: Duration, left: usize) -> Duration {
    remaining / u32::try_from(left).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dead_address_leaves_time_for_the_others() {
        assert_eq!(share(Duration::from_secs(15), 3), Duration::from_secs(5));
        assert_eq!(share(Duration::from_secs(15), 1), Duration::from_secs(15));
        assert_eq!(share(Duration::ZERO, 2), Duration::ZERO);
    }

    #[tokio::test]
    async fn the_next_address_is_tried_when_one_refuses() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let open = listener.local_addr().unwrap();
        let closed = {
            let gone = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            gone.local_addr().unwrap()
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        let stream = first_of(&[closed, open], deadline).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), open);
        assert!(first_of(&[closed], deadline).await.is_err());
        assert!(first_of(&[], deadline).await.is_err());
    }
}
