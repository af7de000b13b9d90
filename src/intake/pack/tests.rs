//! Whose answer hangs on what, and what goes into the spool.

use std::time::Duration;

use super::*;
use crate::address::{Number, Route};
use crate::intake::Matched;
use crate::message::Author;
use crate::sms::{ForeignChar, Part, Sms};
use crate::smtp::Mailbox;
use crate::spool::{ParcelId, Priority, State};

const FIRST: &str = "+447731234567";
const SECOND: &str = "+393331234567";

fn mailbox(local: &str) -> Mailbox {
    Mailbox { local: local.to_owned(), domain: Some("sms.example.com".to_owned()) }
}

fn sms(text: &str) -> Sms {
    Sms {
        encoding: Encoding::Latin1,
        because: None,
        parts: vec![Part { text: text.to_owned(), units: text.len() }],
        truncated: false,
        dropped: Vec::new(),
        text: text.to_owned(),
    }
}

fn message(number: &str, sent: Result<&str, Reply>) -> Message {
    decided(number, sent.map_or_else(Decision::Refuse, |text| Decision::Send(sms(text))))
}

fn held(number: &str) -> Message {
    decided(number, Decision::Hold { sms: sms("down"), reason: "rule night".to_owned() })
}

fn dropped(number: &str) -> Message {
    decided(number, Decision::Drop { by: "rule noise".to_owned() })
}

fn decided(number: &str, decision: Decision) -> Message {
    Message {
        route: Route {
            number: Number::from_e164(number).unwrap(),
            gateways: vec!["gateway".to_owned()],
            prefix: "+".to_owned(),
            wish: None,
        },
        sender: "ALERTS".parse().unwrap(),
        priority: Priority::Urgent,
        topic: None,
        expire: Duration::from_secs(60),
        rule: None,
        decision,
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

/// Packs, and shows each recipient's place: the number of its parcel, or the code of its answer without one.
fn places(answers: Answers, prepared: Vec<Prepared>) -> (Packed, Vec<Result<usize, u16>>) {
    let envelope = Envelope::by_command_line(
        ReversePath::Mailbox(mailbox("sender")),
        prepared.iter().map(|p| p.recipient.mailbox.clone()).collect(),
    );
    let arrival = Arrival { envelope: &envelope, answers, source: "test", now: Timestamp::UNIX_EPOCH };
    let packed = pack(&arrival, &Text::default(), prepared);
    let shown = |place: &Place| match place {
        Place::Parcel(at) => Ok(*at),
        Place::Dropped { .. } => Err(250),
        Place::Refused(reply) => Err(reply.code),
    };
    let shown = packed.places.iter().map(shown).collect();
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
        let arrival =
            Arrival { envelope: &envelope, answers: Answers::Single, source: "test", now: Timestamp::UNIX_EPOCH };
        let text = Text { automatic, author: author.clone(), ..Text::default() };
        let letter = pack(&arrival, &text, vec![prepared("1", Ok(vec![message(FIRST, Ok("x"))]))]).letter.unwrap();
        assert_eq!(letter.notice_to.is_some(), told, "{:?} automatic: {automatic}", letter.from);
    }
}

#[test]
fn what_is_dropped_goes_nowhere_and_is_told_as_what_it_is() {
    let all = || vec![prepared("1", Ok(vec![dropped(FIRST)])), prepared("2", Ok(vec![message(SECOND, Ok("down"))]))];
    let by = Accepted::Dropped { by: "rule noise".to_owned() };
    for answers in [Answers::Single, Answers::PerRecipient] {
        let (packed, places) = places(answers, all());
        assert_eq!(places, [Err(250), Ok(0)]);
        assert_eq!(packed.letter.as_ref().unwrap().parcels.len(), 1);
        assert_eq!(packed.dropped().collect::<Vec<_>>(), ["rule noise"]);
        let id = ParcelId { letter: "7k2".to_owned(), place: 1 };
        let verdicts = packed.verdicts(&[Committed { id, duplicate: false, state: State::Waiting }]);
        assert_eq!(verdicts, [Ok(by.clone()), Ok(Accepted::Queued { id: "7k2".to_owned() })]);
    }
    let (packed, _) = places(Answers::Single, vec![prepared("1", Ok(vec![dropped(FIRST), dropped(SECOND)]))]);
    assert!(packed.letter.is_none());
    assert_eq!(packed.verdicts(&[]), [Ok(by)]);
}

#[test]
fn when_the_spool_takes_nothing_a_dropped_neighbour_does_not_say_250_for_all() {
    let all = vec![prepared("1", Ok(vec![dropped(FIRST)])), prepared("2", Ok(vec![message(SECOND, Ok("down"))]))];
    let (packed, _) = places(Answers::Single, all);
    let full = Reply::new(451, "4.3.0", "later");
    assert_eq!(packed.refused(&full), [Err(full.clone()), Err(full)]);
}

#[test]
fn beside_a_dropped_recipient_smtp_tells_a_refusal_by_notice() {
    let all =
        || vec![prepared("1", Ok(vec![dropped(FIRST)])), prepared("2", Ok(vec![message(SECOND, Err(too_foreign()))]))];
    let (packed, single) = places(Answers::Single, all());
    assert_eq!(single, [Err(250), Ok(0)]);
    assert!(matches!(packed.letter.unwrap().parcels[0].fate, Fate::Refused { .. }));
    assert_eq!(places(Answers::PerRecipient, all()).1, [Err(250), Err(554)]);
}

#[test]
fn what_is_held_lies_in_the_spool_with_its_reason() {
    let (packed, places) = places(Answers::PerRecipient, vec![prepared("1", Ok(vec![held(FIRST)]))]);
    assert_eq!(places, [Ok(0)]);
    let parcel = packed.letter.unwrap().parcels.remove(0);
    assert!(matches!(&parcel.fate, Fate::Held { reason, .. } if reason == "rule night"));
    assert_eq!((parcel.priority, parcel.expires), (Priority::Urgent, Timestamp::from_second(60).unwrap()));
}

#[test]
fn what_made_a_message_as_it_is_goes_with_it() {
    let dear = |because| {
        let mut message = message(FIRST, Ok("don’t"));
        let Decision::Send(sms) = &mut message.decision else { panic!("it is sent") };
        sms.because = because;
        message
    };
    let quote = Some(ForeignChar { character: '’', position: 4 });
    let zabbix = Some(Matched { name: "zabbix".to_owned(), reasons: Vec::new() });
    for (message, remark) in [
        (dear(None), None),
        (dear(quote), Some("ucs2 because U+2019 at 4")),
        (Message { rule: zabbix, ..dear(quote) }, Some("rule zabbix, ucs2 because U+2019 at 4")),
    ] {
        let (packed, _) = places(Answers::Single, vec![prepared("1", Ok(vec![message]))]);
        assert_eq!(packed.letter.unwrap().parcels[0].remark.as_deref(), remark);
    }
}

#[test]
fn of_two_messages_for_one_telephone_the_one_that_can_be_sent_wins() {
    let refused = || message(FIRST, Err(too_foreign()));
    for all in [
        [refused(), held(FIRST), message(FIRST, Ok("down"))],
        [message(FIRST, Ok("down")), refused(), held(FIRST)],
        [held(FIRST), message(FIRST, Ok("down")), refused()],
    ] {
        let all = all.into_iter().map(|message| prepared("1", Ok(vec![message]))).collect();
        let (packed, places) = places(Answers::Single, all);
        assert_eq!(places, [Ok(0), Ok(0), Ok(0)]);
        assert!(matches!(packed.letter.unwrap().parcels[..], [NewParcel { fate: Fate::Waiting { .. }, .. }]));
    }
}
