//! The milter protocol (Sendmail 8's mail filter interface, version 6): the site's own mail server asks us while its
//! client still waits.
//!
//! ```text
//!   bytes ─► frame ─Frame─► event ─Event─► session ─Answer─► bytes
//!                                             └── Passing ─► Reception::ring
//! ```
//!
//! Two things happen here. At RCPT a recipient in one of our domains is judged as at our own door, so that a wrong number
//! is refused to the server's client in the first session; a good one goes on as before, and comes to us by the server's
//! transport. And a mail for somebody else, which goes its way to the mailbox, is offered at its end to the rules that
//! ring: telephones that hear of it too.
//!
//! Never does anything to a mail: no header is added, no recipient changed, and no trouble of ours refuses one or holds it
//! up for long. So a ring is not promised as an accepted letter is: where the spool is in trouble, the mail arrives without its SMS,
//! and the log says so. What `ring` put into the spool is kept like everything there; a mail that the server tells of
//! twice rings once, by the spool's rule for the same Message-ID.
//!
//! Written by hand because the crates for it are under the GPL. `frame`, `event`, `terms`, `answer` and `session` are
//! pure. Known limits: of a mail over `max_message_size` only its beginning is seen, of one to more than
//! `max_recipients` only the first of them; a mail may have rung and then be refused by another filter behind us.

mod answer;
mod connection;
mod event;
mod frame;
mod session;
mod terms;

#[cfg(test)]
mod tests;

pub(super) use answer::frame;
pub(super) use connection::run;
pub(super) use frame::{Frame, FrameDecoder};
