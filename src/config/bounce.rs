//! `[bounce]`.

use super::network::Server;
use super::section::Section;
use super::value::{Found, Value, Wrong};
use crate::bounce::Settings;
use crate::smtp::Mailbox;

pub(super) fn read(section: &mut Section<'_, '_>, hostname: &str) -> Settings {
    let Server { host: relay_host, port: relay_port } =
        section.or("relay", Server { host: "127.0.0.1".to_owned(), port: 25 });
    let postmaster = Mailbox { local: "postmaster".to_owned(), domain: Some(hostname.to_owned()) };
    let from = section.or("from", postmaster);
    let notify = section.or("notify", Vec::new());
    Settings { hostname: hostname.to_owned(), relay_host, relay_port, from, notify }
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
