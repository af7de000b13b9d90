//! What the address book is told. Filled in by `config`, values only.

use std::collections::BTreeMap;

use super::number::Number;
use super::pattern::Pattern;
use super::sender_id::SenderId;

/// How numbers are read and which of them may be written to: `[numbers]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbering {
    /// Digits of the country that a national number belongs to; `None`: national numbers are refused.
    pub country_code: Option<String>,
    /// What stands before a national number inside its country; may be empty.
    pub trunk_prefix: String,
    /// Prefixes with `+` that may be written to; empty: all.
    pub allow: Vec<String>,
    /// Prefixes with `+` that may not; wins over `allow`.
    pub deny: Vec<String>,
    pub premium: Premium,
}

impl Default for Numbering {
    /// Every number in international form, unless it costs more than others.
    fn default() -> Numbering {
        Numbering {
            country_code: None,
            trunk_prefix: String::new(),
            allow: Vec::new(),
            deny: Vec::new(),
            premium: Premium::Deny,
        }
    }
}

/// Whether numbers that cost more than others may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Premium {
    /// They may.
    Take,
    /// They may not, unless a prefix in `allow` names their range or something in it.
    Deny,
}

/// One `[[route]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoutePrefix {
    /// `+` and digits; the longest one that fits a number wins.
    pub prefix: String,
    /// Names in order of preference; at least one.
    pub gateways: Vec<String>,
}

/// One `[[sender.map]]`: the sender ID for mails whose author matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SenderMapping {
    pub from: Pattern,
    pub id: SenderId,
}

/// Everything the address book knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Only mail for these is ours; lower case.
    pub domains: Vec<String>,
    pub numbering: Numbering,
    /// Lower-case local parts and the numbers they stand for.
    pub aliases: BTreeMap<String, Vec<Number>>,
    pub routes: Vec<RoutePrefix>,
    pub default_sender: SenderId,
    /// The first match wins.
    pub sender_map: Vec<SenderMapping>,
}
