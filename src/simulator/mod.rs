//! The gateway's own side of the dialect, as the document "SMS-Gateway SMTP interface" 1.0.1 tells it: for trying
//! out, for demos and for tests.
//!
//! ```text
//!   listener ─client─► connection ─bytes─► lines, text ─Line─► session ─Step─► ledger (credits, log, who waits)
//!                          ▲                  faults ─Fate─┐                     │
//!                          └──────── speech ◄─────────────┴────── Reply ◄───────┘
//! ```
//!
//! All but `listener`, `connection` and `ledger` is pure: values in, values out. It shares no code with the door
//! (`smtp`) or the client (`gateway`) on purpose: what judges them may not have their faults. It sends no SMS
//! anywhere, knows no TLS, and is as strict as the document: bare numbers, one recipient, CRLF at the end of a line.
//!
//! What the document leaves open is decided here so:
//!
//! | case | answer |
//! |---|---|
//! | a command before EHLO, or out of order | 503 |
//! | MAIL before the login, or the account's status is not ACTIVE | 530 |
//! | wrong user or password | 535 |
//! | not base64, or not of the documented shape | 501 |
//! | a sender ID that is none | 553 |
//! | a recipient that is none | 550 |
//! | a second recipient | 452 |
//! | more characters than an SMS has | 552 |
//! | a bare CR or LF in the text | 554 |
//! | no credits left | 452, to the text |
//! | the log can't be written | 451, to the text |
//! | HELP, VRFY, STARTTLS and the like | 502 |
//! | anything else | 500 |
//! | too slow, too many sessions, or we end | 421 and the end |

mod command;
mod connection;
mod fault;
mod ledger;
mod lines;
mod listener;
mod number;
mod reply;
mod session;
mod settings;
mod speech;
#[cfg(test)]
mod tests;
mod text;

pub use fault::{Fault, FaultError, Faults};
pub use ledger::{AcceptedSms, Ledger};
pub use listener::Simulator;
pub use settings::{
    ACTIVE, Account, Charset, DEFAULT_CREDITS, DEFAULT_MAX_LENGTH, DEFAULT_MAX_SESSIONS, Settings, Timeouts,
};
