//! What a server that stands before us tells about the client behind it: the attributes of Postfix's XCLIENT and
//! XFORWARD.
//!
//! Pure. Values come in xtext (RFC 3461, section 4); `[UNAVAILABLE]` and `[TEMPUNAVAIL]` say that the server does not
//! know either. Names, ports and protocols are read and not kept.

use std::net::{IpAddr, Ipv4Addr};

use super::dsn;
use super::reply::Reply;

/// What EHLO says about the two commands.
pub(super) const XCLIENT: &str = "XCLIENT NAME ADDR PORT PROTO HELO LOGIN";
pub(super) const XFORWARD: &str = "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE";
/// The address of a client whose address is not known. No network but `0.0.0.0/0` trusts it.
pub(super) const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// The client behind the server, as far as it was told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Origin {
    /// [`UNKNOWN`] when the server does not know it.
    pub address: Option<IpAddr>,
    pub hello: Option<String>,
    /// The user as whom it logged in there.
    pub login: Option<String>,
}

/// Reads `ATTRIBUTE=value …`. The error is the reply that the server gets.
pub(super) fn parse(rest: &str) -> Result<Origin, Reply> {
    let mut origin = Origin::default();
    let mut words = rest.split_ascii_whitespace().peekable();
    if words.peek().is_none() {
        return Err(Reply::new(501, "5.5.4", "expected attributes such as ADDR=192.0.2.1"));
    }
    for word in words {
        let (name, value) = word.split_once('=').ok_or_else(|| wrong(word))?;
        let value = match value.to_ascii_uppercase().as_str() {
            "[UNAVAILABLE]" | "[TEMPUNAVAIL]" => None,
            _ => Some(dsn::xtext(value).filter(|value| !value.is_empty()).ok_or_else(|| wrong(name))?),
        };
        match name.to_ascii_uppercase().as_str() {
            "ADDR" => {
                origin.address = Some(value.map_or(Ok(UNKNOWN), |value| address(&value).ok_or_else(|| wrong(name)))?);
            }
            "HELO" => origin.hello = value,
            "LOGIN" => origin.login = value,
            "NAME" | "PORT" | "PROTO" | "IDENT" | "SOURCE" | "DESTADDR" | "DESTPORT" | "REVERSE_NAME" => {}
            _ => return Err(wrong(name)),
        }
    }
    Ok(origin)
}

/// An IPv4 address, or an IPv6 address with `IPV6:` before it.
fn address(text: &str) -> Option<IpAddr> {
    match text.split_at_checked(5) {
        Some((tag, v6)) if tag.eq_ignore_ascii_case("ipv6:") => v6.parse().ok().map(IpAddr::V6),
        _ => text.parse::<IpAddr>().ok(),
    }
    .map(|address| address.to_canonical())
}

fn wrong(attribute: &str) -> Reply {
    let attribute: String = attribute.chars().filter(char::is_ascii).take(40).collect();
    Reply::new(501, "5.5.4", format!("attribute not understood: {attribute}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn attributes_are_read() {
        let v4 = Some("192.0.2.1".parse().unwrap());
        let v6 = Some("2001:db8::1".parse().unwrap());
        let table = [
            ("ADDR=192.0.2.1", Origin { address: v4, ..Origin::default() }),
            ("addr=IPv6:2001:db8::1 NAME=spike.porcupine.org", Origin { address: v6, ..Origin::default() }),
            ("ADDR=IPV6:::ffff:192.0.2.1", Origin { address: v4, ..Origin::default() }),
            ("ADDR=[UNAVAILABLE] NAME=[TEMPUNAVAIL]", Origin { address: Some(UNKNOWN), ..Origin::default() }),
            ("NAME=a PORT=1 PROTO=ESMTP IDENT=x SOURCE=LOCAL", Origin::default()),
            ("HELO=a+2Bb", Origin { hello: Some("a+b".into()), ..Origin::default() }),
            ("HELO=[unavailable] LOGIN=joe", Origin { login: Some("joe".into()), ..Origin::default() }),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
        for text in ["", "ADDR", "ADDR=", "ADDR=x", "ADDR=ipv6:192.0.2.1", "FROB=1", "HELO=a+0Ab", "HELO=a=b"] {
            assert_eq!(parse(text).unwrap_err().code, 501, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text in "[A-Za-z=+:.0-9é \\[\\]]{0,40}") {
            if let Err(reply) = parse(&text) {
                prop_assert_eq!(reply.code, 501);
            }
        }
    }
}
