//! What the returns desk is told. Filled in by `config`, values only.

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
}
