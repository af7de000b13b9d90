//! The notice itself: a `multipart/report` mail (RFC 6522, RFC 3464) made from the facts of a case; and plain mails
//! about many cases at once, or about telepost itself. Pure.
//!
//! The same case always gives the same Message-ID, so a mail server that got a notice twice can tell. Everything
//! that came with the mail or from the gateway is made harmless here: it cannot start a header field, a line of its
//! own in the delivery status, or a new part. It never fails: what cannot be shown is left out.
//!
//! Known limit: `RET=FULL` (RFC 3461, section 4.3) gives back header fields only, because the spool does not keep mails.

use jiff::Timestamp;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::{BodyPart, MimePart};

use super::case::{Case, Kind};
use super::settings::Settings;
use super::status;
use crate::smtp::Mailbox;

/// Most characters of the mail's subject in a notice; the subject of the notice stays on one line with them.
const MAX_SUBJECT: usize = 60;
/// Most characters of the last word on the message, where people read it.
const MAX_WORDS: usize = 1000;
/// Messages that a summary names, and most characters of the last word on each.
const MAX_SUMMED: usize = 100;
const MAX_SUMMED_WORDS: usize = 200;
/// Most bytes of the mail's header fields that go back to the sender.
const MAX_HEADERS: usize = 16 * 1024;
/// Most bytes of a Message-ID that is referred to; RFC 5322 allows lines of 998.
const MAX_MESSAGE_ID: usize = 900;
/// How many last digits of a number a sender must have written to be shown the whole of it.
const KNOWN_DIGITS: usize = 7;

/// A notice ready to go. Its envelope sender is the null one (RFC 3464, section 2), always: nobody is told about a
/// notice that fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    to: Mailbox,
    bytes: Vec<u8>,
}

impl Notice {
    /// Whom it goes to.
    pub fn to(&self) -> &Mailbox {
        &self.to
    }

    /// The mail: header fields first, every line ended by CRLF, no bare CR or LF. It is ASCII unless a mailbox in its
    /// header is not (RFC 6532).
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Builds the notice about `case`; `now` becomes its Date.
pub fn notice(settings: &Settings, case: &Case, now: Timestamp) -> Notice {
    let about = if case.subject.trim().is_empty() { &case.address } else { &case.subject };
    let mut mail = MessageBuilder::new()
        .from(Address::new_address(Some("SMS relay"), settings.from.to_string()))
        .to(Address::new_address(None::<&str>, case.notice_to.to_string()))
        .subject(format!("{}: {}", headline(&case.kind), shortened(about, MAX_SUBJECT)))
        .date(Date::new(now.as_second()))
        .message_id(format!("{}.{}@{}", case.id, mark(&case.kind), settings.hostname))
        .header("Auto-Submitted", Raw::new("auto-replied"));
    if let Some(id) = case.message_id.as_deref().filter(|id| is_message_id(id)) {
        mail = mail.in_reply_to(id).references(id);
    }
    let mut bytes = Vec::new();
    mail.body(report(settings, case)).serialize(&mut bytes);
    Notice { to: case.notice_to.clone(), bytes }
}

/// Builds a mail by which telepost tells somebody something of its own; `number` keeps it apart from others.
pub fn memo(settings: &Settings, number: i64, to: &Mailbox, subject: &str, text: &str, now: Timestamp) -> Notice {
    let mut bytes = Vec::new();
    MessageBuilder::new()
        .from(Address::new_address(Some("SMS relay"), settings.from.to_string()))
        .to(Address::new_address(None::<&str>, to.to_string()))
        .subject(format!("telepost: {}", shortened(subject, MAX_WORDS)))
        .date(Date::new(now.as_second()))
        .message_id(format!("{number}.{}.memo@{}", now.as_second(), settings.hostname))
        .header("Auto-Submitted", Raw::new("auto-generated"))
        .body(MimePart::new("text/plain", text.to_owned()))
        .serialize(&mut bytes);
    Notice { to: to.clone(), bytes }
}

/// Builds one plain mail about several messages of one sender, of whom there was too much to tell. `cases` has at least
/// one; they all go to the first one's sender.
pub fn summary(settings: &Settings, cases: &[Case], now: Timestamp) -> Option<Notice> {
    let first = cases.first()?;
    let line = |case: &Case| {
        let about = if case.subject.trim().is_empty() { &case.address } else { &case.subject };
        format!(
            "{id}  {headline}\n    {about}\n    to {address}: {words}\n",
            id = case.id,
            headline = headline(&case.kind),
            about = shortened(about, MAX_SUBJECT),
            address = shortened(&case.address, MAX_WORDS),
            words = shortened(case.kind.words(), MAX_SUMMED_WORDS),
        )
    };
    let listed: String = cases.iter().take(MAX_SUMMED).map(line).collect();
    let left = cases.len().saturating_sub(MAX_SUMMED);
    let rest = if left > 0 { format!("and {left} more.\n") } else { String::new() };
    let text = format!(
        "This is the SMS relay at {}.\nMuch is to be told about messages of yours, so here it is in one mail:\n\n{listed}{rest}",
        settings.hostname,
    );
    let mut bytes = Vec::new();
    MessageBuilder::new()
        .from(Address::new_address(Some("SMS relay"), settings.from.to_string()))
        .to(Address::new_address(None::<&str>, first.notice_to.to_string()))
        .subject(format!("SMS relay: about {} of your messages", cases.len()))
        .date(Date::new(now.as_second()))
        .message_id(format!("{}.{}.summary@{}", first.id, now.as_second(), settings.hostname))
        .header("Auto-Submitted", Raw::new("auto-replied"))
        .body(MimePart::new("text/plain", text))
        .serialize(&mut bytes);
    Some(Notice { to: first.notice_to.clone(), bytes })
}

/// The three parts of RFC 6522: for people, for machines, and what the sender knows the mail by.
fn report<'x>(settings: &Settings, case: &Case) -> MimePart<'x> {
    let people = for_people(settings, case);
    let machines = status::fields(settings, case);
    let headers = header_fields(&case.headers);
    let kind = ContentType::new("multipart/report")
        .attribute("report-type", "delivery-status")
        .attribute("boundary", boundary(&case.id, &[&people, &machines, &headers]));
    // Binary, though it is text: mail-builder would give a charset to a part that must have none.
    let machines = BodyPart::Binary(machines.into_bytes().into());
    MimePart::new(
        kind,
        vec![
            MimePart::new("text/plain", people),
            MimePart::new("message/delivery-status", machines).transfer_encoding("7bit"),
            MimePart::new("text/rfc822-headers", headers),
        ],
    )
}

/// A boundary that stands nowhere in the parts, not even inside a line: some readers take it there too. Random
/// numbers would do as well, but then no two notices about the same case were alike.
fn boundary(id: &str, parts: &[&str]) -> String {
    let stands_in = |boundary: &String| parts.iter().any(|part| part.contains(boundary));
    let mut boundary = format!("=_{id}_");
    while stands_in(&boundary) {
        boundary.push('_');
    }
    boundary
}

/// What a person reads.
fn for_people(settings: &Settings, case: &Case) -> String {
    let words = shortened(case.kind.words(), MAX_WORDS);
    let (what, reason) = match case.kind {
        Kind::Refused { .. } => {
            ("A message of yours could not be sent as an SMS.", "It was refused for good, with these words:")
        }
        Kind::Expired { .. } => (
            "A message of yours could not be sent as an SMS.",
            "Its time ran out. The last try ended with these words:",
        ),
        Kind::Relayed { .. } => (
            "The SMS gateway has taken a message of yours. Whether the telephone has it is not known here.",
            "The gateway's own words:",
        ),
        Kind::Delayed { .. } => (
            "A message of yours could not be sent as an SMS yet.",
            "You need not send it again. The last try ended with these words:",
        ),
    };
    format!(
        "This is the SMS relay at {hostname}.\n\
         {what}\n\
         \n\
         \x20   To:        {address}\n\
         \x20   Number:    {number}\n\
         \x20   Subject:   {subject}\n\
         \x20   Received:  {arrival}\n\
         \x20   Queue ID:  {id}\n\
         \n\
         {reason}\n\
         \n\
         \x20   {words}\n\
         \n\
         {extent}\n",
        hostname = settings.hostname,
        address = shortened(&case.address, MAX_WORDS),
        number = number_shown(case),
        subject = shortened(&case.subject, MAX_SUBJECT),
        arrival = status::date(case.arrival),
        id = case.id,
        words = if words.is_empty() { "(none)" } else { &words },
        extent = extent(case),
    )
}

/// How much of it went out, and what comes next.
fn extent(case: &Case) -> String {
    let extent = match (case.accepted_parts, case.total_parts) {
        (0, 1) => "The SMS was not sent.".to_owned(),
        (0, total) => format!("None of its {total} parts was sent."),
        (accepted, total) => format!("Only {accepted} of its {total} parts were sent."),
    };
    match case.kind {
        Kind::Refused { .. } | Kind::Expired { .. } => format!("{extent} It will not be tried again."),
        Kind::Relayed { .. } => format!("SMS sent: {}.", case.total_parts),
        Kind::Delayed { until, .. } => format!("{extent} It will be tried until {}.", status::date(until)),
    }
}

fn headline(kind: &Kind) -> &'static str {
    match kind {
        Kind::Refused { .. } | Kind::Expired { .. } => "SMS not sent",
        Kind::Relayed { .. } => "SMS relayed",
        Kind::Delayed { .. } => "SMS delayed",
    }
}

/// What keeps the Message-IDs of several notices about one message apart.
fn mark(kind: &Kind) -> &'static str {
    match kind {
        Kind::Refused { .. } | Kind::Expired { .. } => "notice",
        Kind::Relayed { .. } => "relayed",
        Kind::Delayed { .. } => "delayed",
    }
}

/// The number in full when the sender wrote it, else masked: whoever writes to `oncall@` need not learn whose
/// telephone rings, only which of several it was.
fn number_shown(case: &Case) -> String {
    let number = case.number.as_str();
    let written: String = case.address.chars().filter(char::is_ascii_digit).collect();
    match written.contains(&number[number.len() - KNOWN_DIGITS..]) {
        true => number.to_owned(),
        false => case.number.masked(),
    }
}

/// The mail's header fields, only lines that are one (RFC 5322, section 2.2): a field, or one that continues it.
fn header_fields(headers: &str) -> String {
    let mut fields = String::new();
    for line in headers.split(['\r', '\n']).filter(|line| is_header_line(line)) {
        if fields.len() + line.len() > MAX_HEADERS {
            break;
        }
        fields.extend(line.chars().map(|c| if c.is_control() { ' ' } else { c }));
        fields.push('\n');
    }
    fields
}

fn is_header_line(line: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| (b'!'..=b'~').contains(&b));
    let continues = line.starts_with([' ', '\t']) && !line.trim().is_empty();
    continues || line.split_once(':').is_some_and(|(name, _)| is_name(name.trim_end()))
}

fn is_message_id(id: &str) -> bool {
    let is_plain = |b: u8| (b'!'..=b'~').contains(&b) && b != b'<' && b != b'>';
    (1..=MAX_MESSAGE_ID).contains(&id.len()) && id.bytes().all(is_plain)
}

/// One line of at most `limit` characters, `...` marking a cut; control characters become spaces.
fn shortened(text: &str, limit: usize) -> String {
    let mut characters = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = characters.by_ref().take(limit).collect();
    if characters.next().is_some() {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests;
