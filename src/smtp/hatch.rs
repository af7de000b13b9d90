//! A hatch beside the door, for `tests/fuzz`: its pure readers, and whole sessions without a socket.
//!
//! Nothing of the relay comes this way. It gives values and judges none of them; what must hold of them is said in
//! `tests/fuzz/door.rs`. The alternative was to make the readers public, and with them the grammar's every noun.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::sync::CancellationToken;

use super::budget::Budget;
use super::command::{self, Alphabet, Chunk, ChunkPlace, Command, Hello, Mail};
use super::connection;
use super::data::{DotDecoder, Progress, Text};
use super::envelope::{Notify, Recipient, Returned};
use super::line::{self, Line};
use super::milter::{self, Frame, FrameDecoder};
use super::origin::{self, Origin};
use super::reply::{Reception, Reply};
use super::settings::Settings;
use super::shared::Shared;
use super::watched::FileError;

/// What a command line is read as; written, it is a line that says the same. The error is the reply to it.
pub fn command(line: &[u8]) -> Result<impl fmt::Display + fmt::Debug + PartialEq + use<>, Reply> {
    command::parse(line)
}

/// The command lines in bytes that come in these pieces, without their CRLF; `None` for each that cannot be one.
pub fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Option<Vec<u8>>> {
    let whole = |line| match line {
        Line::Whole(line) => Some(line),
        Line::Stray | Line::TooLong => None,
    };
    line::decode(pieces).into_iter().map(whole).collect()
}

/// The text that begins these bytes after DATA (`None`: more than `limit`), and how many bytes it took with its end.
/// Nothing at all when it has no end.
pub fn text<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Option<(Option<Vec<u8>>, usize)> {
    let mut decoder = DotDecoder::new(limit);
    let mut before = 0;
    for piece in pieces {
        let (taken, progress) = decoder.feed(piece);
        before += taken;
        if progress == Progress::End {
            return Some((decoder.finish().ok(), before));
        }
    }
    None
}

/// The text that BDAT brings in these pieces; `None`: more than `limit`.
pub fn chunks<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Option<Vec<u8>> {
    let mut text = Text::new(limit);
    pieces.into_iter().for_each(|piece| text.push(piece));
    text.finish().ok()
}

/// The milter frames in bytes that come in these pieces, each its command and its data, and why no more could be read.
pub fn frames<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<(u8, Vec<u8>)>, Option<String>) {
    let mut decoder = FrameDecoder::default();
    let mut frames = Vec::new();
    for mut piece in pieces {
        while !piece.is_empty() {
            let (taken, frame) = match decoder.feed(piece) {
                Ok(fed) => fed,
                Err(error) => return (frames, Some(error.to_string())),
            };
            piece = &piece[taken..];
            frames.extend(frame.map(|Frame { command, data }| (command, data)));
        }
    }
    (frames, None)
}

/// A milter frame as it is written.
pub fn frame(command: u8, data: &[u8]) -> Vec<u8> {
    milter::frame(command, data)
}

/// One session with a client at `address`, over any stream, until its end.
///
/// # Errors
/// A file that the settings name cannot be used.
pub async fn session<S, R>(
    stream: S,
    address: Option<IpAddr>,
    settings: Settings,
    budget: Budget,
    reception: Arc<R>,
) -> Result<(), FileError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    R: Reception,
{
    let shared = Arc::new(Shared::open(settings, budget)?);
    connection::run(stream, address, shared, reception, CancellationToken::new()).await;
    Ok(())
}

impl fmt::Display for Command {
    /// As a client may write it. What no reader keeps, such as the words behind NOOP, is not written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Command::Hello(Hello::Helo, name) => write!(f, "HELO {name}"),
            Command::Hello(Hello::Ehlo, name) => write!(f, "EHLO {name}"),
            Command::Hello(Hello::Lhlo, name) => write!(f, "LHLO {name}"),
            Command::StartTls => f.write_str("STARTTLS"),
            Command::Auth { mechanism, initial } => {
                write!(f, "AUTH {mechanism}")?;
                initial.iter().try_for_each(|initial| write!(f, " {initial}"))
            }
            Command::XClient(origin) => write!(f, "XCLIENT {origin}"),
            Command::XForward(origin) => write!(f, "XFORWARD {origin}"),
            Command::Mail(mail) => write_mail(mail, f),
            Command::Rcpt(recipient) => write_rcpt(recipient, f),
            Command::Data => f.write_str("DATA"),
            Command::Bdat(Chunk { size, place: ChunkPlace::Inner }) => write!(f, "BDAT {size}"),
            Command::Bdat(Chunk { size, place: ChunkPlace::Last }) => write!(f, "BDAT {size} LAST"),
            Command::BadBdat => f.write_str("BDAT"),
            Command::Reset => f.write_str("RSET"),
            Command::Noop => f.write_str("NOOP"),
            Command::Verify => f.write_str("VRFY"),
            Command::Expand => f.write_str("EXPN"),
            Command::Help => f.write_str("HELP"),
            Command::Quit => f.write_str("QUIT"),
            Command::Http => f.write_str("GET"),
        }
    }
}

fn write_mail(mail: &Mail, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Mail { from, size, alphabet, returned, envelope_id } = mail;
    f.write_str("MAIL FROM:<")?;
    from.mailbox().iter().try_for_each(|mailbox| write!(f, "{mailbox}"))?;
    f.write_str(">")?;
    size.iter().try_for_each(|size| write!(f, " SIZE={size}"))?;
    if *alphabet == Alphabet::Utf8 {
        f.write_str(" SMTPUTF8")?;
    }
    match returned {
        Some(Returned::Full) => f.write_str(" RET=FULL")?,
        Some(Returned::Headers) => f.write_str(" RET=HDRS")?,
        None => {}
    }
    envelope_id.iter().try_for_each(|id| write!(f, " ENVID={}", xtext(id)))
}

fn write_rcpt(recipient: &Recipient, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Recipient { mailbox, notify, original } = recipient;
    write!(f, "RCPT TO:<{mailbox}>")?;
    if let Some(Notify { success, failure, delay }) = *notify {
        let words = [(success, "SUCCESS"), (failure, "FAILURE"), (delay, "DELAY")];
        let wanted: Vec<&str> = words.iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, word)| *word).collect();
        write!(f, " NOTIFY={}", if wanted.is_empty() { "NEVER".to_owned() } else { wanted.join(",") })?;
    }
    original.iter().try_for_each(|original| write!(f, " ORCPT={};{}", original.kind, xtext(&original.address)))
}

impl fmt::Display for Origin {
    /// As the attributes of XCLIENT and XFORWARD, after one that says nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NAME=[UNAVAILABLE]")?;
        match self.address {
            None => {}
            Some(origin::UNKNOWN) => f.write_str(" ADDR=[UNAVAILABLE]")?,
            Some(address @ IpAddr::V4(_)) => write!(f, " ADDR={address}")?,
            Some(address @ IpAddr::V6(_)) => write!(f, " ADDR=IPV6:{address}")?,
        }
        self.hello.iter().try_for_each(|hello| write!(f, " HELO={}", xtext(hello)))?;
        self.login.iter().try_for_each(|login| write!(f, " LOGIN={}", xtext(login)))
    }
}

/// A text in xtext, everything but letters and digits encoded.
fn xtext(text: &str) -> String {
    let encode = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte).to_string(),
        false => format!("+{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
