//! Values that name a place in the network: host names, addresses to listen on, networks, mail servers.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use super::value::{self, Found, Value, Wrong};
use crate::smtp::{Bind, Network};

/// Bytes of a host name (RFC 1035, section 2.3.4).
const MAX_HOST_NAME: usize = 253;
/// Bytes of a Unix socket's path, with room for the end mark (`sun_path` of unix(7)).
const MAX_SOCKET_PATH: usize = 107;
/// Characters of a socket's name in systemd.
const MAX_SOCKET_NAME: usize = 255;
/// The largest network that may be trusted: wider ones hold strangers, and SMS cost money.
const WIDEST_IPV4: u8 = 8;
/// As [`WIDEST_IPV4`]: all unique local addresses (RFC 4193).
const WIDEST_IPV6: u8 = 7;

/// A host name or domain in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostName(pub String);

impl HostName {
    /// Letters, digits, `-`, `_` and dots between them; so it can stand in a greeting and in a command line.
    pub fn new(text: &str) -> Option<HostName> {
        let text = text.strip_suffix('.').unwrap_or(text);
        let is_inside = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        let is_label = |label: &str| (1..=63).contains(&label.len()) && label.bytes().all(is_inside);
        (text.len() <= MAX_HOST_NAME && text.split('.').all(is_label)).then(|| HostName(text.to_ascii_lowercase()))
    }
}

impl Value for HostName {
    const WANTED: &'static str = r#"a host name such as "sms.example.com""#;

    fn read(found: &Found<'_>) -> Result<HostName, Vec<Wrong>> {
        found.parse_or_not(HostName::new)
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

/// A host to connect to: its name or its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Host(pub String);

impl Host {
    fn new(text: &str) -> Option<Host> {
        match text.parse::<IpAddr>() {
            Ok(address) => Some(Host(address.to_string())),
            Err(_) => HostName::new(text).map(|HostName(name)| Host(name)),
        }
    }
}

impl Value for Host {
    const WANTED: &'static str = r#"a host such as "sms.example.com" or "192.0.2.1", without a port"#;

    fn read(found: &Found<'_>) -> Result<Host, Vec<Wrong>> {
        found.parse_or_not(Host::new)
    }

    fn write(&self) -> toml::Value {
        self.0.as_str().into()
    }
}

/// A host and the port to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub host: String,
    pub port: u16,
}

impl Value for Server {
    const WANTED: &'static str = r#"a host and port such as "127.0.0.1:25" or "[::1]:25""#;

    fn read(found: &Found<'_>) -> Result<Server, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (host, port) = text.rsplit_once(':')?;
            let host = match host.strip_prefix('[') {
                Some(address) => address.strip_suffix(']')?.parse::<Ipv6Addr>().ok()?.to_string(),
                None => Host::new(host).filter(|host| !host.0.contains(':'))?.0,
            };
            let port = port.parse().ok().filter(|port| *port > 0)?;
            Some(Server { host, port })
        })
    }

    fn write(&self) -> toml::Value {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port).into(),
            false => format!("{}:{}", self.host, self.port).into(),
        }
    }
}

impl Value for Bind {
    const WANTED: &'static str =
        r#"an address such as "127.0.0.1:2525", "unix:/run/telepost/lmtp.sock" or "systemd:NAME""#;

    fn read(found: &Found<'_>) -> Result<Bind, Vec<Wrong>> {
        found.parse_or_not(|text| match text.split_once(':') {
            Some(("unix", path)) => is_socket_path(path).then(|| Bind::Unix(PathBuf::from(path))),
            Some(("systemd", name)) => is_socket_name(name).then(|| Bind::Systemd(name.to_owned())),
            _ => text.parse().ok().map(Bind::Tcp),
        })
    }

    fn write(&self) -> toml::Value {
        self.to_string().into()
    }
}

/// What systemd.socket(5) takes as `FileDescriptorName`.
fn is_socket_name(name: &str) -> bool {
    (1..=MAX_SOCKET_NAME).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
}

fn is_socket_path(path: &str) -> bool {
    path.starts_with('/') && path.len() <= MAX_SOCKET_PATH && !path.contains('\0')
}

impl Value for Network {
    const WANTED: &'static str = r#"a network such as "127.0.0.0/8", or an address"#;

    fn read(found: &Found<'_>) -> Result<Network, Vec<Wrong>> {
        found.parse(|text| {
            let network = parse_network(text).ok_or_else(|| value::not(Self::WANTED, text))?;
            let (widest, first) = match network.address {
                IpAddr::V4(address) => (WIDEST_IPV4, IpAddr::V4(first_ipv4(address, network.prefix_length))),
                IpAddr::V6(address) => (WIDEST_IPV6, IpAddr::V6(first_ipv6(address, network.prefix_length))),
            };
            if network.prefix_length < widest {
                let opened = "would let strangers send SMS; the widest network that may be trusted is";
                return Err(format!("{text:?} {opened} a /{widest}"));
            }
            match first == network.address {
                true => Ok(network),
                false => {
                    Err(format!("{text:?} is an address inside a network, write {first}/{}", network.prefix_length))
                }
            }
        })
    }

    fn write(&self) -> toml::Value {
        let full = if self.address.is_ipv4() { 32 } else { 128 };
        match self.prefix_length == full {
            true => self.address.to_string().into(),
            false => format!("{}/{}", self.address, self.prefix_length).into(),
        }
    }
}

/// An IPv4 address written as IPv6 is none here: its prefix length would count other bits.
fn parse_network(text: &str) -> Option<Network> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok().filter(|address: &IpAddr| address.to_canonical() == *address)?;
    let full = if address.is_ipv4() { 32 } else { 128 };
    let is_number = |length: &str| length.bytes().all(|b| b.is_ascii_digit());
    let prefix_length = match length {
        Some(length) => length.parse().ok().filter(|given| *given <= full && is_number(length))?,
        None => full,
    };
    Some(Network { address, prefix_length })
}

fn first_ipv4(address: Ipv4Addr, prefix_length: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32 - u32::from(prefix_length)).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}

fn first_ipv6(address: Ipv6Addr, prefix_length: u8) -> Ipv6Addr {
    let mask = u128::MAX.checked_shl(128 - u32::from(prefix_length)).unwrap_or(0);
    Ipv6Addr::from_bits(address.to_bits() & mask)
}
