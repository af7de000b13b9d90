//! `telepost preview`: shows what a mail would become. Sends nothing, opens no spool.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{ConfigFile, fail, mailbox};
use crate::intake::{Desk, Message, Prepared};
use crate::smtp::{Envelope, Mailbox, Reply};

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
    recipients: Vec<Shown>,
    refused: Vec<Refused>,
}

#[derive(Serialize)]
struct Shown {
    address: String,
    number: String,
    sender: String,
    gateway: String,
    encoding: String,
    parts: Vec<String>,
    units: Vec<usize>,
    truncated: bool,
    text: String,
}

#[derive(Serialize)]
struct Refused {
    address: String,
    code: u16,
    enhanced: String,
    reason: String,
}

/// Exit 0 when every recipient would be sent to, 1 when one would be refused, 2 when the configuration is not good.
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
            anstream::print!("{}", picture(&preview));
            Ok(())
        }
    };
    match printed {
        Err(error) => fail(error),
        Ok(()) if preview.refused.is_empty() => ExitCode::SUCCESS,
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
    let mut preview = Preview { recipients: Vec::new(), refused: Vec::new() };
    match desk.open(mail) {
        Ok(text) => desk.prepare(&envelope, &text).into_iter().for_each(|prepared| preview.add(prepared)),
        Err(reply) => preview.refused.extend(arguments.to.iter().map(|to| Refused::new(to.to_string(), &reply))),
    }
    preview
}

impl Preview {
    fn add(&mut self, Prepared { recipient, messages }: Prepared) {
        let address = recipient.mailbox.to_string();
        match messages {
            Err(reply) => self.refused.push(Refused::new(address, &reply)),
            Ok(messages) => messages.into_iter().for_each(|message| self.add_message(&address, message)),
        }
    }

    fn add_message(&mut self, address: &str, message: Message) {
        match message.sms {
            Err(reply) => self.refused.push(Refused::new(address.to_owned(), &reply)),
            Ok(sms) => self.recipients.push(Shown {
                address: address.to_owned(),
                number: message.route.number.to_string(),
                sender: message.sender.to_string(),
                gateway: message.route.gateways.first().cloned().unwrap_or_default(),
                encoding: sms.encoding.to_string(),
                units: sms.parts.iter().map(|part| part.units).collect(),
                parts: sms.parts.into_iter().map(|part| part.text).collect(),
                truncated: sms.truncated,
                text: sms.text,
            }),
        }
    }
}

impl Refused {
    fn new(address: String, reply: &Reply) -> Refused {
        Refused {
            address,
            code: reply.code,
            enhanced: reply.enhanced.unwrap_or_default().to_owned(),
            reason: reply.lines.join(" "),
        }
    }
}

/// The preview for a person: each part as the phone shows it.
fn picture(preview: &Preview) -> String {
    let mut lines = Vec::new();
    for shown in &preview.recipients {
        let Shown { address, number, sender, gateway, encoding, parts, units, truncated, .. } = shown;
        lines.push(format!("{address} -> {number} from {sender} by {gateway}"));
        for (part, units) in parts.iter().zip(units) {
            lines.extend(super::phone::draw(sender, part));
            lines.push(format!("  {units} units, {encoding}"));
        }
        if *truncated {
            lines.push("  not all of the text fits; what is missing is marked".to_owned());
        }
    }
    for Refused { address, code, enhanced, reason } in &preview.refused {
        lines.push(format!("{address} would be refused: {code} {enhanced} {reason}"));
    }
    lines.push(String::new());
    lines.join("\n")
}
