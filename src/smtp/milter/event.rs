//! Reads what a mail server tells in a frame: that a client came, what it said, and the mail piece by piece.
//!
//! Pure. Texts that are not UTF-8 are read as well as can be; an address that we can't read is none to us, because the
//! server has taken it and it is not on us to refuse it. A frame without what it must have is an error, and the end of
//! the connection; a command that we don't know is [`Event::Other`].

use std::net::IpAddr;

use thiserror::Error;

use super::frame::Frame;
use super::terms::Offer;
use crate::smtp::envelope::{Mailbox, ReversePath};
use crate::smtp::path;

/// What a server tells us.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// What it can do; the first one of a connection.
    Negotiate(Offer),
    /// What it knows beside the next event, by names such as `i` or `{auth_authen}`.
    Macros(Vec<(String, String)>),
    /// A client came, from that address if it is one.
    Connect(Option<IpAddr>),
    /// It said EHLO or HELO.
    Hello(String),
    Mail {
        from: ReversePath,
        /// As the client announced it.
        size: Option<u64>,
    },
    /// RCPT; `None`: for an address that we can't read.
    Recipient(Option<Mailbox>),
    Data,
    Header {
        name: Vec<u8>,
        /// Lines after the first are set off by LF.
        value: Vec<u8>,
    },
    EndOfHeaders,
    /// A piece of the body, with CRLF line ends.
    Body(Vec<u8>),
    /// The mail is complete, after this piece.
    End(Vec<u8>),
    /// The mail is given up.
    Abort,
    /// The connection is no longer needed.
    Quit,
    /// The client has gone, and the next one is told of on the same connection.
    NextConnection,
    /// Nothing that matters to us.
    Other,
}

/// What a frame lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the frame of command {:?} is cut short", char::from(*.command))]
pub(super) struct CutShort {
    pub command: u8,
}

impl Event {
    /// Reads a frame.
    pub(super) fn read(frame: Frame) -> Result<Event, CutShort> {
        let Frame { command, data } = frame;
        let event = match command {
            b'O' => offer(&data).map(Event::Negotiate),
            b'D' => macros(&data).map(Event::Macros),
            b'C' => connect(&data).map(Event::Connect),
            b'H' => text(&data).map(|(name, _)| Event::Hello(lossy(name))),
            b'M' => mail(&data),
            b'R' => text(&data).map(|(address, _)| Event::Recipient(mailbox(address))),
            b'T' => Some(Event::Data),
            b'L' => header(&data),
            b'N' => Some(Event::EndOfHeaders),
            b'B' => Some(Event::Body(data)),
            b'E' => Some(Event::End(data)),
            b'A' => Some(Event::Abort),
            b'Q' => Some(Event::Quit),
            b'K' => Some(Event::NextConnection),
            _ => Some(Event::Other),
        };
        event.ok_or(CutShort { command })
    }
}

/// Version, powers and steps, each a number of four bytes.
fn offer(data: &[u8]) -> Option<Offer> {
    let word = |at: usize| Some(u32::from_be_bytes(*data.get(at..)?.first_chunk()?));
    word(4)?;
    Some(Offer { version: word(0)?, steps: word(8)? })
}

/// The command that the macros belong to, then names and values by turns.
fn macros(data: &[u8]) -> Option<Vec<(String, String)>> {
    let mut rest = data.get(1..)?;
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (name, after) = text(rest)?;
        let (value, after) = text(after)?;
        pairs.push((lossy(name), lossy(value)));
        rest = after;
    }
    Some(pairs)
}

/// The client's name, the kind of its address, its port of two bytes, and its address.
fn connect(data: &[u8]) -> Option<Option<IpAddr>> {
    let (_, rest) = text(data)?;
    let (kind, rest) = rest.split_first()?;
    if !matches!(kind, b'4' | b'6') {
        return Some(None);
    }
    let (address, _) = text(rest.get(2..)?)?;
    let address = lossy(address);
    // Sendmail writes `IPv6:` before such an address.
    let bare = address.split_once("IPv6:").map_or(address.as_str(), |(_, bare)| bare);
    Some(bare.parse().ok())
}

/// The path, then what stood behind it in MAIL.
fn mail(data: &[u8]) -> Option<Event> {
    let (address, mut rest) = text(data)?;
    let mut size = None;
    while let Some((parameter, after)) = text(rest) {
        if let Some((_, digits)) = lossy(parameter).split_once('=').filter(|(key, _)| key.eq_ignore_ascii_case("SIZE"))
        {
            size = digits.parse().ok();
        }
        rest = after;
    }
    Some(Event::Mail { from: mailbox(address).into(), size })
}

fn header(data: &[u8]) -> Option<Event> {
    let (name, rest) = text(data)?;
    let (value, _) = text(rest)?;
    Some(Event::Header { name: name.to_vec(), value: value.to_vec() })
}

fn mailbox(path: &[u8]) -> Option<Mailbox> {
    match path::parse(std::str::from_utf8(path).ok()?) {
        Ok((path, _)) => path.mailbox().cloned(),
        Err(_) => None,
    }
}

/// The text up to the next NUL, and what follows it.
fn text(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = data.iter().position(|&byte| byte == 0)?;
    Some((&data[..end], &data[end + 1..]))
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(frame: &[u8]) -> Result<Event, CutShort> {
        Event::read(Frame { command: frame[0], data: frame[1..].to_vec() })
    }

    fn mailbox_at(local: &str, domain: &str) -> Mailbox {
        Mailbox { local: local.to_owned(), domain: Some(domain.to_owned()) }
    }

    #[test]
    fn what_servers_tell() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let from = |local, domain| ReversePath::Mailbox(mailbox_at(local, domain));
        let table: Vec<(&[u8], Event)> = vec![
            (b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff", Event::Negotiate(Offer { version: 6, steps: 0x001f_ffff })),
            (b"DC", Event::Macros(vec![])),
            (b"DMi\0ABC\0{auth_authen}\0joe\0", Event::Macros(vec![pair("i", "ABC"), pair("{auth_authen}", "joe")])),
            (b"Chost\x004\0\x19192.0.2.7\0", Event::Connect("192.0.2.7".parse().ok())),
            (b"Chost\x006\0\x19IPv6:2001:db8::1\0", Event::Connect("2001:db8::1".parse().ok())),
            (b"Chost\x006\0\x192001:db8::1\0", Event::Connect("2001:db8::1".parse().ok())),
            (b"Clocalhost\0L\0\0/run/x\0", Event::Connect(None)),
            (b"Cunknown\0U", Event::Connect(None)),
            (b"Hclient.example\0", Event::Hello("client.example".to_owned())),
            (b"M<a@b.example>\0", Event::Mail { from: from("a", "b.example"), size: None }),
            (b"M<a@b>\0BODY=8BITMIME\0size=1234\0", Event::Mail { from: from("a", "b"), size: Some(1234) }),
            (b"M<>\0SIZE=x\0", Event::Mail { from: ReversePath::Null, size: None }),
            (b"M<(a@b>\0", Event::Mail { from: ReversePath::Null, size: None }),
            (
                b"R<00447731234567@sms.example.com>\0ORCPT=x\0",
                Event::Recipient(Some(mailbox_at("00447731234567", "sms.example.com"))),
            ),
            (b"R<a\xff@b>\0", Event::Recipient(None)),
            (b"R<>\0", Event::Recipient(None)),
            (b"T", Event::Data),
            (b"LSubject\0two\n lines\0", Event::Header { name: b"Subject".to_vec(), value: b"two\n lines".to_vec() }),
            (b"N", Event::EndOfHeaders),
            (b"Btext\r\n", Event::Body(b"text\r\n".to_vec())),
            (b"E", Event::End(vec![])),
            (b"A", Event::Abort),
            (b"Q", Event::Quit),
            (b"K", Event::NextConnection),
            (b"UXYZZY\0", Event::Other),
            (b"\xff", Event::Other),
        ];
        for (frame, expected) in table {
            assert_eq!(read(frame), Ok(expected), "{:?}", String::from_utf8_lossy(frame));
        }
    }

    #[test]
    fn what_is_cut_short_is_no_event() {
        for frame in [
            &b"O\0\0\0\x06\0\0\0\0"[..],
            b"D",
            b"DMi",
            b"DMi\0A",
            b"C",
            b"Chost\0",
            b"Chost\x004\0",
            b"Hx",
            b"Mx",
            b"R",
            b"LSubject\0x",
        ] {
            assert_eq!(read(frame), Err(CutShort { command: frame[0] }), "{:?}", String::from_utf8_lossy(frame));
        }
    }

    proptest! {
        #[test]
        fn no_frame_panics(command: u8, data in proptest::collection::vec(prop_oneof![Just(0_u8), Just(b'<'), any::<u8>()], 0..40)) {
            if let Ok(Event::Recipient(Some(mailbox))) = Event::read(Frame { command, data }) {
                prop_assert!(!mailbox.to_string().contains(char::is_control));
            }
        }
    }
}
