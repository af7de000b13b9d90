//! The door: speaks SMTP (RFC 5321) and LMTP (RFC 2033) with whoever brings mail, and hands over a [`Letter`].
//!
//! ```text
//!   listener ─client─► connection ─bytes─► line, data ─Line, text─► session ─Letter─► Reception
//!                          ▲                                │
//!                          └────────── wire ◄── Reply ──────┘
//! ```
//!
//! `line`, `data`, `path`, `dsn`, `command`, `hops`, `answers` and `session` are pure: bytes and values in, values out. Only
//! `wire`, `connection` and `listener` wait. It never looks into a mail's text (but for counting its hops) and never
//! decides about a number: for both it asks the [`Reception`] behind it.

mod answers;
mod command;
mod connection;
mod data;
mod dsn;
mod envelope;
mod hops;
mod line;
mod listener;
mod path;
mod reply;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod wire;

pub use envelope::{
    Answers, Client, Envelope, Letter, Mailbox, Notify, OriginalRecipient, Recipient, Returned, ReversePath,
};
pub use listener::Listener;
pub use path::PathError;
pub use reply::{Reception, Reply, Verdict};
pub use settings::{Bind, Network, Protocol, Settings, Timeouts};
