//! The door: speaks SMTP (RFC 5321), LMTP (RFC 2033) and the SMS gateway's own dialect with whoever brings mail, and
//! hands over a [`Letter`]; speaks the milter protocol with a mail server that asks about mail of its own (`milter`).
//!
//! ```text
//!   listener ─client─► connection ─bytes─► line, data ─Line, text─► session ─Letter─► Reception
//!                          ▲                                │
//!                          └────────── wire ◄── Reply ──────┘
//! ```
//!
//! `line`, `data`, `path`, `dsn`, `command`, `hops`, `answers`, `permit` and `session` are pure: bytes and values in,
//! values out. Only `wire`, `connection`, `listener` and the guard of `auth` wait; `hatch` lets the fuzz targets in. It
//! never looks into a mail's text (but for counting its hops) and never decides about a number: for both it asks the
//! [`Reception`] behind it.

mod activation;
mod answers;
mod auth;
mod bind;
mod budget;
mod command;
mod connection;
mod crowd;
mod data;
mod dsn;
mod envelope;
#[doc(hidden)]
pub mod hatch;
mod hops;
mod line;
mod listener;
mod milter;
mod origin;
mod path;
mod permit;
mod proxy;
mod reply;
mod session;
mod settings;
mod shared;
mod tls;
mod watched;
mod wire;

#[cfg(test)]
mod tests;

pub use auth::hash_password;
pub use budget::Budget;
pub use envelope::{
    Answers, Client, Content, Envelope, Letter, Mailbox, Notify, OriginalRecipient, Recipient, Returned, ReversePath,
};
pub use hops::LOOP_HEADER;
pub use listener::Listener;
pub use path::PathError;
pub use permit::{Allowed, Permit};
pub use reply::{Accepted, Reception, Reply, Verdict};
pub use settings::{Acceptance, Bind, Grammar, KeyFiles, Network, Protocol, ProxyProtocol, Settings, Timeouts, Tls};
pub use shared::unusable_files;
pub use watched::FileError;
