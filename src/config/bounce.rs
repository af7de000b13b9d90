//! `[bounce]`.

use std::time::Duration;

use super::network::Server;
use super::section::Section;
use super::value::{Found, Value, Wrong};
use crate::bounce::{Allowed, Settings};
use crate::gateway::Rate;
use crate::smtp::Mailbox;

const HOUR: Duration = Duration::from_secs(3600);
const DELAY: Duration = Duration::from_secs(4 * 3600);
const PER_SENDER: Rate = Rate { count: 20, per: HOUR };
const EXPIRE: Duration = Duration::from_secs(5 * 24 * 3600);

pub(super) fn read(section: &mut Section<'_, '_>, hostname: &str) -> Settings {
    let Server { host: relay_host, port: relay_port } =
        section.or("relay", Server { host: "127.0.0.1".to_owned(), port: 25 });
    let postmaster = Mailbox { local: "postmaster".to_owned(), domain: Some(hostname.to_owned()) };
    let from = section.or("from", postmaster);
    let notify = section.or("notify", Vec::new());
    let delay = section.or("delay", DELAY);
    let per_sender = section.or("per_sender", PER_SENDER);
    let expire = section.or("expire", EXPIRE);
    Settings {
        hostname: hostname.to_owned(),
        relay_host,
        relay_port,
        from,
        notify,
        delay: Some(delay).filter(|delay| !delay.is_zero()),
        per_sender: Some(Allowed { count: per_sender.count, per: per_sender.per }),
        expire,
    }
}

impl Value for Mailbox {
    const WANTED: &'static str = r#"a mail address such as "postmaster@sms.example.com""#;

    fn read(found: &Found<'_>) -> Result<Mailbox, Vec<Wrong>> {
        found.parse_or_not(|text| text.parse().ok().filter(|mailbox: &Mailbox| mailbox.domain.is_some()))
    }

    fn write(&self) -> toml::Value {
        self.to_string().into()
    }
}
