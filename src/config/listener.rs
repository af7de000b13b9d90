//! `[[listener]]`.

use super::numbers::Prefix;
use super::section::{Depth, Section};
use super::units::Size;
use super::value::{Choice, Count, FilePath, Found, Value, Wrong};
use crate::address::SenderId;
use crate::smtp::{
    self, Acceptance, Allowed, Bind, Grammar, KeyFiles, Network, Permit, Protocol, ProxyProtocol, Settings, Tls,
};

/// The most bits that a socket's mode may have: read, write and execute for owner, group and others.
const MAX_MODE: u32 = 0o777;

/// `others` are the addresses that other listeners have.
pub(super) fn read(section: &mut Section<'_, '_>, hostname: &str, others: &mut Vec<Bind>) -> Option<Settings> {
    let usual = Settings::default();
    let protocol = section.or("protocol", usual.protocol);
    let bind = section.required::<Bind>("bind");
    let trusted = match &bind {
        Some(Bind::Unix(_)) => trusted_on_socket(section),
        _ => section.or("trusted", usual.trusted),
    };
    let socket_mode = section.optional::<Mode>("socket_mode").map_or(usual.socket_mode, |Mode(mode)| mode);
    let settings = Settings {
        hostname: hostname.to_owned(),
        protocol,
        acceptance: section.or("acceptance", usual.acceptance),
        // When there is none, the rest is still read and checked.
        bind: bind.clone().unwrap_or(usual.bind),
        socket_mode,
        trusted,
        proxies: section.or("proxies", usual.proxies),
        proxy_protocol: section.or("proxy_protocol", usual.proxy_protocol),
        max_message_size: section.or("max_message_size", Size(usual.max_message_size)).0,
        max_connections: section.or("max_connections", Count::new(usual.max_connections)).get(),
        max_connections_per_client: section
            .or("max_connections_per_client", Count::new(usual.max_connections_per_client))
            .get(),
        max_recipients: section.or("max_recipients", Count::new(usual.max_recipients)).get(),
        tls: tls(section),
        users: section.optional::<FilePath>("users").map(|FilePath(path)| path),
        allow_plaintext_auth: section.or("allow_plaintext_auth", usual.allow_plaintext_auth),
        permit: permit(section),
        timeouts: usual.timeouts,
    };
    bind?;
    cross_check(section, &settings, others);
    if section.depth() == Depth::Files {
        look_into_files(section, &settings);
    }
    Some(settings)
}

/// The same look that a listener takes when it opens.
fn look_into_files(section: &mut Section<'_, '_>, settings: &Settings) {
    for error in smtp::unusable_files(settings) {
        let files = settings.tls.files();
        let key = match &error.path {
            path if files.is_some_and(|files| files.certificate == *path) => "certificate",
            path if files.is_some_and(|files| files.key == *path) => "key",
            _ => "users",
        };
        section.problem(key, error.to_string());
    }
}

/// What no key can say for itself.
fn cross_check(section: &mut Section<'_, '_>, settings: &Settings, others: &mut Vec<Bind>) {
    let bind = &settings.bind;
    if others.contains(bind) {
        section.problem("bind", format!("another listener has {bind} already"));
    }
    // Port 0 is whichever is free, so two of them are two.
    if !matches!(bind, Bind::Tcp(address) if address.port() == 0) {
        others.push(bind.clone());
    }
    let is_milter = settings.protocol == Protocol::Milter;
    for key in ["users", "tls", "acceptance"] {
        if is_milter && section.has(key) {
            section.warning(key, "means nothing at a milter listener, which serves the trusted networks as they are");
        }
    }
    if matches!(bind, Bind::Tcp(_)) && settings.trusted.is_empty() {
        match (is_milter, &settings.users) {
            (true, _) => section.problem("trusted", "is empty, so no mail server could ask at this listener"),
            (false, Some(_)) => {}
            (false, None) => {
                section
                    .problem("trusted", "is empty and there is no users file, so nobody could send by this listener");
            }
        }
    }
    if section.has("socket_mode") && !matches!(bind, Bind::Unix(_)) {
        section.warning("socket_mode", "means nothing without a Unix socket");
    }
    if settings.proxy_protocol == ProxyProtocol::Required && settings.proxies.is_empty() && matches!(bind, Bind::Tcp(_))
    {
        section.problem("proxy_protocol", "needs proxies: the addresses that it may come from");
    }
}

/// `tls`, and the files that it needs.
fn tls(section: &mut Section<'_, '_>) -> Tls {
    let word = section.or("tls", TlsWord::Off);
    let certificate = section.optional::<FilePath>("certificate");
    let key = section.optional::<FilePath>("key");
    let files = match (word, certificate, key) {
        (TlsWord::Off, ..) => return Tls::Off,
        (_, Some(FilePath(certificate)), Some(FilePath(key))) => KeyFiles { certificate, key },
        _ => {
            section.problem("tls", "needs certificate and key, the PEM files");
            return Tls::Off;
        }
    };
    match word {
        TlsWord::Off => Tls::Off,
        TlsWord::StartTls => Tls::StartTls(files),
        TlsWord::Required => Tls::Required(files),
        TlsWord::Implicit => Tls::Implicit(files),
    }
}

/// What this listener's clients may send.
fn permit(section: &mut Section<'_, '_>) -> Permit {
    let numbers = section.or("allow_numbers", Vec::<Prefix>::new());
    let senders = section.or("allow_senders", Vec::<SenderId>::new());
    Permit {
        numbers: Allowed::of(numbers.into_iter().map(|Prefix(prefix)| prefix).collect()),
        senders: Allowed::of(senders.iter().map(SenderId::to_string).collect()),
    }
}

/// A Unix socket's clients have no address; who may open it is up to the file system.
fn trusted_on_socket(section: &mut Section<'_, '_>) -> Vec<Network> {
    if section.has("trusted") {
        section.warning("trusted", "means nothing on a Unix socket: whoever can open it may send");
    }
    section.optional("trusted").unwrap_or_default()
}

impl Choice for Protocol {
    const WORDS: &'static [(&'static str, Protocol)] = &[
        ("smtp", Protocol::Mail(Grammar::Smtp)),
        ("lmtp", Protocol::Mail(Grammar::Lmtp)),
        ("gateway", Protocol::Mail(Grammar::Gateway)),
        ("milter", Protocol::Milter),
    ];
}

impl Choice for Acceptance {
    const WORDS: &'static [(&'static str, Acceptance)] = &[("coded", Acceptance::Coded), ("bare", Acceptance::Bare)];
}

impl Choice for ProxyProtocol {
    const WORDS: &'static [(&'static str, ProxyProtocol)] =
        &[("off", ProxyProtocol::Off), ("required", ProxyProtocol::Required)];
}

/// How a listener encrypts, without the files for it.
#[derive(Clone, Copy, PartialEq)]
enum TlsWord {
    Off,
    StartTls,
    Required,
    Implicit,
}

impl Choice for TlsWord {
    const WORDS: &'static [(&'static str, TlsWord)] = &[
        ("off", TlsWord::Off),
        ("starttls", TlsWord::StartTls),
        ("required", TlsWord::Required),
        ("implicit", TlsWord::Implicit),
    ];
}

/// Permission bits of a file.
struct Mode(u32);

impl Value for Mode {
    const WANTED: &'static str = r#"permission bits such as "0660""#;

    fn read(found: &Found<'_>) -> Result<Mode, Vec<Wrong>> {
        found.parse_or_not(|text| u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= MAX_MODE).map(Mode))
    }

    fn write(&self) -> toml::Value {
        format!("{:04o}", self.0).into()
    }
}
