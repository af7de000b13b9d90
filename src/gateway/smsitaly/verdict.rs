//! What the gateway's word means for a submission: the tables of outcomes. Pure.
//!
//! | what came | to MAIL, RCPT, DATA | to the text |
//! |---|---|---|
//! | 25x (DATA: 354) | go on | sent |
//! | `Message accepted …` without code | retry, close | sent |
//! | 421 | retry, close | retry, close |
//! | 4xx | retry, reset | retry, reset |
//! | 503, 530, 534, 535, 538 (the session, not the message) | retry, close | retry, close |
//! | other 5xx | refused, reset | refused, reset |
//! | anything else | retry, close | unknown, close |
//! | connection lost, silence | retry, close | unknown, close |
//!
//! Known limit: a 5xx counts for the message even where its text speaks of the account (no credit, blocked). A row
//! that tells them apart by their texts belongs into [`on_refusal`].

use super::connection::Loss;
use super::reply::{Class, Reply};
use crate::gateway::Outcome;

/// Where in a transaction we are before the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Mail,
    Rcpt,
    Data,
}

impl Stage {
    /// How the stage is called in a reason.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Mail => "MAIL",
            Stage::Rcpt => "RCPT",
            Stage::Data => "DATA",
        }
    }
}

/// How a transaction ended, and what the session needs after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub outcome: Outcome,
    pub then: Then,
}

/// What the session needs before the next transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing, all is clean.
    Keep,
    /// RSET: the gateway may still hold half a transaction.
    Reset,
    /// Its end: we no longer know what the gateway's next word would answer.
    Close,
}

/// Reads the answer to a command: go on, or the end of the transaction.
pub fn on_command(stage: Stage, heard: &Result<Reply, Loss>) -> Result<(), End> {
    let reply = match heard {
        Ok(reply) => reply,
        Err(loss) => return Err(retry(format!("{loss} (waiting for the answer to {})", stage.name()), Then::Close)),
    };
    match (stage, reply.class()) {
        (Stage::Mail | Stage::Rcpt, Class::Done) | (Stage::Data, Class::GoOn) => Ok(()),
        (_, Class::Temporary) => Err(retry(reply.to_string(), Then::Reset)),
        (_, Class::Closing | Class::Session) => Err(retry(reply.to_string(), Then::Close)),
        (_, Class::Permanent) => Err(on_refusal(reply)),
        (_, Class::Done | Class::GoOn | Class::Codeless | Class::Other) => {
            let reason = format!("the gateway answered {:?} to {}", reply.to_string(), stage.name());
            Err(retry(reason, Then::Close))
        }
    }
}

/// Reads the answer to the text, once its end may have gone out.
pub fn on_text(heard: &Result<Reply, Loss>) -> End {
    let reply = match heard {
        Ok(reply) => reply,
        Err(loss) => return unknown(format!("{loss} (waiting for the answer to the text)")),
    };
    match reply.class() {
        Class::Done => sent(reply),
        Class::Codeless if reply.says_accepted() => sent(reply),
        Class::Temporary => retry(reply.to_string(), Then::Reset),
        Class::Closing | Class::Session => retry(reply.to_string(), Then::Close),
        Class::Permanent => on_refusal(reply),
        Class::GoOn | Class::Codeless | Class::Other => {
            unknown(format!("the gateway answered {:?} to the text", reply.to_string()))
        }
    }
}

/// The text did not go out, at least not up to its end.
pub fn on_unwritten_text(loss: &Loss) -> End {
    retry(format!("{loss} (while the text was being sent)"), Then::Close)
}

/// A 5xx that is about this message.
fn on_refusal(reply: &Reply) -> End {
    End { outcome: Outcome::Refused { reply: reply.to_string() }, then: Then::Reset }
}

fn sent(reply: &Reply) -> End {
    End { outcome: Outcome::Sent { reply: reply.to_string() }, then: Then::Keep }
}

fn retry(reason: String, then: Then) -> End {
    End { outcome: Outcome::Retry { reason }, then }
}

fn unknown(reason: String) -> End {
    End { outcome: Outcome::Unknown { reason }, then: Then::Close }
}
