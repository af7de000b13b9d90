//! The session's words where the protocols differ. In the gateway's dialect they are those of its document
//! ("SMS-Gateway SMTP interface", 1.0.1), spelling and all, because programs written for it compare them.
//!
//! Three things are not to its letter. Its list after EHLO ends with a dash, for which every ordinary client would wait
//! for ever: ours ends properly. `AUTH LOGIN` stands in it too, for clients that do not know `AUTH=LOGIN`. And the
//! final answer has its code, unless [`Acceptance::Bare`] is set.

use super::Session;
use crate::smtp::auth::User;
use crate::smtp::command::{Hello, Mail};
use crate::smtp::envelope::{Content, Letter, Recipient};
use crate::smtp::origin;
use crate::smtp::reply::Reply;
use crate::smtp::settings::{Acceptance, Grammar, Settings};

/// What the dialect says to a command that needs no more.
const DONE: &str = "Requested okay, completed";

impl Session {
    /// The first line of the session.
    pub(in crate::smtp) fn greeting(&self) -> Reply {
        let hostname = &self.settings.hostname;
        match self.grammar {
            Grammar::Smtp => Reply::plain(220, format!("{hostname} ESMTP telepost")),
            Grammar::Lmtp => Reply::plain(220, format!("{hostname} LMTP telepost")),
            Grammar::Gateway => {
                let peer = self.address.map_or_else(|| "UNIX SOCKET".to_owned(), |address| address.to_string());
                Reply::plain(220, format!("Service ready. Connection {} with [{peer}]", self.number))
            }
        }
    }

    /// The answer to EHLO, HELO and LHLO.
    pub(super) fn hello_ok(&self, hello: Hello) -> Reply {
        let mut reply = match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => Reply::plain(250, self.settings.hostname.clone()),
            Grammar::Gateway => Reply::plain(250, DONE),
        };
        if hello != Hello::Helo {
            reply.lines.extend(self.extensions());
        }
        reply
    }

    /// What EHLO and LHLO promise: only what is really done.
    fn extensions(&self) -> Vec<String> {
        let Settings { max_message_size, max_recipients, .. } = &*self.settings;
        let mut extensions: Vec<String> = match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => vec![
                "PIPELINING".into(),
                format!("SIZE {max_message_size}"),
                "8BITMIME".into(),
                "SMTPUTF8".into(),
                "CHUNKING".into(),
                "ENHANCEDSTATUSCODES".into(),
                "DSN".into(),
                format!("LIMITS RCPTMAX={max_recipients}"),
            ],
            Grammar::Gateway => vec!["ENANCEDSTATUSCODES".into()],
        };
        if self.offers_start_tls() {
            extensions.push("STARTTLS".into());
        }
        if self.may_log_in().is_ok() {
            extensions.extend(match self.grammar {
                Grammar::Smtp | Grammar::Lmtp => vec!["AUTH PLAIN LOGIN".into()],
                Grammar::Gateway => vec!["AUTH=LOGIN".into(), "AUTH LOGIN".into()],
            });
        }
        if self.may_introduce() {
            extensions.extend([origin::XCLIENT.into(), origin::XFORWARD.into()]);
        }
        extensions
    }

    /// The answer to a login that was granted.
    pub(super) fn welcome(&self, user: &User) -> Reply {
        match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => Reply::new(235, "2.7.0", format!("welcome, {}", user.name)),
            Grammar::Gateway => {
                let User { credits, account, .. } = user;
                Reply::plain(235, format!("[{credits}] ID ACCOUNT: [{account}] STATUS: [ACTIVE]"))
            }
        }
    }

    /// The answer to a MAIL that is taken.
    pub(super) fn sender_ok(&self, mail: &Mail) -> Reply {
        match self.sender_id(mail) {
            Some(sender) => Reply::plain(250, format!("{sender} ...Sender Ok")),
            None => Reply::new(250, "2.1.0", "sender ok"),
        }
    }

    /// The answer to a RCPT that is taken.
    pub(super) fn recipient_ok(&self, recipient: &Recipient) -> Reply {
        match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => Reply::new(250, "2.1.5", "recipient ok"),
            Grammar::Gateway => Reply::plain(250, format!("{} ...Recipient Ok", recipient.mailbox)),
        }
    }

    /// The answer to DATA.
    pub(super) fn go_ahead(&self) -> Reply {
        let text = match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => "go ahead, end with a dot on a line by itself",
            Grammar::Gateway => "Enter Text Message, end with <CRLF>\"..\" <CRLF>",
        };
        Reply::plain(354, text)
    }

    /// What a client hears instead of a 250 when its letter was accepted; `None`: the 250.
    pub(in crate::smtp) fn acceptance(&self, letter: &Letter) -> Option<String> {
        let (Content::BareText { .. }, Some(recipient)) = (&letter.content, letter.envelope.recipients.first()) else {
            return None;
        };
        let code = match self.settings.acceptance {
            Acceptance::Coded => "250 ",
            Acceptance::Bare => "",
        };
        Some(format!("{code}Message accepted for delivery to: {}\r\n", recipient.mailbox))
    }

    /// The answer to RSET or NOOP; `text` is ours.
    pub(super) fn done(&self, text: &str) -> Reply {
        match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => Reply::new(250, "2.0.0", text),
            Grammar::Gateway => Reply::plain(250, DONE),
        }
    }

    /// The answer to QUIT.
    pub(super) fn goodbye(&self) -> Reply {
        match self.grammar {
            Grammar::Smtp | Grammar::Lmtp => {
                Reply::new(221, "2.0.0", format!("{} says goodbye", self.settings.hostname))
            }
            Grammar::Gateway => Reply::plain(221, "SMSC SMTP Server closing connection."),
        }
    }

    /// What HELP names: what may be said now or later.
    pub(super) fn verbs(&self) -> String {
        let hello = match self.grammar {
            Grammar::Smtp | Grammar::Gateway => "EHLO HELO",
            Grammar::Lmtp => "LHLO",
        };
        let tls = if self.offers_start_tls() { " STARTTLS" } else { "" };
        let login = if self.may_log_in().is_ok() { " AUTH" } else { "" };
        format!("{hello}{tls}{login} MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT")
    }

    pub(super) fn hello_verb(&self) -> &'static str {
        match self.grammar {
            Grammar::Smtp | Grammar::Gateway => "EHLO",
            Grammar::Lmtp => "LHLO",
        }
    }
}
