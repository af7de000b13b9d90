//! From the greeting to the account: what is said before the first message.
//!
//! A list after EHLO whose last line has a dash too is taken for complete once AUTH LOGIN was on it and [`QUIET`] has
//! passed. A line of it that comes later still, when we have gone on, is passed over: 250 answers none of the steps of
//! a login.

use std::time::Duration;

use super::command::{Command, without_secret};
use super::connection::{Connection, Loss, Wait};
use super::reply::{Class, Reply};
use crate::gateway::account::Account;
use crate::gateway::error::ConnectError;
use crate::gateway::settings::Settings;

/// How long we wait for a further line of an unfinished list after EHLO that offers all we need.
pub const QUIET: Duration = Duration::from_millis(500);
/// Late replies to EHLO that are passed over at one step.
const MAX_LATE_REPLIES: usize = 64;

/// Says hello and logs in. The account is `None` when the gateway tells nothing about it.
pub async fn log_in(connection: &mut Connection, settings: &Settings) -> Result<Option<Account>, ConnectError> {
    let within = settings.timeouts.reply;
    let greeting = connection.reply(Wait::of(within)).await.map_err(|loss| lost("the connection", &loss))?;
    on_greeting(&greeting)?;

    let list = hello(connection, within).await.map_err(|loss| lost("EHLO", &loss))?;
    on_hello(&list)?;

    let steps = [
        ("AUTH LOGIN", Command::AuthLogin, 334),
        ("the user name", Command::Username(&settings.username), 334),
        ("the password", Command::Password(&settings.password), 235),
    ];
    let mut last_word = String::new();
    for (step, command, expected) in steps {
        let reply = ask(connection, &command, within).await.map_err(|loss| lost(step, &loss))?;
        last_word = without_secret(&reply.text(), &settings.password);
        on_step(step, expected, &reply, without_secret(&reply.to_string(), &settings.password))?;
    }
    on_account(last_word)
}

async fn hello(connection: &mut Connection, within: Duration) -> Result<Reply, Loss> {
    let wait = Wait::of(within);
    connection.write(Command::Hello.line().as_bytes(), wait).await.map_err(|unwritten| unwritten.loss)?;
    connection.reply_until_quiet(wait, QUIET, Reply::offers_auth_login).await
}

/// Asks, and passes over what still answers EHLO.
async fn ask(connection: &mut Connection, command: &Command<'_>, within: Duration) -> Result<Reply, Loss> {
    let wait = Wait::of(within);
    connection.write(command.line().as_bytes(), wait).await.map_err(|unwritten| unwritten.loss)?;
    let mut reply = connection.reply(wait).await?;
    for _ in 0..MAX_LATE_REPLIES {
        if reply.class() != Class::Done {
            break;
        }
        reply = connection.reply(wait).await?;
    }
    Ok(reply)
}

fn on_greeting(reply: &Reply) -> Result<(), ConnectError> {
    match reply.code {
        Some(200..=299) => Ok(()),
        _ => Err(ConnectError::Greeting { reply: reply.to_string() }),
    }
}

fn on_hello(reply: &Reply) -> Result<(), ConnectError> {
    let step = "EHLO";
    match reply.class() {
        Class::Done if reply.offers_auth_login() => Ok(()),
        Class::Done => Err(ConnectError::NoLogin { offered: reply.to_string() }),
        Class::Temporary | Class::Closing => Err(ConnectError::Unavailable { step, reply: reply.to_string() }),
        _ => Err(ConnectError::Dialect { step, reply: reply.to_string() }),
    }
}

/// `shown` is the reply as it may be repeated.
fn on_step(step: &'static str, expected: u16, reply: &Reply, shown: String) -> Result<(), ConnectError> {
    match reply.class() {
        _ if reply.code == Some(expected) => Ok(()),
        Class::Temporary | Class::Closing => Err(ConnectError::Unavailable { step, reply: shown }),
        Class::Permanent | Class::Session => Err(ConnectError::Login { reply: shown }),
        _ => Err(ConnectError::Dialect { step, reply: shown }),
    }
}

fn on_account(text: String) -> Result<Option<Account>, ConnectError> {
    match Account::from_login(&text) {
        Some(account) if !account.may_send() => Err(ConnectError::Login { reply: text }),
        account => Ok(account),
    }
}

fn lost(step: &'static str, loss: &Loss) -> ConnectError {
    ConnectError::Lost { step, cause: loss.to_string() }
}
