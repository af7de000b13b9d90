//! Plays the files of `transcripts/` against the session, in step and cut at every byte.
//!
//! `C:` is a line of the client (CRLF added), `c:` raw bytes of the client (nothing added), `S:` a line of the server,
//! `L:` a letter that the reception must have got, in order, `@` a setting, `#` a remark. `\r \n \0 \t \\` and `\xHH`
//! are escapes in what the client sends.

use super::*;
use crate::smtp::{Acceptance, ProxyProtocol};

const ALL: &[(&str, &str)] = &[
    ("smtp", include_str!("../transcripts/smtp.txt")),
    ("order", include_str!("../transcripts/order.txt")),
    ("lmtp", include_str!("../transcripts/lmtp.txt")),
    ("paths", include_str!("../transcripts/paths.txt")),
    ("smuggling", include_str!("../transcripts/smuggling.txt")),
    ("limits", include_str!("../transcripts/limits.txt")),
    ("stranger", include_str!("../transcripts/stranger.txt")),
    ("utf8", include_str!("../transcripts/utf8.txt")),
    ("chunking", include_str!("../transcripts/chunking.txt")),
    ("lmtp-chunking", include_str!("../transcripts/lmtp-chunking.txt")),
    ("login", include_str!("../transcripts/login.txt")),
    ("login-plain", include_str!("../transcripts/login-plain.txt")),
    ("login-nonsense", include_str!("../transcripts/login-nonsense.txt")),
    ("login-remote", include_str!("../transcripts/login-remote.txt")),
    ("gateway", include_str!("../transcripts/gateway.txt")),
    ("gateway-letter", include_str!("../transcripts/gateway-letter.txt")),
    ("gateway-mail", include_str!("../transcripts/gateway-mail.txt")),
    ("gateway-limits", include_str!("../transcripts/gateway-limits.txt")),
    ("xclient", include_str!("../transcripts/xclient.txt")),
    ("xclient-stranger", include_str!("../transcripts/xclient-stranger.txt")),
    ("xforward", include_str!("../transcripts/xforward.txt")),
    ("proxy", include_str!("../transcripts/proxy.txt")),
    ("proxy-v2", include_str!("../transcripts/proxy-v2.txt")),
    ("browser", include_str!("../transcripts/browser.txt")),
];

enum Turn {
    Client(Vec<u8>),
    Server(String),
}

struct Transcript {
    settings: Settings,
    /// What the settings name, for as long as the transcript lives.
    users: Option<tempfile::NamedTempFile>,
    address: String,
    turns: Vec<Turn>,
    letters: Vec<String>,
}

fn read(text: &str) -> Transcript {
    let mut transcript = Transcript {
        settings: settings(),
        users: None,
        address: "127.0.0.1".into(),
        turns: Vec::new(),
        letters: Vec::new(),
    };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (mark, rest) = line.split_at(2);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match mark {
            "C:" => transcript.turns.push(Turn::Client([unescape(rest), b"\r\n".to_vec()].concat())),
            "c:" => transcript.turns.push(Turn::Client(unescape(rest))),
            "S:" => transcript.turns.push(Turn::Server(format!("{rest}\r\n"))),
            "L:" => transcript.letters.push(rest.to_owned()),
            _ => set(&mut transcript, line),
        }
    }
    transcript
}

fn set(transcript: &mut Transcript, line: &str) {
    match line.split_once(' ') {
        Some(("@protocol", "lmtp")) => transcript.settings.protocol = Protocol::Mail(Grammar::Lmtp),
        Some(("@protocol", "gateway")) => transcript.settings.protocol = Protocol::Mail(Grammar::Gateway),
        Some(("@acceptance", "bare")) => transcript.settings.acceptance = Acceptance::Bare,
        Some(("@users", "file")) => {
            let users = users_file();
            transcript.settings.users = Some(users.path().to_owned());
            transcript.users = Some(users);
        }
        Some(("@plaintext-auth", "allowed")) => transcript.settings.allow_plaintext_auth = true,
        Some(("@proxies", "10.0.0.0/8")) => transcript.settings.proxies = vec![ten()],
        Some(("@proxy-protocol", "required")) => transcript.settings.proxy_protocol = ProxyProtocol::Required,
        Some(("@trusted", "10.0.0.0/8")) => transcript.settings.trusted = vec![ten()],
        Some(("@trusted", "nobody")) => transcript.settings.trusted = Vec::new(),
        Some(("@client", address)) => transcript.address = address.into(),
        _ => panic!("not understood: {line}"),
    }
}

fn ten() -> Network {
    Network { address: "10.0.0.0".parse().unwrap(), prefix_length: 8 }
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let (&kind, after) = rest.split_first().expect("something follows the backslash");
        rest = after;
        bytes.push(match kind {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let (hex, after) = rest.split_at(2);
                rest = after;
                u8::from_str_radix(str::from_utf8(hex).unwrap(), 16).unwrap()
            }
            _ => panic!("unknown escape in {text}"),
        });
    }
    bytes
}

impl Transcript {
    fn begin(&self) -> Visit {
        Visit::begin(self.settings.clone(), &self.address, 64 * 1024)
    }

    fn client_bytes(&self) -> Vec<u8> {
        let bytes = self.turns.iter().filter_map(|turn| match turn {
            Turn::Client(bytes) => Some(&bytes[..]),
            Turn::Server(_) => None,
        });
        bytes.collect::<Vec<_>>().concat()
    }

    fn server_text(&self) -> String {
        let lines = self.turns.iter().filter_map(|turn| match turn {
            Turn::Server(line) => Some(line.as_str()),
            Turn::Client(_) => None,
        });
        lines.collect()
    }
}

/// Every reply comes when the transcript says so, not later.
#[tokio::test(start_paused = true)]
async fn transcripts_in_step() {
    for (name, text) in ALL {
        println!("transcript {name}");
        let transcript = read(text);
        let mut visit = transcript.begin();
        for turn in &transcript.turns {
            match turn {
                Turn::Client(bytes) => visit.send(bytes).await,
                Turn::Server(line) => visit.expect(line).await,
            }
        }
        visit.client.shutdown().await.unwrap();
        assert_eq!(visit.rest().await, "", "{name}");
        visit.session.await.unwrap();
        assert_eq!(visit.reception.taken(), transcript.letters, "{name}");
    }
}

/// Wherever the network cuts the client's bytes in two, and when each comes alone, the session is the same.
#[tokio::test(start_paused = true)]
async fn transcripts_at_every_split() {
    for (name, text) in ALL {
        let transcript = read(text);
        let bytes = transcript.client_bytes();
        for cut in 0..bytes.len() {
            let mut visit = transcript.begin();
            visit.send(&bytes[..cut]).await;
            visit.let_it_work().await;
            visit.client.write_all(&bytes[cut..]).await.unwrap();
            check(&transcript, visit, &format!("{name} cut at {cut}")).await;
        }
        let mut visit = transcript.begin();
        for byte in &bytes {
            visit.send(&[*byte]).await;
            visit.let_it_work().await;
        }
        check(&transcript, visit, &format!("{name} byte by byte")).await;
    }
}

async fn check(transcript: &Transcript, mut visit: Visit, what: &str) {
    visit.client.shutdown().await.unwrap();
    assert_eq!(visit.rest().await, transcript.server_text(), "{what}");
    visit.session.await.unwrap();
    assert_eq!(visit.reception.taken(), transcript.letters, "{what}");
}

/// A client may go at any moment: nothing breaks, and only letters whose dot was sent are handed over.
#[tokio::test(start_paused = true)]
async fn a_client_that_goes_after_any_byte() {
    for (name, text) in ALL {
        let transcript = read(text);
        let bytes = transcript.client_bytes();
        for cut in 0..bytes.len() {
            let mut visit = transcript.begin();
            visit.send(&bytes[..cut]).await;
            let Visit { client, reception, session, .. } = visit;
            drop(client);
            session.await.expect("no panic");
            let taken = reception.taken();
            assert!(transcript.letters.starts_with(&taken), "{name} cut at {cut}: {taken:?}");
        }
    }
}
