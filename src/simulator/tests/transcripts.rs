//! Plays the files of `transcripts/`: in step, all at once, and cut at every byte.
//!
//! `C:` is a line of the client (CRLF added), `c:` raw bytes of the client, `S:` a line of the server, `A:` an SMS that
//! must have been accepted (user, sender, recipient, text, credits left), in order, `@` a setting, `#` a remark. `\r`,
//! `\n` and `\xHH` are escapes in raw bytes.

use super::*;

const ALL: [(&str, &str); 5] = [
    ("document", include_str!("../transcripts/document.txt")),
    ("order", include_str!("../transcripts/order.txt")),
    ("login", include_str!("../transcripts/login.txt")),
    ("refusals", include_str!("../transcripts/refusals.txt")),
    ("credits", include_str!("../transcripts/credits.txt")),
];

enum Turn {
    Client(Vec<u8>),
    Server(String),
}

struct Transcript {
    settings: Settings,
    turns: Vec<Turn>,
    accepted: Vec<String>,
}

fn read(text: &str) -> Transcript {
    let mut transcript = Transcript { settings: settings(), turns: Vec::new(), accepted: Vec::new() };
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (mark, rest) = line.split_at(2);
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        match mark {
            "C:" => transcript.turns.push(Turn::Client(format!("{rest}\r\n").into_bytes())),
            "c:" => transcript.turns.push(Turn::Client(unescaped(rest))),
            "S:" => transcript.turns.push(Turn::Server(format!("{rest}\r\n"))),
            "A:" => transcript.accepted.push(rest.to_owned()),
            _ => transcript.settings.max_length = line.strip_prefix("@max_length ").unwrap().parse().unwrap(),
        }
    }
    transcript
}

fn unescaped(text: &str) -> Vec<u8> {
    let mut pieces = text.split('\\');
    let mut bytes = pieces.next().unwrap().as_bytes().to_vec();
    for piece in pieces {
        let (byte, rest) = match piece.split_at(1) {
            ("r", rest) => (b'\r', rest),
            ("n", rest) => (b'\n', rest),
            ("x", rest) => (u8::from_str_radix(&rest[..2], 16).unwrap(), &rest[2..]),
            _ => panic!("unknown escape in {text}"),
        };
        bytes.push(byte);
        bytes.extend(rest.as_bytes());
    }
    bytes
}

fn shown(sms: &AcceptedSms) -> String {
    let AcceptedSms { account, sender, recipient, text, credits, session: 7, .. } = sms else {
        panic!("another session: {sms:?}");
    };
    format!("{account} {sender} -> {recipient} {text:?} {credits}")
}

impl Transcript {
    fn client_bytes(&self) -> Vec<u8> {
        let client = |turn: &Turn| if let Turn::Client(bytes) = turn { bytes.clone() } else { Vec::new() };
        self.turns.iter().flat_map(client).collect()
    }

    fn server_bytes(&self) -> String {
        let server = |turn: &Turn| if let Turn::Server(line) = turn { line.clone() } else { String::new() };
        self.turns.iter().map(server).collect()
    }

    async fn finish(&self, mut visit: Visit, name: &str) {
        (&mut visit.session).await.unwrap();
        let accepted: Vec<String> = visit.accepted().iter().map(shown).collect();
        assert_eq!(accepted, self.accepted, "{name}");
    }

    async fn play_in_step(&self, name: &str) {
        let mut visit = Visit::begin(self.settings.clone());
        for turn in &self.turns {
            match turn {
                Turn::Client(bytes) => visit.say(bytes).await,
                Turn::Server(line) => assert_eq!(visit.hear().await, *line, "{name}"),
            }
        }
        assert_eq!(visit.hear_out().await, "", "{name}");
        self.finish(visit, name).await;
    }

    /// Writes all that the client says in pieces, without waiting for any answer.
    async fn play_in_pieces(&self, pieces: &[&[u8]], name: &str) {
        let visit = Visit::begin(self.settings.clone());
        let Visit { stream, arrivals, shutdown, session } = visit;
        let (mut reader, mut writer) = tokio::io::split(stream);
        let write = async {
            for piece in pieces {
                writer.write_all(piece).await.unwrap();
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        };
        let mut heard = Vec::new();
        let (_, read) = tokio::join!(write, reader.read_to_end(&mut heard));
        read.unwrap();
        assert_eq!(String::from_utf8(heard).unwrap(), self.server_bytes(), "{name}");
        self.finish(Visit { stream: reader.unsplit(writer), arrivals, shutdown, session }, name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn transcripts_in_step() {
    for (name, text) in ALL {
        read(text).play_in_step(name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn transcripts_all_at_once() {
    for (name, text) in ALL {
        let transcript = read(text);
        transcript.play_in_pieces(&[&transcript.client_bytes()], name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn transcripts_byte_by_byte() {
    for (name, text) in ALL {
        let transcript = read(text);
        let bytes = transcript.client_bytes();
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        transcript.play_in_pieces(&pieces, name).await;
    }
}

#[tokio::test(start_paused = true)]
async fn transcripts_cut_anywhere() {
    for (name, text) in ALL {
        let transcript = read(text);
        let bytes = transcript.client_bytes();
        for at in 1..bytes.len() {
            let (head, tail) = bytes.split_at(at);
            transcript.play_in_pieces(&[head, tail], &format!("{name} cut at {at}")).await;
        }
    }
}
