//! The door under any bytes: what must hold whatever a client or a mail server sends, and however the network cuts it.
//! Shared by the fuzz targets of this folder and by `tests/fuzz.rs`, which runs it without a fuzzer.
//!
//! A broken promise is a panic. Sessions run over a pipe with simulated time; letters go to a reception that keeps them.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use telepost::smtp::{
    Accepted, Budget, Grammar, Letter, Mailbox, Network, Permit, Protocol, Reception, Reply, Settings, Verdict, hatch,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

/// Bytes of a message: so few that the limit is met.
const MAX_SIZE: usize = 1000;
/// Recipients of a message.
const MAX_RECIPIENTS: usize = 3;
/// Bytes of a command line, as `smtp::line` has it.
const MAX_LINE: usize = 4096;
/// joe has the password `secret`, hashed as quickly as Argon2 can.
const USERS: &str = "joe:$argon2id$v=19$m=8,t=1,p=1$bm90IGEgcmVhbCBzYWx0$ogV3S7+R1mqYAwKz4+hXRw\n";

static USERS_FILE: LazyLock<PathBuf> = LazyLock::new(|| {
    let path = std::env::temp_dir().join(format!("telepost-fuzz-users-{}", std::process::id()));
    std::fs::write(&path, USERS).unwrap();
    path
});

/// Any bytes as a command line.
pub fn command(line: &[u8]) {
    let command = match hatch::command(line) {
        Ok(command) => command,
        Err(reply) => return check_reply(&reply.to_string()),
    };
    let written = command.to_string();
    assert!(!written.contains(char::is_control), "{written:?}");
    assert_eq!(hatch::command(written.as_bytes()).as_ref(), Ok(&command), "{written:?} reads otherwise");
    // Neither the verb's case nor blanks at the end say anything.
    let verb = line.iter().position(|byte| matches!(byte, b' ' | b'\t')).unwrap_or(line.len());
    let other = [&line[..verb].to_ascii_lowercase(), &line[verb..], b" \t"].concat();
    assert_eq!(hatch::command(&other).as_ref(), Ok(&command), "in lower case");
}

/// Any bytes as what a client sends in lines, after DATA and after BDAT. The first byte says how they are cut.
pub fn data(bytes: &[u8]) {
    let Some((&seed, bytes)) = bytes.split_first() else { return };
    let pieces = || pieces(bytes, seed);
    let lines = hatch::lines(pieces());
    assert_eq!(lines, hatch::lines([bytes]), "lines in pieces");
    assert_eq!(lines, lines_of(bytes), "lines");

    let text = hatch::text(pieces(), MAX_SIZE);
    assert_eq!(text, hatch::text([bytes], MAX_SIZE), "a text in pieces");
    let end = end_of_text(bytes);
    assert_eq!(text.as_ref().map(|(_, taken)| *taken), end, "where the text ends");
    if let (Some((text, _)), Some(end)) = (text, end) {
        let whole = clean(&unstuffed(&bytes[..end - b".\r\n".len()]));
        assert_eq!(text, Some(whole).filter(|whole| whole.len() <= MAX_SIZE), "a text");
    }

    let chunks = hatch::chunks(pieces(), MAX_SIZE);
    let whole = clean(bytes);
    assert_eq!(chunks, Some(whole).filter(|whole| whole.len() <= MAX_SIZE), "chunks");
    // What was made clean is clean, and comes through DATA as it is.
    if let Some(clean) = chunks {
        assert_eq!(hatch::chunks([&clean[..]], MAX_SIZE).as_ref(), Some(&clean));
        let sent = stuffed(&clean);
        let came = hatch::text([&sent[..]], 2 * MAX_SIZE).and_then(|(text, _)| text);
        assert!(came.is_some_and(|came| came.starts_with(&clean)), "{clean:?} is lost on the way");
    }
}

/// Any bytes as a whole session. The first byte says what is spoken and by whom, the second how the bytes are cut.
pub fn session(bytes: &[u8]) {
    let Some((&[kind, seed], bytes)) = bytes.split_first_chunk() else { return };
    let grammar = [Grammar::Smtp, Grammar::Lmtp, Grammar::Gateway][usize::from(kind % 3)];
    let settings = settings(Protocol::Mail(grammar));
    // From loopback without a login and with XCLIENT, or from elsewhere with a login.
    let address = if kind / 3 % 2 == 0 { "127.0.0.1" } else { "192.0.2.7" };
    let heard = talk(&settings, address, pieces(bytes, seed));
    assert_eq!(heard, talk(&settings, address, [bytes]), "cut otherwise, the session is another");

    let (said, letters) = heard;
    let said = String::from_utf8(said).expect("we speak UTF-8");
    let answers = replies(&said);
    answers.iter().for_each(|answer| check_reply(answer));
    assert_eq!(letters, Model::new(grammar, answers).letters(bytes), "what was accepted, and what was sent");
}

/// Any bytes as what a mail server tells a milter. The first byte says how they are cut.
pub fn milter(bytes: &[u8]) {
    let Some((&seed, bytes)) = bytes.split_first() else { return };
    let read = hatch::frames(pieces(bytes, seed));
    assert_eq!(read, hatch::frames([bytes]), "frames in pieces");
    let (frames, _) = read;
    let written: Vec<u8> = frames.iter().flat_map(|(command, data)| hatch::frame(*command, data)).collect();
    assert!(bytes.starts_with(&written), "frames that are written as others than they were read");

    let settings = settings(Protocol::Milter);
    let heard = talk(&settings, "127.0.0.1", pieces(bytes, seed));
    assert_eq!(heard, talk(&settings, "127.0.0.1", [bytes]), "cut otherwise, the connection is another");
    let (said, passed) = heard;
    let (answers, trouble) = hatch::frames([&said[..]]);
    assert_eq!(trouble, None, "an answer that is none");
    assert_eq!(said.len(), answers.iter().map(|(_, data)| data.len() + 5).sum::<usize>(), "half an answer");
    let count = |all: &[(u8, Vec<u8>)], wanted: u8| all.iter().filter(|(command, _)| *command == wanted).count();
    assert!(answers.len() <= frames.len(), "more answers than questions");
    assert!(count(&answers, b'y') <= count(&frames, b'R'), "only a recipient can be refused");
    assert!(passed.len() <= count(&frames, b'E'), "only a whole mail may ring");
    for (command, data) in answers {
        match (command, data.split_last()) {
            (b'O', _) => assert_eq!(data[4..8], [0; 4], "we want no power over mails"),
            (b'c' | b'a' | b's', None) => {}
            (b'y', Some((0, reply))) => check_reply(&format!("{}\r\n", String::from_utf8_lossy(reply))),
            _ => panic!("no answer of ours: {command} {data:?}"),
        }
    }
}

// ----- how it is tried

fn settings(protocol: Protocol) -> Settings {
    let loopback = Network { address: IpAddr::from([127, 0, 0, 0]), prefix_length: 8 };
    Settings {
        hostname: "sms.example.com".to_owned(),
        protocol,
        trusted: vec![loopback],
        proxies: vec![loopback],
        users: Some(USERS_FILE.clone()),
        allow_plaintext_auth: true,
        max_message_size: MAX_SIZE,
        max_recipients: MAX_RECIPIENTS,
        ..Settings::default()
    }
}

/// Takes what it is given, but for recipients named `wrong…`, and at the end `full`. Ours is `sms.example.com`.
#[derive(Default)]
struct Shelf {
    letters: Mutex<Vec<Letter>>,
}

impl Reception for Shelf {
    fn may_accept(&self, recipient: &Mailbox, _: &Permit) -> Result<(), Reply> {
        match recipient.local.starts_with("wrong") {
            true => Err(Reply::new(550, "5.1.1", "no such number, 100 %")),
            false => Ok(()),
        }
    }

    async fn receive(&self, letter: Letter) -> Vec<Verdict> {
        let verdict = |local: &str| match local {
            "full" => Err(Reply::new(451, "4.3.1", "disk full")),
            _ => Ok(Accepted::Queued { id: "Q1".to_owned() }),
        };
        let verdicts = letter.envelope.recipients.iter().map(|to| verdict(&to.mailbox.local)).collect();
        self.letters.lock().unwrap().push(letter);
        verdicts
    }

    fn is_ours(&self, recipient: &Mailbox) -> bool {
        recipient.domain.as_deref() == Some("sms.example.com")
    }

    fn may_ring(&self) -> bool {
        true
    }

    async fn ring(&self, passing: Letter) -> Vec<Verdict> {
        self.receive(passing).await
    }
}

/// The bytes in pieces of a few sizes, which follow from `seed`.
fn pieces(bytes: &[u8], seed: u8) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut size) = (bytes, usize::from(seed));
    std::iter::from_fn(move || {
        size = (size * 37 + 11) % 61;
        let (piece, after) = rest.split_at_checked(size + 1).unwrap_or((rest, &[]));
        rest = after;
        Some(piece).filter(|piece| !piece.is_empty())
    })
}

/// All that a session says to the pieces, and the texts that it handed over.
fn talk<'a>(settings: &Settings, address: &str, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<u8>, Vec<Vec<u8>>) {
    let shelf = Arc::new(Shelf::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let said = runtime.block_on(async {
        let (mut client, server) = duplex(1 << 20);
        let address = address.parse().ok();
        let session = hatch::session(server, address, settings.clone(), Budget::default(), Arc::clone(&shelf));
        let session = tokio::spawn(session);
        for piece in pieces {
            // It may have hung up.
            if client.write_all(piece).await.is_err() {
                break;
            }
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
        }
        client.shutdown().await.unwrap();
        let mut said = Vec::new();
        client.read_to_end(&mut said).await.unwrap();
        session.await.expect("a session does not panic").expect("its files are good");
        said
    });
    let letters = std::mem::take(&mut *shelf.letters.lock().unwrap());
    for letter in &letters {
        assert!(letter.bytes.len() <= MAX_SIZE);
        assert!((1..=MAX_RECIPIENTS).contains(&letter.envelope.recipients.len()));
    }
    (said, letters.into_iter().map(|letter| letter.bytes).collect())
}

// ----- what is right, said in another way

/// The replies in what a session said.
fn replies(said: &str) -> VecDeque<String> {
    let mut replies = VecDeque::new();
    let mut reply = String::new();
    for line in said.split_inclusive("\r\n") {
        reply.push_str(line);
        if line.as_bytes().get(3) != Some(&b'-') {
            replies.push_back(std::mem::take(&mut reply));
        }
    }
    assert_eq!(reply, "", "a reply without its last line");
    replies
}

/// A reply is lines of one code, each ended by CRLF, and its enhanced code is of the same class.
fn check_reply(reply: &str) {
    let lines = reply.strip_suffix("\r\n").unwrap_or_else(|| panic!("{reply:?} has no end")).split("\r\n");
    for line in lines.clone() {
        assert!(!line.contains(char::is_control), "{reply:?}");
        assert!(line.len() <= 510 || line.starts_with("250 "), "a line of {} bytes: {reply:?}", line.len());
        assert_eq!(line.get(..3), reply.get(..3), "{reply:?}");
        let class = line.as_bytes()[0];
        assert!(matches!(class, b'2'..=b'5') && line.as_bytes()[1..3].iter().all(u8::is_ascii_digit), "{reply:?}");
        let enhanced = line.get(4..).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        let is_enhanced = enhanced.split('.').count() == 3 && enhanced.bytes().all(|b| b == b'.' || b.is_ascii_digit());
        assert!(!is_enhanced || enhanced.as_bytes()[0] == class, "{reply:?}");
    }
    let marks: Vec<u8> = lines.map(|line| line.as_bytes()[3]).collect();
    let (last, others) = marks.split_last().unwrap();
    assert!(*last == b' ' && others.iter().all(|mark| *mark == b'-'), "{reply:?}");
}

/// Where the first CRLF ends, if there is one.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|two| two == b"\r\n").map(|at| at + 2)
}

/// Where the text after DATA ends: at the first CRLF.CRLF, for which the CRLF of DATA counts.
fn end_of_text(bytes: &[u8]) -> Option<usize> {
    let with_line_end = [b"\r\n", bytes].concat();
    with_line_end.windows(5).position(|five| five == b"\r\n.\r\n").map(|at| at + 5 - 2)
}

/// The lines in these bytes; `None` for each that cannot be one, which may be certain before it ends.
fn lines_of(mut bytes: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut lines = Vec::new();
    while let Some(end) = end_of_line(bytes) {
        lines.push(Some(bytes[..end - 2].to_vec()).filter(|line| is_line(line)));
        bytes = &bytes[end..];
    }
    let certain = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    lines.extend((!is_line(certain)).then_some(None));
    lines
}

fn is_line(line: &[u8]) -> bool {
    line.len() <= MAX_LINE && !line.contains(&b'\r') && !line.contains(&b'\n')
}

/// The text without the dots that were doubled.
fn unstuffed(text: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    for (at, &byte) in text.iter().enumerate() {
        let before = &text[..at];
        let is_first = before.is_empty() || before.ends_with(b"\r\n");
        let is_second = |text: &[u8]| text.ends_with(b"\n.") && !text.ends_with(b"\r\n.");
        if byte != b'.' || !(is_first || is_second(before)) {
            plain.push(byte);
        }
    }
    plain
}

/// The text with the dots doubled, and its end.
fn stuffed(text: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        sent.extend(line.starts_with(b".").then_some(b'.'));
        sent.extend(line);
    }
    if !text.is_empty() && !text.ends_with(b"\r\n") {
        sent.extend(b"\r\n");
    }
    sent.extend(b".\r\n");
    sent
}

/// The text with CRLF line ends only: CRs before an LF belong to it, others are a space, and at the end nothing.
fn clean(text: &[u8]) -> Vec<u8> {
    let mut lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
    let mut rest = lines.pop().unwrap_or_default();
    let mut clean = Vec::new();
    let tidy = |mut line: &[u8], clean: &mut Vec<u8>| {
        while let Some(shorter) = line.strip_suffix(b"\r") {
            line = shorter;
        }
        let words: Vec<&[u8]> = line.split(|byte| *byte == b'\r').collect();
        for (n, word) in words.iter().enumerate() {
            if n > 0 && !word.is_empty() {
                clean.push(b' ');
            }
            clean.extend(*word);
        }
    };
    for line in lines {
        tidy(line, &mut clean);
        clean.extend(b"\r\n");
    }
    while let Some(shorter) = rest.strip_suffix(b"\r") {
        rest = shorter;
    }
    tidy(rest, &mut clean);
    clean
}

/// Goes through what a client sent beside the answers it got, and says which texts were complete.
struct Model {
    grammar: Grammar,
    answers: VecDeque<String>,
    /// Recipients taken for the message under way.
    recipients: usize,
    /// What BDAT has brought of it.
    chunks: Vec<u8>,
    letters: Vec<Vec<u8>>,
}

impl Model {
    fn new(grammar: Grammar, mut answers: VecDeque<String>) -> Model {
        let greeting = answers.pop_front().expect("a greeting");
        assert!(greeting.starts_with("220 "), "{greeting:?}");
        Model { grammar, answers, recipients: 0, chunks: Vec::new(), letters: Vec::new() }
    }

    /// The texts that must have been handed over, in their order.
    fn letters(mut self, mut rest: &[u8]) -> Vec<Vec<u8>> {
        let mut is_login = false;
        while let Some(end) = end_of_line(rest) {
            let (line, after) = (&rest[..end - 2], &rest[end..]);
            rest = after;
            let command = hatch::command(line).ok().filter(|_| is_line(line) && !is_login);
            let command = command.map(|command| command.to_string()).unwrap_or_default();
            let left = match command.strip_prefix("BDAT ") {
                Some(chunk) => self.chunk(chunk, rest),
                None => self.command(&command, rest, &mut is_login),
            };
            match left {
                Some(left) => rest = left,
                None => return self.end(),
            }
        }
        // What has no end may be known to be no line.
        if !lines_of(rest).is_empty() {
            self.answers.pop_front();
        }
        self.end()
    }

    /// Whatever is left to say at the end is a goodbye.
    fn end(self) -> Vec<Vec<u8>> {
        assert!(self.answers.is_empty(), "answers to nothing: {:?}", self.answers);
        self.letters
    }

    /// What follows a command and, if it was DATA, its text; `None` when nothing more is heard.
    fn command<'a>(&mut self, command: &str, rest: &'a [u8], is_login: &mut bool) -> Option<&'a [u8]> {
        let answer = self.answers.pop_front().expect("an answer to each line");
        *is_login = answer.starts_with("334");
        let is_done = answer.starts_with("250") || answer.starts_with("220");
        match command.split(' ').next().unwrap_or_default() {
            "MAIL" | "RSET" | "EHLO" | "HELO" | "LHLO" | "XCLIENT" if is_done => self.forget(),
            "RCPT" if is_done => self.recipients += 1,
            "DATA" if answer.starts_with("354") => {
                let end = end_of_text(rest)?;
                let text = unstuffed(&rest[..end - b".\r\n".len()]);
                self.text(&text);
                return Some(&rest[end..]);
            }
            _ => {}
        }
        let is_goodbye =
            ["221", "421"].iter().any(|code| answer.starts_with(code)) || matches!(command, "BDAT" | "GET");
        (!is_goodbye).then_some(rest)
    }

    /// What follows a chunk; `None` when it never came whole.
    fn chunk<'a>(&mut self, chunk: &str, rest: &'a [u8]) -> Option<&'a [u8]> {
        let (size, is_last) = chunk.strip_suffix(" LAST").map_or((chunk, false), |size| (size, true));
        let size: u64 = size.parse().expect("a size");
        let Some((text, rest)) = usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size)) else {
            // At the most it was told that it is too big.
            self.answers.pop_front();
            return None;
        };
        if self.recipients == 0 {
            self.answers.pop_front().expect("an answer to each chunk");
            return Some(rest);
        }
        self.chunks.extend(text);
        match is_last {
            true => {
                let chunks = std::mem::take(&mut self.chunks);
                self.text(&chunks);
            }
            false => drop(self.answers.pop_front().expect("an answer to each chunk")),
        }
        Some(rest)
    }

    /// A text that is complete: as many answers as LMTP has recipients, and a letter unless it is too big or loops.
    fn text(&mut self, text: &[u8]) {
        let count = if self.grammar == Grammar::Lmtp { self.recipients } else { 1 };
        let answers: Vec<String> = self.answers.drain(..count.min(self.answers.len())).collect();
        assert_eq!(answers.len(), count, "an answer for each recipient");
        let text = clean(text);
        let is_too_big = answers[0].starts_with("552 5.3.4");
        assert_eq!(is_too_big, text.len() > MAX_SIZE, "{answers:?}");
        if !is_too_big && !answers[0].starts_with("554 5.4.6") {
            self.letters.push(text);
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.recipients = 0;
        self.chunks.clear();
    }
}
