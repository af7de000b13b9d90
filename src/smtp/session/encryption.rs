//! STARTTLS (RFC 3207): what is offered, and what is forgotten when the connection becomes a private one.

use super::{Next, Security, Session};
use crate::smtp::reply::Reply;
use crate::smtp::settings::Tls;

impl Session {
    /// STARTTLS.
    pub(super) fn start_tls(&mut self) -> Next {
        match self.security {
            Security::Tls => self.out_of_order("the connection is encrypted already"),
            Security::Plain if self.offers_start_tls() => {
                Next::StartTls(Reply::new(220, "2.0.0", "begin the handshake"))
            }
            Security::Plain => self.mistake(Reply::new(502, "5.5.1", "STARTTLS is not offered here")),
        }
    }

    /// The connection is encrypted from here on. Whatever was said before may have come from somebody else, so all of
    /// it is forgotten.
    pub(in crate::smtp) fn secured(&mut self) {
        self.security = Security::Tls;
        self.forget();
    }

    /// Whether EHLO names STARTTLS.
    pub(super) fn offers_start_tls(&self) -> bool {
        let is_set = matches!(self.settings.tls, Tls::StartTls(_) | Tls::Required(_));
        is_set && self.security == Security::Plain
    }

    /// Whether the client may do what needs encryption where it is required.
    pub(super) fn is_private_enough(&self) -> Result<(), Reply> {
        if matches!(self.settings.tls, Tls::Required(_)) && self.security == Security::Plain {
            return Err(Reply::new(530, "5.7.0", "say STARTTLS first"));
        }
        Ok(())
    }
}
