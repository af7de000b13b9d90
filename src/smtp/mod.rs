//! The door: speaks SMTP (RFC 5321) with whoever brings mail, and hands over a [`Letter`].
//!
//! It never looks into a mail's text and never decides about a number: for both it asks the [`Reception`] behind it.

mod envelope;
mod reply;
mod settings;

pub use envelope::{Answers, Client, Envelope, Letter, Mailbox, ReversePath};
pub use reply::{Reception, Reply, Verdict};
pub use settings::{Bind, Network, Protocol, Settings, Timeouts};
