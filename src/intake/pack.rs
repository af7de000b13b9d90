//! Packs what was prepared into one letter for the spool, and remembers which answer belongs to which recipient. Pure.

use jiff::Timestamp;

use super::desk::{Decision, Message, Prepared};
use crate::clock::later;
use crate::message::{self, Text};
use crate::sms::Encoding;
use crate::smtp::{Accepted, Answers, Envelope, Recipient, Reply, ReversePath, Verdict};
use crate::spool::{Committed, Fate, NewLetter, NewParcel};

/// Where and when a letter came from: what packing needs to know beside the letter itself.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub envelope: &'a Envelope,
    pub answers: Answers,
    /// Who handed it over: `smtp 127.0.0.1`, `command line`.
    pub source: &'a str,
    pub now: Timestamp,
}

/// A letter ready for the spool, and whose answer hangs on which of its parcels.
#[derive(Debug)]
pub struct Packed {
    /// `None` when every recipient is refused in the session.
    pub letter: Option<NewLetter>,
    /// For each recipient of the envelope.
    places: Vec<Place>,
}

/// What a recipient's answer hangs on.
#[derive(Clone, Debug)]
enum Place {
    /// A parcel of the letter, from 0.
    Parcel(usize),
    Dropped {
        by: String,
    },
    Refused(Reply),
}

impl Packed {
    /// The verdicts, once the letter is on disk. `committed` holds one entry for each parcel of the letter.
    pub fn verdicts(self, committed: &[Committed]) -> Vec<Verdict> {
        let unknown = || Reply::new(451, "4.3.0", "the message could not be stored, please try again later");
        let queued = |at: usize| committed.get(at).map(|parcel| Accepted::Queued { id: parcel.id.letter.clone() });
        let verdict = |place: Place| match place {
            Place::Parcel(at) => queued(at).ok_or_else(unknown),
            Place::Dropped { by } => Ok(Accepted::Dropped { by }),
            Place::Refused(reply) => Err(reply),
        };
        self.places.into_iter().map(verdict).collect()
    }

    /// The verdicts when the letter could not be stored. What is dropped is told to be refused too: where the client
    /// hears of one answer only, it must hand the letter over again.
    pub fn refused(self, reply: &Reply) -> Vec<Verdict> {
        let verdict = |place: Place| match place {
            Place::Refused(own) => Err(own),
            Place::Parcel(_) | Place::Dropped { .. } => Err(reply.clone()),
        };
        self.places.into_iter().map(verdict).collect()
    }

    /// Which recipients' messages are thrown away, and by what.
    pub fn dropped(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|place| match place {
            Place::Dropped { by } => Some(by.as_str()),
            Place::Parcel(_) | Place::Refused(_) => None,
        })
    }
}

/// Packs the messages of one letter.
///
/// A telephone that several recipients stand for gets one message. What is dropped goes nowhere. A refusal goes into the client's answer wherever
/// the answer can carry it; where it can't, because SMTP answers once for recipients of different fates or because one
/// telephone of several behind a mailbox can't be written to, the message is stored as refused, and the sender gets a
/// notice.
pub fn pack(arrival: &Arrival<'_>, text: &Text, prepared: Vec<Prepared>) -> Packed {
    let some_are_accepted = prepared.iter().flat_map(|prepared| prepared.messages.iter().flatten()).any(is_accepted);
    let one_answer_for_all = arrival.answers == Answers::Single && some_are_accepted;
    let mut parcels: Vec<NewParcel> = Vec::new();
    let mut places = Vec::new();
    for Prepared { recipient, messages } in prepared {
        let messages = match messages {
            Ok(messages) => messages,
            Err(reply) => {
                places.push(Place::Refused(reply));
                continue;
            }
        };
        let refusal = messages.iter().find_map(refusal);
        let answer = refusal.filter(|_| !messages.iter().any(is_accepted) && !one_answer_for_all);
        if let Some(reply) = answer {
            places.push(Place::Refused(reply));
            continue;
        }
        let stored: Vec<Place> = messages.into_iter().map(|m| store(&mut parcels, &recipient, arrival, m)).collect();
        let queued = stored.iter().find(|place| matches!(place, Place::Parcel(_)));
        places.extend(queued.or(stored.first()).cloned());
    }
    let letter = (!parcels.is_empty()).then(|| new_letter(arrival, text, parcels));
    Packed { letter, places }
}

fn refusal(message: &Message) -> Option<Reply> {
    match &message.decision {
        Decision::Refuse(reply) => Some(reply.clone()),
        Decision::Send(_) | Decision::Hold { .. } | Decision::Drop { .. } => None,
    }
}

fn is_accepted(message: &Message) -> bool {
    refusal(message).is_none()
}

/// Puts a message into the letter unless it goes nowhere; gives its place. A telephone that has one already gets no
/// other, but what can be sent goes before what is held, and that before what can't be sent.
fn store(parcels: &mut Vec<NewParcel>, recipient: &Recipient, arrival: &Arrival<'_>, message: Message) -> Place {
    let remark = remark(&message);
    let fate = match message.decision {
        Decision::Send(sms) => Fate::Waiting { encoding: sms.encoding, parts: sms.parts },
        Decision::Hold { sms, reason } => Fate::Held { encoding: sms.encoding, parts: sms.parts, reason },
        Decision::Refuse(reply) => Fate::Refused { reason: reply.lines.join(" ") },
        Decision::Drop { by } => return Place::Dropped { by },
    };
    let parcel = NewParcel {
        address: recipient.mailbox.to_string(),
        number: message.route.number,
        sender: message.sender,
        gateways: message.route.gateways,
        expires: later(arrival.now, message.expire),
        priority: message.priority,
        topic: message.topic,
        notify: recipient.notify,
        original: recipient.original.clone(),
        remark,
        fate,
    };
    match parcels.iter().position(|before| before.number == parcel.number) {
        None => {
            parcels.push(parcel);
            Place::Parcel(parcels.len() - 1)
        }
        Some(place) => {
            if worth(&parcels[place].fate) < worth(&parcel.fate) {
                parcels[place] = parcel;
            }
            Place::Parcel(place)
        }
    }
}

/// Which rule fits, and what made the text dear.
fn remark(message: &Message) -> Option<String> {
    let because = match &message.decision {
        Decision::Send(sms) | Decision::Hold { sms, .. } => sms.because,
        Decision::Drop { .. } | Decision::Refuse(_) => None,
    };
    let rule = message.rule.as_ref().map(|rule| format!("rule {}", rule.name));
    let because = because.map(|character| format!("{} because {character}", Encoding::Ucs2));
    let all: Vec<String> = [rule, because].into_iter().flatten().collect();
    (!all.is_empty()).then(|| all.join(", "))
}

fn worth(fate: &Fate) -> u8 {
    match fate {
        Fate::Waiting { .. } => 2,
        Fate::Held { .. } => 1,
        Fate::Refused { .. } => 0,
    }
}

fn new_letter(arrival: &Arrival<'_>, text: &Text, parcels: Vec<NewParcel>) -> NewLetter {
    let from = arrival.envelope.from.clone();
    let notice_to = match &from {
        ReversePath::Mailbox(mailbox) if !text.automatic => Some(mailbox.clone()),
        _ => None,
    };
    NewLetter {
        from,
        notice_to,
        message_id: text.message_id.clone(),
        subject: text.subject.clone(),
        headers: message::kept_headers(text),
        source: arrival.source.to_owned(),
        accepted: arrival.now,
        returned: arrival.envelope.returned,
        envelope_id: arrival.envelope.envelope_id.clone(),
        parcels,
    }
}

#[cfg(test)]
mod tests;
