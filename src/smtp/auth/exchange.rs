//! The words of a login: PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login), each with and without an initial
//! answer.
//!
//! Pure. It makes [`Credentials`] of what the client says and never judges them. Whatever goes wrong ends the exchange
//! with a reply, and the session goes on as if AUTH had not been said (RFC 4954, section 4).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::SecretString;

use crate::smtp::reply::Reply;

/// Characters of a user's name, and bytes of a password: whoever needs more is not logging in.
const MAX_NAME: usize = 255;
const MAX_PASSWORD: usize = 1024;
/// `Username:` and `Password:` as LOGIN asks for them.
const ASK_NAME: &str = "VXNlcm5hbWU6";
const ASK_PASSWORD: &str = "UGFzc3dvcmQ6";
/// Padding is the part of base64 that small clients get wrong.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A way to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::smtp) enum Mechanism {
    Plain,
    Login,
}

/// Who a client claims to be, and what proves it.
#[derive(Clone, Debug)]
pub(in crate::smtp) struct Credentials {
    pub name: String,
    pub password: SecretString,
}

/// An exchange under way: what the client's next line answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::smtp) enum Exchange {
    Plain,
    Name,
    Password { name: String },
}

/// What comes next.
#[derive(Clone, Debug)]
pub(in crate::smtp) enum Step {
    /// Answer 334 and hand the client's next line to the exchange.
    Ask(Exchange, Reply),
    /// The exchange is complete.
    Done(Credentials),
    /// It ended without credentials.
    Ended(Reply),
}

impl Exchange {
    /// Begins; `initial` is what stood behind the mechanism's name.
    pub(in crate::smtp) fn begin(mechanism: Mechanism, initial: Option<&str>) -> Step {
        let exchange = match mechanism {
            Mechanism::Plain => Exchange::Plain,
            Mechanism::Login => Exchange::Name,
        };
        match initial {
            None => exchange.ask(),
            // RFC 4954, section 4: an empty answer is written `=`, because nothing at all means none.
            Some("=") => exchange.answer(b""),
            Some(answer) => exchange.answer(answer.as_bytes()),
        }
    }

    /// Takes the client's answer, a line in base64; `*` gives up.
    pub(in crate::smtp) fn answer(self, line: &[u8]) -> Step {
        if line == b"*" {
            return Step::Ended(Reply::new(501, "5.7.0", "login given up"));
        }
        let Ok(answer) = BASE64.decode(line.trim_ascii()) else {
            return Step::Ended(Reply::new(501, "5.5.2", "an answer is one line of base64"));
        };
        let step = match self {
            Exchange::Plain => plain(&answer).map(Step::Done),
            Exchange::Name => name(&answer).map(|name| Exchange::Password { name }.ask()),
            Exchange::Password { name } => password(&answer).map(|password| Step::Done(Credentials { name, password })),
        };
        step.unwrap_or_else(Step::Ended)
    }

    fn ask(self) -> Step {
        let prompt = match self {
            Exchange::Plain => "",
            Exchange::Name => ASK_NAME,
            Exchange::Password { .. } => ASK_PASSWORD,
        };
        Step::Ask(self, Reply::plain(334, prompt))
    }
}

/// `acts-for NUL name NUL password`; nobody may act for anybody else.
fn plain(answer: &[u8]) -> Result<Credentials, Reply> {
    let parts: Vec<&[u8]> = answer.split(|&byte| byte == 0).collect();
    let &[acts_for, who, secret] = &parts[..] else {
        return Err(Reply::new(501, "5.5.2", "PLAIN takes a name and a password, each after a NUL"));
    };
    let credentials = Credentials { name: name(who)?, password: password(secret)? };
    if !acts_for.is_empty() && acts_for != who {
        return Err(Reply::new(535, "5.7.8", "nobody may log in for somebody else"));
    }
    Ok(credentials)
}

fn name(answer: &[u8]) -> Result<String, Reply> {
    let is_name = |name: &&str| (1..=MAX_NAME).contains(&name.len()) && !name.contains(char::is_control);
    let name = str::from_utf8(answer).ok().filter(is_name);
    name.map(str::to_owned).ok_or_else(|| Reply::new(501, "5.5.2", "that cannot be a user's name"))
}

fn password(answer: &[u8]) -> Result<SecretString, Reply> {
    let is_password = |password: &&str| (1..=MAX_PASSWORD).contains(&password.len()) && !password.contains('\0');
    let password = str::from_utf8(answer).ok().filter(is_password);
    password.map(SecretString::from).ok_or_else(|| Reply::new(501, "5.5.2", "that cannot be a password"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use secrecy::ExposeSecret;

    fn base64(bytes: impl AsRef<[u8]>) -> String {
        BASE64.encode(bytes)
    }

    fn shown(step: Step) -> String {
        match step {
            Step::Ask(exchange, reply) => format!("{exchange:?} {}", reply.to_string().trim_end()),
            Step::Done(Credentials { name, password }) => format!("{name} {}", password.expose_secret()),
            Step::Ended(reply) => reply.code.to_string(),
        }
    }

    fn talk(mechanism: Mechanism, initial: Option<&str>, answers: &[&str]) -> String {
        let mut step = Exchange::begin(mechanism, initial);
        for answer in answers {
            let Step::Ask(exchange, _) = step else { panic!("{} before {answer}", shown(step)) };
            step = exchange.answer(answer.as_bytes());
        }
        shown(step)
    }

    #[test]
    fn plain_in_all_its_forms() {
        let table = [
            ("\0joe\0secret", "joe secret"),
            ("joe\0joe\0secret", "joe secret"),
            ("\0jö e\0s:e c\u{fc}", "jö e s:e c\u{fc}"),
            ("ann\0joe\0secret", "535"),
            ("joe\0secret", "501"),
            ("\0\0secret", "501"),
            ("\0joe\0", "501"),
            ("\0joe\0sec\0ret", "501"),
            ("\0jo\ne\0secret", "501"),
            ("", "501"),
        ];
        for (answer, expected) in table {
            assert_eq!(talk(Mechanism::Plain, Some(&base64(answer)), &[]), expected, "{answer:?}");
            assert_eq!(talk(Mechanism::Plain, None, &[&base64(answer)]), expected, "{answer:?}");
        }
        assert_eq!(talk(Mechanism::Plain, None, &[]), "Plain 334");
        assert_eq!(talk(Mechanism::Plain, Some(&base64(b"\0j\xff\0x")), &[]), "501");
        assert_eq!(talk(Mechanism::Plain, Some(&base64(format!("\0a\0{}", "x".repeat(1025)))), &[]), "501");
    }

    #[test]
    fn login_in_all_its_forms() {
        let (name, password) = (base64("joe"), base64("secret"));
        assert_eq!(talk(Mechanism::Login, None, &[]), "Name 334 VXNlcm5hbWU6");
        let asked = "Password { name: \"joe\" } 334 UGFzc3dvcmQ6";
        assert_eq!(talk(Mechanism::Login, None, &[&name]), asked);
        assert_eq!(talk(Mechanism::Login, Some(&name), &[]), asked);
        assert_eq!(talk(Mechanism::Login, None, &[&name, &password]), "joe secret");
        assert_eq!(talk(Mechanism::Login, Some(&name), &[&password]), "joe secret");
        assert_eq!(talk(Mechanism::Login, Some("="), &[]), "501");
    }

    #[test]
    fn an_exchange_may_be_given_up_and_garbage_ends_it() {
        for garbage in ["*", "!", "a", "am9l=YQ", "j\u{f6}", "=="] {
            assert_eq!(talk(Mechanism::Plain, None, &[garbage]), "501", "{garbage}");
            assert_eq!(talk(Mechanism::Login, None, &["am9l", garbage]), "501", "{garbage}");
        }
        assert_eq!(talk(Mechanism::Login, None, &["am9l", "c2VjcmV0MQ"]), "joe secret1");
    }

    proptest! {
        #[test]
        fn every_answer_has_a_step(answer in proptest::collection::vec(any::<u8>(), 0..60)) {
            for exchange in [Exchange::Plain, Exchange::Name, Exchange::Password { name: "joe".into() }] {
                shown(exchange.clone().answer(&answer));
                shown(exchange.answer(base64(&answer).as_bytes()));
            }
        }
    }
}
