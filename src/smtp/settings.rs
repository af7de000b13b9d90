//! What one listener is told. Filled in by `config`, values only.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::permit::Permit;

/// What is spoken at a listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Clients bring mail.
    Mail(Grammar),
    /// A mail server asks about the mail of its own clients.
    Milter,
}

/// Which grammar the sessions speak where clients bring mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// RFC 5321.
    Smtp,
    /// RFC 2033.
    Lmtp,
    /// The SMS gateway's own dialect, so that programs written for it can write to us.
    Gateway,
}

/// How the gateway's dialect says that a text was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acceptance {
    /// `250 Message accepted for delivery to: +44…`
    #[default]
    Coded,
    /// Without the code, to the letter of the document.
    Bare,
}

/// Where a listener listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    Tcp(SocketAddr),
    /// Written `unix:/path` in the configuration.
    Unix(PathBuf),
    /// A socket that systemd opens and names; written `systemd:NAME`.
    Systemd(String),
}

impl fmt::Display for Bind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Bind::Tcp(address) => write!(f, "{address}"),
            Bind::Unix(path) => write!(f, "unix:{}", path.display()),
            Bind::Systemd(name) => write!(f, "systemd:{name}"),
        }
    }
}

/// An address range such as `127.0.0.0/8`; a single address has its full prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    pub address: IpAddr,
    pub prefix_length: u8,
}

impl Network {
    /// Whether `address` lies in the range. An IPv4 address mapped into IPv6 counts as the IPv4 address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |ip: IpAddr| match ip.to_canonical() {
            IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
            IpAddr::V6(v6) => (v6.to_bits(), 128),
        };
        let ((mine, width), (other, other_width)) = (bits(self.address), bits(address));
        let host_bits = width - u32::from(self.prefix_length).min(width);
        width == other_width && mine.checked_shr(host_bits).unwrap_or(0) == other.checked_shr(host_bits).unwrap_or(0)
    }
}

/// How long a session waits (RFC 5321, section 4.5.3.2, gives five minutes for the client's next command).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the next command.
    pub command: Duration,
    /// For the next bytes of a message's text.
    pub data: Duration,
    /// For the client to take our reply.
    pub write: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts { command: Duration::from_secs(300), data: Duration::from_secs(180), write: Duration::from_secs(60) }
    }
}

/// Whether connections begin with a header of the PROXY protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProxyProtocol {
    #[default]
    Off,
    /// Every connection comes through one of the `proxies`, or by the Unix socket, and begins with a header.
    Required,
}

/// A certificate and its key, as PEM files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFiles {
    /// The certificate, followed by those that lead to a known authority.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// How a listener encrypts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tls {
    #[default]
    Off,
    /// Whoever wants it says STARTTLS.
    StartTls(KeyFiles),
    /// Whoever does not say STARTTLS may not log in or send.
    Required(KeyFiles),
    /// From the first byte on, as on port 465.
    Implicit(KeyFiles),
}

impl Tls {
    /// The certificate and its key, when there is encryption at all.
    pub fn files(&self) -> Option<&KeyFiles> {
        match self {
            Tls::Off => None,
            Tls::StartTls(files) | Tls::Required(files) | Tls::Implicit(files) => Some(files),
        }
    }
}

/// One `[[listener]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What we call ourselves in the greeting.
    pub hostname: String,
    pub protocol: Protocol,
    /// Means something in the gateway's dialect only.
    pub acceptance: Acceptance,
    pub bind: Bind,
    /// Permission bits of a Unix socket's file: whoever can write to it can send SMS.
    pub socket_mode: u32,
    /// Who may hand over mail; a Unix socket's clients always may.
    pub trusted: Vec<Network>,
    /// Servers that may tell whose mail they bring, by XCLIENT, XFORWARD or the PROXY protocol.
    pub proxies: Vec<Network>,
    pub proxy_protocol: ProxyProtocol,
    /// Bytes of one message.
    pub max_message_size: usize,
    /// Connections at a time on this listener.
    pub max_connections: usize,
    /// Connections at a time from one address that is neither trusted nor a proxy.
    pub max_connections_per_client: usize,
    /// Recipients of one message.
    pub max_recipients: usize,
    pub tls: Tls,
    /// The users file; without one nobody can log in.
    pub users: Option<PathBuf>,
    /// Passwords are taken without TLS from other hosts too.
    pub allow_plaintext_auth: bool,
    /// What this listener's clients may send; a user may be allowed less.
    pub permit: Permit,
    pub timeouts: Timeouts,
}

impl Settings {
    /// Whether a client at `address` may send without having logged in.
    pub(super) fn trusts(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(address))
    }

    /// Whether a server at `address` may tell whose mail it brings.
    pub(super) fn is_proxy(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|network| network.contains(address))
    }
}

impl Default for Settings {
    /// What the manual promises for each key that is not set: SMTP on loopback for the clients of this host.
    fn default() -> Settings {
        let loopback = |address: IpAddr, prefix_length| Network { address, prefix_length };
        Settings {
            hostname: "localhost".to_owned(),
            protocol: Protocol::Mail(Grammar::Smtp),
            acceptance: Acceptance::Coded,
            bind: Bind::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 2525))),
            socket_mode: 0o660,
            trusted: vec![loopback(Ipv4Addr::new(127, 0, 0, 0).into(), 8), loopback(Ipv6Addr::LOCALHOST.into(), 128)],
            proxies: Vec::new(),
            proxy_protocol: ProxyProtocol::Off,
            max_message_size: 10_000_000,
            max_connections: 1000,
            max_connections_per_client: 50,
            max_recipients: 100,
            tls: Tls::Off,
            users: None,
            allow_plaintext_auth: false,
            permit: Permit::default(),
            timeouts: Timeouts::default(),
        }
    }
}
