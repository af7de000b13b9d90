//! `telepost preview`: shows what a mail would become. Sends nothing, opens no spool.

mod picture;

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{ConfigFile, fail, mailbox};
use crate::intake::{Decision, Desk, Matched, Message, Prepared};
use crate::sms::Sms;
use crate::smtp::{Envelope, Mailbox, Reply};
use crate::spool::Priority;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// The recipient, as in RCPT; may be given several times
    #[arg(long, value_name = "ADDR", required = true, value_parser = mailbox::parse)]
    to: Vec<Mailbox>,
    /// The envelope sender, as in MAIL; none: the null sender
    #[arg(long, value_name = "ADDR", value_parser = mailbox::parse)]
    from: Option<Mailbox>,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
    /// A file with the mail; standard input when absent or `-`
    #[arg(value_name = "MAIL")]
    mail: Option<PathBuf>,
}

/// What the mail becomes; the field names are part of the outward interface.
#[derive(Serialize)]
struct Preview {
    #[serde(flatten)]
    arriving: Fates,
    /// What it rings besides, where it passes by a milter listener on its way to those recipients that are not ours.
    rings: Fates,
}

/// What becomes of each message.
#[derive(Default, Serialize)]
struct Fates {
    recipients: Vec<Shown>,
    refused: Vec<Refused>,
    dropped: Vec<Dropped>,
}

/// What would be sent, or held.
#[derive(Serialize)]
struct Shown {
    address: String,
    number: String,
    sender: String,
    gateway: String,
    encoding: String,
    /// What pushed the text into UCS-2.
    because: Option<String>,
    parts: Vec<String>,
    units: Vec<usize>,
    truncated: bool,
    /// What of the text is left out.
    dropped: Vec<String>,
    text: String,
    #[serde(flatten)]
    fit: Fit,
    /// `send` or `hold`.
    action: &'static str,
    priority: Priority,
    /// Seconds that it may wait.
    expire: u64,
    topic: Option<ShownTopic>,
}

/// The rule that fits, and why.
#[derive(Default, Serialize)]
struct Fit {
    rule: Option<String>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct ShownTopic {
    key: String,
    standing: &'static str,
}

#[derive(Serialize)]
struct Refused {
    address: String,
    code: u16,
    enhanced: String,
    reason: String,
    #[serde(flatten)]
    fit: Fit,
}

/// What would be taken and thrown away.
#[derive(Serialize)]
struct Dropped {
    address: String,
    number: String,
    #[serde(flatten)]
    fit: Fit,
}

/// Exit 0 when every recipient's message would be taken, 1 when one would be refused, 2 when the configuration is not good.
pub fn run(arguments: &Arguments) -> ExitCode {
    let config = match arguments.config.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let limit = config.listeners.iter().map(|listener| listener.max_message_size).max().unwrap_or(usize::MAX);
    let mail = match read(arguments, limit) {
        Ok(mail) => mail,
        Err(error) => return fail(format_args!("the mail can't be read: {error}")),
    };
    let preview = preview(&Desk::new(config.intake()), arguments, &mail);
    let printed = match arguments.json {
        true => serde_json::to_string(&preview).map_err(io::Error::from).map(|json| anstream::println!("{json}")),
        false => {
            anstream::print!("{}", picture::draw(&preview));
            Ok(())
        }
    };
    match printed {
        Err(error) => fail(error),
        Ok(()) if preview.arriving.refused.is_empty() => ExitCode::SUCCESS,
        Ok(()) => ExitCode::FAILURE,
    }
}

/// Reads the mail, one byte more than `limit` at most: that one is refused like any mail that is too large.
fn read(arguments: &Arguments, limit: usize) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    match arguments.mail.as_deref() {
        Some(path) if path.as_os_str() != "-" => File::open(path)?.take(limit).read_to_end(&mut mail)?,
        _ => io::stdin().lock().take(limit).read_to_end(&mut mail)?,
    };
    Ok(mail)
}

fn preview(desk: &Desk, arguments: &Arguments, mail: &[u8]) -> Preview {
    let envelope = Envelope::by_command_line(arguments.from.clone().into(), arguments.to.clone());
    let mut preview = Preview { arriving: Fates::default(), rings: Fates::default() };
    match desk.open(mail) {
        Ok(text) => {
            desk.prepare(&envelope, &text).into_iter().for_each(|prepared| preview.arriving.add(prepared));
            desk.ring(&envelope, &text).into_iter().for_each(|prepared| preview.rings.add(prepared));
        }
        Err(reply) => {
            let refused = arguments.to.iter().map(|to| Refused::new(to.to_string(), &reply, Fit::default()));
            preview.arriving.refused.extend(refused);
        }
    }
    preview
}

impl Fates {
    fn add(&mut self, Prepared { recipient, messages }: Prepared) {
        let address = recipient.mailbox.to_string();
        match messages {
            Err(reply) => self.refused.push(Refused::new(address, &reply, Fit::default())),
            Ok(messages) => messages.into_iter().for_each(|message| self.add_message(&address, message)),
        }
    }

    fn add_message(&mut self, address: &str, mut message: Message) {
        let fit = message.rule.take().map(|Matched { name, reasons }| Fit { rule: Some(name), reasons });
        let fit = fit.unwrap_or_default();
        let address = address.to_owned();
        match message.decision.clone() {
            Decision::Refuse(reply) => self.refused.push(Refused::new(address, &reply, fit)),
            Decision::Drop { .. } => {
                self.dropped.push(Dropped { address, number: message.route.number.to_string(), fit });
            }
            Decision::Send(sms) => self.recipients.push(Shown::new(address, message, sms, fit, "send")),
            Decision::Hold { sms, .. } => self.recipients.push(Shown::new(address, message, sms, fit, "hold")),
        }
    }
}

impl Shown {
    fn new(address: String, message: Message, sms: Sms, fit: Fit, action: &'static str) -> Shown {
        Shown {
            address,
            number: message.route.number.to_string(),
            sender: message.sender.to_string(),
            gateway: message.route.gateways.first().cloned().unwrap_or_default(),
            encoding: sms.encoding.to_string(),
            because: sms.because.map(|character| character.to_string()),
            units: sms.parts.iter().map(|part| part.units).collect(),
            parts: sms.parts.into_iter().map(|part| part.text).collect(),
            truncated: sms.truncated,
            dropped: sms.dropped,
            text: sms.text,
            fit,
            action,
            priority: message.priority,
            expire: message.expire.as_secs(),
            topic: message.topic.map(|topic| ShownTopic { key: topic.key, standing: topic.standing.as_str() }),
        }
    }
}

impl Refused {
    fn new(address: String, reply: &Reply, fit: Fit) -> Refused {
        let enhanced = reply.enhanced.unwrap_or_default().to_owned();
        Refused { address, code: reply.code, enhanced, reason: reply.lines.join(" "), fit }
    }
}
