//! The way from a letter to its messages. Pure: what `preview` shows is what `serve` does, because both ask here.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::address::{self, ResolveError, Route, SenderId, SenderIdError};
use crate::message::{self, Text};
use crate::sms::{self, FitError, Medium, Sms};
use crate::smtp::{Content, Envelope, Mailbox, Permit, Recipient, Reply};

/// What the front hall is told: the settings of the rooms it leads through.
#[derive(Clone, Debug)]
pub struct Settings {
    pub message: message::Settings,
    pub address: address::Settings,
    pub sms: sms::Settings,
    /// What each gateway can carry, by its name.
    pub media: HashMap<String, Medium>,
    /// How long a message may wait before it expires.
    pub expire: Duration,
}

/// What a mail becomes for one telephone; the error is the reply that says why it can't be sent there.
#[derive(Clone, Debug)]
pub struct Message {
    pub route: Route,
    pub sender: SenderId,
    pub sms: Result<Sms, Reply>,
}

/// What a mail becomes for one recipient.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub recipient: Recipient,
    /// One message for each telephone that the mailbox stands for, at least one; the error is the reply that refuses
    /// the mailbox itself.
    pub messages: Result<Vec<Message>, Reply>,
}

/// Knows the settings of the pure rooms and calls them in the order of the trip. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Desk {
    settings: Arc<Settings>,
}

impl Desk {
    pub fn new(settings: Settings) -> Desk {
        Desk { settings: Arc::new(settings) }
    }

    /// How long a message may wait before it expires.
    pub fn expire(&self) -> Duration {
        self.settings.expire
    }

    /// The telephones that a recipient stands for, for a client with this permit. The error is the reply for RCPT.
    pub fn resolve(&self, recipient: &Mailbox, permit: &Permit) -> Result<Vec<Route>, Reply> {
        let routes = address::resolve(&self.settings.address, recipient).map_err(|error| resolve_refusal(&error))?;
        match routes.iter().all(|route| permit.may_write(route.number.as_str())) {
            true => Ok(routes),
            false => Err(Reply::new(550, "5.7.1", "this number is not among those that you may write to here")),
        }
    }

    /// What a letter becomes: what was read in it, and the messages, recipient by recipient in the order of the
    /// envelope. The error is the reply for the end of DATA.
    pub fn work(&self, envelope: &Envelope, content: &Content, bytes: &[u8]) -> Result<(Text, Vec<Prepared>), Reply> {
        match content {
            Content::Mail => {
                let text = self.open(bytes)?;
                let prepared = self.prepare(envelope, &text);
                Ok((text, prepared))
            }
            Content::BareText { sender_id } => {
                let sender = sender_id.parse().map_err(|error| signature_refusal(&error))?;
                Ok((Text::default(), self.set_words(envelope, Some(sender), &message::bare_words(bytes))))
            }
        }
    }

    /// Opens a mail. The error is the reply for the end of DATA.
    pub fn open(&self, bytes: &[u8]) -> Result<Text, Reply> {
        message::extract(bytes, &self.settings.message).map_err(|error| Reply::new(554, "5.6.0", error.to_string()))
    }

    /// The messages that an opened mail becomes, recipient by recipient in the order of the envelope.
    pub fn prepare(&self, envelope: &Envelope, text: &Text) -> Vec<Prepared> {
        let from = envelope.from.mailbox().map(Mailbox::to_string);
        let author = text.author.as_ref().map(|author| author.address.as_str());
        let usual = address::sender_id(&self.settings.address, from.as_deref(), author);
        self.messages(envelope, &usual, |medium| sms::compose(text, medium, &self.settings.sms))
    }

    /// What bare words become, without a mail and its template. Without `sender` the default sender ID is used.
    pub fn set_words(&self, envelope: &Envelope, sender: Option<SenderId>, words: &str) -> Vec<Prepared> {
        let usual = sender.unwrap_or_else(|| self.settings.address.default_sender.clone());
        self.messages(envelope, &usual, |medium| sms::fit(words, medium, &self.settings.sms))
    }

    fn messages(
        &self,
        envelope: &Envelope,
        usual: &SenderId,
        set: impl Fn(&Medium) -> Result<Sms, FitError>,
    ) -> Vec<Prepared> {
        let permit = &envelope.client.permit;
        let sender = signature(permit, usual);
        let prepare = |recipient: &Recipient| match &sender {
            Ok(sender) => self.message(recipient, permit, sender, &set),
            Err(reply) => Prepared { recipient: recipient.clone(), messages: Err(reply.clone()) },
        };
        envelope.recipients.iter().map(prepare).collect()
    }

    fn message(
        &self,
        recipient: &Recipient,
        permit: &Permit,
        sender: &SenderId,
        set: impl Fn(&Medium) -> Result<Sms, FitError>,
    ) -> Prepared {
        let message = |route: Route| {
            let sms = self.medium(&route).and_then(|medium| set(&medium).map_err(|error| fit_refusal(&error)));
            Message { route, sender: sender.clone(), sms }
        };
        let messages = self.resolve(&recipient.mailbox, permit).map(|routes| routes.into_iter().map(message).collect());
        Prepared { recipient: recipient.clone(), messages }
    }

    /// What every gateway of the route can carry, so that a message set once can take any of them.
    fn medium(&self, route: &Route) -> Result<Medium, Reply> {
        let media = route.gateways.iter().filter_map(|name| self.settings.media.get(name).copied());
        Medium::narrowest(media).ok_or_else(|| Reply::new(451, "4.3.5", "no gateway is configured for this number"))
    }
}

/// The sender ID that a client with this permit signs with: the usual one, or the first that it may use.
fn signature(permit: &Permit, usual: &SenderId) -> Result<SenderId, Reply> {
    let allowed = permit.signature(usual.as_str());
    let allowed = allowed.ok_or_else(|| Reply::new(550, "5.7.1", "there is no sender ID that you may use here"))?;
    allowed.parse().map_err(|error| signature_refusal(&error))
}

fn signature_refusal(error: &SenderIdError) -> Reply {
    Reply::new(550, "5.7.1", error.to_string())
}

fn resolve_refusal(error: &ResolveError) -> Reply {
    let enhanced = match error {
        ResolveError::ForeignDomain { .. } | ResolveError::Denied { .. } => "5.7.1",
        ResolveError::NoSuchNumber { .. } => "5.1.1",
        ResolveError::NoRoute { .. } => "5.4.4",
    };
    Reply::new(550, enhanced, error.for_sender())
}

fn fit_refusal(error: &FitError) -> Reply {
    let enhanced = match error {
        FitError::Empty | FitError::NotCarried { .. } => "5.6.0",
        FitError::TooLong { .. } => "5.3.4",
    };
    Reply::new(554, enhanced, error.for_sender())
}
