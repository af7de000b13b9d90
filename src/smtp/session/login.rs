//! Logging in (RFC 4954), and who may send at all: never an open relay to telephones.

use std::sync::Arc;

use super::{Next, Security, Session};
use crate::smtp::auth::{Exchange, Login, Mechanism, Step, User};
use crate::smtp::line::{Line, MAX_LINE};
use crate::smtp::reply::Reply;

impl Session {
    /// AUTH and what stood behind the mechanism's name.
    pub(super) fn auth(&mut self, mechanism: &str, initial: Option<&str>) -> Next {
        if self.hello.is_none() {
            return self.out_of_order(&format!("say {} first", self.hello_verb()));
        }
        if self.transaction.is_some() {
            return self.out_of_order("log in before MAIL, or RSET first");
        }
        if self.user.is_some() {
            return self.out_of_order("you are logged in already");
        }
        if let Err(reply) = self.may_log_in() {
            return self.mistake(reply);
        }
        let mechanism = match mechanism {
            "PLAIN" => Mechanism::Plain,
            "LOGIN" => Mechanism::Login,
            _ => return self.mistake(Reply::new(504, "5.5.4", "there are PLAIN and LOGIN")),
        };
        self.step(Exchange::begin(mechanism, initial))
    }

    /// A line of the client while an exchange is under way.
    pub(super) fn go_on(&mut self, exchange: Exchange, line: Line) -> Next {
        match line {
            Line::Whole(line) => self.step(exchange.answer(&line)),
            Line::Stray => self.mistake(Reply::new(501, "5.5.2", "an answer is one line of base64")),
            Line::TooLong => {
                self.mistake(Reply::new(500, "5.5.6", format!("an answer has at most {MAX_LINE} characters")))
            }
        }
    }

    fn step(&mut self, step: Step) -> Next {
        match step {
            Step::Ask(exchange, reply) => {
                self.exchange = Some(exchange);
                Next::Say(reply)
            }
            Step::Done(credentials) => Next::Judge(credentials),
            Step::Ended(reply) => self.mistake(reply),
        }
    }

    /// Goes on with what became of the credentials of [`Next::Judge`].
    pub(in crate::smtp) fn judged(&mut self, login: Login) -> Next {
        match login {
            Login::Granted(user) => {
                let reply = self.welcome(&user);
                self.log_in(user);
                Next::Say(reply)
            }
            Login::Denied { .. } => self.mistake(Reply::new(535, "5.7.8", "name or password are wrong")),
            Login::Blocked => {
                Next::HangUp(Reply::new(421, "4.7.0", "too many failed logins from your address, try again later"))
            }
            Login::Unavailable => Next::Say(Reply::new(454, "4.7.0", "cannot look at logins now, try again later")),
        }
    }

    pub(super) fn log_in(&mut self, user: Arc<User>) {
        self.permit = self.settings.permit.and(&user.permit);
        self.user = Some(user);
    }

    /// Whether AUTH is offered: passwords travel only where nobody can read them, or where the operator allows it.
    pub(super) fn may_log_in(&self) -> Result<(), Reply> {
        if self.settings.users.is_none() {
            return Err(Reply::new(502, "5.5.1", "logins are not taken here"));
        }
        self.is_private_enough()?;
        let is_local = self.address.is_none_or(|address| address.is_loopback());
        if is_local || self.security == Security::Tls || self.settings.allow_plaintext_auth {
            return Ok(());
        }
        Err(Reply::new(538, "5.7.11", "passwords are taken only over an encrypted connection"))
    }

    /// Whether this client may hand over mail.
    pub(super) fn may_send(&self) -> Result<(), Reply> {
        self.is_private_enough()?;
        let Some(address) = self.address else { return Ok(()) };
        if self.user.is_some() || self.settings.trusts(address) {
            return Ok(());
        }
        if self.settings.users.is_some() {
            return Err(Reply::new(530, "5.7.0", "log in first"));
        }
        Err(Reply::new(550, "5.7.1", format!("{address} may not send here: it is not among the trusted networks")))
    }
}
