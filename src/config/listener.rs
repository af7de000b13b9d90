//! `[[listener]]`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::section::Section;
use super::units::Size;
use super::value::{Choice, Count};
use crate::smtp::{Bind, Network, Protocol, Settings, Timeouts};

const MAX_MESSAGE_SIZE: Size = Size(10_000_000);
const MAX_CONNECTIONS: Count = Count::new(1000);
const MAX_RECIPIENTS: Count = Count::new(100);

/// `others` are the addresses that other listeners have.
pub(super) fn read(section: &mut Section<'_, '_>, hostname: &str, others: &mut Vec<Bind>) -> Option<Settings> {
    let protocol = section.or("protocol", Protocol::Smtp);
    let bind = section.required::<Bind>("bind");
    let trusted = match &bind {
        Some(Bind::Unix(_)) => trusted_on_socket(section),
        _ => section.or("trusted", loopback()),
    };
    section.or("tls", Tls::Off);
    section.not_built("certificate");
    section.not_built("key");
    section.not_built("users");
    let max_message_size = section.or("max_message_size", MAX_MESSAGE_SIZE).0;
    let max_connections = section.or("max_connections", MAX_CONNECTIONS).get();
    let max_recipients = section.or("max_recipients", MAX_RECIPIENTS).get();
    let bind = bind?;
    if others.contains(&bind) {
        section.problem("bind", format!("another listener has {bind} already"));
    }
    // Port 0 is whichever is free, so two of them are two.
    if !matches!(bind, Bind::Tcp(address) if address.port() == 0) {
        others.push(bind.clone());
    }
    if matches!(bind, Bind::Tcp(_)) && trusted.is_empty() && !section.has("users") {
        section.problem("trusted", "is empty, so nobody could send by this listener");
    }
    let hostname = hostname.to_owned();
    let timeouts = Timeouts::default();
    Some(Settings { hostname, protocol, bind, trusted, max_message_size, max_connections, max_recipients, timeouts })
}

/// A Unix socket's clients have no address; who may open it is up to the file system.
fn trusted_on_socket(section: &mut Section<'_, '_>) -> Vec<Network> {
    if section.has("trusted") {
        section.warning("trusted", "means nothing on a Unix socket: whoever can open it may send");
    }
    section.optional("trusted").unwrap_or_default()
}

/// `127.0.0.0/8` and `::1`.
fn loopback() -> Vec<Network> {
    let v4 = Network { address: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), prefix_length: 8 };
    let v6 = Network { address: IpAddr::V6(Ipv6Addr::LOCALHOST), prefix_length: 128 };
    vec![v4, v6]
}

impl Choice for Protocol {
    const WORDS: &'static [(&'static str, Protocol)] = &[("smtp", Protocol::Smtp), ("lmtp", Protocol::Lmtp)];
    const NOT_BUILT: &'static [&'static str] = &["gateway", "milter"];
}

/// How a listener encrypts.
#[derive(Clone, Copy, PartialEq)]
enum Tls {
    Off,
}

impl Choice for Tls {
    const WORDS: &'static [(&'static str, Tls)] = &[("off", Tls::Off)];
    const NOT_BUILT: &'static [&'static str] = &["starttls", "required", "implicit"];
}
