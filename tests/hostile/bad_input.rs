//! Input that no honest client sends, one after the other to one running program.

use super::{FROM, TO, head, talk};
use crate::support::client::Client;
use crate::support::house::House;
use crate::support::mails::plain;
use crate::support::process::memory_of;

/// What one mail of 10 MB may cost beside what telepost takes anyway.
const MOST_MEMORY: u64 = 100 << 20;

/// A mail's text as a session that ends with QUIT.
fn mail(text: &[u8]) -> Vec<u8> {
    [format!("{}DATA\r\n", head()).as_bytes(), text, b"\r\n.\r\nQUIT\r\n"].concat()
}

/// About 9 MB of something, behind header fields.
fn big(headers: &str, piece: &str) -> Vec<u8> {
    mail(format!("{headers}\r\n\r\n{}", piece.repeat(9_000_000 / piece.len())).as_bytes())
}

/// The input, and what the last answer before the goodbye, or the last one at all, begins with.
fn refused() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let nested: String =
        (0..10_000).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n")).collect();
    let rcpt = |address: &[u8]| {
        [b"EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<", address, b"@sms.example.com>\r\nQUIT\r\n"].concat()
    };
    vec![
        ("an endless command", [&b"NOOP"[..], &vec![b'x'; 5_000_000], b"\r\nQUIT\r\n"].concat(), "500 5.5.2"),
        ("an endless line of text", mail(&vec![b'x'; 11_000_000]), "552 5.3.4"),
        ("endless headers", mail("X-A: b\r\n".repeat(1_500_000).as_bytes()), "552 5.3.4"),
        ("10,000 nested parts", mail(format!("Subject: n\r\n{nested}\r\nx").as_bytes()), "554 5.6.0"),
        ("a NUL in a command", b"EHLO a\r\nNO\0OP\r\nQUIT\r\n".to_vec(), "50"),
        ("UTF-8 that is none, in an address", rcpt(b"\xff\xfe00447731234567"), "5"),
        ("a line break in an address", rcpt(b"00447731234567\nRCPT TO:<boss"), "500 5.5.2"),
        ("a chunk of absurd size", format!("{}BDAT 99999999999999 LAST\r\nx", head()).into(), "552 5.3.4"),
        ("a chunk of no size", format!("{}BDAT -1 LAST\r\nx", head()).into(), "501 5.5.4"),
        ("a chunk that is shorter than it says", format!("{}BDAT 100 LAST\r\nQUIT\r\n", head()).into(), "250 2.1.5"),
        ("everything out of order", b"DATA\r\nRCPT TO:<a@b>\r\nMAIL FROM:<a@b>\r\nQUIT\r\n".to_vec(), "503 5.5.1"),
        ("a browser", b"POST / HTTP/1.1\r\nHost: sms.example.com\r\n\r\nDATA\r\n".to_vec(), "554 5.5.1"),
        ("a TLS handshake", [&b"\x16\x03\x01\x02\x00\x01"[..], &[b'\n'; 512]].concat(), "500 5.5.2"),
        ("mail in circles", mail("Received: from a\r\n".repeat(60).as_bytes()), "554 5.4.6"),
        ("our own mail", mail(b"X-Telepost-Loop: sms.example.com\r\nSubject: x\r\n\r\ny"), "554 5.4.6"),
    ]
}

/// Odd, but somebody's message: it ends as one SMS, which begins with this.
fn taken() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let base64 = "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nSubject: bomb";
    let injected = "Subject: =?utf-8?q?one=0D=0A=2E=0D=0AMAIL_FROM:EVIL=0D=0ARCPT_TO:+447731000001=0D=0ADATA=0D=0Aevil?=\r\n\
                    \r\n..\r\n...\r\nMAIL FROM:EVIL\r\nRCPT TO:+447731000001\r\nDATA\r\nevil\r\n..\r\nQUIT";
    vec![
        (
            "a million parts",
            big("Subject: parts\r\nContent-Type: multipart/mixed; boundary=b", "--b\r\n\r\nx\r\n"),
            "parts: x",
        ),
        // "<b><b><b>…"
        (
            "elements without end",
            big(base64, "PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+PGI+\r\n"),
            "bomb",
        ),
        ("a subject without end", big("Subject: x", "\r\n =?utf-8?q?=C3=A9?="), "x"),
        ("NULs", mail(b"Subject: a NUL\0 inside\r\n\r\nALARM\0"), "a NUL"),
        ("commands for the gateway", mail(injected.as_bytes()), "one"),
    ]
}

/// The answer before the last one when that is a goodbye.
fn verdict(heard: &str) -> &str {
    let mut lines = heard.lines().rev().filter(|line| !line.starts_with("221 "));
    lines.next().unwrap_or_default()
}

#[test]
fn bad_input_is_refused_and_the_next_client_is_served() {
    let house = House::open();
    let server = house.address();
    let before = memory_of(house.relay_id()).now;
    for (what, input, wanted) in refused() {
        let heard = talk(server, &input);
        assert!(verdict(&heard).starts_with(wanted), "{what}: {}", verdict(&heard));
        assert!(!heard.contains("queued as"), "{what}: {heard}");
        drop(Client::hello(server));
    }
    for (what, input, _) in taken() {
        let heard = talk(server, &input);
        assert!(verdict(&heard).starts_with("250 2.0.0 queued as"), "{what}: {}", verdict(&heard));
        drop(Client::hello(server));
    }
    let peak = memory_of(house.relay_id()).peak;
    assert!(peak < before + MOST_MEMORY, "{} MiB, {} of them before", peak >> 20, before >> 20);
    assert_eq!(Client::hello(server).deliver(FROM, &[TO], &plain("last", "one\n")).code, 250);
    let accepted = house.settle();
    let wanted = taken();
    assert_eq!(accepted.len(), wanted.len() + 1, "{accepted:#?}");
    for (sms, (what, _, begin)) in accepted.iter().zip(&wanted) {
        assert_eq!((sms.sender.as_str(), sms.recipient.as_str()), ("ALERTS", "+447731234567"), "{what}");
        assert!(sms.text.starts_with(begin) && !sms.text.contains('\0'), "{what}: {}", sms.text);
    }
    // Whoever is refused hears it in the session: a notice would go to whoever the client said it was.
    assert!(house.sink.taken().is_empty());
}

/// As many as a list may have that somebody put into one mail by mistake.
#[test]
fn a_hundred_thousand_recipients_are_answered_and_the_first_ones_are_written_to() {
    let house = House::open();
    let recipients = format!("RCPT TO:<{TO}>\r\n").repeat(100_000);
    let session =
        format!("EHLO a\r\nMAIL FROM:<{FROM}>\r\n{recipients}DATA\r\nSubject: many\r\n\r\nx\r\n.\r\nQUIT\r\n");
    let heard = talk(house.address(), session.as_bytes());
    assert_eq!(heard.matches("250 2.1.5").count(), 100);
    assert_eq!(heard.matches("452 4.5.3").count(), 99_900);
    assert_eq!(heard.matches("queued as").count(), 1);
    // Each of them is the same telephone.
    let accepted = house.settle();
    assert!(accepted.iter().all(|sms| sms.text == "many: x"), "{accepted:#?}");
    assert_eq!(accepted.len(), 1);
}
