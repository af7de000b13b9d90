//! What one gateway is told. Filled in by `config`, values only.

use std::time::Duration;

use secrecy::SecretString;

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
    pub medium: Medium,
    pub on_unknown: OnUnknown,
    /// Warn when fewer credits are left.
    pub low_credit: u64,
    pub timeouts: Timeouts,
}
