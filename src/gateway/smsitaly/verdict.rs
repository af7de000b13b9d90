//! What the gateway's word means for a submission: the tables of outcomes. Pure.
//!
//! | what came | to MAIL, RCPT, DATA | to the text |
//! |---|---|---|
//! | 25x (DATA: 354) | go on | sent |
//! | `Message accepted …` without code | retry, close | sent |
//! | 4xx or 5xx whose text speaks of the account¹ | blocked, reset² | blocked, reset² |
//! | 421 | retry, close | retry, close |
//! | other 4xx | retry, reset | retry, reset |
//! | 503, 530, 534, 535, 538 (the session, not the message) | retry, close | retry, close |
//! | other 5xx | refused³, reset | refused³, reset |
//! | anything else | retry, close | unknown, close |
//! | connection lost, silence | retry, close | unknown, close |
//!
//! ¹ Codes do not tell our account's trouble from the message's: the document has none for it, and gateways answer 452
//! or 530. So the words decide, [`ACCOUNT_WORDS`] in English or Italian. After RCPT only those about credit count:
//! there "account" may mean the recipient's. ² Close for 421 and the codes about the session. ³ For this sender ID (to
//! MAIL), this recipient (to RCPT) or this text.

use super::connection::Loss;
use super::reply::{Class, Reply};
use crate::gateway::{About, Outcome};

/// By which a gateway says that our account is in trouble, in lower case; `credit` is in `credito` too.
const ACCOUNT_WORDS: &[&str] = &["credit", "saldo", "balance", "account"];
/// Those of them that can't be about the recipient.
const CREDIT_WORDS: &[&str] = &["credit", "saldo", "balance"];

/// Where in a transaction we are before the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Mail,
    Rcpt,
    Data,
}

impl Stage {
    /// What a refusal at this stage is about.
    fn about(self) -> About {
        match self {
            Stage::Mail => About::Sender,
            Stage::Rcpt => About::Recipient,
            Stage::Data => About::Text,
        }
    }

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
        (_, Class::Temporary | Class::Closing | Class::Session | Class::Permanent) => Err(on_no(stage.about(), reply)),
        (_, Class::Done | Class::GoOn | Class::Codeless | Class::Other) => {
            let reason = format!("the gateway answered {:?} to {}", reply.to_string(), stage.name());
            Err(retry(reason, Then::Close))
        }
    }
}

/// Whether the session is in step after an answer to a command that was on its way already when an earlier one was
/// refused. Any refusal is in step, 503 most of all; a gateway that waits for the text is not, for none must come.
pub fn is_in_step(stage: Stage, heard: &Result<Reply, Loss>) -> bool {
    heard.as_ref().is_ok_and(|reply| match reply.class() {
        Class::Temporary | Class::Permanent | Class::Session => true,
        Class::Done => stage != Stage::Data,
        Class::GoOn | Class::Closing | Class::Codeless | Class::Other => false,
    })
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
        Class::Temporary | Class::Closing | Class::Session | Class::Permanent => on_no(About::Text, reply),
        Class::GoOn | Class::Codeless | Class::Other => {
            unknown(format!("the gateway answered {:?} to the text", reply.to_string()))
        }
    }
}

/// The text did not go out, at least not up to its end.
pub fn on_unwritten_text(loss: &Loss) -> End {
    retry(format!("{loss} (while the text was being sent)"), Then::Close)
}

/// Any 4xx or 5xx.
fn on_no(about: About, reply: &Reply) -> End {
    let class = reply.class();
    let then = if matches!(class, Class::Closing | Class::Session) { Then::Close } else { Then::Reset };
    let outcome = match class {
        _ if speaks_of_the_account(about, reply) => Outcome::Blocked { reason: reply.to_string() },
        Class::Permanent => Outcome::Refused { about, reply: reply.to_string() },
        _ => Outcome::Retry { reason: reply.to_string() },
    };
    End { outcome, then }
}

fn speaks_of_the_account(about: About, reply: &Reply) -> bool {
    let text = reply.text().to_lowercase();
    let words = if about == About::Recipient { CREDIT_WORDS } else { ACCOUNT_WORDS };
    words.iter().any(|word| text.contains(word))
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

#[cfg(test)]
mod tests {
    use super::super::reply::Line;
    use super::*;

    fn reply(line: &str) -> Result<Reply, Loss> {
        Ok(Reply::begin(Line::parse(line.as_bytes())))
    }

    /// The outcome in a word, and what the session needs.
    fn shown(end: &End) -> (&'static str, Then) {
        let word = match &end.outcome {
            Outcome::Sent { .. } => "sent",
            Outcome::Retry { .. } => "retry",
            Outcome::Unknown { .. } => "unknown",
            Outcome::Refused { about: About::Sender, .. } => "sender",
            Outcome::Refused { about: About::Recipient, .. } => "recipient",
            Outcome::Refused { about: About::Text, .. } => "text",
            Outcome::Blocked { .. } => "blocked",
        };
        (word, end.then)
    }

    #[test]
    fn a_no_is_about_the_account_the_moment_or_the_message() {
        let table = [
            ("452 No credits left", ["blocked", "blocked", "blocked", "blocked"], Then::Reset),
            ("552 credito esaurito", ["blocked", "blocked", "blocked", "blocked"], Then::Reset),
            ("530 Account 7 is BLOCKED", ["blocked", "retry", "blocked", "blocked"], Then::Close),
            ("550 account suspended", ["blocked", "recipient", "blocked", "blocked"], Then::Reset),
            ("421 insufficient balance", ["blocked", "blocked", "blocked", "blocked"], Then::Close),
            ("421 busy", ["retry", "retry", "retry", "retry"], Then::Close),
            ("450 busy", ["retry", "retry", "retry", "retry"], Then::Reset),
            ("530 Log in first", ["retry", "retry", "retry", "retry"], Then::Close),
            ("550 no", ["sender", "recipient", "text", "text"], Then::Reset),
        ];
        for (line, words, then) in table {
            let stages = [Stage::Mail, Stage::Rcpt, Stage::Data];
            let mut ends: Vec<End> =
                stages.into_iter().filter_map(|stage| on_command(stage, &reply(line)).err()).collect();
            ends.push(on_text(&reply(line)));
            assert_eq!(ends.iter().map(shown).collect::<Vec<_>>(), words.map(|word| (word, then)), "{line}");
        }
    }
}
