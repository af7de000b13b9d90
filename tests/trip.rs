//! The whole trip: mail in by SMTP, SMS out at the gateway, character for character; and what is refused on the way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::support::client::Client;
use crate::support::house::{Config, House};
use crate::support::mails::{plain, with_headers};
use crate::support::simulator::{CREDITS, USER};

const FROM: &str = "sender@site.example";
const TO: &str = "00447731234567@sms.example.com";
const NUMBER: &str = "+447731234567";

/// Hands every mail over in one session, and fails unless the gateway got exactly these texts, in this order.
#[track_caller]
fn expect_texts(config: &Config, table: &[(&str, Vec<u8>, &str)]) {
    let house = House::open_with(config, &[]);
    let mut client = Client::hello(house.address());
    for (about, mail, _) in table {
        let reply = client.deliver(FROM, &[TO], mail);
        assert_eq!(reply.code, 250, "{about}: {reply:?}");
    }
    let got: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    let wanted: Vec<&str> = table.iter().map(|(_, _, text)| *text).collect();
    for ((about, _, wanted), got) in table.iter().zip(&got) {
        assert_eq!(got, wanted, "{about}");
    }
    assert_eq!(got, wanted);
}

#[test]
fn charsets_and_transfer_encodings_arrive_as_they_were_meant() {
    let umlauts = "Größe überschritten, déjà vu";
    let encoded = STANDARD.encode(format!("{umlauts}\n"));
    let table = [
        ("ascii", plain("disk", "97% full\n"), "disk: 97% full"),
        ("utf-8", plain("disk", &format!("{umlauts}\n")), "disk: Größe überschritten, déjà vu"),
        (
            "latin-1",
            with_headers("Subject: disk\nContent-Type: text/plain; charset=iso-8859-1", b"Gr\xf6\xdfe \xfcber\n"),
            "disk: Größe über",
        ),
        (
            "windows-1252 quotes, which Latin-1 lacks",
            with_headers("Subject: disk\nContent-Type: text/plain; charset=windows-1252", b"\x93full\x94 \x96 now\n"),
            "disk: \"full\" - now",
        ),
        (
            "quoted-printable with a soft line break",
            with_headers(
                "Subject: disk\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable",
                b"Gr=C3=B6=C3=9Fe =\n=3D 1\n",
            ),
            "disk: Größe = 1",
        ),
        (
            "base64",
            with_headers(
                "Subject: disk\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64",
                encoded.as_bytes(),
            ),
            "disk: Größe überschritten, déjà vu",
        ),
        ("no MIME at all", b"Subject: disk\r\n\r\nfull\r\n".to_vec(), "disk: full"),
        ("decomposed letters", plain("disk", "u\u{308}ber\n"), "disk: über"),
        ("what Latin-1 lacks", plain("price", "5 € for Σ and ł\n"), "price: 5 EUR for S and l"),
        ("several lines, the blank ones left out", plain("disk", "one\ntwo\n\nthree\n"), "disk: one\ntwo\nthree"),
        ("dots at line starts", plain("disk", ".\n..\n.one\n"), "disk: .\n..\n.one"),
    ];
    expect_texts(&Config::default(), &table);
}

#[test]
fn subjects_are_decoded_and_stay_on_one_line() {
    let subject = |field: &str| with_headers(&format!("Subject: {field}"), b"x\n");
    let table = [
        ("Q", subject("=?utf-8?q?Gr=C3=B6=C3=9Fe_ok?="), "Größe ok: x"),
        ("B", subject("=?ISO-8859-1?B?R3L232U=?="), "Größe: x"),
        ("two words and a fold between them", subject("=?utf-8?q?one_?=\n =?utf-8?q?two?= three"), "one two three: x"),
        ("folded", subject("one\n two"), "one two: x"),
        ("a line break inside", subject("=?utf-8?q?a=0D=0AMAIL_FROM:_b?="), "a MAIL FROM: b: x"),
        ("raw UTF-8", subject("Größe"), "Größe: x"),
        ("body only", with_headers("X-Nothing: here", b"body\n"), "body"),
        ("subject only", with_headers("Subject: subject", b"\n"), "subject"),
    ];
    expect_texts(&Config::default(), &table);
}

#[test]
fn the_readable_part_is_taken() {
    let multipart = |kind: &str, parts: &[(&str, &str)]| {
        let part = |(kind, body): &(&str, &str)| format!("--=b\nContent-Type: {kind}\n\n{body}\n");
        let body: String = parts.iter().map(part).collect();
        with_headers(
            &format!("Subject: s\nContent-Type: multipart/{kind}; boundary=\"=b\""),
            format!("{body}--=b--\n").as_bytes(),
        )
    };
    let html = "text/html; charset=utf-8";
    let plain_text = "text/plain; charset=utf-8";
    let table = [
        ("plain beats HTML", multipart("alternative", &[(plain_text, "plain"), (html, "<p>html</p>")]), "s: plain"),
        ("a blank one does not", multipart("alternative", &[(plain_text, " \n"), (html, "<p>html</p>")]), "s: html"),
        (
            "HTML only",
            with_headers(
                &format!("Subject: s\nContent-Type: {html}"),
                "<html><head><title>no</title><style>p { color: red }</style></head><body>\
                 <div>Gr&ouml;&szlig;e &amp; <b>more</b></div><div>two<br>three</div><script>no()</script></body></html>\n"
                    .as_bytes(),
            ),
            "s: Größe & more\ntwo\nthree",
        ),
        (
            "an attachment is not read",
            multipart("mixed", &[(plain_text, "text"), ("text/plain; name=log.txt\nContent-Disposition: attachment", "log")]),
            "s: text",
        ),
    ];
    expect_texts(&Config::default(), &table);
}

#[test]
fn quotes_and_signatures_stay_behind_unless_wanted() {
    let mail = plain("Re: disk", "It is full.\n\n> How is it?\n> Really?\n\n-- \nNagios\nmon.example\n");
    let only_a_quote = plain("Re: disk", "> How is it?\n");
    let table = [
        ("stripped", mail.clone(), "Re: disk: It is full."),
        ("nothing else would be left", only_a_quote, "Re: disk: > How is it?"),
    ];
    expect_texts(&Config::default(), &table);
    let keep = Config { message: "strip_quotes = false\nstrip_signature = false".into(), ..Config::default() };
    let whole = "Re: disk: It is full.\n> How is it?\n> Really?\n--\nNagios\nmon.example";
    let house = House::open_with(&keep, &[]);
    assert_eq!(house.deliver(FROM, TO, &mail).code, 250);
    assert_eq!(house.settle()[0].text, whole);
}

#[test]
fn long_texts_are_cut_with_the_ellipsis() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    let bodies = ["x".repeat(152), "x".repeat(153), "x".repeat(154), "word ".repeat(60), "ü".repeat(300)];
    for body in &bodies {
        assert_eq!(client.deliver(FROM, &[TO], &plain("alert", &format!("{body}\n"))).code, 250);
    }
    let texts: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(texts[0], format!("alert: {}", bodies[0]));
    assert_eq!(texts[1], format!("alert: {}", bodies[1]), "160 characters fit");
    assert_eq!(texts[2], format!("alert: {}...", "x".repeat(150)));
    let cut = texts[3].strip_suffix("...").expect("a mark where it was cut");
    assert!(format!("alert: {}", bodies[3]).starts_with(cut) && (140..=157).contains(&cut.len()), "{cut:?}");
    assert_eq!(texts[4], format!("alert: {}...", "ü".repeat(150)));
    assert_eq!(texts.len(), bodies.len());
}

#[test]
fn long_texts_can_be_split_into_numbered_parts() {
    let config = Config { message: "overflow = \"split\"\nmax_parts = 5".into(), ..Config::default() };
    let house = House::open_with(&config, &[]);
    let words: Vec<String> = (1..=80).map(|n| format!("word{n:02}")).collect();
    assert_eq!(house.deliver(FROM, TO, &plain("list", &format!("{}\n", words.join(" ")))).code, 250);
    let parts: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(parts.len(), 4, "{parts:#?}");
    assert!(parts.iter().all(|part| part.chars().count() <= 160), "{parts:#?}");
    for (n, part) in parts.iter().enumerate() {
        assert!(part.contains(&format!("{}/4", n + 1)), "{part:?} has no number");
    }
    let all = parts.join(" ");
    let found: Vec<&str> = all.split_whitespace().filter(|word| word.starts_with("word")).collect();
    assert_eq!(found, words, "every word once, whole and in order");
}

#[test]
fn long_texts_can_be_refused() {
    let config = Config { message: "overflow = \"refuse\"".into(), ..Config::default() };
    let house = House::open_with(&config, &[]);
    let reply = house.deliver(FROM, TO, &plain("long", &"x".repeat(200)));
    assert_eq!(reply.code, 554, "{reply:?}");
    assert!(house.settle().is_empty());
}

#[test]
fn numbers_are_taken_in_every_usual_form() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    let forms = [
        "00447731234567@sms.example.com",
        "+447731234567@sms.example.com",
        "447731234567@sms.example.com",
        "00447731234567@smtp.smsitaly.com",
        "00447731234567@SMS.Example.COM",
        "0044-7731-234567@sms.example.com",
        "+44.7731.234567@sms.example.com",
        "\"+44 7731 234567\"@sms.example.com",
        "\"+44 (0)7731 234567\"@sms.example.com",
        "\"0044 (7731) 234 567\"@sms.example.com",
        "07731234567@sms.example.com",
    ];
    for form in forms {
        let reply = client.deliver(FROM, &[form], &plain("to", &format!("{form}\n")));
        assert_eq!(reply.code, 250, "{form}: {reply:?}");
    }
    let accepted = house.settle();
    assert_eq!(accepted.len(), forms.len());
    for (sms, form) in accepted.iter().zip(forms) {
        assert_eq!((sms.recipient.as_str(), sms.text.as_str()), (NUMBER, format!("to: {form}").as_str()));
    }
}

#[test]
fn an_alias_reaches_all_its_telephones_with_the_right_sender() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    for (from, to) in [
        ("nagios@mon.example", "oncall@sms.example.com"),
        ("x@numeric.example", "Boss@sms.example.com"),
        ("", "boss@sms.example.com"),
    ] {
        assert_eq!(client.deliver(from, &[to], b"Subject: s\r\n\r\nb\r\n").code, 250);
    }
    let accepted = house.settle();
    // Senders take turns, so only the messages of one sender have an order.
    let mut shown: Vec<(&str, &str)> = accepted.iter().map(|s| (s.sender.as_str(), s.recipient.as_str())).collect();
    shown.sort_unstable();
    let wanted = [
        ("+393331234567", "+447731000001"),
        ("ALERTS", "+447731000001"),
        ("NAGIOS", "+393331234567"),
        ("NAGIOS", NUMBER),
    ];
    assert_eq!(shown, wanted);
    assert!(accepted.iter().all(|sms| sms.text == "s: b" && sms.account == USER), "{accepted:#?}");
    let credits: Vec<u64> = accepted.iter().map(|sms| sms.credits).collect();
    assert_eq!(credits, [1, 2, 3, 4].map(|used| CREDITS - used), "one credit each");
    assert!(accepted.iter().all(|sms| sms.session == accepted[0].session), "one session, kept open");
}

#[test]
fn wrong_recipients_are_refused_at_rcpt() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    for (to, code, enhanced) in [
        ("nobody@sms.example.com", 550, "5.1.1"),
        ("12@sms.example.com", 550, "5.1.1"),
        ("0044123456@sms.example.com", 550, "5.1.1"),
        ("0044773123456789012@sms.example.com", 550, "5.1.1"),
        ("00447731234567x@sms.example.com", 550, "5.1.1"),
        ("00447731234567@elsewhere.example", 550, "5.7.1"),
        ("00447731234567@sms.example.com.evil.example", 550, "5.7.1"),
        ("+44909123456789@sms.example.com", 550, "5.7.1"),
    ] {
        assert_eq!(client.say(&format!("MAIL FROM:<{FROM}>")).code, 250);
        let reply = client.say(&format!("RCPT TO:<{to}>"));
        assert!(reply.is(code, enhanced), "{to}: {reply:?}");
        assert_eq!(client.say("RSET").code, 250);
    }
    assert!(house.settle().is_empty());
}

#[test]
fn a_mail_with_nothing_to_say_is_refused_at_its_end() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    for mail in [&b"X-Empty: yes\r\n\r\n"[..], b"Subject: \r\n\r\n  \r\n\r\n", b"Subject: =?utf-8?q?_?=\r\n\r\n"] {
        let reply = client.deliver(FROM, &[TO], mail);
        assert!(reply.is(554, "5.6.0"), "{reply:?}");
    }
    assert!(house.settle().is_empty());
}

#[test]
fn pipelined_commands_are_answered_in_order() {
    let house = House::open();
    let mut client = Client::connect(house.address());
    client.send(
        b"EHLO client.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<00447731234567@sms.example.com>\r\n\
          RCPT TO:<wrong@sms.example.com>\r\nDATA\r\n",
    );
    let codes: Vec<u16> = (0..5).map(|_| client.reply().code).collect();
    assert_eq!(codes, [250, 250, 250, 550, 354]);
    client.send(b"Subject: one\r\n\r\nx\r\n.\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<boss@sms.example.com>\r\nDATA\r\n");
    let codes: Vec<u16> = (0..4).map(|_| client.reply().code).collect();
    assert_eq!(codes, [250, 250, 250, 354]);
    client.send(b"Subject: two\r\n\r\ny\r\n.\r\nQUIT\r\n");
    let codes: Vec<u16> = (0..2).map(|_| client.reply().code).collect();
    assert_eq!(codes, [250, 221]);
    assert!(client.is_hung_up_on());
    let texts: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(texts, ["one: x", "two: y"]);
}

#[test]
fn one_wrong_recipient_of_two_costs_the_other_nothing() {
    let house = House::open();
    let mut client = Client::hello(house.address());
    assert_eq!(client.say("MAIL FROM:<sender@site.example>").code, 250);
    assert!(client.say("RCPT TO:<1@sms.example.com>").is(550, "5.1.1"));
    assert_eq!(client.say("RCPT TO:<00447731234567@sms.example.com>").code, 250);
    assert_eq!(client.say("DATA").code, 354);
    client.send(b"Subject: one\r\n\r\nx\r\n.\r\n");
    let id = client.reply().id();
    assert!(!id.is_empty());
    let accepted = house.settle();
    let shown: Vec<(&str, &str)> = accepted.iter().map(|s| (s.recipient.as_str(), s.text.as_str())).collect();
    assert_eq!(shown, [(NUMBER, "one: x")]);
    assert!(house.sink.taken().is_empty(), "the client heard of it; no notice is owed");
}

#[test]
fn a_mail_handed_over_twice_is_sent_once() {
    let house = House::open();
    let mail = with_headers("Subject: once\nMessage-ID: <once@site.example>", b"x\n");
    let first = house.deliver(FROM, TO, &mail).id();
    let second = house.deliver(FROM, TO, &mail).id();
    assert_eq!(first, second, "the same message is queued under the same ID");
    let other = with_headers("Subject: other\nMessage-ID: <other@site.example>", b"x\n");
    house.deliver(FROM, TO, &other).id();
    let texts: Vec<String> = house.settle().into_iter().map(|sms| sms.text).collect();
    assert_eq!(texts, ["once: x", "other: x"]);
}

#[test]
fn what_the_gateway_refuses_comes_back_as_a_notice() {
    let house = House::open_with(&Config::default(), &["text:permfail"]);
    let id = house.deliver(FROM, TO, &plain("disk", "full\n")).id();
    let notices = house.sink.wait_for(1);
    assert_eq!((notices[0].from.as_str(), notices[0].to.as_slice()), ("", &[FROM.to_owned()][..]));
    let mail = &notices[0].mail;
    for wanted in ["report-type=\"delivery-status\"", "Action: failed", "Auto-Submitted: auto-replied", NUMBER, &id] {
        assert!(mail.contains(wanted), "{wanted} is missing in:\n{mail}");
    }
    assert!(house.gateway.accepted().is_empty());
    // No notice for the null sender and none for automatic mail (RFC 3834): when they were owed, they would come before
    // the last one.
    assert_eq!(house.deliver("", TO, &plain("null", "x\n")).code, 250);
    let automatic = with_headers("Subject: automatic\nAuto-Submitted: auto-generated", b"x\n");
    assert_eq!(house.deliver(FROM, TO, &automatic).code, 250);
    assert_eq!(house.deliver(FROM, TO, &plain("last", "x\n")).code, 250);
    let notices = house.sink.wait_for(2);
    house.settle();
    assert_eq!(house.count("refused"), 4);
    assert!(notices[1].mail.contains("last"), "{}", notices[1].mail);
    assert_eq!(house.sink.taken().len(), 2);
}

#[test]
fn every_log_line_about_a_message_carries_the_id_that_the_client_was_told() {
    let mut house = House::open();
    let id = house.deliver(FROM, TO, &plain("logged", "x\n")).id();
    house.settle();
    let (_, log) = house.terminate_relay();
    for what in ["letter accepted", "the gateway took a part"] {
        let line = log.lines().find(|line| line.contains(what)).unwrap_or_else(|| panic!("no {what:?} in:\n{log}"));
        let named = line.split(' ').any(|word| word.strip_prefix("id=").is_some_and(|given| given.starts_with(&id)));
        assert!(named, "no id={id} in: {line}");
    }
}

#[test]
fn logs_mask_numbers_and_keep_texts_and_secrets_to_themselves() {
    let mut house = House::open();
    house.deliver(FROM, TO, &plain("whispered-subject", "whispered-body\n")).id();
    house.settle();
    let (status, log) = house.terminate_relay();
    assert!(status.success(), "{status}");
    for secret in ["447731234567", "whispered", crate::support::simulator::PASSWORD] {
        assert!(!log.contains(secret), "{secret} is in the log:\n{log}");
    }
}
