//! Whole mails: each `.eml` in `mails/` becomes the `.txt` beside it (the subject, a blank line, the body), and any bytes
//! become something or an error.

use std::path::Path;

use proptest::prelude::*;

use super::*;

fn open_mail(bytes: &[u8]) -> Text {
    extract(bytes, &Settings::default()).unwrap()
}

fn mails() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/message/mails");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut mails: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "eml")).collect();
    mails.sort();
    mails.into_iter().map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
}

#[test]
fn every_mail_becomes_the_text_beside_it() {
    let mut wrong = Vec::new();
    let mails = mails();
    assert!(mails.len() > 60, "only {} mails", mails.len());
    for (path, bytes) in mails {
        let text = open_mail(&bytes);
        let found = format!("{}\n\n{}", text.subject, text.body).trim_end().to_owned();
        let expected = std::fs::read_to_string(path.replace(".eml", ".txt")).unwrap();
        if found != expected.trim_end() {
            wrong.push(format!("{path}\nexpected {expected:?}\nfound    {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn header_fields_become_values() {
    let text = open_mail(
        "From: =?utf-8?q?J=C3=BCrgen_M=C3=BCller=2C_Ops?= <ops@example.com>, second@example.com\r\n\
         To: \"Oncall, first\" <+447731234567@sms.example.com>, team: 1@x, 2@x;\r\n\
         Cc: 3@x\r\nBcc: 4@x\r\n\
         Subject: =?iso-8859-2?Q?b=B3=B1d?=\r\n\
         Date: Mon, 9 Feb 2026 08:05:00 -0330\r\n\
         Message-ID: <abc@example.com>\r\n\
         X-Folded: one\r\n two\r\n\r\nbody\r\n"
            .as_bytes(),
    );
    let author = Author { address: "ops@example.com".to_owned(), name: "Jürgen Müller, Ops".to_owned() };
    assert_eq!(text.author, Some(author));
    assert_eq!(text.recipients(), ["+447731234567@sms.example.com", "1@x", "2@x", "3@x", "4@x"]);
    assert_eq!(text.subject, "błąd");
    assert_eq!(text.date.map(|date| date.strftime("%H:%M %:z").to_string()).as_deref(), Some("08:05 -03:30"));
    assert_eq!(text.message_id.as_deref(), Some("abc@example.com"));
    assert!(!text.automatic);
    assert_eq!(text.headers.last(), Some(&("X-Folded".to_owned(), "one two".to_owned())));
}

#[test]
fn what_is_no_mail_is_refused_with_a_reason() {
    for (bytes, error) in [
        (&b""[..], ExtractError::Empty),
        (b" \r\n\r\n", ExtractError::Empty),
        (b"\x7fELF\x02\x01\0\0\0\0", ExtractError::NotAMail),
    ] {
        assert_eq!(extract(bytes, &Settings::default()), Err(error));
    }
    let floor = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    let tower: String = (0..100).map(floor).collect();
    let error = extract(tower.as_bytes(), &Settings::default()).unwrap_err();
    assert_eq!(error.to_string(), "no text was found within 1000 parts and 40 levels of parts");
}

#[test]
fn what_was_met_is_told() {
    let found = |name: &str| {
        let mails = mails();
        let (_, bytes) = mails.iter().find(|(path, _)| path.ends_with(&format!("/{name}.eml"))).unwrap();
        open_mail(bytes).findings
    };
    assert_eq!(found("winmail-without-body").locked, Some(Locked::Tnef));
    assert_eq!(found("winmail-with-body").locked, None);
    assert_eq!(found("encrypted").locked, Some(Locked::Encrypted));
    let trimmed = |reason, lines| Trimmed { reason, lines };
    assert_eq!(found("reply-gmail-plain").trimmed, [trimmed(Reason::Quote, 7), trimmed(Reason::Signature, 3)]);
    assert_eq!(found("plain"), Findings::default());
}

#[test]
fn of_a_long_mail_only_the_beginning_is_read() {
    let text = open_mail(format!("Subject: x\n\n{}", "words and words\n".repeat(700_000)).as_bytes());
    assert_eq!((text.body.chars().count(), text.findings.is_cut), (MAX_BODY - 1, true));
    let text = open_mail(format!("Subject: {}\n\n", "word ".repeat(100_000)).as_bytes());
    assert!(text.subject.chars().count() <= MAX_FIELD);
}

fn check(bytes: &[u8]) -> Result<(), TestCaseError> {
    let Ok(text) = extract(bytes, &Settings::default()) else { return Ok(()) };
    let is_nfc = |text: &str| unicode_normalization::is_nfc(text);
    let lines = [&text.subject].into_iter().chain(text.headers.iter().map(|(_, value)| value));
    for line in lines.chain(text.author.iter().flat_map(|author| [&author.address, &author.name])) {
        prop_assert!(!line.contains(char::is_control), "{line:?}");
        prop_assert!(is_nfc(line), "{line:?}");
    }
    prop_assert!(!text.body.contains(|c: char| c.is_control() && c != '\n'), "{:?}", text.body);
    prop_assert!(is_nfc(&text.body), "{:?}", text.body);
    prop_assert_eq!(text.body.trim(), &text.body);
    prop_assert!(text.body.chars().count() <= MAX_BODY);
    prop_assert!(kept_headers(&text).lines().all(|line| line.contains(": ")));
    Ok(())
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let mails: Vec<Vec<u8>> = mails().into_iter().map(|(_, bytes)| bytes).collect();
    let change = (any::<prop::sample::Index>(), 0..3u8, any::<u8>());
    (prop::sample::select(mails), prop::collection::vec(change, 0..12)).prop_map(|(mut mail, changes)| {
        for (at, kind, byte) in changes {
            if mail.is_empty() {
                break;
            }
            let at = at.index(mail.len());
            match kind {
                0 => mail[at] = byte,
                1 => mail.insert(at, byte),
                _ => drop(mail.drain(at..(at + usize::from(byte)).min(mail.len()))),
            }
        }
        mail
    })
}

/// Pieces that mean something to one of the readers, in any order.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    "Subject: ", "From: ", "To: ", "a@b", "<", ">", ",", ":", ";", "\"", "(", ")", "\\", "=?utf-8?q?",
    "=?iso-2022-jp?b?", "?=", "=C3", "=", "GyRC", "\n", "\r\n", "\n\n", " ", "\t", "Content-Type: ", "text/plain",
    "text/html", "multipart/mixed; boundary=b", "multipart/alternative; boundary=b", "message/rfc822",
    "charset=utf-7", "charset=utf-16", "format=flowed", "\n--b\n", "\n--b--\n", "Content-Transfer-Encoding: base64",
    "quoted-printable", "<table>", "<tr><td>", "</table>", "<li>", "<div style='display:none'>", "</div>", "<br>",
    "&amp;", "&#0;", "> ", "-- \n", "On 1 Feb x wrote:", "From: x\nSent: y\nTo: z\n", "##", "words", "é",
    "e\u{301}", "\u{200d}", "\u{0}", "\u{202e}", "+AGE-",
];

fn assembled() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(PIECES);
    prop::collection::vec(pieces, 0..60).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_give_clean_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&bytes)?;
        check(&[b"Subject: x\n\n", bytes.as_slice()].concat())?;
        check(&[b"From: ", bytes.as_slice()].concat())?;
    }

    #[test]
    fn any_pieces_give_clean_text_or_an_error(mail in assembled()) {
        check(&mail)?;
        check(&[b"Subject: x\n", mail.as_slice()].concat())?;
    }

    #[test]
    fn any_broken_mail_gives_clean_text_or_an_error(mail in mutated()) {
        check(&mail)?;
    }

    #[test]
    fn a_body_opened_again_is_the_same(mail in assembled()) {
        let settings = Settings::default();
        if let Ok(first) = extract(&[b"Subject: x\n\n", mail.as_slice()].concat(), &settings)
            && let Ok(again) = extract(format!("Subject: x\nContent-Type: text/plain; charset=utf-8\n\n{}", first.body).as_bytes(), &settings)
        {
            // Trimmed, a text may begin with what was in its middle.
            prop_assume!(!html::is_html(&first.body));
            prop_assert_eq!(again.body, first.body);
        }
    }
}
