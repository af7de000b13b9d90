//! What the fuzz targets begin with: the mails of the repository, and the transcripts of the door.

use std::path::{Path, PathBuf};

/// All mails of the repository.
pub fn mails() -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders: Vec<PathBuf> = ["contrib", "src"].map(|folder| root.join(folder)).into();
    let mut mails = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|extension| extension.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("eml") => mails.push(std::fs::read(path).unwrap()),
                _ => {}
            }
        }
    }
    assert!(mails.len() > 100, "the mails are gone");
    mails
}

/// What clients say in the transcripts, each with the first byte that makes it a session of its protocol.
pub fn sessions() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/smtp/transcripts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    let sessions: Vec<Vec<u8>> = files.map(|transcript| session(&transcript)).collect();
    assert!(sessions.len() > 20, "the transcripts are gone");
    sessions
}

/// The single lines of the transcripts.
pub fn commands() -> Vec<Vec<u8>> {
    let sessions = sessions();
    let lines = sessions.iter().flat_map(|session| session[2..].split(|byte| *byte == b'\n'));
    let mut lines: Vec<Vec<u8>> = lines.filter_map(|line| line.strip_suffix(b"\r")).map(<[u8]>::to_vec).collect();
    lines.push(b"MAIL FROM:<j\xc3\xbc@b\xc3\xbc.example> SMTPUTF8 BODY=8BITMIME RET=HDRS ENVID=a+2Bb SIZE=99".to_vec());
    lines.push(b"RCPT TO:<\"a b\"@[IPv6:2001:db8::1]> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+40b".to_vec());
    lines
}

/// Sessions as texts, and everything that looks like a text's end.
pub fn texts() -> Vec<Vec<u8>> {
    let mut texts: Vec<Vec<u8>> = sessions().iter().map(|session| session[1..].to_vec()).collect();
    let ends =
        ["\n.\n", "\n.\r\n", "\r.\r\n", "\r\n.\n", "\r\n.\r", "\r\n.\r\r\n", "\r\n..\r\n", "\n..\n", "\r\r\n.\r\n"];
    texts.extend(ends.map(|end| format!("\x07a{end}b\r\n.\r\nc").into_bytes()));
    texts
}

/// What a Postfix tells a milter of two mails.
pub fn frames() -> Vec<Vec<u8>> {
    let offer: &[u8] = b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";
    let old: &[u8] = b"O\0\0\0\x02\0\0\0\x3f\0\0\0\x7f";
    let client: [&[u8]; 4] = [b"DCj\0mx\0", b"Cclient\x004\0\x19192.0.2.7\0", b"DHi\0Q0\0", b"Hclient.example\0"];
    let mail: [&[u8]; 10] = [
        b"DM{auth_authen}\0joe\0",
        b"M<a@b.example>\0SIZE=40\0",
        b"R<wrong@sms.example.com>\0",
        b"R<ann@site.example>\0ORCPT=rfc822;ann\0",
        b"DTi\0QID\0",
        b"T",
        b"LSubject\0 disk\n\tfull\0",
        b"N",
        b"Bdown\r\n",
        b"E",
    ];
    let other: [&[u8]; 5] = [b"M<>\0", b"R<+447731234567@sms.example.com>\0", b"T", b"A", b"Q"];
    let framed = |content: &&[u8]| [&(content.len() as u32).to_be_bytes()[..], content].concat();
    let connection = |offer| {
        let contents = [&[offer], &client[..], &mail[..], &other[..]].concat();
        [vec![b'\x07'], contents.iter().flat_map(framed).collect()].concat()
    };
    vec![connection(offer), connection(old)]
}

/// The client's bytes in a transcript, behind what kind of session it is and how it is cut.
fn session(transcript: &str) -> Vec<u8> {
    let has = |setting: &str| transcript.lines().any(|line| line.starts_with(setting));
    let grammar = if has("@protocol lmtp") { 1 } else { 2 * u8::from(has("@protocol gateway")) };
    let mut bytes = vec![grammar + 3 * u8::from(has("@client") || has("@users")), 7];
    for line in transcript.lines() {
        match line.split_at_checked(2) {
            Some(("C:", rest)) => bytes.extend([unescaped(rest), b"\r\n".to_vec()].concat()),
            Some(("c:", rest)) => bytes.extend(unescaped(rest)),
            _ => {}
        }
    }
    bytes
}

/// The bytes that stand behind a mark, with `\r \n \0 \t \\ \xHH` for what they mean.
fn unescaped(text: &str) -> Vec<u8> {
    let mut parts = text.strip_prefix(' ').unwrap_or(text).split('\\');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    while let Some(part) = parts.next() {
        let Some(kind) = part.chars().next() else {
            // Two of them: the second one begins no escape.
            bytes.push(b'\\');
            bytes.extend(parts.next().unwrap_or_default().bytes());
            continue;
        };
        let (byte, taken) = match kind {
            'r' => (b'\r', 1),
            'n' => (b'\n', 1),
            't' => (b'\t', 1),
            '0' => (0, 1),
            _ => (u8::from_str_radix(&part[1..3], 16).unwrap(), 3),
        };
        bytes.push(byte);
        bytes.extend(part[taken..].bytes());
    }
    bytes
}
