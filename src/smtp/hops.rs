//! Finds mail that goes in circles: every mail server on the way adds a Received header (RFC 5321, section 6.3), and
//! what telepost itself sends out as mail carries a header of its own.
//!
//! Pure. Looks at header lines only; what a mail quotes in its body does not matter.

use thiserror::Error;

/// The header of mail that telepost sends on a message's behalf, with its host name: notices to senders, and messages
/// that go to a gateway by mail. When one comes back to us it would go round for ever.
pub const LOOP_HEADER: &str = "X-Telepost-Loop";

/// Received headers that a message may have; RFC 5321 asks for a limit of at least 100 where loops are rare, mail
/// systems in use stop at 25 to 50. A mail for a telephone is at its last stop.
const MAX_HOPS: usize = 50;

/// How a mail goes in circles; reads as the end of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(super) enum Loop {
    #[error("more than {MAX_HOPS} Received headers")]
    TooManyHops,
    #[error("this came from here")]
    Ours,
}

/// Looks for a loop in `message` (with CRLF line ends), at the host called `hostname`.
pub(super) fn find_loop(message: &[u8], hostname: &str) -> Option<Loop> {
    let mut hops = 0;
    let headers = message.split(|&byte| byte == b'\n').take_while(|line| !matches!(*line, [] | [b'\r']));
    for line in headers {
        if value(line, "Received").is_some() {
            hops += 1;
        }
        if value(line, LOOP_HEADER).is_some_and(|value| value.eq_ignore_ascii_case(hostname.as_bytes())) {
            return Some(Loop::Ours);
        }
    }
    (hops > MAX_HOPS).then_some(Loop::TooManyHops)
}

/// The value of a header line, when it is that header.
fn value<'a>(line: &'a [u8], header: &str) -> Option<&'a [u8]> {
    let (name, value) = line.split_at_checked(header.len())?;
    let value = value.strip_prefix(b":")?;
    name.eq_ignore_ascii_case(header.as_bytes()).then(|| value.trim_ascii())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_headers_are_counted_to_the_end_of_the_headers() {
        let hops = |n: usize| "Received: from a by b;\r\n\ttoday\r\n".repeat(n);
        let looping = Some(Loop::TooManyHops);
        let table = [
            (String::new(), None),
            (hops(MAX_HOPS), None),
            (hops(MAX_HOPS + 1), looping),
            (hops(MAX_HOPS + 1).to_uppercase(), looping),
            (format!("Subject: x\r\n\r\n{}", hops(MAX_HOPS + 1)), None),
            (format!("\r\n{}", hops(MAX_HOPS + 1)), None),
        ];
        for (message, expected) in table {
            assert_eq!(find_loop(message.as_bytes(), "sms.example.com"), expected, "{message}");
        }
    }

    #[test]
    fn our_own_header_is_known_and_others_are_not() {
        let table = [
            ("X-Telepost-Loop: sms.example.com\r\n", Some(Loop::Ours)),
            ("Subject: x\r\nx-telepost-loop:SMS.example.com \r\n", Some(Loop::Ours)),
            ("X-Telepost-Loop: other.example.com\r\n", None),
            ("X-Telepost-Loops: sms.example.com\r\n", None),
            (" X-Telepost-Loop: sms.example.com\r\n", None),
            ("\r\nX-Telepost-Loop: sms.example.com\r\n", None),
        ];
        for (message, expected) in table {
            assert_eq!(find_loop(message.as_bytes(), "sms.example.com"), expected, "{message}");
        }
    }
}
