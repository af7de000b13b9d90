//! Hands a prepared letter to the spool from the command line: all of it or nothing, so that whoever tries again
//! after an error sends nothing twice.

use std::fmt;

use crate::clock::Clock;
use crate::config::Config;
use crate::intake::{self, Arrival, Decision, Message, Prepared};
use crate::message::Text;
use crate::smtp::{Accepted, Answers, Envelope, Mailbox, Recipient, Reply, Verdict};
use crate::spool::{Role, Spool, SpoolError};

/// Why nothing was queued.
#[derive(Debug)]
pub enum Failure {
    /// A recipient can't be sent to; nothing was queued for the others either.
    Refused { recipient: Mailbox, reply: Reply },
    /// The spool can't be opened.
    Spool(SpoolError),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused { recipient, reply } => write!(f, "{recipient}: {}", reply.lines.join(" ")),
            Failure::Spool(error) => write!(f, "{error}"),
        }
    }
}

/// Queues what was prepared; says for each recipient how. The ID is the same for all that share a letter.
pub async fn submit(
    config: &Config,
    envelope: &Envelope,
    text: &Text,
    prepared: Vec<Prepared>,
) -> Result<Vec<Accepted>, Failure> {
    for Prepared { recipient, messages } in &prepared {
        let refusal = match messages {
            Err(reply) => Some(reply),
            Ok(messages) => messages.iter().find_map(refusal),
        };
        if let Some(reply) = refusal {
            return Err(Failure::Refused { recipient: recipient.mailbox.clone(), reply: reply.clone() });
        }
    }
    let spool = Spool::open(&config.spool, Role::Tool).map_err(Failure::Spool)?;
    let arrival =
        Arrival { envelope, answers: Answers::Single, source: &envelope.client.hello, now: Clock::System.now() };
    let verdicts = intake::store(&spool, intake::pack(&arrival, text, prepared), text).await;
    let refuse = |(verdict, recipient): (Verdict, &Recipient)| {
        verdict.map_err(|reply| Failure::Refused { recipient: recipient.mailbox.clone(), reply })
    };
    verdicts.into_iter().zip(&envelope.recipients).map(refuse).collect()
}

fn refusal(message: &Message) -> Option<&Reply> {
    match &message.decision {
        Decision::Refuse(reply) => Some(reply),
        Decision::Send(_) | Decision::Hold { .. } | Decision::Drop { .. } => None,
    }
}
