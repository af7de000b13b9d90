//! Reads the header by which a proxy tells whose connection it passes on (PROXY protocol, versions 1 and 2).
//!
//! Reads not one byte more than the header has, because what follows may be TLS. There is no guessing: a connection
//! that should have a header and has none is closed. Only addresses are kept; what version 2 adds to them is passed
//! over.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::time::timeout;

use super::origin::UNKNOWN;

/// How long the header may take: a proxy sends it before anything else.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Bytes of a version 1 header with its CRLF.
const MAX_V1: usize = 107;
/// Bytes after the first 16 of a version 2 header: room for addresses and a client's certificate name.
const MAX_V2: usize = 4096;
const V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";

/// Whose connection it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    /// A client's.
    For(IpAddr),
    /// The proxy's own, to see whether we live.
    Itself,
}

/// Why there is no knowing.
#[derive(Debug, Error)]
pub(super) enum ProxyError {
    #[error("it is none of the proxies")]
    Stranger,
    #[error("no PROXY header")]
    None,
    #[error("the PROXY header makes no sense")]
    Nonsense,
    #[error("the PROXY header is too long")]
    TooLong,
    #[error("the PROXY header did not come in time")]
    Late,
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
}

/// Reads the header from the beginning of a connection.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Passed, ProxyError> {
    timeout(LONGEST_WAIT, read_any(stream)).await.unwrap_or(Err(ProxyError::Late))
}

async fn read_any(stream: &mut (impl AsyncRead + Unpin)) -> Result<Passed, ProxyError> {
    // Both versions have at least this many bytes.
    let mut start = [0; V2.len()];
    stream.read_exact(&mut start).await?;
    if start == *V2 {
        return read_v2(stream).await;
    }
    if !start.starts_with(b"PROXY ") {
        return Err(ProxyError::None);
    }
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() == MAX_V1 {
            return Err(ProxyError::TooLong);
        }
        line.push(stream.read_u8().await?);
    }
    v1(&line).ok_or(ProxyError::Nonsense)
}

async fn read_v2(stream: &mut (impl AsyncRead + Unpin)) -> Result<Passed, ProxyError> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await?;
    let [command, family, high, low] = head;
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_V2 {
        return Err(ProxyError::TooLong);
    }
    let mut rest = vec![0; length];
    stream.read_exact(&mut rest).await?;
    v2(command, family, &rest).ok_or(ProxyError::Nonsense)
}

/// `PROXY TCP4 source destination port port` or `PROXY UNKNOWN …`, with CRLF.
fn v1(line: &[u8]) -> Option<Passed> {
    let line = str::from_utf8(line).ok()?.strip_suffix("\r\n")?;
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["PROXY", "UNKNOWN", ..] => Some(Passed::For(UNKNOWN)),
        ["PROXY", "TCP4", source, destination, from, to] => {
            let address = source.parse::<Ipv4Addr>().ok()?;
            destination.parse::<Ipv4Addr>().ok()?;
            is_port(from).zip(is_port(to)).map(|_| Passed::For(address.into()))
        }
        ["PROXY", "TCP6", source, destination, from, to] => {
            let address = source.parse::<Ipv6Addr>().ok()?;
            destination.parse::<Ipv6Addr>().ok()?;
            is_port(from).zip(is_port(to)).map(|_| Passed::For(IpAddr::V6(address).to_canonical()))
        }
        _ => None,
    }
}

fn is_port(text: &str) -> Option<u16> {
    text.parse().ok()
}

/// What follows the signature: version and command, family and transport, then addresses.
fn v2(command: u8, family: u8, rest: &[u8]) -> Option<Passed> {
    match command {
        0x20 => return Some(Passed::Itself),
        0x21 => {}
        _ => return None,
    }
    let address = match family >> 4 {
        1 => IpAddr::from(*rest.first_chunk::<12>()?.first_chunk::<4>()?),
        2 => IpAddr::from(*rest.first_chunk::<36>()?.first_chunk::<16>()?).to_canonical(),
        // Not given, or a Unix socket on the proxy's side.
        0 | 3 => UNKNOWN,
        _ => return None,
    };
    Some(Passed::For(address))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out, and what is left unread.
    async fn shown(bytes: &[u8]) -> (String, String) {
        let mut rest = bytes;
        let passed = match read(&mut rest).await {
            Ok(Passed::For(address)) => address.to_string(),
            Ok(Passed::Itself) => "itself".into(),
            Err(error) => error.to_string(),
        };
        (passed, String::from_utf8_lossy(rest).into_owned())
    }

    #[tokio::test(start_paused = true)]
    async fn version_1() {
        let nonsense = "the PROXY header makes no sense";
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(100));
        let longest = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_V1 - 16));
        let table: &[(&str, &str)] = &[
            ("PROXY TCP4 192.0.2.1 10.0.0.1 56324 25\r\n", "192.0.2.1"),
            ("PROXY TCP6 2001:db8::1 ::1 56324 25\r\n", "2001:db8::1"),
            ("PROXY TCP6 ::ffff:192.0.2.1 ::1 56324 25\r\n", "192.0.2.1"),
            ("PROXY UNKNOWN\r\n", "0.0.0.0"),
            ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", "0.0.0.0"),
            (&longest, "0.0.0.0"),
            ("PROXY TCP4 192.0.2.1 10.0.0.1 56324\r\n", nonsense),
            ("PROXY TCP4 192.0.2.1 10.0.0.1 56324 99999\r\n", nonsense),
            ("PROXY TCP4 192.0.2.999 10.0.0.1 56324 25\r\n", nonsense),
            ("PROXY TCP4  192.0.2.1 10.0.0.1 56324 25\r\n", nonsense),
            ("PROXY TCP4 ::1 ::1 56324 25\r\n", nonsense),
            ("PROXY TCP4\n192.0.2.1\r\n", nonsense),
        ];
        for (header, expected) in table {
            let expected = ((*expected).to_owned(), "EHLO a\r\n".to_owned());
            assert_eq!(shown(format!("{header}EHLO a\r\n").as_bytes()).await, expected, "{header}");
        }
        assert_eq!(shown(long.as_bytes()).await.0, "the PROXY header is too long");
        assert_eq!(shown(b"EHLO client.example\r\n").await.0, "no PROXY header");
        assert!(shown(b"PROXY TCP4 192").await.0.starts_with("the connection broke"));
    }

    fn header(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&V2[..], &[command, family], &length, rest].concat()
    }

    #[tokio::test(start_paused = true)]
    async fn version_2() {
        let v4 = [192, 0, 2, 1, 10, 0, 0, 1, 1, 2, 0, 25];
        let v6 = [&[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1][..], &[0; 20]].concat();
        let nonsense = "the PROXY header makes no sense";
        let table: &[(Vec<u8>, &str)] = &[
            (header(0x21, 0x11, &v4), "192.0.2.1"),
            (header(0x21, 0x11, &[&v4[..], &[3, 0, 4, 1, 2, 3, 4]].concat()), "192.0.2.1"),
            (header(0x21, 0x21, &v6), "2001:db8::1"),
            (header(0x21, 0x00, &[]), "0.0.0.0"),
            (header(0x21, 0x31, &[0; 216]), "0.0.0.0"),
            (header(0x20, 0x00, &[]), "itself"),
            (header(0x20, 0x11, &v4), "itself"),
            (header(0x21, 0x11, &v4[..11]), nonsense),
            (header(0x21, 0x21, &v4), nonsense),
            (header(0x22, 0x11, &v4), nonsense),
            (header(0x11, 0x11, &v4), nonsense),
            (header(0x21, 0x41, &v4), nonsense),
            (header(0x21, 0x11, &[0; 5000]), "the PROXY header is too long"),
        ];
        for (header, expected) in table {
            let (passed, rest) = shown(&[&header[..], b"EHLO a\r\n"].concat()).await;
            assert_eq!(passed, *expected, "{header:?}");
            assert!(header.len() > 4000 || rest == "EHLO a\r\n", "{rest}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_header_that_does_not_come_is_not_waited_for() {
        let (mut ours, _theirs) = tokio::io::duplex(100);
        assert!(matches!(read(&mut ours).await, Err(ProxyError::Late)));
    }

    proptest! {
        #[test]
        fn no_input_panics(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            v1(&[b"PROXY ", &bytes[..]].concat());
            if let [command, family, rest @ ..] = &bytes[..] {
                v2(*command, *family, rest);
                v2(0x21, *family, rest);
            }
        }
    }
}
