//! What a rule has done with the mails that fit it. Pure; filled in by `config`.

use std::time::Duration;

use crate::address::SenderId;
use crate::sms::{self, Fields, Template};
use crate::smtp::Mailbox;
use crate::spool::{Priority, Standing, Topic};

/// What becomes of a mail, as far as its rule says so.
#[derive(Clone, Debug, PartialEq)]
pub struct Treatment {
    pub action: Action,
    /// How its text is set. What the rule does not say is here as `[message]` says it.
    pub sms: sms::Settings,
    /// `None`: as `[sender]` says.
    pub sender: Option<SenderId>,
    /// Names in order of preference; empty: those of the route.
    pub gateways: Vec<String>,
    /// `None`: as the recipient's address or the mail wishes.
    pub priority: Option<Priority>,
    /// How long it may wait; `None`: as `[delivery]` says.
    pub expire: Option<Duration>,
    /// `None`: it stands for itself.
    pub topic: Option<TopicTemplate>,
}

/// Who hears of a mail that passes by on its way to a mailbox, and what.
#[derive(Clone, Debug, PartialEq)]
pub struct Ring {
    /// Aliases and numbers, without a domain. None: the mail rings nobody, whatever other rules say.
    pub telephones: Vec<Mailbox>,
    /// Its action is to send or to hold: the mail itself is not ours to drop or to refuse.
    pub treatment: Treatment,
}

/// Which way a mail goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Send,
    /// It is taken from the client and thrown away.
    Drop,
    /// The client keeps it, and reads why.
    Refuse {
        reason: String,
    },
    /// It goes into the spool and stays there until an operator lets it go.
    Hold,
}

/// What mails of this kind are about, so that the end of a trouble finds its beginning.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicTemplate {
    /// Makes the key of the topic; where it makes nothing, the mail stands for itself.
    pub key: Template,
    pub standing: Standing,
}

/// Characters of a topic's key: what goes beyond them distinguishes nothing.
const MAX_KEY: usize = 200;

impl TopicTemplate {
    /// What a mail is about.
    pub(super) fn topic(&self, fields: &Fields<'_>) -> Option<Topic> {
        let key: String = self.key.name(fields).chars().take(MAX_KEY).collect();
        (!key.is_empty()).then_some(Topic { key, standing: self.standing })
    }
}
