//! Hands a notice to the site's mail server: one plain SMTP transaction (RFC 5321) by mail-send.
//!
//! It never tries again by itself and never keeps a connection: notices are rare. Whatever goes wrong is temporary
//! unless the server refuses this very notice for good. A connection lost after the text counts as temporary too: a
//! notice that comes twice does less harm than one that never comes.
//!
//! Known limits: no TLS and no AUTH, as the server is meant to be on this machine or this network; a server that
//! does not know EHLO is not spoken to.

use std::fmt;
use std::time::Duration;

use mail_send::smtp::AssertReply;
use mail_send::smtp::message::Parameters;
use mail_send::{Error, SmtpClient};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::report::Notice;
use super::settings::Settings;
use crate::smtp::Mailbox;

/// For the connection, name lookup included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);
/// For the greeting and each reply up to RCPT (RFC 5321, section 4.5.3.2, gives five minutes; a Postfix under stress
/// answers within two).
const REPLY_TIMEOUT: Duration = Duration::from_secs(120);
/// For the replies to DATA and to the text (section 4.5.3.2.6): content filters work then.
const ACCEPTANCE_TIMEOUT: Duration = Duration::from_secs(600);
/// For the reply to QUIT, when all that matters has been said.
const QUIT_TIMEOUT: Duration = Duration::from_secs(5);
/// For everything from the greeting to the reply to the text, so that a server that is slow at each step does not
/// keep us for the sum of them.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(900);

/// What became of a notice. The text is the server's own word where it gave one, else what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The server has taken it.
    Sent { reply: String },
    /// It may be taken later.
    Retry { reason: String },
    /// The server refuses it for good.
    Failed { reason: String },
}

/// Hands `notice` to the server that `settings` name. It ends after `CONNECT_TIMEOUT` and `EXCHANGE_TIMEOUT` at
/// the latest.
pub async fn send(settings: &Settings, notice: &Notice) -> Delivery {
    let server = (settings.relay_host.as_str(), settings.relay_port);
    match timeout(CONNECT_TIMEOUT, TcpStream::connect(server)).await {
        Ok(Ok(stream)) => {
            // The text goes out in several small writes: Nagle's algorithm would hold up the last of them.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY not set");
            }
            exchange(stream, settings, notice).await
        }
        Ok(Err(error)) => verdict(Step::Connect, Error::Io(error)),
        Err(_) => verdict(Step::Connect, Error::Timeout),
    }
}

/// Everything that is said on a connection that stands.
async fn exchange<S>(stream: S, settings: &Settings, notice: &Notice) -> Delivery
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let Some(recipient) = path(notice.to()) else {
        return Delivery::Failed { reason: "the address of the notice cannot stand in a command".to_owned() };
    };
    let mut client = SmtpClient { stream, timeout: REPLY_TIMEOUT };
    let transaction = transaction(&mut client, &settings.hostname, &recipient, notice.bytes());
    let Ok(taken) = timeout(EXCHANGE_TIMEOUT, transaction).await else {
        return Delivery::Retry { reason: "the mail server takes too long over it".to_owned() };
    };
    // Politeness only: the verdict stands whatever the server says to QUIT.
    client.timeout = QUIT_TIMEOUT;
    if let Err(error) = client.quit().await {
        tracing::debug!(%error, "the mail server did not say goodbye");
    }
    match taken {
        Ok(reply) => Delivery::Sent { reply },
        Err((step, error)) => verdict(step, error),
    }
}

async fn transaction<S>(
    client: &mut SmtpClient<S>,
    hostname: &str,
    recipient: &str,
    mail: &[u8],
) -> Result<String, (Step, Error)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut parameters = Parameters::new();
    if !mail.is_ascii() || !recipient.is_ascii() {
        // Asked for unseen: a server that can't do it must say so (RFC 5321, section 4.1.1.11), in plain words.
        parameters.add("SMTPUTF8");
    }
    // mail-send reads the greeting without a timeout.
    let greeting = timeout(REPLY_TIMEOUT, client.read()).await.unwrap_or(Err(Error::Timeout));
    greeting.and_then(AssertReply::assert_positive_completion).map_err(at(Step::Greeting))?;
    // As a plain command: mail-send's own takes a reply apart that nothing here needs, and stumbles over odd ones.
    let hello = client.cmd(format!("EHLO {hostname}\r\n")).await;
    hello.and_then(AssertReply::assert_positive_completion).map_err(at(Step::Hello))?;
    client.mail_from("", &parameters).await.map_err(at(Step::Mail))?;
    client.rcpt_to(recipient, &Parameters::new()).await.map_err(at(Step::Recipient))?;
    client.timeout = ACCEPTANCE_TIMEOUT;
    // Its dot-stuffing misses a dot that starts the text, and a line end is put before the final dot whether or not
    // one stands there: a `Notice` never starts with a dot and ends with a line end.
    let text = mail.strip_suffix(b"\r\n").unwrap_or(mail);
    let reply = client.data(text).await.map_err(at(Step::Text))?;
    Ok(words(reply.code, reply.esc, &reply.message))
}

/// Where in the transaction something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Connect,
    Greeting,
    Hello,
    Mail,
    Recipient,
    Text,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Step::Connect => "no connection to the mail server",
            Step::Greeting => "the mail server's greeting",
            Step::Hello => "the mail server's answer to EHLO",
            Step::Mail => "the mail server's answer to MAIL",
            Step::Recipient => "the mail server's answer to RCPT",
            Step::Text => "the mail server's answer to DATA",
        })
    }
}

fn at(step: Step) -> impl Fn(Error) -> (Step, Error) {
    move |error| (step, error)
}

/// Permanent only when the server refuses this notice with a 5xx. Before MAIL, or with 530 to 538 (wants TLS or
/// AUTH), it refuses us: the administrator can change that, and then the notice still goes.
fn verdict(step: Step, error: Error) -> Delivery {
    let Error::UnexpectedReply(reply) = error else {
        let what = match error {
            Error::Timeout => "timed out".to_owned(),
            Error::UnparseableReply => "broken off or not SMTP".to_owned(),
            other => other.to_string(),
        };
        return Delivery::Retry { reason: format!("{step}: {what}") };
    };
    let reason = format!("{step}: {}", words(reply.code, reply.esc, &reply.message));
    let is_about_the_notice = matches!(step, Step::Mail | Step::Recipient | Step::Text);
    match reply.code {
        530..=538 => Delivery::Retry { reason },
        500..600 if is_about_the_notice => Delivery::Failed { reason },
        _ => Delivery::Retry { reason },
    }
}

/// A reply on one line, as the server wrote it.
fn words(code: u16, [class, subject, detail]: [u8; 3], message: &str) -> String {
    let message = message.trim().replace(|c: char| c.is_control(), " ");
    match class {
        0 => format!("{code} {message}"),
        _ => format!("{code} {class}.{subject}.{detail} {message}"),
    }
}

/// A mailbox as it may stand between angle brackets; `None` when a command with it would not be one command.
fn path(mailbox: &Mailbox) -> Option<String> {
    let belongs_in_domain = |c: char| c.is_alphanumeric() || ".-_:[]".contains(c) || (!c.is_ascii() && !c.is_control());
    let domain_is_sound = mailbox.domain.as_deref().is_none_or(|domain| domain.chars().all(belongs_in_domain));
    let local_is_sound = !mailbox.local.is_empty() && !mailbox.local.chars().any(char::is_control);
    (domain_is_sound && local_is_sound).then(|| mailbox.to_string())
}

#[cfg(test)]
mod tests;
