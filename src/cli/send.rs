//! `telepost send`: queues one SMS, also beside a running relay.

use std::process::ExitCode;

use clap::Args;

use super::{ConfigFile, fail, mailbox, submit};
use crate::address::SenderId;
use crate::intake::Desk;
use crate::message::Text;
use crate::smtp::{Envelope, Mailbox, ReversePath};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// The number, or an alias
    #[arg(long, value_name = "NUMBER", value_parser = mailbox::parse)]
    to: Mailbox,
    /// What the phone shows as the sender
    #[arg(long, value_name = "ID")]
    sender: Option<SenderId>,
    /// The text; several words are joined by spaces
    #[arg(required = true)]
    text: Vec<String>,
}

/// Exit 0 when queued, 1 when not, 2 when the configuration is not good.
pub async fn run(arguments: &Arguments) -> ExitCode {
    let config = match arguments.config.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let desk = Desk::new(config.intake());
    let words = arguments.text.join(" ");
    let envelope = Envelope::by_command_line(ReversePath::Null, vec![arguments.to.clone()]);
    let prepared = desk.set_words(&envelope, arguments.sender.clone(), &words);
    let submitted = submit::submit(&config, &envelope, &Text::default(), prepared).await;
    match submitted {
        Ok(all) => {
            all.iter().for_each(|accepted| anstream::println!("{accepted}"));
            ExitCode::SUCCESS
        }
        Err(failure) => fail(failure),
    }
}
