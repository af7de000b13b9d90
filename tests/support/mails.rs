//! Mails to send, as bytes in transit form.

/// A plain mail: subject and body in ASCII or UTF-8, lines ended by LF here and by CRLF in what comes out.
pub fn plain(subject: &str, body: &str) -> Vec<u8> {
    with_headers(
        &format!("Subject: {subject}\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit"),
        body.as_bytes(),
    )
}

/// A mail with these header fields before the body; the body's bytes go as they are but for their line ends.
pub fn with_headers(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("From: Sender <sender@site.example>\nTo: somebody\nMIME-Version: 1.0\n{headers}\n\n");
    in_transit(&[head.as_bytes(), body].concat())
}

/// Lines ended by CRLF, dots at their starts doubled (RFC 5321, section 4.5.2).
pub fn in_transit(mail: &[u8]) -> Vec<u8> {
    let stuffed = |line: &[u8]| [if line.starts_with(b".") { &b"."[..] } else { b"" }, line].concat();
    mail.split(|byte| *byte == b'\n').map(stuffed).collect::<Vec<_>>().join(&b"\r\n"[..])
}

#[test]
fn mails_are_in_transit_form() {
    assert_eq!(in_transit(b"a\n.\n..b\n"), b"a\r\n..\r\n...b\r\n");
}
