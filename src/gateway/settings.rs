//! What one gateway is told. Filled in by `config`, values only.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::sms::Medium;

/// Which dialect a gateway speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The document "SMS-Gateway SMTP interface" 1.0.1.
    SmsItaly,
}

/// What to do when a text left and no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnUnknown {
    /// Send again: rather twice than not at all.
    Retry,
    /// Hold for the operator: rather late than twice.
    Hold,
}

/// So many in a while: `10/s`, `20/h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// At least 1.
    pub count: u32,
    pub per: Duration,
}

/// How long a session with a gateway waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For the connection.
    pub connect: Duration,
    /// For each reply but the next one.
    pub reply: Duration,
    /// For the reply to the text.
    pub acceptance: Duration,
}

impl Default for Timeouts {
    fn default() -> Timeouts {
        Timeouts {
            connect: Duration::from_secs(15),
            reply: Duration::from_secs(30),
            acceptance: Duration::from_secs(120),
        }
    }
}

/// One `[[gateway]]`.
#[derive(Clone, Debug)]
pub struct Settings {
    pub name: String,
    pub protocol: Protocol,
    pub host: String,
    pub port: u16,
    pub username: String,
    pub password: SecretString,
    /// Connections at a time; at least 1.
    pub sessions: usize,
    /// SMS in a while, over all sessions together; `None`: as fast as it goes.
    pub rate: Option<Rate>,
    /// MAIL, RCPT and DATA go out together: one round trip in the place of three.
    pub pipelining: bool,
    pub medium: Medium,
    pub on_unknown: OnUnknown,
    /// Warn when fewer credits are left.
    pub low_credit: u64,
    /// How often an idle session shows a sign of life; `None`: never.
    pub keep_alive: Option<Duration>,
    /// How long a session without work stays open.
    pub idle: Duration,
    /// When SMS take longer than this on average, other gateways may help out; `None`: however long they take.
    pub slow_after: Option<Duration>,
    pub timeouts: Timeouts,
}

impl PartialEq for Settings {
    /// By hand, because secrets do not compare by themselves. Every field is named, so that a new one is not forgotten.
    fn eq(&self, other: &Settings) -> bool {
        let Settings {
            name,
            protocol,
            host,
            port,
            username,
            password,
            sessions,
            rate,
            pipelining,
            medium,
            on_unknown,
            low_credit,
            keep_alive,
            idle,
            slow_after,
            timeouts,
        } = self;
        (name, protocol, host, port) == (&other.name, &other.protocol, &other.host, &other.port)
            && (username, password.expose_secret()) == (&other.username, other.password.expose_secret())
            && (sessions, rate, pipelining) == (&other.sessions, &other.rate, &other.pipelining)
            && (medium, on_unknown, low_credit) == (&other.medium, &other.on_unknown, &other.low_credit)
            && (keep_alive, idle, slow_after) == (&other.keep_alive, &other.idle, &other.slow_after)
            && *timeouts == other.timeouts
    }
}
