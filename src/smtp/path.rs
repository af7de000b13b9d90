//! Reads the path of MAIL and RCPT: `<user@domain>` and its relatives (RFC 5321, section 4.1.2).
//!
//! Pure. Taken beyond the RFC, because clients write it: no angle brackets at all, dots anywhere in a local part, a dot at
//! the domain's end, underscores in a domain, no domain. Source routes are read and forgotten (RFC 5321, appendix C).
//! Never taken, quoted or not: control characters, so that nothing from a path can start a line anywhere later on.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use super::envelope::{Mailbox, ReversePath};

/// Bytes of a domain (RFC 5321, section 4.5.3.1.2).
const MAX_DOMAIN: usize = 255;

/// What is wrong with a path; reads as the end of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    #[error("no address")]
    Missing,
    #[error("the closing > is missing")]
    Unclosed,
    #[error("something follows the address without a space")]
    Trailing,
    #[error("the source route has no colon at its end")]
    Route,
    #[error("nothing stands before the @")]
    NoLocal,
    #[error("the quotes do not close")]
    Quotes,
    #[error("{0:?} must stand in quotes")]
    Special(char),
    #[error("control characters are not allowed")]
    Control,
    #[error("the domain is not a domain")]
    Domain,
}

/// Reads a path from the front of `input`, and gives back what follows it, without the space between.
///
/// A bare local part such as `<postmaster>` becomes a mailbox without domain; `<>` is [`ReversePath::Null`].
pub(super) fn parse(input: &str) -> Result<(ReversePath, &str), PathError> {
    if input.chars().any(char::is_control) {
        return Err(PathError::Control);
    }
    let (path, rest) = match input.strip_prefix('<') {
        Some(inside) => {
            let end = unquoted(inside, |c| c == '>')?.ok_or(PathError::Unclosed)?;
            (&inside[..end], &inside[end + 1..])
        }
        None => {
            let end = unquoted(input, |c| c == ' ')?.unwrap_or(input.len());
            if end == 0 {
                return Err(PathError::Missing);
            }
            input.split_at(end)
        }
    };
    if !rest.is_empty() && !rest.starts_with(' ') {
        return Err(PathError::Trailing);
    }
    let path = match path.trim() {
        "" => ReversePath::Null,
        path => ReversePath::Mailbox(mailbox(without_route(path)?)?),
    };
    Ok((path, rest.trim_start()))
}

impl FromStr for Mailbox {
    type Err = PathError;

    /// Reads what may stand in a path, with or without its angle brackets.
    fn from_str(text: &str) -> Result<Mailbox, PathError> {
        match parse(text.trim())? {
            (ReversePath::Mailbox(mailbox), "") => Ok(mailbox),
            (ReversePath::Mailbox(_), _) => Err(PathError::Special(' ')),
            (ReversePath::Null, _) => Err(PathError::Missing),
        }
    }
}

/// Where the first character outside quotes stands that `is_wanted`.
fn unquoted(text: &str, is_wanted: impl Fn(char) -> bool) -> Result<Option<usize>, PathError> {
    let (mut quoted, mut escaped) = (false, false);
    for (n, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if !quoted && is_wanted(c) => return Ok(Some(n)),
            _ => {}
        }
    }
    if quoted { Err(PathError::Quotes) } else { Ok(None) }
}

/// `@a,@b:user@c` is `user@c`.
fn without_route(path: &str) -> Result<&str, PathError> {
    if !path.starts_with('@') {
        return Ok(path);
    }
    path.split_once(':').map(|(_, mailbox)| mailbox).filter(|mailbox| !mailbox.is_empty()).ok_or(PathError::Route)
}

fn mailbox(text: &str) -> Result<Mailbox, PathError> {
    let at = unquoted(text, |c| c == '@')?;
    let (local, domain) = match at {
        Some(at) => (&text[..at], Some(domain(&text[at + 1..])?)),
        None => (text, None),
    };
    Ok(Mailbox { local: local_part(local)?, domain })
}

/// The local part without its quotes.
fn local_part(text: &str) -> Result<String, PathError> {
    if text.is_empty() {
        return Err(PathError::NoLocal);
    }
    let Some(quoted) = text.strip_prefix('"') else {
        return match text.chars().find(|&c| !is_atext(c)) {
            Some(special) => Err(PathError::Special(special)),
            None => Ok(text.to_owned()),
        };
    };
    let mut local = String::new();
    let mut chars = quoted.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' if chars.as_str().is_empty() => {
                return if local.is_empty() { Err(PathError::NoLocal) } else { Ok(local) };
            }
            '"' => break,
            '\\' => local.extend(chars.next()),
            c => local.push(c),
        }
    }
    Err(PathError::Quotes)
}

/// RFC 5321 `atext` and the dot, with RFC 6531's non-ASCII characters.
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c) || !(c.is_ascii() || c.is_whitespace())
}

/// The domain or address literal in lower case.
fn domain(text: &str) -> Result<String, PathError> {
    if let Some(literal) = text.strip_prefix('[') {
        return address_literal(literal).map(|()| text.to_lowercase()).ok_or(PathError::Domain);
    }
    // In lower case first: a few letters take more bytes there.
    let text = text.strip_suffix('.').unwrap_or(text).to_lowercase();
    let is_letter =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_') || !(c.is_ascii() || c.is_whitespace());
    let is_label = |label: &str| !label.is_empty() && label.chars().all(is_letter);
    if text.len() > MAX_DOMAIN || !text.split('.').all(is_label) {
        return Err(PathError::Domain);
    }
    Ok(text)
}

/// What stands after the `[` of an address literal (RFC 5321, section 4.1.3).
fn address_literal(text: &str) -> Option<()> {
    let address = text.strip_suffix(']')?;
    match address.split_once(':') {
        Some((tag, v6)) if tag.eq_ignore_ascii_case("ipv6") => v6.parse::<Ipv6Addr>().ok().map(|_| ()),
        Some(_) => None,
        None => address.parse::<Ipv4Addr>().ok().map(|_| ()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(input: &str) -> Result<String, PathError> {
        let (path, rest) = parse(input)?;
        let path = path.mailbox().map_or("<>".to_owned(), |m| format!("{} at {:?}", m.local, m.domain.as_deref()));
        Ok(if rest.is_empty() { path } else { format!("{path} then {rest}") })
    }

    #[test]
    fn paths_that_are_taken() {
        let table = [
            ("<>", "<>"),
            ("<> SIZE=1", "<> then SIZE=1"),
            ("<a@b.example>", "a at Some(\"b.example\")"),
            ("<a@B.Example.>", "a at Some(\"b.example\")"),
            ("<A.B@b>   X Y", "A.B at Some(\"b\") then X Y"),
            ("<+447731234567@sms.example.com>", "+447731234567 at Some(\"sms.example.com\")"),
            ("<+447731234567>", "+447731234567 at None"),
            ("<postmaster>", "postmaster at None"),
            ("+39333 SIZE=1", "+39333 at None then SIZE=1"),
            ("a@b", "a at Some(\"b\")"),
            ("< a@b >", "a at Some(\"b\")"),
            ("<\"a b\"@c>", "a b at Some(\"c\")"),
            ("<\"a>b@x\"@c> X", "a>b@x at Some(\"c\") then X"),
            ("<\"a\\\"b\\\\\"@c>", "a\"b\\ at Some(\"c\")"),
            ("\"a b\"@c X", "a b at Some(\"c\") then X"),
            ("<@r.example,@s:a@b>", "a at Some(\"b\")"),
            ("<a@[192.0.2.1]>", "a at Some(\"[192.0.2.1]\")"),
            ("<a@[IPv6:2001:DB8::1]>", "a at Some(\"[ipv6:2001:db8::1]\")"),
            ("<.a..b.@c>", ".a..b. at Some(\"c\")"),
            ("<a@b_c-d.e>", "a at Some(\"b_c-d.e\")"),
            ("<jürgen@bücher.example>", "jürgen at Some(\"bücher.example\")"),
        ];
        for (input, expected) in table {
            assert_eq!(shown(input), Ok(expected.into()), "{input}");
        }
    }

    #[test]
    fn paths_that_are_refused() {
        let table = [
            ("", PathError::Missing),
            (" ", PathError::Missing),
            ("<a@b", PathError::Unclosed),
            ("<a@b>X", PathError::Trailing),
            ("<a@b>>", PathError::Trailing),
            ("<@r>", PathError::Route),
            ("<@r:>", PathError::Route),
            ("<@>", PathError::Route),
            ("<\"\"@b>", PathError::NoLocal),
            ("<\"a@b>", PathError::Quotes),
            ("<\"a\"b@c>", PathError::Quotes),
            ("<a b@c>", PathError::Special(' ')),
            ("<a<b@c>", PathError::Special('<')),
            ("<+44(0)7731@c>", PathError::Special('(')),
            ("<a\\b@c>", PathError::Special('\\')),
            ("<a\u{a0}b@c>", PathError::Special('\u{a0}')),
            ("<a\tb@c>", PathError::Control),
            ("<\"a\0b\"@c>", PathError::Control),
            ("<a@>", PathError::Domain),
            ("<a@b@c>", PathError::Domain),
            ("<a@b..c>", PathError::Domain),
            ("<a@b c>", PathError::Domain),
            ("<a@[999.0.0.1]>", PathError::Domain),
            ("<a@[192.0.2.1>", PathError::Domain),
            ("<a@[x:y]>", PathError::Domain),
        ];
        for (input, expected) in table {
            assert_eq!(shown(input), Err(expected), "{input}");
        }
        assert_eq!(shown(&format!("<a@{}>", "x".repeat(256))), Err(PathError::Domain));
        // Two bytes each, and three in lower case.
        assert_eq!(shown(&format!("<a@{}>", "Ⱥ".repeat(100))), Err(PathError::Domain));
    }

    proptest! {
        #[test]
        fn no_input_panics(input in "[<>@\"\\\\ a.\\[\\]:,é\u{0}-\u{1f}]{0,30}") {
            if let Ok((ReversePath::Mailbox(mailbox), _)) = parse(&input) {
                prop_assert!(!mailbox.to_string().contains(char::is_control));
            }
        }

        #[test]
        fn what_a_mailbox_writes_is_read_back(local in "[ -~é\u{a0}\u{202f}]{1,12}", domain in proptest::option::of("[a-z]{1,5}(\\.[a-z]{1,5})?")) {
            let mailbox = Mailbox { local, domain };
            let written = format!("<{mailbox}>");
            prop_assert_eq!(parse(&written), Ok((ReversePath::Mailbox(mailbox), "")));
        }
    }
}
