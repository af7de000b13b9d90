//! `[[gateway]]`.

use std::num::NonZeroU16;
use std::time::Duration;

use toml::Spanned;

use super::network::Host;
use super::secret;
use super::section::Section;
use super::value::{Choice, Count, Found, Port, Value, Whole, Wrong};
use crate::gateway::{OnUnknown, Protocol, Settings, Timeouts};
use crate::sms::{Charset, Medium, Ucs2};

/// SMTP's port (RFC 5321, section 4.5.4.2), which the document's gateway has.
const PORT: Port = Port(NonZeroU16::MIN.saturating_add(24));
const SESSIONS: Count = Count::new(2);
const MAX_LENGTH: Count = Count::new(160);
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const IDLE: Duration = Duration::from_secs(300);
const LOW_CREDIT: Whole = Whole(100);

/// `names` are the gateways so far. The name gets there even when something else is wrong: routes ask for it.
pub(super) fn read(section: &mut Section<'_, '_>, ellipsis: &str, names: &mut Vec<Spanned<Name>>) -> Option<Settings> {
    let name = section.required::<Spanned<Name>>("name");
    match &name {
        Some(name) if names.contains(name) => section.problem("name", "is the name of another gateway too"),
        Some(name) => names.push(name.clone()),
        None => {}
    }
    let protocol = section.or("protocol", Protocol::SmsItaly);
    let host = section.required::<Host>("host").map(|Host(host)| host);
    let port = section.or("port", PORT).0.get();
    let username = section.required::<Username>("username").map(|Username(name)| name);
    let password = secret::password(section);
    let sessions = section.or("sessions", SESSIONS).get();
    let rate = section.optional("rate");
    let pipelining = section.or("pipelining", false);
    let charset = section.or("charset", Charset::Latin1);
    let max_length = section.or("max_length", MAX_LENGTH).get();
    let ucs2 = section.or("ucs2", Ucs2::default());
    let on_unknown = section.or("on_unknown", OnUnknown::Retry);
    let low_credit = u64::from(section.or("low_credit", LOW_CREDIT).0);
    let keep_alive = section.or("keep_alive", KEEP_ALIVE);
    let idle = section.or("idle", IDLE);
    let slow_after = section.optional("slow_after");
    if max_length <= ellipsis.chars().count() {
        section.problem("max_length", "leaves no room for a text beside message.ellipsis");
    }
    Some(Settings {
        name: name?.into_inner().0,
        protocol,
        host: host?,
        port,
        username: username?,
        password: password?,
        sessions,
        rate,
        pipelining,
        // No dialect of today carries the header that joins parts, so each part bears its number.
        medium: Medium { ucs2, ..Medium::new(charset, max_length) },
        on_unknown,
        low_credit,
        keep_alive: Some(keep_alive).filter(|pause| !pause.is_zero()),
        idle,
        slow_after,
        timeouts: Timeouts::default(),
    })
}

/// The names in a section's key `gateways`, in their order: each of a gateway that there is, none twice.
pub(super) fn names(section: &mut Section<'_, '_>, named: Vec<Spanned<Name>>, known: &[Spanned<Name>]) -> Vec<String> {
    let mut gateways = Vec::new();
    for name in named {
        let (at, is_known, Name(name)) = (name.span(), known.contains(&name), name.into_inner());
        if !is_known {
            section.problem_at(at, "gateways", format!("there is no gateway {name:?}"));
        } else if gateways.contains(&name) {
            section.problem_at(at, "gateways", format!("has {name:?} twice"));
        }
        gateways.push(name);
    }
    gateways
}

/// A name for routes, logs and metrics.
#[derive(Clone, PartialEq)]
pub(super) struct Name(pub String);

impl Value for Name {
    const WANTED: &'static str = "a name of letters, digits, - _ and .";

    fn read(found: &Found<'_>) -> Result<Name, Vec<Wrong>> {
        let is_inside = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        found.parse_or_not(|text| (!text.is_empty() && text.bytes().all(is_inside)).then(|| Name(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

struct Username(String);

impl Value for Username {
    const WANTED: &'static str = "the account's user name";

    fn read(found: &Found<'_>) -> Result<Username, Vec<Wrong>> {
        let may_be = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        found.parse_or_not(|text| may_be(text).then(|| Username(text.to_owned())))
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

impl Choice for Protocol {
    const WORDS: &'static [(&'static str, Protocol)] = &[("smsitaly", Protocol::SmsItaly)];
    const NOT_BUILT: &'static [&'static str] = &["mail", "smpp", "ucp", "http"];
}

impl Choice for OnUnknown {
    const WORDS: &'static [(&'static str, OnUnknown)] = &[("retry", OnUnknown::Retry), ("hold", OnUnknown::Hold)];
}

impl Choice for Ucs2 {
    const WORDS: &'static [(&'static str, Ucs2)] =
        &[("transliterate", Ucs2::Transliterate), ("allow", Ucs2::Allow), ("refuse", Ucs2::Refuse)];
}

impl Choice for Charset {
    const WORDS: &'static [(&'static str, Charset)] =
        &[("ascii", Charset::Ascii), ("latin1", Charset::Latin1), ("gsm7", Charset::Gsm7), ("utf8", Charset::Utf8)];
}
