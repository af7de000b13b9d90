//! Reads a command line of the dialect. Pure.
//!
//! It never looks at what is valid when, nor whether a number is one.

/// What a client asks, as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Hello,
    /// AUTH LOGIN, maybe with the user name behind it (RFC 4954, section 4: an initial response).
    AuthLogin(Option<String>),
    Mail(String),
    Rcpt(String),
    Data,
    Noop,
    Rset,
    Quit,
    /// A command of that shape exists, this is not how it goes.
    Malformed(&'static str),
    /// AUTH with a mechanism other than LOGIN.
    OtherLogin,
    /// A command of SMTP that this gateway has not.
    NotHere,
    Unknown,
}

const NOT_HERE: [&str; 8] = ["HELP", "VRFY", "EXPN", "STARTTLS", "TURN", "ETRN", "BDAT", "SEND"];

impl Command {
    /// Reads a line without its CRLF.
    pub fn parse(line: &[u8]) -> Command {
        let Some(line) = std::str::from_utf8(line).ok().filter(|line| !line.contains(char::is_control)) else {
            return Command::Unknown;
        };
        let line = line.trim_end_matches(' ');
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim_start_matches(' ');
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" | "HELO" if rest.is_empty() => Command::Malformed("EHLO wants a name"),
            "EHLO" | "HELO" => Command::Hello,
            "AUTH" => login(rest),
            "MAIL" => address(rest, "FROM:").map_or(Command::Malformed("MAIL FROM: wants a sender ID"), Command::Mail),
            "RCPT" => address(rest, "TO:").map_or(Command::Malformed("RCPT TO: wants a number"), Command::Rcpt),
            "NOOP" => Command::Noop,
            "DATA" | "RSET" | "QUIT" if !rest.is_empty() => Command::Malformed("This command stands alone"),
            "DATA" => Command::Data,
            "RSET" => Command::Rset,
            "QUIT" => Command::Quit,
            verb if NOT_HERE.contains(&verb) => Command::NotHere,
            _ => Command::Unknown,
        }
    }
}

fn login(rest: &str) -> Command {
    let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
    match mechanism.to_ascii_uppercase().as_str() {
        "LOGIN" if initial.is_empty() => Command::AuthLogin(None),
        "LOGIN" => Command::AuthLogin(Some(initial.to_owned())),
        "" => Command::Malformed("AUTH wants LOGIN"),
        _ => Command::OtherLogin,
    }
}

/// What stands behind the mark; one word, and maybe spaces before it as the document has them after `FROM:`.
fn address(rest: &str, mark: &str) -> Option<String> {
    let (head, tail) = rest.split_at_checked(mark.len())?;
    let word = tail.trim_start_matches(' ');
    let fits = head.eq_ignore_ascii_case(mark) && !word.is_empty() && !word.contains(' ');
    fits.then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn command_lines_are_read() {
        use Command::*;
        let mail = |text: &str| Mail(text.to_owned());
        let rcpt = |text: &str| Rcpt(text.to_owned());
        let table: [(&[u8], Command); 27] = [
            (b"EHLO Client", Hello),
            (b"helo client.example", Hello),
            (b"EHLO", Malformed("EHLO wants a name")),
            (b"AUTH LOGIN", AuthLogin(None)),
            (b"auth login bXl1c2VyaWQ=", AuthLogin(Some("bXl1c2VyaWQ=".to_owned()))),
            (b"AUTH", Malformed("AUTH wants LOGIN")),
            (b"AUTH PLAIN AGEAYg==", OtherLogin),
            (b"MAIL FROM: +393331234567", mail("+393331234567")),
            (b"mail from:ALERTS  ", mail("ALERTS")),
            (b"MAIL FROM:<a@b>", mail("<a@b>")),
            (b"MAIL FROM: ALERTS SIZE=1", Malformed("MAIL FROM: wants a sender ID")),
            (b"MAIL FROM:", Malformed("MAIL FROM: wants a sender ID")),
            (b"MAIL ALERTS", Malformed("MAIL FROM: wants a sender ID")),
            (b"MAIL", Malformed("MAIL FROM: wants a sender ID")),
            (b"RCPT TO:+4477331234567", rcpt("+4477331234567")),
            (b"RCPT TO: +4477331234567", rcpt("+4477331234567")),
            (b"RCPT FROM:+4477331234567", Malformed("RCPT TO: wants a number")),
            (b"DATA", Data),
            (b"DATA now", Malformed("This command stands alone")),
            (b"NOOP whatever", Noop),
            (b"RSET", Rset),
            (b"quit ", Quit),
            (b"HELP", NotHere),
            (b"STARTTLS", NotHere),
            (b"", Unknown),
            (b"NOOP\rQUIT", Unknown),
            (b"\xff\xfe", Unknown),
        ];
        for (line, expected) in table {
            assert_eq!(Command::parse(line), expected, "{}", line.escape_ascii());
        }
        assert_eq!(Command::parse("RCPT T\u{e9}".as_bytes()), Malformed("RCPT TO: wants a number"));
    }
}
