//! One mail and what it should become.
//!
//! `NAME.sms` holds the text of the SMS, several parts set apart by a line `---`. Before the text may stand what else is
//! expected, a line each: `action: drop`, `rule: NAME`, `priority: urgent`, `sender: ID`, `key: KEY`, `resolves: KEY`,
//! `reply: 550 5.7.1 REASON`. What is not named is not looked at, but a mail is expected to be sent unless an action is
//! named. A text that begins like one of these has an empty line before it.
//!
//! Known limit: of a recipient that stands for several telephones only the first is looked at.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::intake::{Decision, Desk, Message};
use crate::message::Text;
use crate::sms::Sms;
use crate::smtp::{Envelope, Mailbox, ReversePath};
use crate::spool::Standing;

/// Files of a folder that are looked at.
const MAX_FILES: usize = 100_000;
/// Bytes of a mail, and of what is expected.
const MAX_BYTES: u64 = 10_000_000;
/// The line between two parts.
const BETWEEN: &str = "\n---\n";

/// What may be expected beside the text.
const KEYS: [&str; 7] = ["action", "rule", "priority", "sender", "key", "resolves", "reply"];

/// A mail in a folder.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    path: PathBuf,
}

impl Case {
    /// All mails of a folder by their names; there must be one at least, and one to everything that is expected.
    pub(super) fn find(folder: &Path) -> Result<Vec<Case>, String> {
        let told = |error: std::io::Error| format!("{} can't be read: {error}", folder.display());
        let (mut mails, mut expected) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(folder).map_err(told)?.take(MAX_FILES) {
            let path = entry.map_err(told)?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("eml") => mails.push(path),
                Some("sms") => expected.push(path),
                _ => {}
            }
        }
        if let Some(alone) = expected.iter().find(|path| !mails.contains(&path.with_extension("eml"))) {
            return Err(format!("{} has no mail (.eml) beside it", alone.display()));
        }
        if mails.is_empty() {
            return Err(format!("{} has no mails (.eml) in it", folder.display()));
        }
        mails.sort();
        let name = |path: &Path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(mails.into_iter().map(|path| Case { name: name(&path), path }).collect())
    }

    pub(super) fn mail(&self) -> Result<Vec<u8>, String> {
        read(&self.path)
    }

    /// What the mail should become; `None`: nobody has said.
    pub(super) fn expected(&self) -> Result<Option<Expected>, String> {
        let path = self.path.with_extension("sms");
        if !path.exists() {
            return Ok(None);
        }
        let text = String::from_utf8(read(&path)?).map_err(|_| format!("{} is not UTF-8", path.display()))?;
        Ok(Some(Expected::read(&text)))
    }

    pub(super) fn write(&self, found: &str) -> Result<(), String> {
        let path = self.path.with_extension("sms");
        fs::write(&path, format!("{found}\n")).map_err(|error| format!("{} can't be written: {error}", path.display()))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("{} can't be read: {error}", path.display());
    let mut bytes = Vec::new();
    File::open(path).map_err(told)?.take(MAX_BYTES).read_to_end(&mut bytes).map_err(told)?;
    Ok(bytes)
}

/// What somebody has written down.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    facts: Vec<(&'static str, String)>,
    text: String,
}

impl Expected {
    pub(super) fn read(source: &str) -> Expected {
        let source = source.replace("\r\n", "\n");
        let mut rest = source.as_str();
        let mut facts = Vec::new();
        while let Some((fact, after)) = fact(rest) {
            facts.push(fact);
            rest = after;
        }
        Expected { facts, text: rest.strip_prefix('\n').unwrap_or(rest).trim_end_matches('\n').to_owned() }
    }

    pub(super) fn keys(&self) -> Vec<&'static str> {
        self.facts.iter().map(|(key, _)| *key).collect()
    }

    pub(super) fn shown(&self) -> String {
        shown(&self.facts, &self.text)
    }
}

/// The first line when it says something beside the text, and what follows it.
fn fact(text: &str) -> Option<((&'static str, String), &str)> {
    let (line, after) = text.split_once('\n').unwrap_or((text, ""));
    let (key, value) = line.split_once(": ")?;
    let key = KEYS.into_iter().find(|known| *known == key)?;
    Some(((key, value.trim().to_owned()), after))
}

fn shown(facts: &[(&'static str, String)], text: &str) -> String {
    let mut lines: Vec<String> = facts.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    if fact(text).is_some() {
        lines.push(String::new());
    }
    lines.extend((!text.is_empty()).then(|| text.to_owned()));
    lines.join("\n")
}

/// What a mail becomes.
#[derive(Debug)]
pub(super) struct Outcome {
    /// In the order of [`KEYS`]; only those that there are.
    facts: Vec<(&'static str, String)>,
    text: String,
}

impl Outcome {
    /// `stand_in` is the recipient when the mail names none of ours.
    pub(super) fn of(desk: &Desk, mail: &[u8], stand_in: &Mailbox) -> Outcome {
        let refused = |reply: &crate::smtp::Reply| Outcome {
            facts: vec![("action", "refuse".to_owned()), ("reply", reply.to_string().trim_end().to_owned())],
            text: String::new(),
        };
        let text = match desk.open(mail) {
            Ok(text) => text,
            Err(reply) => return refused(&reply),
        };
        let envelope = envelope(desk, &text, stand_in);
        let prepared = desk.prepare(&envelope, &text).into_iter().next().map(|prepared| prepared.messages);
        match prepared {
            Some(Err(reply)) => refused(&reply),
            Some(Ok(messages)) => messages.into_iter().next().map(Outcome::of_message).unwrap_or_default(),
            None => Outcome::default(),
        }
    }

    fn of_message(message: Message) -> Outcome {
        let text = |sms: &Sms| sms.parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(BETWEEN);
        let (action, text, reply) = match &message.decision {
            Decision::Send(sms) => ("send", text(sms), None),
            Decision::Hold { sms, .. } => ("hold", text(sms), None),
            Decision::Drop { .. } => ("drop", String::new(), None),
            Decision::Refuse(reply) => ("refuse", String::new(), Some(reply.to_string().trim_end().to_owned())),
        };
        let (key, resolves) = match message.topic {
            Some(topic) if topic.standing == Standing::Recovery => (None, Some(topic.key)),
            topic => (topic.map(|topic| topic.key), None),
        };
        let facts = [
            ("action", Some(action.to_owned())),
            ("rule", message.rule.map(|rule| rule.name)),
            ("priority", Some(message.priority.to_string())),
            ("sender", Some(message.sender.to_string())),
            ("key", key),
            ("resolves", resolves),
            ("reply", reply),
        ];
        Outcome { facts: facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect(), text }
    }

    pub(super) fn rule(&self) -> Option<&String> {
        self.facts.iter().find(|(key, _)| *key == "rule").map(|(_, rule)| rule)
    }

    /// As somebody would write it down who looks at these keys; an action other than to send is always told.
    pub(super) fn shown(&self, keys: &[&'static str]) -> String {
        let value = |key: &str| self.facts.iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
        let is_sent = value("action").as_deref() == Some("send");
        let untold = (!is_sent && !keys.contains(&"action")).then_some("action");
        let facts = untold.iter().chain(keys).map(|key| (*key, value(key).unwrap_or_else(|| "none".to_owned())));
        shown(&facts.collect::<Vec<_>>(), &self.text)
    }
}

impl Default for Outcome {
    /// Nothing became of it.
    fn default() -> Outcome {
        Outcome { facts: vec![("action", "none".to_owned())], text: String::new() }
    }
}

fn envelope(desk: &Desk, text: &Text, stand_in: &Mailbox) -> Envelope {
    let returned = text.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("Return-Path"));
    let from = returned.map(|(_, path)| path.as_str()).or(text.author.as_ref().map(|author| author.address.as_str()));
    let from = from.and_then(|from| from.parse().ok()).map_or(ReversePath::Null, ReversePath::Mailbox);
    let mut envelope = Envelope::by_command_line(from, vec![stand_in.clone()]);
    let named = text.recipients().into_iter().filter_map(|address| address.parse::<Mailbox>().ok());
    let ours = named.into_iter().find(|mailbox| desk.resolve(mailbox, &envelope.client.permit).is_ok());
    envelope.recipients.splice(.., [ours.unwrap_or_else(|| stand_in.clone()).into()]);
    envelope
}
