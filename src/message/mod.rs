//! The letter opener: takes a mail as bytes and gives its [`Text`]. Pure.
//!
//! It never decides what is sent or to whom. A mail without words is a text without words; only what is no mail, or
//! hides its words deeper than anybody looks, is an error.
//!
//! The way of a mail: `head` splits the fields off, `parts` cuts the body, `choose` finds the parts that are text and
//! has them decoded by `transfer` and `charset` and read by `plain`, `html` or `tnef`; `trim` leaves out what is not
//! the author's, `clean` what nobody sees. Everything has a limit, so a hostile mail of 10 MB costs one look at each of
//! its bytes.
//!
//! Known limit: a body is at most `MAX_BODY` characters long.

mod automatic;
mod bare;
mod charset;
mod choose;
mod clean;
mod fields;
mod head;
mod html;
mod kept;
mod line;
mod parts;
mod plain;
mod settings;
mod text;
mod tnef;
mod transfer;
mod trim;
mod words;

use std::borrow::Cow;

pub use bare::bare_words;
pub use kept::kept_headers;
pub use settings::{Pattern, PatternError, Settings};
pub use text::{Author, Findings, Locked, Text};
pub use trim::{Reason, Trimmed};

use head::Head;
use line::Line;
use parts::Parts;
use trim::Purpose;

/// How many characters of a body are kept: a hundred times what the longest SMS holds, so that rules can search it.
const MAX_BODY: usize = 16 * 1024;
/// How many characters of a header field are kept.
const MAX_FIELD: usize = 4096;

/// Why a mail can't be opened. The words are for its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtractError {
    #[error("the message is empty")]
    Empty,
    #[error("the message is not a mail: it has no header and is not text")]
    NotAMail,
    #[error("no text was found within {MAX_PARTS} parts and {MAX_DEPTH} levels of parts", MAX_PARTS = parts::MAX_PARTS, MAX_DEPTH = parts::MAX_DEPTH)]
    TooDeep,
}

/// Opens a mail (RFC 5322, RFC 2045 to 2049), lines ended by CRLF or LF. Bytes without a header are taken as the text
/// itself: scripts pipe such things.
pub fn extract(bytes: &[u8], settings: &Settings) -> Result<Text, ExtractError> {
    let bytes = &*with_line_feeds(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    if bytes.trim_ascii().is_empty() {
        return Err(ExtractError::Empty);
    }
    let (head, body) = open(bytes)?;
    let parts = Parts::of(head, body);
    let hint = parts.charset();
    let mut text = headers(&parts.root().head, hint);
    text.automatic = automatic::is_automatic(&parts.root().head, &parts.root().kind);
    let chosen = choose::text(&parts, &text.subject);
    if line::are_blank(&chosen.lines) && chosen.is_beyond {
        return Err(ExtractError::TooDeep);
    }
    let clean = chosen.lines.into_iter().map(|line| Line { text: clean::line(&line.text), ..line });
    let clean: Vec<Line> = clean.collect();
    let purpose = Purpose::of(&text.subject, &clean);
    let (lines, trimmed) = trim::trim(clean, purpose, settings);
    text.body = clean::joined(&lines, MAX_BODY);
    let is_cut = chosen.is_cut || text.body.chars().count() >= MAX_BODY;
    text.findings = Findings { locked: chosen.locked, trimmed, is_cut };
    Ok(text)
}

/// Old programs end lines by a bare CR; where no LF is, that is what they mean.
fn with_line_feeds(bytes: &[u8]) -> Cow<'_, [u8]> {
    let has = |end: u8| bytes.contains(&end);
    match has(b'\n') || !has(b'\r') {
        true => Cow::Borrowed(bytes),
        false => Cow::Owned(bytes.iter().map(|byte| if *byte == b'\r' { b'\n' } else { *byte }).collect()),
    }
}

/// The header and the body; without a header of a mail all is body.
fn open(bytes: &[u8]) -> Result<(Head<'_>, &[u8]), ExtractError> {
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(0);
    let (head, at) = head::split(&bytes[start..]);
    if head.is_of_a_mail() {
        return Ok((head, &bytes[start + at..]));
    }
    match bytes.contains(&0) {
        true => Err(ExtractError::NotAMail),
        false => Ok((Head::default(), bytes)),
    }
}

/// The text of the header; the body is not read yet.
fn headers(head: &Head<'_>, hint: Option<&str>) -> Text {
    let decoded = |value: &[u8]| shortened(&words::decode(&value[..value.len().min(MAX_FIELD * 8)], hint));
    let mailboxes = |name| head.all(name).flat_map(|value| fields::mailboxes(&value, hint)).collect::<Vec<Author>>();
    let headers = head.fields().iter().map(|field| (field.name.to_owned(), decoded(&head::unfolded(field.value))));
    Text {
        subject: head.first("Subject").map(|value| decoded(&value)).unwrap_or_default(),
        author: mailboxes("From").into_iter().chain(mailboxes("Sender")).next(),
        date: head.first("Date").and_then(|value| fields::date(&value)),
        message_id: head.first("Message-ID").and_then(|value| fields::message_id(&value)),
        headers: headers.collect(),
        recipients: ["To", "Cc", "Bcc"].into_iter().flat_map(mailboxes).map(|mailbox| mailbox.address).collect(),
        ..Text::default()
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_FIELD) {
        Some((at, _)) => text[..at].trim_end().to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
