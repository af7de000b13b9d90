//! What the gateway says: a line, and lines put together to a reply. Pure.
//!
//! It never decides what a reply means for a submission, see `verdict`. Nothing is an error here: a line without a
//! proper code is a line without a code, which in this dialect can be the best of news.

use std::fmt;

/// Characters of a reply that are repeated in logs, history and notices.
const MAX_QUOTED: usize = 300;

/// One line as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub code: Option<u16>,
    /// Whether a dash says that more lines follow.
    pub continues: bool,
    pub text: String,
}

/// One line or several that belong together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub code: Option<u16>,
    /// At least one, without codes.
    pub lines: Vec<String>,
}

/// What a code says by itself (RFC 5321, section 4.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 25x: done. Other 2xx (greeting, goodbye, logged in) answer other questions and are `Other`.
    Done,
    /// 354: go on with the text.
    GoOn,
    /// 421: the gateway closes the session.
    Closing,
    /// Other 4xx.
    Temporary,
    /// 5xx about the session, not the message: out of order, not logged in.
    Session,
    /// Other 5xx.
    Permanent,
    /// No code at all.
    Codeless,
    /// A code that answers none of our questions here.
    Other,
}

/// 5xx codes by which a gateway says that it has lost track of the session (503) or of our login (530, 534, 535, 538):
/// on a fresh session the same message may be welcome.
const SESSION_CODES: [u16; 5] = [503, 530, 534, 535, 538];

impl Line {
    /// Reads a line without its end. Bytes are UTF-8 or else Latin-1; control characters become spaces.
    pub fn parse(bytes: &[u8]) -> Line {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().copied().map(char::from).collect(),
        };
        let text = text.replace(|c: char| c.is_control(), " ");
        match coded(&text) {
            Some((code, continues, rest)) => Line { code: Some(code), continues, text: rest.to_owned() },
            None => Line { code: None, continues: false, text: text.trim().to_owned() },
        }
    }

    /// Whether there is nothing on it.
    pub fn is_blank(&self) -> bool {
        self.code.is_none() && self.text.is_empty()
    }
}

/// Splits `250-text` and `250 text`; the code is 200 to 599 and stands alone or before a space or a dash.
fn coded(text: &str) -> Option<(u16, bool, &str)> {
    let (digits, rest) = (text.get(..3)?, text.get(3..)?);
    if !digits.bytes().all(|b| b.is_ascii_digit()) || !rest.is_empty() && !rest.starts_with([' ', '-']) {
        return None;
    }
    let code = digits.parse().ok().filter(|code| (200..600).contains(code))?;
    Some((code, rest.starts_with('-'), rest.get(1..).unwrap_or_default().trim()))
}

impl Reply {
    /// A reply that begins, and maybe ends, with this line.
    pub fn begin(line: Line) -> Reply {
        Reply { code: line.code, lines: vec![line.text] }
    }

    /// Whether a further line belongs to this reply: one with the same code, or one without any. Another code begins
    /// another reply, even where a dash had promised more.
    pub fn goes_on_with(&self, line: &Line) -> bool {
        line.code.is_none() || line.code == self.code
    }

    /// All its text in one line.
    pub fn text(&self) -> String {
        self.lines.join(" ")
    }

    /// What the code says by itself.
    pub fn class(&self) -> Class {
        match self.code {
            None => Class::Codeless,
            Some(250..=259) => Class::Done,
            Some(354) => Class::GoOn,
            Some(421) => Class::Closing,
            Some(400..=499) => Class::Temporary,
            Some(code) if SESSION_CODES.contains(&code) => Class::Session,
            Some(500..=599) => Class::Permanent,
            Some(_) => Class::Other,
        }
    }

    /// Whether this answer to EHLO offers `AUTH LOGIN` or, as the document has it, `AUTH=LOGIN`.
    pub fn offers_auth_login(&self) -> bool {
        self.lines.iter().any(|line| {
            let upper = line.to_ascii_uppercase();
            let mechanisms = upper.strip_prefix("AUTH").filter(|rest| rest.starts_with([' ', '=']));
            mechanisms.is_some_and(|rest| rest.split([' ', '=', ',']).any(|mechanism| mechanism == "LOGIN"))
        })
    }

    /// Whether this is the document's answer to the text, which has no code.
    pub fn says_accepted(&self) -> bool {
        self.lines.first().is_some_and(|line| line.to_ascii_lowercase().starts_with("message accepted"))
    }
}

impl fmt::Display for Reply {
    /// Code and text in one line, cut where it is too long to repeat.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = self.code {
            write!(f, "{code} ")?;
        }
        let text = self.text();
        match text.char_indices().nth(MAX_QUOTED) {
            Some((cut, _)) => write!(f, "{}...", &text[..cut]),
            None => f.write_str(&text),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(code: u16, continues: bool, text: &str) -> Line {
        Line { code: (code > 0).then_some(code), continues, text: text.to_owned() }
    }

    #[test]
    fn lines_are_read() {
        let table: [(&[u8], Line); 16] = [
            (
                b"220 Service ready. Connection 1 with [10.0.0.1]",
                line(220, false, "Service ready. Connection 1 with [10.0.0.1]"),
            ),
            (b"250-AUTH=LOGIN", line(250, true, "AUTH=LOGIN")),
            (b"250 +393331234567 ...Sender Ok", line(250, false, "+393331234567 ...Sender Ok")),
            (b"250", line(250, false, "")),
            (b"250-", line(250, true, "")),
            (b"250  ok ", line(250, false, "ok")),
            (b"250\tok", line(250, false, "ok")),
            (b"Message accepted for delivery to: +44", line(0, false, "Message accepted for delivery to: +44")),
            (b"250ok", line(0, false, "250ok")),
            (b"2500 ok", line(0, false, "2500 ok")),
            (b"25", line(0, false, "25")),
            (b"199 x", line(0, false, "199 x")),
            (b"600 x", line(0, false, "600 x")),
            (b"", line(0, false, "")),
            (b"550 gr\xfcn\x1b[2J", line(550, false, "gr\u{fc}n [2J")),
            ("ab\u{e9} x".as_bytes(), line(0, false, "ab\u{e9} x")),
        ];
        for (bytes, expected) in table {
            assert_eq!(Line::parse(bytes), expected, "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn login_is_found_in_its_forms() {
        let table = [
            ("AUTH LOGIN", true),
            ("AUTH=LOGIN", true),
            ("auth=login plain", true),
            ("AUTH PLAIN LOGIN", true),
            ("AUTH PLAIN", false),
            ("AUTH", false),
            ("AUTHLOGIN", false),
            ("AUTH XLOGIN", false),
            ("Requested okay, completed", false),
        ];
        for (text, offered) in table {
            let reply = Reply { code: Some(250), lines: vec!["hello".to_owned(), text.to_owned()] };
            assert_eq!(reply.offers_auth_login(), offered, "{text}");
        }
    }

    #[test]
    fn a_long_reply_is_cut_between_characters() {
        let reply = Reply { code: Some(550), lines: vec!["\u{e9}".repeat(1000)] };
        assert_eq!(reply.to_string(), format!("550 {}...", "\u{e9}".repeat(MAX_QUOTED)));
    }

    proptest! {
        #[test]
        fn any_bytes_make_a_line(bytes in any::<Vec<u8>>()) {
            let line = Line::parse(&bytes);
            prop_assert!(!line.text.contains(char::is_control));
        }
    }
}
