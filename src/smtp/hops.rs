//! Finds mail that goes in circles: every mail server on the way adds a Received header (RFC 5321, section 6.3).
//!
//! Pure. Counts header lines only; what a mail quotes in its body does not matter.

/// Received headers that a message may have; RFC 5321 asks for a limit of at least 100 where loops are rare, mail
/// systems in use stop at 25 to 50. A mail for a telephone is at its last stop.
pub(super) const MAX_HOPS: usize = 50;

/// Whether `message` (with CRLF line ends) has gone through more than [`MAX_HOPS`] servers.
pub(super) fn is_looping(message: &[u8]) -> bool {
    message
        .split(|&byte| byte == b'\n')
        .take_while(|line| !matches!(*line, [] | [b'\r']))
        .filter(|line| line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:")))
        .nth(MAX_HOPS)
        .is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn received_headers_are_counted_to_the_end_of_the_headers() {
        let hops = |n: usize| "Received: from a by b;\r\n\ttoday\r\n".repeat(n);
        assert!(!is_looping(b""));
        assert!(!is_looping(hops(MAX_HOPS).as_bytes()));
        assert!(is_looping(hops(MAX_HOPS + 1).as_bytes()));
        assert!(is_looping(hops(MAX_HOPS + 1).to_uppercase().as_bytes()));
        assert!(!is_looping(format!("Subject: x\r\n\r\n{}", hops(MAX_HOPS + 1)).as_bytes()));
        assert!(!is_looping(format!("\r\n{}", hops(MAX_HOPS + 1)).as_bytes()));
    }
}
