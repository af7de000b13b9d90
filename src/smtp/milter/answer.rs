//! What we say to a mail server about an event, as a frame. Pure.

use super::terms::Terms;
use crate::smtp::reply::Reply;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// To the server's offer.
    Terms(Terms),
    /// Go on.
    Continue,
    /// No more of this mail, it goes its way.
    Accept,
    /// No more of this body, but tell when the mail is complete.
    Skip,
    /// The client hears this reply, which refuses its command.
    Refuse(Reply),
}

impl Answer {
    /// The frame.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        match self {
            Answer::Terms(terms) => frame(b'O', &terms.to_bytes()),
            Answer::Continue => frame(b'c', &[]),
            Answer::Accept => frame(b'a', &[]),
            Answer::Skip => frame(b's', &[]),
            Answer::Refuse(reply) => frame(b'y', &refusal(reply)),
        }
    }
}

/// The reply as servers want it: with an enhanced code, without its last line end, and with every `%` twice, because
/// Sendmail takes it for a format.
fn refusal(reply: &Reply) -> Vec<u8> {
    let reply = match reply.enhanced {
        Some(_) => reply.to_string(),
        None => {
            Reply { enhanced: Some(if reply.is_temporary() { "4.0.0" } else { "5.0.0" }), ..reply.clone() }.to_string()
        }
    };
    let mut text = reply.trim_end().replace('%', "%%").replace('\0', " ").into_bytes();
    text.push(0);
    text
}

/// A frame as it is written.
pub(in crate::smtp) fn frame(command: u8, data: &[u8]) -> Vec<u8> {
    // Our longest is a reply of a few lines.
    let length = u32::try_from(data.len() + 1).unwrap_or(u32::MAX);
    [&length.to_be_bytes()[..], &[command], data].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_as_they_go_out() {
        let refuse = |reply| Answer::Refuse(reply).to_bytes();
        assert_eq!(Answer::Continue.to_bytes(), b"\0\0\0\x01c");
        assert_eq!(Answer::Accept.to_bytes(), b"\0\0\0\x01a");
        assert_eq!(Answer::Skip.to_bytes(), b"\0\0\0\x01s");
        assert_eq!(refuse(Reply::new(550, "5.1.1", "no")), b"\0\0\0\x0ey550 5.1.1 no\0");
        assert_eq!(refuse(Reply::plain(451, "a%b")), b"\0\0\0\x10y451 4.0.0 a%%b\0");
        let lines = Reply { lines: vec!["a".into(), "b".into()], ..Reply::new(550, "5.1.1", "") };
        assert_eq!(refuse(lines), b"\0\0\0\x1ay550-5.1.1 a\r\n550 5.1.1 b\0");
    }
}
