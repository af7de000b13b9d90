//! What the returns desk is told. Filled in by `config`, values only.

use std::time::Duration;

use crate::smtp::Mailbox;

/// `[bounce]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What we call ourselves in notices.
    pub hostname: String,
    /// The site's mail server.
    pub relay_host: String,
    pub relay_port: u16,
    /// Who notices come from.
    pub from: Mailbox,
    /// Who hears of what goes wrong here, beside the senders.
    pub notify: Vec<Mailbox>,
    /// A sender whose message waits longer than this hears of it; `None`: he does not.
    pub delay: Option<Duration>,
    /// Notices to one sender in a while; what is more is summed up in one mail. `None`: however many.
    pub per_sender: Option<Allowed>,
    /// How long a notice may wait for the site's mail server.
    pub expire: Duration,
}

/// So many notices in a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// At least 1.
    pub count: u32,
    pub per: Duration,
}
