//! Packs what was prepared into one letter for the spool, and remembers which answer belongs to which recipient. Pure.

use std::time::Duration;

use jiff::Timestamp;

use super::desk::{Message, Prepared};
use crate::clock::later;
use crate::message::{self, Text};
use crate::smtp::{Answers, Envelope, Recipient, Reply, ReversePath, Verdict};
use crate::spool::{Committed, Fate, NewLetter, NewParcel, Priority};

/// Where and when a letter came from: what packing needs to know beside the letter itself.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    pub envelope: &'a Envelope,
    pub answers: Answers,
    /// Who handed it over: `smtp 127.0.0.1`, `command line`.
    pub source: &'a str,
    pub now: Timestamp,
    /// How long its messages may wait.
    pub expire: Duration,
}

/// A letter ready for the spool, and whose answer hangs on which of its parcels.
#[derive(Debug)]
pub struct Packed {
    /// `None` when every recipient is refused in the session.
    pub letter: Option<NewLetter>,
    /// For each recipient of the envelope: its parcel in the letter, or its refusal.
    places: Vec<Result<usize, Reply>>,
}

impl Packed {
    /// The verdicts, once the letter is on disk. `committed` holds one entry for each parcel of the letter.
    pub fn verdicts(self, committed: &[Committed]) -> Vec<Verdict> {
        let unknown = || Reply::new(451, "4.3.0", "the message could not be stored, please try again later");
        let verdict = |place: Result<usize, Reply>| {
            place.and_then(|at| committed.get(at).map(|parcel| parcel.id.letter.clone()).ok_or_else(unknown))
        };
        self.places.into_iter().map(verdict).collect()
    }

    /// The verdicts when the letter could not be stored.
    pub fn refused(self, reply: &Reply) -> Vec<Verdict> {
        self.places.into_iter().map(|place| Err(place.err().unwrap_or_else(|| reply.clone()))).collect()
    }
}

/// Packs the messages of one letter.
///
/// A telephone that several recipients stand for gets one message. A refusal goes into the client's answer wherever
/// the answer can carry it; where it can't, because SMTP answers once for recipients of different fates or because one
/// telephone of several behind a mailbox can't be written to, the message is stored as refused, and the sender gets a
/// notice.
pub fn pack(arrival: &Arrival<'_>, text: &Text, prepared: Vec<Prepared>) -> Packed {
    let some_can_be_sent = prepared.iter().any(can_be_sent);
    let one_answer_for_all = arrival.answers == Answers::Single && some_can_be_sent;
    let mut parcels: Vec<NewParcel> = Vec::new();
    let mut places = Vec::new();
    for Prepared { recipient, messages } in prepared {
        let messages = match messages {
            Ok(messages) => messages,
            Err(reply) => {
                places.push(Err(reply));
                continue;
            }
        };
        let refusal = messages.iter().find_map(|message| message.sms.as_ref().err().cloned());
        let answer = refusal.filter(|_| !messages.iter().any(|m| m.sms.is_ok()) && !one_answer_for_all);
        if let Some(reply) = answer {
            places.push(Err(reply));
            continue;
        }
        let stored: Vec<usize> = messages.into_iter().map(|m| store(&mut parcels, &recipient, arrival, m)).collect();
        places.extend(stored.first().map(|first| Ok(*first)));
    }
    let letter = (!parcels.is_empty()).then(|| new_letter(arrival, text, parcels));
    Packed { letter, places }
}

fn can_be_sent(prepared: &Prepared) -> bool {
    prepared.messages.iter().flatten().any(|message| message.sms.is_ok())
}

/// Puts a message into the letter unless its telephone has one already; gives its place.
fn store(parcels: &mut Vec<NewParcel>, recipient: &Recipient, arrival: &Arrival<'_>, message: Message) -> usize {
    if let Some(place) = parcels.iter().position(|parcel| parcel.number == message.route.number) {
        return place;
    }
    parcels.push(NewParcel {
        address: recipient.mailbox.to_string(),
        number: message.route.number,
        sender: message.sender,
        gateways: message.route.gateways,
        expires: later(arrival.now, arrival.expire),
        priority: Priority::Normal,
        topic: None,
        notify: recipient.notify,
        original: recipient.original.clone(),
        fate: match message.sms {
            Ok(sms) => Fate::Waiting { encoding: sms.encoding, parts: sms.parts },
            Err(reply) => Fate::Refused { reason: reply.lines.join(" ") },
        },
    });
    parcels.len() - 1
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
mod tests {
    use super::*;
    use crate::address::{Number, Route};
    use crate::message::Author;
    use crate::sms::{Encoding, Part, Sms};
    use crate::smtp::Mailbox;

    const FIRST: &str = "+447731234567";
    const SECOND: &str = "+393331234567";

    fn mailbox(local: &str) -> Mailbox {
        Mailbox { local: local.to_owned(), domain: Some("sms.example.com".to_owned()) }
    }

    fn message(number: &str, sms: Result<&str, Reply>) -> Message {
        Message {
            route: Route { number: Number::from_e164(number).unwrap(), gateways: vec!["gateway".to_owned()] },
            sender: "ALERTS".parse().unwrap(),
            sms: sms.map(|text| Sms {
                encoding: Encoding::Latin1,
                because: None,
                parts: vec![Part { text: text.to_owned(), units: text.len() }],
                truncated: false,
                dropped: Vec::new(),
                text: text.to_owned(),
            }),
        }
    }

    fn prepared(local: &str, messages: Result<Vec<Message>, Reply>) -> Prepared {
        Prepared { recipient: mailbox(local).into(), messages }
    }

    fn too_foreign() -> Reply {
        Reply::new(554, "5.6.0", "this gateway can't carry it")
    }

    fn no_such_number() -> Reply {
        Reply::new(550, "5.1.1", "no such number")
    }

    /// Packs, and shows each recipient's place: the number of its parcel, or the code that refuses it.
    fn places(answers: Answers, prepared: Vec<Prepared>) -> (Packed, Vec<Result<usize, u16>>) {
        let envelope = Envelope::by_command_line(
            ReversePath::Mailbox(mailbox("sender")),
            prepared.iter().map(|p| p.recipient.mailbox.clone()).collect(),
        );
        let arrival = Arrival {
            envelope: &envelope,
            answers,
            source: "test",
            now: Timestamp::UNIX_EPOCH,
            expire: Duration::from_secs(60),
        };
        let packed = pack(&arrival, &Text::default(), prepared);
        let shown = packed.places.iter().map(|p| p.as_ref().map(|at| *at).map_err(|reply| reply.code)).collect();
        (packed, shown)
    }

    #[test]
    fn a_telephone_named_twice_gets_one_message_and_both_recipients_its_id() {
        let all = vec![
            prepared("oncall", Ok(vec![message(FIRST, Ok("down")), message(SECOND, Ok("down"))])),
            prepared("00447731234567", Ok(vec![message(FIRST, Ok("down"))])),
        ];
        let (packed, places) = places(Answers::Single, all);
        assert_eq!(places, [Ok(0), Ok(0)]);
        assert_eq!(packed.letter.unwrap().parcels.len(), 2);
    }

    #[test]
    fn lmtp_answers_each_recipient_for_itself() {
        let all = vec![
            prepared("1", Ok(vec![message(FIRST, Err(too_foreign()))])),
            prepared("2", Ok(vec![message(SECOND, Ok("down"))])),
            prepared("3", Err(no_such_number())),
        ];
        let (packed, places) = places(Answers::PerRecipient, all);
        assert_eq!(places, [Err(554), Ok(0), Err(550)]);
        assert_eq!(packed.letter.unwrap().parcels.len(), 1);
    }

    #[test]
    fn where_smtp_can_answer_only_once_a_refusal_is_stored_and_told_by_notice() {
        let all = vec![
            prepared("1", Ok(vec![message(FIRST, Err(too_foreign()))])),
            prepared("2", Ok(vec![message(SECOND, Ok("down"))])),
        ];
        let (packed, places) = places(Answers::Single, all);
        assert_eq!(places, [Ok(0), Ok(1)]);
        let parcels = packed.letter.unwrap().parcels;
        assert!(matches!(&parcels[0].fate, Fate::Refused { reason } if reason.contains("can't carry")));
        assert!(matches!(parcels[1].fate, Fate::Waiting { .. }));
    }

    #[test]
    fn when_nobody_can_be_sent_to_nothing_is_stored() {
        let all = vec![
            prepared("1", Ok(vec![message(FIRST, Err(too_foreign()))])),
            prepared("2", Ok(vec![message(SECOND, Err(too_foreign()))])),
        ];
        let (packed, places) = places(Answers::Single, all);
        assert_eq!(places, [Err(554), Err(554)]);
        assert!(packed.letter.is_none());
    }

    #[test]
    fn nobody_is_told_of_automatic_mail_or_mail_from_the_null_sender() {
        let author = Some(Author { address: "root@host".to_owned(), name: String::new() });
        let person = ReversePath::Mailbox(mailbox("root"));
        for (from, automatic, told) in
            [(person.clone(), false, true), (person, true, false), (ReversePath::Null, false, false)]
        {
            let envelope = Envelope::by_command_line(from, vec![mailbox("1")]);
            let arrival = Arrival {
                envelope: &envelope,
                answers: Answers::Single,
                source: "test",
                now: Timestamp::UNIX_EPOCH,
                expire: Duration::from_secs(60),
            };
            let text = Text { automatic, author: author.clone(), ..Text::default() };
            let letter = pack(&arrival, &text, vec![prepared("1", Ok(vec![message(FIRST, Ok("x"))]))]).letter.unwrap();
            assert_eq!(letter.notice_to.is_some(), told, "{:?} automatic: {automatic}", letter.from);
        }
    }
}
