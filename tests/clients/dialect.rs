//! The gateway's own dialect, spoken by us: programs written for the gateway point at telepost and gain a queue.

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::keys::Keys;
use crate::support::mails::plain;
use crate::support::simulator::{PASSWORD, USER};

use super::FROM;

/// A house that programs written for the gateway take for the gateway.
fn like_the_gateway(keys: &Keys) -> House {
    let numbers = Config::default().numbers + "\nallow = [\"+447731\", \"+39\"]";
    House::open_with(&Config { listener: keys.listener("gateway", "off"), numbers, ..Config::default() }, &[])
}

/// The best program written for the gateway that we have: another telepost.
#[test]
fn a_telepost_takes_another_for_the_gateway() {
    let keys = Keys::make_for(USER, PASSWORD, ":credits=500 account=77");
    let second = like_the_gateway(&keys);
    let first = Config {
        gateway_at: Some(second.address()),
        numbers: "domains = [\"sms.example.com\"]\ncountry_code = \"44\"\ntrunk_prefix = \"0\"".into(),
        ..Config::default()
    };
    let first = House::open_with(&first, &[]);
    let mut client = Client::hello(first.address());
    let mails = [
        (FROM, "boss", "disk", "97% full\n", "ALERTS", "+447731000001", "disk: 97% full"),
        ("nagios@mon.example", "boss", "Größe", "déjà vu\n", "NAGIOS", "+447731000001", "Größe: déjà vu"),
        ("x@numeric.example", "boss", "number", "x\n", "+393331234567", "+447731000001", "number: x"),
        (FROM, "00393331234567", "dots", ".one\n", "ALERTS", "+393331234567", "dots: .one"),
        (FROM, "boss", "Subject: no", "header\n", "ALERTS", "+447731000001", "Subject: no: header"),
    ];
    for (from, to, subject, body, ..) in &mails {
        let reply = client.deliver(from, &[&format!("{to}@sms.example.com")], &plain(subject, body));
        assert_eq!(reply.code, 250, "{subject}: {reply:?}");
    }
    assert_eq!(first.settle().len(), 0, "its own gateway hears nothing");
    let accepted = second.settle();
    let mut got: Vec<_> =
        accepted.iter().map(|sms| (sms.sender.as_str(), sms.recipient.as_str(), sms.text.as_str())).collect();
    let mut wanted: Vec<_> = mails.iter().map(|(.., sender, number, text)| (*sender, *number, *text)).collect();
    // The senders take turns, so the order is theirs.
    got.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(got, wanted);
    assert_eq!(first.count("sent"), mails.len() as u64);
    assert_eq!(second.count("sent"), mails.len() as u64);

    // The first lets this number pass, the second does not: the sender hears of it.
    assert_eq!(client.deliver(FROM, &["00447700900123@sms.example.com"], &plain("elsewhere", "x\n")).code, 250);
    let notice = first.sink.wait_for(1).remove(0);
    assert_eq!(notice.to, [FROM]);
    assert!(notice.mail.contains("550"), "{}", notice.mail);
    assert!(second.sink.taken().is_empty());
}

/// The document's session, byte for byte, and what became of it.
#[test]
fn the_documents_session_ends_at_the_gateway() {
    let keys = Keys::make_for("joe", "secret", ":credits=12 account=77");
    let house = like_the_gateway(&keys);
    let mut client = Client::connect(house.address());
    let session = [
        ("EHLO Client", 250, "Requested okay, completed"),
        ("MAIL FROM: +393331234567", 530, "5.7.0 log in first"),
        ("AUTH LOGIN", 334, "VXNlcm5hbWU6"),
        ("am9l", 334, "UGFzc3dvcmQ6"),
        ("c2VjcmV0", 235, "[12] ID ACCOUNT: [77] STATUS: [ACTIVE]"),
        ("MAIL FROM: +393331234567", 250, "+393331234567 ...Sender Ok"),
        ("RCPT TO:+447731234567", 250, "+447731234567 ...Recipient Ok"),
        ("DATA", 354, "Enter Text Message, end with <CRLF>\"..\" <CRLF>"),
        ("disk full\r\n..on /var\r\n.", 250, "Message accepted for delivery to: +447731234567"),
        ("mail from:<MyAlpha>", 250, "MyAlpha ...Sender Ok"),
        ("RCPT TO:<+4412>", 550, "5.1.1 \"+4412\" is no alias and no number: 4 digits, a number has 10 to 16"),
        ("RCPT TO:<+447731000001>", 250, "+447731000001 ...Recipient Ok"),
        ("DATA", 354, "Enter Text Message, end with <CRLF>\"..\" <CRLF>"),
        ("Subject: is no header here\r\n.", 250, "Message accepted for delivery to: +447731000001"),
        ("QUIT", 221, "SMSC SMTP Server closing connection."),
    ];
    for (line, code, text) in session {
        let reply = client.say(line);
        assert_eq!(reply.code, code, "{line}: {reply:?}");
        assert!(reply.lines[0].starts_with(text), "{line}: {reply:?}");
    }
    assert!(client.is_hung_up_on());
    let accepted = house.settle();
    let got: Vec<_> =
        accepted.iter().map(|sms| (sms.sender.as_str(), sms.recipient.as_str(), sms.text.as_str())).collect();
    let wanted = [
        ("+393331234567", "+447731234567", "disk full\n.on /var"),
        ("MyAlpha", "+447731000001", "Subject: is no header here"),
    ];
    assert_eq!(got, wanted);
}
