//! One milter connection's memory: which client and mail the server told of, and what we say to it.
//!
//! Pure: takes an event, gives the [`Next`] step; `connection` reads, waits and writes. The only thing ever refused is a
//! recipient in one of our domains that the reception will not have; whatever else happens, the mail goes its way.
//! Events out of order change nothing.

use std::sync::Arc;

use super::answer::Answer;
use super::event::Event;
use super::frame::MAX_FRAME;
use super::terms::{Interest, Offer, Terms, TooOld};
use crate::smtp::data::Text;
use crate::smtp::envelope::{Answers, Client, Content, Envelope, Letter, Mailbox, Recipient, ReversePath};
use crate::smtp::hops;
use crate::smtp::reply::Reception;
use crate::smtp::settings::Settings;

/// Bytes of what a macro or a greeting tells us that we keep.
const MAX_NAME: usize = 255;

/// What the connection does next.
#[derive(Debug)]
pub(super) enum Next {
    /// Read on.
    Wait,
    Say(Answer),
    /// Offer the mail to the rules that ring, then say `Continue` whatever came of it.
    Ring(Box<Passing>),
    /// The server needs us no more.
    HangUp,
}

/// A mail that passes by on its way to mailboxes.
#[derive(Debug)]
pub(super) struct Passing {
    /// What the server calls it, for the log.
    pub queue_id: String,
    pub letter: Letter,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    settings: Arc<Settings>,
    interest: Interest,
    terms: Option<Terms>,
    /// The server's client, as the server tells.
    client: Client,
    queue_id: String,
    mail: Option<Mail>,
}

/// From MAIL to the end of the body.
#[derive(Debug)]
struct Mail {
    from: ReversePath,
    size: Option<u64>,
    recipients: Vec<Recipient>,
    /// Whether somebody else than our telephones gets it.
    goes_elsewhere: bool,
    text: Text,
    is_given_up: bool,
}

impl Session {
    /// A connection on which nothing was said yet.
    pub(super) fn new(settings: Arc<Settings>, interest: Interest) -> Session {
        let client = Client { permit: settings.permit.clone(), ..Client::default() };
        Session { settings, interest, terms: None, client, queue_id: String::new(), mail: None }
    }

    /// Takes one event. A recipient that is ours is asked for at `reception`.
    pub(super) fn take(&mut self, event: Event, reception: &impl Reception) -> Result<Next, TooOld> {
        if let Event::Negotiate(offer) = event {
            return self.negotiate(offer).map(Next::Say);
        }
        let is_answered = self.terms.is_none_or(|terms| terms.wants_answer(&event));
        let next = match event {
            Event::Quit => return Ok(Next::HangUp),
            Event::Data => self.data(),
            Event::Recipient(mailbox) => self.recipient(mailbox, reception),
            Event::Body(piece) => self.body(&piece),
            Event::End(piece) => self.end(&piece),
            event => {
                self.note(event);
                Next::Say(Answer::Continue)
            }
        };
        Ok(if is_answered { next } else { Next::Wait })
    }

    /// Bytes of the mail that are kept.
    pub(super) fn kept(&self) -> usize {
        self.mail.as_ref().map_or(0, |mail| mail.text.len())
    }

    /// Bytes that the mail and one frame more may take.
    pub(super) fn most(&self) -> usize {
        self.settings.max_message_size + MAX_FRAME
    }

    /// The size that the client announced.
    pub(super) fn announced(&self) -> Option<u64> {
        self.mail.as_ref().and_then(|mail| mail.size)
    }

    /// Whether a mail is under way.
    pub(super) fn is_amid_mail(&self) -> bool {
        self.mail.is_some()
    }

    /// Keeps no more of this mail: no rule will see it.
    pub(super) fn give_up_mail(&mut self) {
        if let Some(mail) = &mut self.mail {
            mail.is_given_up = true;
            mail.text = Text::new(usize::MAX);
        }
    }

    fn negotiate(&mut self, offer: Offer) -> Result<Answer, TooOld> {
        let terms = Terms::of(offer, self.interest)?;
        self.terms = Some(terms);
        Ok(Answer::Terms(terms))
    }

    /// Remembers what needs no decision.
    fn note(&mut self, event: Event) {
        match event {
            Event::Macros(pairs) => pairs.into_iter().for_each(|(name, value)| self.learn(&name, value)),
            Event::Connect(address) => {
                self.forget_client();
                self.client.address = address;
            }
            Event::Hello(name) => self.client.hello = shortened(name),
            Event::Mail { from, size } => self.mail = Some(Mail::new(from, size)),
            Event::Header { name, value } => self.header(&name, &value),
            Event::EndOfHeaders => self.keep(b"\r\n"),
            Event::Abort => self.forget_mail(),
            Event::NextConnection => self.forget_client(),
            _ => {}
        }
    }

    fn learn(&mut self, name: &str, value: String) {
        match name {
            "i" => self.queue_id = shortened(value),
            "{auth_authen}" => self.client.user = Some(shortened(value)).filter(|user| !user.is_empty()),
            _ => {}
        }
    }

    fn forget_client(&mut self) {
        self.forget_mail();
        self.client = Client { permit: self.settings.permit.clone(), ..Client::default() };
    }

    fn forget_mail(&mut self) {
        self.mail = None;
        self.queue_id.clear();
        self.client.user = None;
    }

    fn recipient(&mut self, mailbox: Option<Mailbox>, reception: &impl Reception) -> Next {
        let most = self.settings.max_recipients;
        let ours = mailbox.as_ref().filter(|mailbox| reception.is_ours(mailbox));
        if let Some(Err(reply)) = ours.map(|mailbox| reception.may_accept(mailbox, &self.client.permit)) {
            return Next::Say(Answer::Refuse(reply));
        }
        if let Some(mail) = &mut self.mail {
            mail.goes_elsewhere |= ours.is_none();
            mail.recipients.extend(mailbox.filter(|_| mail.recipients.len() < most).map(Recipient::from));
        }
        Next::Say(Answer::Continue)
    }

    /// Who writes to telephones alone has said all that we want to know: the mail itself comes to us by another road.
    fn data(&mut self) -> Next {
        self.mail = self.mail.take().filter(|mail| mail.goes_elsewhere);
        Next::Say(if self.mail.is_some() { Answer::Continue } else { Answer::Accept })
    }

    fn header(&mut self, name: &[u8], value: &[u8]) {
        let after_colon = self.terms.map_or(" ", Terms::after_colon);
        self.keep(name);
        self.keep(b":");
        self.keep(after_colon.as_bytes());
        self.keep(value);
        self.keep(b"\r\n");
    }

    fn body(&mut self, piece: &[u8]) -> Next {
        self.keep(piece);
        let limit = self.settings.max_message_size;
        let has_enough = self.mail.as_ref().is_none_or(|mail| mail.is_given_up || mail.text.len() >= limit);
        let may_skip = self.terms.is_some_and(Terms::may_skip);
        Next::Say(if has_enough && may_skip { Answer::Skip } else { Answer::Continue })
    }

    /// Keeps what comes within the limit. What is beyond is let go: an SMS holds a few words from the mail's beginning.
    fn keep(&mut self, bytes: &[u8]) {
        let limit = self.settings.max_message_size;
        if let Some(mail) = self.mail.as_mut().filter(|mail| !mail.is_given_up) {
            let room = limit.saturating_sub(mail.text.len());
            mail.text.push(&bytes[..bytes.len().min(room)]);
        }
    }

    fn end(&mut self, piece: &[u8]) -> Next {
        self.keep(piece);
        let client = self.client.clone();
        let queue_id = std::mem::take(&mut self.queue_id);
        let mail = self.mail.take().filter(|mail| mail.goes_elsewhere && !mail.is_given_up);
        // Nobody can be rung for recipients of whom none can be read.
        let mail = mail.filter(|mail| !mail.recipients.is_empty());
        self.forget_mail();
        let Some(mail) = mail.filter(|_| self.interest == Interest::Mails) else { return Next::Say(Answer::Continue) };
        // Its own limit is none, and so it is never too big.
        let bytes = mail.text.finish().unwrap_or_default();
        // A notice of ours that rings may become a notice again. The mail itself goes its way: its server counts its hops.
        if hops::find_loop(&bytes, &self.settings.hostname).is_some() {
            return Next::Say(Answer::Continue);
        }
        let Mail { from, recipients, .. } = mail;
        let envelope = Envelope { from, recipients, client, returned: None, envelope_id: None };
        // One verdict for each telephone that rings, for the log.
        let letter = Letter { envelope, content: Content::Mail, bytes, answers: Answers::PerRecipient };
        Next::Ring(Box::new(Passing { queue_id, letter }))
    }
}

impl Mail {
    fn new(from: ReversePath, size: Option<u64>) -> Mail {
        let (recipients, text) = (Vec::new(), Text::new(usize::MAX));
        Mail { from, size, recipients, goes_elsewhere: false, text, is_given_up: false }
    }
}

/// What we keep of a name that somebody else chose.
fn shortened(mut name: String) -> String {
    let end = (0..=MAX_NAME.min(name.len())).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
    name.truncate(end);
    name
}
