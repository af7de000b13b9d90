//! What we say: the dialect's command lines. Pure.
//!
//! A line never holds a CR or LF of its own: it is made of fixed words, of values that are valid by construction (a
//! number is digits, a sender ID letters and digits) and of base64. So no mail can add a command to the dialogue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};

use crate::address::{Number, SenderId};

/// What we call ourselves; the document's example says `Client`, so any word will do.
const HELLO_NAME: &str = "telepost";

/// One line from us. The text of an SMS is no command, see `text`.
#[derive(Clone, Copy, Debug)]
pub enum Command<'a> {
    Hello,
    AuthLogin,
    Username(&'a str),
    Password(&'a SecretString),
    MailFrom(&'a SenderId),
    RcptTo(&'a Number),
    Data,
    Noop,
    Rset,
    Quit,
}

impl Command<'_> {
    /// The line with its CRLF. A space stands after the colon of MAIL and none after that of RCPT, as in the
    /// document; neither has angle brackets.
    pub fn line(&self) -> String {
        match self {
            Command::Hello => format!("EHLO {HELLO_NAME}\r\n"),
            Command::AuthLogin => "AUTH LOGIN\r\n".to_owned(),
            Command::Username(user) => format!("{}\r\n", STANDARD.encode(user)),
            Command::Password(password) => format!("{}\r\n", encoded(password)),
            Command::MailFrom(sender) => format!("MAIL FROM: {sender}\r\n"),
            Command::RcptTo(number) => format!("RCPT TO:{number}\r\n"),
            Command::Data => "DATA\r\n".to_owned(),
            Command::Noop => "NOOP\r\n".to_owned(),
            Command::Rset => "RSET\r\n".to_owned(),
            Command::Quit => "QUIT\r\n".to_owned(),
        }
    }
}

/// A gateway's word without the password, should it say it back to us.
pub fn without_secret(reply: &str, password: &SecretString) -> String {
    match password.expose_secret() {
        "" => reply.to_owned(),
        plain => reply.replace(&encoded(password), "***").replace(plain, "***"),
    }
}

fn encoded(password: &SecretString) -> String {
    STANDARD.encode(password.expose_secret())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_are_as_documented() {
        let sender: SenderId = "+393331234567".parse().unwrap();
        let number = Number::from_e164("+4477331234567").unwrap();
        let password = SecretString::from("mypassword");
        let table = [
            (Command::Hello, "EHLO telepost\r\n"),
            (Command::AuthLogin, "AUTH LOGIN\r\n"),
            (Command::Username("myuserid"), "bXl1c2VyaWQ=\r\n"),
            (Command::Password(&password), "bXlwYXNzd29yZA==\r\n"),
            (Command::MailFrom(&sender), "MAIL FROM: +393331234567\r\n"),
            (Command::RcptTo(&number), "RCPT TO:+4477331234567\r\n"),
            (Command::Data, "DATA\r\n"),
            (Command::Noop, "NOOP\r\n"),
            (Command::Rset, "RSET\r\n"),
            (Command::Quit, "QUIT\r\n"),
        ];
        for (command, line) in table {
            assert_eq!(command.line(), line);
        }
    }

    #[test]
    fn the_password_is_never_repeated() {
        let password = SecretString::from("mypassword");
        let reply = "535 bXlwYXNzd29yZA== is wrong (mypassword)";
        assert_eq!(without_secret(reply, &password), "535 *** is wrong (***)");
        assert_eq!(without_secret(reply, &SecretString::from("")), reply);
        assert!(!format!("{:?}", Command::Password(&password)).contains("mypassword"));
    }

    proptest! {
        #[test]
        fn no_value_can_add_a_line(text in any::<String>()) {
            let password = SecretString::from(text.clone());
            let mut lines = vec![Command::Username(&text).line(), Command::Password(&password).line()];
            lines.extend(text.parse::<SenderId>().map(|sender| Command::MailFrom(&sender).line()));
            lines.extend(Number::from_e164(&text).map(|number| Command::RcptTo(&number).line()));
            for line in lines {
                let inside = line.strip_suffix("\r\n").unwrap();
                prop_assert!(!inside.contains(['\r', '\n']), "{line:?}");
            }
        }
    }
}
