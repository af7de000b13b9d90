//! The front hall: leads a letter through `message`, `address`, `rules` and `sms` into the spool, and does nothing else.
//!
//! Everything that can be refused is refused here, while the client still waits. It never talks to a gateway. When the
//! spool can't take a letter, the client gets 451 and keeps it.

mod desk;
mod pack;
#[cfg(test)]
mod tests;
mod treatment;
mod wish;

pub use desk::{Decision, Desk, Matched, Message, Prepared, Settings};
pub use pack::{Arrival, Packed, pack};
pub use treatment::{Action, Ring, TopicTemplate, Treatment};

use std::sync::{PoisonError, RwLock};

use crate::clock::Clock;
use crate::limits::Limit;
use crate::message::Text;
use crate::smtp::{Client, Letter, Mailbox, Permit, Reception, Reply, Verdict};
use crate::spool::{Committed, NewParcel, Spool, SpoolError};

/// The front hall as it stands behind the door.
pub struct Intake {
    /// Another one takes its place when the configuration is read again; a letter stays with the one it met.
    desk: RwLock<Desk>,
    spool: Spool,
    clock: Clock,
}

impl Intake {
    pub fn new(desk: Desk, spool: Spool, clock: Clock) -> Intake {
        Intake { desk: RwLock::new(desk), spool, clock }
    }

    /// Works by another desk from the next letter on.
    pub fn change(&self, desk: Desk) {
        *self.desk.write().unwrap_or_else(PoisonError::into_inner) = desk;
    }

    fn desk(&self) -> Desk {
        self.desk.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Reception for Intake {
    fn may_accept(&self, recipient: &Mailbox, permit: &Permit) -> Result<(), Reply> {
        self.desk().resolve(recipient, permit).map(drop)
    }

    async fn receive(&self, letter: Letter) -> Vec<Verdict> {
        let Letter { envelope, content, bytes, answers } = letter;
        let (text, prepared) = match self.desk().work(&envelope, &content, &bytes) {
            Ok(worked) => worked,
            Err(reply) => return vec![Err(reply); envelope.recipients.len()],
        };
        drop(bytes);
        let source = source(&envelope.client);
        let arrival = Arrival { envelope: &envelope, answers, source: &source, now: self.clock.now() };
        store(&self.spool, pack(&arrival, &text, prepared), &text).await
    }

    fn is_ours(&self, recipient: &Mailbox) -> bool {
        self.desk().is_ours(recipient)
    }

    fn may_ring(&self) -> bool {
        self.desk().may_ring()
    }

    async fn ring(&self, passing: Letter) -> Vec<Verdict> {
        let Letter { envelope, content: _, bytes, answers } = passing;
        let desk = self.desk();
        let text = match desk.open(&bytes) {
            Ok(text) => text,
            Err(reply) => return vec![Err(reply)],
        };
        drop(bytes);
        let prepared = desk.ring(&envelope, &text);
        let source = source(&envelope.client);
        let arrival = Arrival { envelope: &envelope, answers, source: &source, now: self.clock.now() };
        let mut packed = pack(&arrival, &text, prepared);
        // Its author wrote to a mailbox, and has no business with who is rung.
        if let Some(letter) = &mut packed.letter {
            letter.notice_to = None;
        }
        store(&self.spool, packed, &text).await
    }
}

/// Puts a packed letter into the spool. Every verdict that is `Ok` says that the message is safe on disk, or dropped.
pub async fn store(spool: &Spool, mut packed: Packed, text: &Text) -> Vec<Verdict> {
    let Some(letter) = packed.letter.take() else {
        log_dropped(&packed, text);
        return packed.verdicts(&[]);
    };
    let remark = |parcel: &NewParcel| parcel.remark.clone().unwrap_or_default();
    let remarks: Vec<String> = letter.parcels.iter().map(remark).collect();
    match spool.commit(letter).await {
        Ok(committed) => {
            log(&committed, &remarks, text);
            log_dropped(&packed, text);
            packed.verdicts(&committed)
        }
        Err(SpoolError::Over(over)) => {
            let message_id = text.message_id.as_deref().unwrap_or_default();
            tracing::warn!(message_id, "refused: over {over}");
            packed.refused(&over_limit(&over))
        }
        Err(error) => {
            tracing::error!(%error, "a letter could not be stored");
            packed.refused(&Reply::new(451, "4.3.0", "the message could not be stored, please try again later"))
        }
    }
}

/// The reply to what is over a limit and not to be taken. Permanent, because a mail server that tries again for days
/// would make the storm last for days; X.7.28 of the IANA registry of RFC 5248 is "mail flood detected".
fn over_limit(over: &Limit) -> Reply {
    Reply::new(554, "5.7.28", format!("too many messages, this one is over {over}"))
}

fn log(committed: &[Committed], remarks: &[String], text: &Text) {
    let message_id = text.message_id.as_deref().unwrap_or_default();
    for (Committed { id, duplicate, state }, remark) in committed.iter().zip(remarks) {
        match duplicate {
            false => tracing::info!(%id, message_id, remark, "{state}"),
            true => tracing::info!(%id, message_id, "handed over again, accepted before"),
        }
    }
}

fn log_dropped(packed: &Packed, text: &Text) {
    let message_id = text.message_id.as_deref().unwrap_or_default();
    packed.dropped().for_each(|by| tracing::info!(message_id, by, "dropped"));
}

fn source(client: &Client) -> String {
    let words = [client.address.map(|address| address.to_string()), Some(client.hello.clone()), client.user.clone()];
    words.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
