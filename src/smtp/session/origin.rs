//! XCLIENT and XFORWARD (Postfix's XCLIENT_README and XFORWARD_README): a server that is trusted to tell whom it
//! serves.
//!
//! XCLIENT makes the client behind the server the client of this session, with its rights and not the server's.
//! XFORWARD only tells of it for the log and the letter, and is forgotten with the message.

use std::sync::Arc;

use super::{Next, Session};
use crate::smtp::auth::User;
use crate::smtp::origin::Origin;
use crate::smtp::reply::Reply;

impl Session {
    /// Whether whoever really stands at the door may speak for others: a server among `proxies`, or of this host by its
    /// Unix socket. XCLIENT does not change it, so that a server may serve one client after another.
    pub(super) fn may_introduce(&self) -> bool {
        self.peer.is_none_or(|peer| self.settings.is_proxy(peer))
    }

    /// XCLIENT.
    pub(super) fn xclient(&mut self, origin: Origin) -> Next {
        if let Err(next) = self.introduction() {
            return next;
        }
        self.forget();
        if let Some(address) = origin.address {
            self.address = Some(address);
        }
        match origin.login {
            Some(name) => Next::LookUp { name },
            None => Next::Say(self.greeting()),
        }
    }

    /// Goes on with what the guard knows about the user of [`Next::LookUp`]. A user whom the users file does not know
    /// has not logged in: nobody has said what it may send.
    pub(in crate::smtp) fn looked_up(&mut self, user: Option<Arc<User>>) -> Next {
        if let Some(user) = user {
            self.log_in(user);
        }
        Next::Say(self.greeting())
    }

    /// XFORWARD.
    pub(super) fn xforward(&mut self, origin: Origin) -> Next {
        if let Err(next) = self.introduction() {
            return next;
        }
        let forwarded = self.forwarded.get_or_insert_default();
        forwarded.address = origin.address.or(forwarded.address);
        forwarded.hello = origin.hello.or(forwarded.hello.take());
        Next::Say(self.done("noted"))
    }

    fn introduction(&mut self) -> Result<(), Next> {
        if !self.may_introduce() {
            return Err(self.mistake(Reply::new(550, "5.7.0", "you may not speak for others")));
        }
        if self.transaction.is_some() {
            return Err(self.out_of_order("not between MAIL and the end of the message"));
        }
        Ok(())
    }
}
