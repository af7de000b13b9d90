//! The dialect of the document "SMS-Gateway SMTP interface" 1.0.1: SMTP with bare numbers, a list after EHLO that
//! never ends, and an acceptance without a reply code.
//!
//! One [`Session`] is one connection, logged in; one transaction carries one part to one number. What an answer means
//! is decided in `verdict`; here it is only done. Whatever leaves the dialogue out of step closes the session.

mod command;
mod connection;
mod login;
mod reader;
mod reply;
#[cfg(test)]
mod tests;
mod text;
mod verdict;

use std::time::Duration;

use self::command::Command;
use self::connection::{Connection, Wait};
use self::reply::Class;
use self::text::Body;
use self::verdict::{End, Stage, Then, is_in_step, on_command, on_text, on_unwritten_text};
use super::account::Account;
use super::connect::Stream;
use super::error::{ConnectError, SessionOver};
use super::outcome::{About, Outcome, Submission};
use super::settings::{Settings, Timeouts};
use crate::address::Number;

/// How long a goodbye may take.
const QUIT_WAIT: Duration = Duration::from_secs(2);

pub struct Session {
    connection: Connection,
    timeouts: Timeouts,
    pipelining: bool,
    account: Option<Account>,
    /// Why the session can't be used any more.
    over: Option<SessionOver>,
}

impl Session {
    /// Says hello and logs in.
    pub async fn log_in(settings: &Settings, stream: Box<dyn Stream>) -> Result<Session, ConnectError> {
        let mut connection = Connection::new(stream);
        let account = login::log_in(&mut connection, settings).await?;
        let Settings { timeouts, pipelining, .. } = *settings;
        Ok(Session { connection, timeouts, pipelining, account, over: None })
    }

    pub async fn submit(&mut self, submission: &Submission<'_>) -> Outcome {
        let body = match Body::new(submission.text, submission.encoding) {
            Ok(body) => body,
            Err(unencodable) => return Outcome::Refused { about: About::Text, reply: unencodable.to_string() },
        };
        if let Err(over) = self.catch_up().await {
            return Outcome::Retry { reason: over.to_string() };
        }
        // Stays so if the caller drops us in the middle: nobody knows then what the next reply would answer.
        self.over = Some(SessionOver { reason: "a submission was broken off".to_owned() });
        let end = match self.transaction(submission, &body).await {
            Ok(end) | Err(end) => end,
        };
        self.over = self.do_next(&end).await.err();
        masked(end.outcome, submission.number)
    }

    pub fn account(&self) -> Option<&Account> {
        self.account.as_ref()
    }

    pub fn is_open(&self) -> bool {
        self.over.is_none()
    }

    pub async fn may_submit(&mut self) -> bool {
        self.catch_up().await.is_ok()
    }

    /// NOOP. Any answer with a code shows life, unless it says that the session ends.
    pub async fn keep_alive(&mut self) -> Result<(), SessionOver> {
        self.catch_up().await?;
        let heard = self.connection.ask(&Command::Noop, self.timeouts.reply).await;
        let reason = match heard {
            Ok(reply) if !matches!(reply.class(), Class::Closing | Class::Session | Class::Codeless) => return Ok(()),
            Ok(reply) => reply.to_string(),
            Err(loss) => loss.to_string(),
        };
        Err(self.close(reason))
    }

    pub async fn quit(mut self) {
        if self.is_open() {
            match self.connection.ask(&Command::Quit, QUIT_WAIT).await {
                Ok(reply) => tracing::trace!(%reply, "the gateway said goodbye"),
                Err(loss) => tracing::debug!(%loss, "the gateway left without goodbye"),
            }
        }
        self.connection.close(QUIT_WAIT).await;
    }

    /// Both ends are the same for the caller: `Err` only says that it came before the text.
    async fn transaction(&mut self, submission: &Submission<'_>, body: &Body) -> Result<End, End> {
        let steps = [
            (Stage::Mail, Command::MailFrom(submission.sender)),
            (Stage::Rcpt, Command::RcptTo(submission.number)),
            (Stage::Data, Command::Data),
        ];
        match self.pipelining {
            true => self.ask_together(&steps).await?,
            false => self.ask_one_by_one(&steps).await?,
        }
        let wait = Wait::of(self.timeouts.acceptance);
        let heard = match self.connection.write(body.bytes(), wait).await {
            Ok(()) => self.connection.reply(wait).await,
            Err(unwritten) if body.may_be_complete(unwritten.written) => Err(unwritten.loss),
            Err(unwritten) => return Err(on_unwritten_text(&unwritten.loss)),
        };
        Ok(on_text(&heard))
    }

    async fn ask_one_by_one(&mut self, steps: &[(Stage, Command<'_>)]) -> Result<(), End> {
        for (stage, command) in steps {
            let heard = self.connection.ask(command, self.timeouts.reply).await;
            on_command(*stage, &heard)?;
        }
        Ok(())
    }

    /// All commands in one write, and then their answers in the same order (RFC 2920). The first refusal is the end of
    /// the transaction, but what answers the other commands is heard too, or it would answer the next ones.
    async fn ask_together(&mut self, steps: &[(Stage, Command<'_>)]) -> Result<(), End> {
        let lines: String = steps.iter().map(|(_, command)| command.line()).collect();
        let wait = Wait::of(self.timeouts.reply);
        let written = self.connection.write(lines.as_bytes(), wait).await;
        let mut refusal: Option<End> = None;
        for (stage, _) in steps {
            let heard = match &written {
                Ok(()) => self.connection.reply(wait).await,
                Err(unwritten) => Err(unwritten.loss.clone()),
            };
            refusal = match refusal {
                Some(end) if is_in_step(*stage, &heard) => Some(end),
                Some(end) => return Err(End { then: Then::Close, ..end }),
                None => on_command(*stage, &heard).err(),
            };
            if let Some(end) = refusal.take_if(|end| end.then == Then::Close) {
                return Err(end);
            }
        }
        refusal.map_or(Ok(()), Err)
    }

    /// Leaves the session as the end of a transaction wants it; the error is the end of the session.
    async fn do_next(&mut self, end: &End) -> Result<(), SessionOver> {
        let reason = match end.then {
            Then::Keep => return Ok(()),
            Then::Close => word_of(&end.outcome).to_owned(),
            Then::Reset => match self.connection.ask(&Command::Rset, self.timeouts.reply).await {
                Ok(reply) if reply.class() == Class::Done => return Ok(()),
                Ok(reply) => format!("the gateway answered {:?} to RSET", reply.to_string()),
                Err(loss) => format!("{loss} (waiting for the answer to RSET)"),
            },
        };
        Err(SessionOver { reason })
    }

    /// Looks, without waiting, whether the session has come to its end or got out of step since it was last used.
    async fn catch_up(&mut self) -> Result<(), SessionOver> {
        if let Some(over) = &self.over {
            return Err(over.clone());
        }
        let caught_up = self.connection.catch_up().await;
        caught_up.map_err(|loss| self.close(loss.to_string()))
    }

    fn close(&mut self, reason: String) -> SessionOver {
        let over = SessionOver { reason };
        self.over = Some(over.clone());
        over
    }
}

/// The outcome's own text.
fn word_of(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Sent { reply } | Outcome::Refused { reply, .. } => reply,
        Outcome::Retry { reason } | Outcome::Unknown { reason } | Outcome::Blocked { reason } => reason,
    }
}

/// The gateway repeats the number in its replies; the outcome goes into the log, where it may not stand.
fn masked(outcome: Outcome, number: &Number) -> Outcome {
    let (plain, mask) = (number.as_str().trim_start_matches('+'), number.masked());
    let masked = |text: String| text.replace(plain, mask.trim_start_matches('+'));
    match outcome {
        Outcome::Sent { reply } => Outcome::Sent { reply: masked(reply) },
        Outcome::Refused { about, reply } => Outcome::Refused { about, reply: masked(reply) },
        Outcome::Blocked { reason } => Outcome::Blocked { reason: masked(reason) },
        Outcome::Retry { reason } => Outcome::Retry { reason: masked(reason) },
        Outcome::Unknown { reason } => Outcome::Unknown { reason: masked(reason) },
    }
}
