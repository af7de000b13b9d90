//! What `telepost queue` prints: tables for people, JSON for machines. The field names of the JSON are part of the
//! outward interface.
//!
//! Words from mails and gateways come from strangers: control characters in them never reach the terminal.

use std::io::{self, Write};

use comfy_table::{Table, presets};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::spool::{HistoryEntry, LetterRecord, Listed, NoticeState, Ordered, Parcel, ParcelRecord, State, Stats};

/// Prints a list that comes in pages; what was printed is forgotten.
pub struct Lines<'a, W> {
    out: &'a mut W,
    form: Form,
}

/// How it is printed.
enum Form {
    Text,
    /// One array; how many of it are printed.
    Json {
        printed: usize,
    },
}

impl<'a, W: Write> Lines<'a, W> {
    pub fn text(out: &'a mut W) -> Lines<'a, W> {
        Lines { out, form: Form::Text }
    }

    pub fn json(out: &'a mut W) -> io::Result<Lines<'a, W>> {
        write!(out, "[")?;
        Ok(Lines { out, form: Form::Json { printed: 0 } })
    }

    /// A page of messages.
    pub fn messages(&mut self, page: &[Listed]) -> io::Result<()> {
        if matches!(self.form, Form::Json { .. }) {
            return page.iter().try_for_each(|line| self.item(&Message::of(line)));
        }
        match page.is_empty() {
            true => Ok(()),
            false => writeln!(self.out, "{}", messages(page)),
        }
    }

    /// What became of a page of orders.
    pub fn ordered(&mut self, page: &[Ordered]) -> io::Result<()> {
        for one in page {
            let result = OrderResult {
                id: one.id.to_string(),
                state: one.outcome.as_ref().ok().copied(),
                error: one.outcome.as_ref().err().map(ToString::to_string),
            };
            match (&self.form, &one.outcome) {
                (Form::Json { .. }, _) => self.item(&result)?,
                (Form::Text, Ok(state)) => writeln!(self.out, "{} {state}", one.id)?,
                (Form::Text, Err(error)) => writeln!(self.out, "{error}")?,
            }
        }
        Ok(())
    }

    fn item(&mut self, item: &impl Serialize) -> io::Result<()> {
        if let Form::Json { printed } = &mut self.form {
            let before = if *printed == 0 { "\n" } else { ",\n" };
            *printed += 1;
            write!(self.out, "{before}")?;
            serde_json::to_writer(&mut *self.out, item)?;
        }
        Ok(())
    }

    /// The list is complete.
    pub fn end(self) -> io::Result<()> {
        match self.form {
            Form::Text => Ok(()),
            Form::Json { .. } => writeln!(self.out, "\n]"),
        }
    }
}

#[derive(Serialize)]
struct Message<'a> {
    id: String,
    state: State,
    number: &'a str,
    /// The recipient as the client wrote it.
    address: &'a str,
    /// The envelope sender; none for the null sender.
    from: Option<&'a str>,
    /// The sender ID.
    sender: &'a str,
    subject: &'a str,
    gateway: &'a str,
    parts: usize,
    accepted_parts: usize,
    attempts: u32,
    #[serde(serialize_with = "rfc3339")]
    accepted: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    due: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    expires: Timestamp,
    last_reply: Option<&'a str>,
}

impl Message<'_> {
    fn of(line: &Listed) -> Message<'_> {
        Message::new(&line.parcel, line.from.as_deref(), &line.subject)
    }

    fn new<'a>(parcel: &'a Parcel, from: Option<&'a str>, subject: &'a str) -> Message<'a> {
        Message {
            id: parcel.id.to_string(),
            state: parcel.state,
            number: parcel.number.as_str(),
            address: &parcel.address,
            from,
            sender: parcel.sender.as_str(),
            subject,
            gateway: &parcel.gateway,
            parts: parcel.parts.len(),
            accepted_parts: parcel.accepted_parts,
            attempts: parcel.attempts,
            accepted: parcel.accepted,
            due: parcel.due,
            expires: parcel.expires,
            last_reply: parcel.last_reply.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct OrderResult {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

fn messages(page: &[Listed]) -> Table {
    let mut table =
        new_table(&["message", "state", "number", "from", "gateway", "parts", "tries", "due", "last reply"]);
    for Listed { parcel, from, .. } in page {
        table.add_row([
            parcel.id.to_string(),
            parcel.state.to_string(),
            parcel.number.to_string(),
            plain(from.as_deref().unwrap_or("<>")),
            plain(&parcel.gateway),
            format!("{}/{}", parcel.accepted_parts, parcel.parts.len()),
            parcel.attempts.to_string(),
            time(parcel.due),
            plain(parcel.last_reply.as_deref().unwrap_or("-")),
        ]);
    }
    table
}

/// A letter for people: what its messages share, then each of them with its history.
pub fn letter(letter: &LetterRecord, out: &mut impl Write) -> io::Result<()> {
    let notice_to = letter.notice_to.as_ref().map_or_else(|| "nobody".to_owned(), ToString::to_string);
    for (what, value) in [
        ("letter", letter.id.as_str()),
        ("from", letter.from.as_deref().unwrap_or("<>")),
        ("subject", &letter.subject),
        ("Message-ID", letter.message_id.as_deref().unwrap_or("-")),
        ("brought by", &letter.source),
        ("accepted", &time(letter.accepted)),
        ("notices to", &notice_to),
    ] {
        writeln!(out, "{what:<11} {}", plain(value))?;
    }
    letter.parcels.iter().try_for_each(|record| message(record, out))
}

fn message(record: &ParcelRecord, out: &mut impl Write) -> io::Result<()> {
    let parcel = &record.parcel;
    writeln!(out)?;
    writeln!(out, "message {}: {}", parcel.id, parcel.state)?;
    let accepted = format!("{} of {}", parcel.accepted_parts, parcel.parts.len());
    for (what, value) in [
        ("number", parcel.number.as_str()),
        ("written as", &parcel.address),
        ("sender ID", parcel.sender.as_str()),
        ("gateway", &parcel.gateway),
        ("accepted", &format!("{accepted} parts in {} tries", parcel.attempts)),
        (due(parcel.state), &time(parcel.due)),
        ("expires", &time(parcel.expires)),
        ("notice", record.notice.as_str()),
    ] {
        writeln!(out, "  {what:<11} {}", plain(value))?;
    }
    for (number, part) in (1..).zip(&parcel.parts) {
        let mark = if number <= parcel.accepted_parts { "accepted" } else { "not yet" };
        writeln!(out, "  part {number} ({}, {} units, {mark}): {}", parcel.encoding, part.units, plain(&part.text))?;
    }
    writeln!(out, "{}", history(&record.history))
}

/// What the time is that a parcel carries.
fn due(state: State) -> &'static str {
    match state {
        State::Waiting => "due",
        State::Sending | State::Sent | State::Held | State::Refused | State::Expired => "since",
    }
}

fn history(entries: &[HistoryEntry]) -> Table {
    let mut table = new_table(&["time", "what", "gateway", "words"]);
    for entry in entries {
        table.add_row([
            time(entry.time),
            plain(&entry.what),
            plain(entry.gateway.as_deref().unwrap_or("-")),
            plain(&entry.detail),
        ]);
    }
    table
}

#[derive(Serialize)]
struct Letter<'a> {
    id: &'a str,
    from: Option<&'a str>,
    notice_to: Option<String>,
    message_id: Option<&'a str>,
    subject: &'a str,
    source: &'a str,
    #[serde(serialize_with = "rfc3339")]
    accepted: Timestamp,
    messages: Vec<WholeMessage<'a>>,
}

#[derive(Serialize)]
struct WholeMessage<'a> {
    id: String,
    state: State,
    number: &'a str,
    address: &'a str,
    sender: &'a str,
    gateway: &'a str,
    gateways: &'a [String],
    encoding: String,
    parts: Vec<Part<'a>>,
    accepted_parts: usize,
    attempts: u32,
    #[serde(serialize_with = "rfc3339")]
    due: Timestamp,
    #[serde(serialize_with = "rfc3339")]
    expires: Timestamp,
    last_reply: Option<&'a str>,
    notice: NoticeState,
    history: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Part<'a> {
    text: &'a str,
    units: usize,
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(serialize_with = "rfc3339")]
    time: Timestamp,
    what: &'a str,
    gateway: Option<&'a str>,
    detail: &'a str,
}

/// A letter for machines.
pub fn letter_json(letter: &LetterRecord, out: &mut impl Write) -> io::Result<()> {
    let shown = Letter {
        id: &letter.id,
        from: letter.from.as_deref(),
        notice_to: letter.notice_to.as_ref().map(ToString::to_string),
        message_id: letter.message_id.as_deref(),
        subject: &letter.subject,
        source: &letter.source,
        accepted: letter.accepted,
        messages: letter.parcels.iter().map(whole_message).collect(),
    };
    serde_json::to_writer(&mut *out, &shown)?;
    writeln!(out)
}

fn whole_message(record: &ParcelRecord) -> WholeMessage<'_> {
    let parcel = &record.parcel;
    WholeMessage {
        id: parcel.id.to_string(),
        state: parcel.state,
        number: parcel.number.as_str(),
        address: &parcel.address,
        sender: parcel.sender.as_str(),
        gateway: &parcel.gateway,
        gateways: &parcel.gateways,
        encoding: parcel.encoding.to_string(),
        parts: parcel.parts.iter().map(|part| Part { text: &part.text, units: part.units }).collect(),
        accepted_parts: parcel.accepted_parts,
        attempts: parcel.attempts,
        due: parcel.due,
        expires: parcel.expires,
        last_reply: parcel.last_reply.as_deref(),
        notice: record.notice,
        history: record.history.iter().map(entry).collect(),
    }
}

fn entry(entry: &HistoryEntry) -> Entry<'_> {
    Entry { time: entry.time, what: &entry.what, gateway: entry.gateway.as_deref(), detail: &entry.detail }
}

fn rfc3339<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(time)
}

/// The spool in numbers, for people.
pub fn stats(stats: &Stats, out: &mut impl Write) -> io::Result<()> {
    for state in State::ALL {
        writeln!(out, "{state:<22} {:>8}", stats.count(state))?;
    }
    for (gateway, count) in &stats.waiting_by_gateway {
        writeln!(out, "{:<22} {count:>8}", format!("waiting for {}", plain(gateway)))?;
    }
    writeln!(out, "{:<22} {:>8}", "notices owed", stats.notices_owed)?;
    match stats.oldest_waiting {
        Some(oldest) => writeln!(out, "the oldest waiting one was accepted at {}", time(oldest)),
        None => Ok(()),
    }
}

/// The spool in numbers, for machines.
pub fn stats_json(stats: &Stats, out: &mut impl Write) -> io::Result<()> {
    let mut shown = serde_json::Map::new();
    for state in State::ALL {
        shown.insert(state.to_string(), stats.count(state).into());
    }
    let waiting = stats.waiting_by_gateway.iter().map(|(gateway, count)| (gateway.clone(), (*count).into()));
    shown.insert("waiting_for".to_owned(), serde_json::Value::Object(waiting.collect()));
    shown.insert("oldest_waiting".to_owned(), stats.oldest_waiting.map(|time| time.to_string()).into());
    shown.insert("notices_owed".to_owned(), stats.notices_owed.into());
    serde_json::to_writer(&mut *out, &shown)?;
    writeln!(out)
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(header.iter().copied());
    table
}

fn time(time: Timestamp) -> String {
    format!("{time:.0}")
}

/// The text with everything that could steer a terminal taken out: control characters, and those that turn the
/// direction of writing.
fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { ' ' } else { c }).collect()
}
