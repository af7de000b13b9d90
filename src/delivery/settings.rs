//! What the dispatcher is told. Filled in by `config`, values only.

use std::sync::Arc;
use std::time::Duration;

use crate::smtp::Mailbox;
use crate::{bounce, gateway, limits, sms};

/// `[delivery]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long to wait after the first failed try, the second and so on; the last one repeats. Never empty.
    pub retry: Vec<Duration>,
    /// How long a message may wait before it expires.
    pub expire: Duration,
    /// After so many failed sessions in a row a gateway counts as down; at least 1.
    pub down_after: u32,
    /// What waits longer than this goes to `escalate_to` as a mail; `None`: nothing does.
    pub escalate_after: Option<Duration>,
    pub escalate_to: Vec<Mailbox>,
    /// How long draining may take.
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Settings {
        let retry = [30, 60, 120, 300, 900, 1800, 3600].map(Duration::from_secs).to_vec();
        Settings {
            retry,
            expire: Duration::from_secs(2 * 24 * 3600),
            down_after: 3,
            escalate_after: None,
            escalate_to: Vec::new(),
            drain: Duration::from_secs(600),
        }
    }
}

/// All that the dispatcher goes by. A new one may come while it is at work.
#[derive(Clone, Debug)]
pub struct Plan {
    pub settings: Settings,
    pub returns: bounce::Settings,
    /// In the order of the configuration.
    pub gateways: Vec<gateway::Settings>,
    /// How digests are set.
    pub sms: sms::Settings,
    /// Of whose budgets operators hear.
    pub limits: Arc<limits::Settings>,
}
