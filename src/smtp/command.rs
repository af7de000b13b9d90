//! Reads one command line: what the client wants, or the reply that says how it should have asked.
//!
//! Pure; knows the grammar of RFC 5321 and RFC 2033 and nothing about the order of commands, which is `session`'s
//! matter. Hand-written, because the parsers at hand lose quotes, turn `<postmaster>` into the null path or read `+44`
//! as an escape.

use super::dsn;
use super::envelope::{Mailbox, Recipient, Returned, ReversePath};
use super::origin::{self, Origin};
use super::path;
use super::reply::Reply;

/// Characters of a client's name that are kept (RFC 5321, section 4.5.3.1.2, gives a domain 255).
const MAX_HELLO: usize = 255;

/// What a client asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// EHLO, HELO or LHLO with the client's name.
    Hello(Hello, String),
    StartTls,
    /// AUTH with the mechanism's name in upper case and the initial answer.
    Auth {
        mechanism: String,
        initial: Option<String>,
    },
    /// XCLIENT and XFORWARD with their attributes.
    XClient(Origin),
    XForward(Origin),
    Mail(Mail),
    /// `RCPT TO:<…>` with its parameters.
    Rcpt(Recipient),
    Data,
    Bdat(Chunk),
    /// BDAT whose size cannot be read, so that nobody knows how many of the bytes that follow are no commands.
    BadBdat,
    Reset,
    Noop,
    Verify,
    Expand,
    Help,
    Quit,
    /// The first line of an HTTP request: a browser was led here.
    Http,
}

/// The three ways to say hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hello {
    Helo,
    Ehlo,
    Lhlo,
}

/// `MAIL FROM:<…>` with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mail {
    pub from: ReversePath,
    /// Bytes the message will have, as the client believes (RFC 1870).
    pub size: Option<u64>,
    pub alphabet: Alphabet,
    pub returned: Option<Returned>,
    pub envelope_id: Option<String>,
}

impl Mail {
    /// MAIL without parameters.
    fn new(from: ReversePath) -> Mail {
        Mail { from, size: None, alphabet: Alphabet::Ascii, returned: None, envelope_id: None }
    }
}

/// What the addresses of a transaction may be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Alphabet {
    Ascii,
    /// The client said SMTPUTF8 (RFC 6531).
    Utf8,
}

impl Alphabet {
    /// Whether `mailbox` can be written in this alphabet. The error is the reply that the client gets.
    pub(super) fn may_write(self, mailbox: &Mailbox) -> Result<(), Reply> {
        let is_ascii = mailbox.local.is_ascii() && mailbox.domain.as_deref().is_none_or(str::is_ascii);
        if is_ascii || self == Alphabet::Utf8 {
            return Ok(());
        }
        Err(Reply::new(553, "5.6.7", "an address beyond ASCII needs SMTPUTF8 in MAIL"))
    }
}

/// `BDAT size [LAST]` (RFC 3030): so many bytes of text follow the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    pub size: u64,
    pub place: ChunkPlace,
}

/// Whether a chunk ends the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChunkPlace {
    Inner,
    Last,
}

/// Reads one line, given without its CRLF. The error is the reply that the client gets.
pub(super) fn parse(line: &[u8]) -> Result<Command, Reply> {
    let Ok(line) = str::from_utf8(line) else {
        return Err(Reply::new(501, "5.5.2", "command is neither ASCII nor UTF-8"));
    };
    let line = line.replace('\t', " ");
    if line.contains(char::is_control) {
        return Err(Reply::new(501, "5.5.2", "control characters have no place in a command"));
    }
    let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
    let rest = rest.trim();
    match verb.to_ascii_uppercase().as_str() {
        "HELO" => hello(Hello::Helo, verb, rest),
        "EHLO" => hello(Hello::Ehlo, verb, rest),
        "LHLO" => hello(Hello::Lhlo, verb, rest),
        "STARTTLS" => alone(Command::StartTls, verb, rest),
        "AUTH" => auth(rest),
        "XCLIENT" => origin::parse(rest).map(Command::XClient),
        "XFORWARD" => origin::parse(rest).map(Command::XForward),
        "MAIL" => mail(rest),
        "RCPT" => rcpt(rest),
        "DATA" => alone(Command::Data, verb, rest),
        "BDAT" => Ok(chunk(rest).map_or(Command::BadBdat, Command::Bdat)),
        "RSET" => alone(Command::Reset, verb, rest),
        "QUIT" => alone(Command::Quit, verb, rest),
        "NOOP" => Ok(Command::Noop),
        "HELP" => Ok(Command::Help),
        "VRFY" => Ok(Command::Verify),
        "EXPN" => Ok(Command::Expand),
        "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "CONNECT" | "OPTIONS" | "PATCH" | "PRI" => Ok(Command::Http),
        _ => Err(Reply::new(500, "5.5.1", "command not recognized; HELP names those that are")),
    }
}

fn hello(hello: Hello, verb: &str, name: &str) -> Result<Command, Reply> {
    if name.is_empty() {
        return Err(Reply::new(501, "5.5.4", format!("{verb} needs your host name: {verb} client.example.com")));
    }
    let kept: String = name.chars().take(MAX_HELLO).collect();
    Ok(Command::Hello(hello, kept.trim_end().to_owned()))
}

fn auth(rest: &str) -> Result<Command, Reply> {
    let mut words = rest.split_ascii_whitespace();
    let (Some(mechanism), initial, None) = (words.next(), words.next(), words.next()) else {
        return Err(Reply::new(501, "5.5.4", "expected AUTH PLAIN or AUTH LOGIN"));
    };
    Ok(Command::Auth { mechanism: mechanism.to_ascii_uppercase(), initial: initial.map(str::to_owned) })
}

/// A command that takes no argument.
fn alone(command: Command, verb: &str, rest: &str) -> Result<Command, Reply> {
    if rest.is_empty() { Ok(command) } else { Err(Reply::new(501, "5.5.4", format!("{verb} takes no argument"))) }
}

fn mail(rest: &str) -> Result<Command, Reply> {
    let usage = "expected MAIL FROM:<user@domain>";
    let path = after_keyword(rest, "FROM:").ok_or_else(|| Reply::new(501, "5.5.4", usage))?;
    let (from, rest) =
        path::parse(path).map_err(|error| Reply::new(501, "5.1.7", format!("bad sender address: {error}; {usage}")))?;
    let mut mail = Mail::new(from);
    for (keyword, value) in parameters(rest)? {
        match (keyword.as_str(), value) {
            ("SIZE", Some(value)) => mail.size = Some(size(value)?),
            ("SMTPUTF8", None) => mail.alphabet = Alphabet::Utf8,
            ("SMTPUTF8", Some(_)) => return Err(bad_parameter("SMTPUTF8 has no value")),
            // What the text really holds is looked at when it is opened.
            ("BODY", Some(value)) if ["7BIT", "8BITMIME"].iter().any(|body| body.eq_ignore_ascii_case(value)) => {}
            ("BODY", _) => return Err(bad_parameter("BODY is 7BIT or 8BITMIME")),
            ("SIZE", None) => return Err(bad_parameter("SIZE needs a number of bytes: SIZE=1000")),
            ("RET", Some(value)) => {
                mail.returned = Some(dsn::returned(value).ok_or_else(|| bad_parameter("RET is FULL or HDRS"))?);
            }
            ("ENVID", Some(value)) => {
                let wrong = || bad_parameter("ENVID is 1 to 100 characters of xtext");
                mail.envelope_id = Some(dsn::envelope_id(value).ok_or_else(wrong)?);
            }
            // Who wrote it, as an earlier server believes (RFC 4954, section 5): it changes nothing for us.
            ("AUTH", Some(_)) => {}
            ("AUTH", None) => return Err(bad_parameter("AUTH needs an address or <>: AUTH=<>")),
            (keyword, _) => return Err(unknown_parameter("MAIL", keyword)),
        }
    }
    if let Some(mailbox) = mail.from.mailbox() {
        mail.alphabet.may_write(mailbox)?;
    }
    Ok(Command::Mail(mail))
}

fn rcpt(rest: &str) -> Result<Command, Reply> {
    let usage = "expected RCPT TO:<user@domain>";
    let path = after_keyword(rest, "TO:").ok_or_else(|| Reply::new(501, "5.5.4", usage))?;
    let (to, rest) = path::parse(path)
        .map_err(|error| Reply::new(501, "5.1.3", format!("bad recipient address: {error}; {usage}")))?;
    let ReversePath::Mailbox(to) = to else {
        return Err(Reply::new(501, "5.1.3", format!("nobody can be written to at <>; {usage}")));
    };
    let mut recipient = Recipient::from(to);
    for (keyword, value) in parameters(rest)? {
        match (keyword.as_str(), value) {
            ("NOTIFY", Some(value)) => {
                let wrong = || bad_parameter("NOTIFY is NEVER or a list of SUCCESS, FAILURE, DELAY");
                recipient.notify = Some(dsn::notify(value).ok_or_else(wrong)?);
            }
            ("ORCPT", Some(value)) => {
                let wrong = || bad_parameter("ORCPT is a type and xtext: ORCPT=rfc822;user@domain");
                recipient.original = Some(dsn::original(value).ok_or_else(wrong)?);
            }
            (keyword, _) => return Err(unknown_parameter("RCPT", keyword)),
        }
    }
    Ok(Command::Rcpt(recipient))
}

fn chunk(rest: &str) -> Option<Chunk> {
    let mut words = rest.split_ascii_whitespace();
    let size = words.next().filter(|size| size.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()?;
    let place = match words.next() {
        None => ChunkPlace::Inner,
        Some(last) if last.eq_ignore_ascii_case("LAST") => ChunkPlace::Last,
        Some(_) => return None,
    };
    words.next().is_none().then_some(Chunk { size, place })
}

/// What follows `keyword` (in any case, spaces tolerated before and after its colon).
fn after_keyword<'a>(rest: &'a str, keyword: &str) -> Option<&'a str> {
    let (word, path) = rest.split_once(':')?;
    word.trim_end().eq_ignore_ascii_case(keyword.trim_end_matches(':')).then(|| path.trim_start())
}

/// `KEYWORD=value` pairs, the keyword in upper case; the same keyword twice is an error.
fn parameters(rest: &str) -> Result<Vec<(String, Option<&str>)>, Reply> {
    let mut parameters: Vec<(String, Option<&str>)> = Vec::new();
    for word in rest.split(' ').filter(|word| !word.is_empty()) {
        let (keyword, value) = match word.split_once('=') {
            Some((keyword, value)) => (keyword.to_ascii_uppercase(), Some(value)),
            None => (word.to_ascii_uppercase(), None),
        };
        if parameters.iter().any(|(earlier, _)| *earlier == keyword) {
            return Err(bad_parameter(&format!("{keyword} is given twice")));
        }
        parameters.push((keyword, value));
    }
    Ok(parameters)
}

/// A number of any length: what does not fit in 64 bits is too big for every limit anyway.
fn size(value: &str) -> Result<u64, Reply> {
    if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(bad_parameter("SIZE needs a number of bytes: SIZE=1000"));
    }
    Ok(value.parse().unwrap_or(u64::MAX))
}

fn bad_parameter(text: &str) -> Reply {
    Reply::new(501, "5.5.4", text)
}

fn unknown_parameter(command: &str, keyword: &str) -> Reply {
    let keyword: String = keyword.chars().filter(char::is_ascii).take(40).collect();
    Reply::new(555, "5.5.4", format!("{command} parameter not recognized: {keyword}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mailbox(local: &str, domain: &str) -> Mailbox {
        Mailbox { local: local.into(), domain: Some(domain.into()) }
    }

    fn mail(size: Option<u64>) -> Command {
        Command::Mail(Mail { size, ..Mail::new(ReversePath::Mailbox(mailbox("a", "b"))) })
    }

    fn auth_plain(initial: Option<&str>) -> Command {
        Command::Auth { mechanism: "PLAIN".into(), initial: initial.map(str::to_owned) }
    }

    #[test]
    fn of_a_long_name_the_beginning_is_kept() {
        let long = format!("EHLO {} {}", "x".repeat(MAX_HELLO - 1), "y".repeat(99));
        assert_eq!(parse(long.as_bytes()), Ok(Command::Hello(Hello::Ehlo, "x".repeat(MAX_HELLO - 1))));
    }

    #[test]
    fn commands_that_are_understood() {
        let table = [
            ("EHLO client.example", Command::Hello(Hello::Ehlo, "client.example".into())),
            ("helo  my pc ", Command::Hello(Hello::Helo, "my pc".into())),
            ("LhLo [192.0.2.1]", Command::Hello(Hello::Lhlo, "[192.0.2.1]".into())),
            ("MAIL FROM:<a@b>", mail(None)),
            ("mail from: <a@b>", mail(None)),
            ("MAIL\tFROM : <a@b> ", mail(None)),
            ("MAIL FROM:<a@b> SIZE=12 BODY=8BITMIME", mail(Some(12))),
            ("MAIL FROM:<a@b> body=7bit size=0", mail(Some(0))),
            ("MAIL FROM:<a@b> SIZE=99999999999999999999999999", mail(Some(u64::MAX))),
            ("MAIL FROM:<a@b> AUTH=<>", mail(None)),
            ("MAIL FROM:<a@b> AUTH=joe+40b", mail(None)),
            ("StartTLS", Command::StartTls),
            ("auth plain AGpvZQBY", auth_plain(Some("AGpvZQBY"))),
            ("AUTH PLAIN ", auth_plain(None)),
            ("MAIL FROM:<>", Command::Mail(Mail::new(ReversePath::Null))),
            ("RCPT TO:<a@b>", Command::Rcpt(mailbox("a", "b").into())),
            ("RCPT TO: a@b", Command::Rcpt(mailbox("a", "b").into())),
            ("DATA", Command::Data),
            ("data  ", Command::Data),
            ("BDAT 12", Command::Bdat(Chunk { size: 12, place: ChunkPlace::Inner })),
            ("bdat 0 last", Command::Bdat(Chunk { size: 0, place: ChunkPlace::Last })),
            ("BDAT", Command::BadBdat),
            ("BDAT LAST", Command::BadBdat),
            ("BDAT -1", Command::BadBdat),
            ("BDAT +1", Command::BadBdat),
            ("BDAT 1 FIRST", Command::BadBdat),
            ("BDAT 1 LAST now", Command::BadBdat),
            ("BDAT 99999999999999999999999999", Command::BadBdat),
            ("RSET", Command::Reset),
            ("NOOP whatever", Command::Noop),
            ("VRFY a@b", Command::Verify),
            ("EXPN list", Command::Expand),
            ("HELP MAIL", Command::Help),
            ("QUIT", Command::Quit),
            ("POST / HTTP/1.1", Command::Http),
        ];
        for (line, expected) in table {
            assert_eq!(parse(line.as_bytes()), Ok(expected), "{line}");
        }
    }

    #[test]
    fn mistakes_get_a_reply_that_says_what_would_be_right() {
        let table: &[(&[u8], &str)] = &[
            (b"", "500 5.5.1 command not recognized; HELP names those that are"),
            (b"FROB", "500 5.5.1 command not recognized; HELP names those that are"),
            (b"NO\0OP", "501 5.5.2 control characters have no place in a command"),
            (b"MAIL FROM:<j\xfcrgen@b>", "501 5.5.2 command is neither ASCII nor UTF-8"),
            (b"EHLO", "501 5.5.4 EHLO needs your host name: EHLO client.example.com"),
            (b"DATA now", "501 5.5.4 DATA takes no argument"),
            (b"MAIL", "501 5.5.4 expected MAIL FROM:<user@domain>"),
            (b"MAIL TO:<a@b>", "501 5.5.4 expected MAIL FROM:<user@domain>"),
            (b"MAIL FROM:", "501 5.1.7 bad sender address: no address; expected MAIL FROM:<user@domain>"),
            (b"RCPT <a@b>", "501 5.5.4 expected RCPT TO:<user@domain>"),
            (
                b"RCPT TO:<a b@c>",
                "501 5.1.3 bad recipient address: ' ' must stand in quotes; expected RCPT TO:<user@domain>",
            ),
            (b"RCPT TO:<>", "501 5.1.3 nobody can be written to at <>; expected RCPT TO:<user@domain>"),
            ("MAIL FROM:<a@bücher.example>".as_bytes(), "553 5.6.7 an address beyond ASCII needs SMTPUTF8 in MAIL"),
            (b"MAIL FROM:<a@b> SMTPUTF8=yes", "501 5.5.4 SMTPUTF8 has no value"),
            (b"MAIL FROM:<a@b> SIZE=x", "501 5.5.4 SIZE needs a number of bytes: SIZE=1000"),
            (b"MAIL FROM:<a@b> SIZE=-1", "501 5.5.4 SIZE needs a number of bytes: SIZE=1000"),
            (b"MAIL FROM:<a@b> SIZE", "501 5.5.4 SIZE needs a number of bytes: SIZE=1000"),
            (b"MAIL FROM:<a@b> BODY=BINARYMIME", "501 5.5.4 BODY is 7BIT or 8BITMIME"),
            (b"MAIL FROM:<a@b> AUTH", "501 5.5.4 AUTH needs an address or <>: AUTH=<>"),
            (b"AUTH", "501 5.5.4 expected AUTH PLAIN or AUTH LOGIN"),
            (b"AUTH PLAIN AGpv ZQBY", "501 5.5.4 expected AUTH PLAIN or AUTH LOGIN"),
            (b"MAIL FROM:<a@b> SIZE=1 size=2", "501 5.5.4 SIZE is given twice"),
            (b"MAIL FROM:<a@b> RET=ALL", "501 5.5.4 RET is FULL or HDRS"),
            (b"MAIL FROM:<a@b> ENVID=", "501 5.5.4 ENVID is 1 to 100 characters of xtext"),
            (b"RCPT TO:<a@b> NOTIFY=SOON", "501 5.5.4 NOTIFY is NEVER or a list of SUCCESS, FAILURE, DELAY"),
            (b"RCPT TO:<a@b> ORCPT=a@b", "501 5.5.4 ORCPT is a type and xtext: ORCPT=rfc822;user@domain"),
            (b"RCPT TO:<a@b> NOTIFY", "555 5.5.4 RCPT parameter not recognized: NOTIFY"),
            (b"MAIL FROM:<a@b> FROB=1", "555 5.5.4 MAIL parameter not recognized: FROB"),
            (b"RCPT TO:<a@b> FROB=1", "555 5.5.4 RCPT parameter not recognized: FROB"),
        ];
        for (line, expected) in table {
            let reply = parse(line).expect_err(expected).to_string();
            assert_eq!(reply, format!("{expected}\r\n"));
        }
    }

    proptest! {
        #[test]
        fn every_line_has_an_answer(line in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Err(reply) = parse(&line) {
                prop_assert_eq!(reply.to_string().matches("\r\n").count(), 1);
            }
        }

        #[test]
        fn every_mail_line_has_an_answer(rest in "[ -~é]{0,40}") {
            if let Err(reply) = parse(format!("MAIL FROM:{rest}").as_bytes()) {
                prop_assert!(reply.code >= 500);
            }
        }
    }
}
