//! `telepost sendmail`: reads a mail from standard input like sendmail(8), for pipe transports, cron and scripts.
//!
//! All recipients are queued or none: an exit code can't say which. Exit codes are those of sysexits.h.

use std::io::{self, BufRead};
use std::process::ExitCode;

use clap::{ArgAction, Args};

use super::submit::{self, Failure};
use super::{ConfigFile, mailbox};
use crate::intake::Desk;
use crate::message::Text;
use crate::smtp::{Envelope, Mailbox, ReversePath};

/// sysexits.h: the command line was used wrongly.
pub(super) const EX_USAGE: u8 = 64;
/// sysexits.h: the mail can't be turned into an SMS.
const EX_DATAERR: u8 = 65;
/// sysexits.h: there is no such recipient.
const EX_NOUSER: u8 = 67;
/// sysexits.h: try again later.
const EX_TEMPFAIL: u8 = 75;
/// sysexits.h: the configuration is not good.
const EX_CONFIG: u8 = 78;

#[derive(Args)]
// `-h` is a hop count in sendmail(8): a program that gives it must not get a page of help for its mail.
#[command(disable_help_flag = true)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Print help
    #[arg(long, action = ArgAction::Help)]
    help: Option<bool>,
    /// A line with a single dot does not end the mail
    #[arg(short = 'i')]
    ignore_dots: bool,
    /// Take the recipients from To, Cc and Bcc
    #[arg(short = 't')]
    take_recipients: bool,
    /// The envelope sender; `<>` or nothing: the null sender
    #[arg(short = 'f', short_alias = 'r', value_name = "FROM", allow_hyphen_values = true)]
    from: Option<String>,
    /// What to do: `m`, to take a mail, is all there is
    #[arg(short = 'b', value_name = "MODE", hide = true)]
    mode: Option<String>,
    /// Options of sendmail(8) that programs give out of habit; they change nothing here
    #[arg(short = 'o', short_aliases = ['A', 'B', 'F', 'L', 'N', 'O', 'R', 'V', 'X', 'd', 'e', 'h', 'p'],
          value_name = "OPTION", hide = true)]
    ignored: Vec<String>,
    /// Likewise, those without a value
    #[arg(short = 'n', short_aliases = ['G', 'U', 'm', 'v'], action = ArgAction::Count, hide = true)]
    ignored_flags: u8,
    #[arg(value_name = "RCPT")]
    recipients: Vec<String>,
}

/// Exit 0 when queued; 64, 65, 67, 75 or 78 when nothing was.
pub async fn run(arguments: &Arguments) -> ExitCode {
    match submit_mail(arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => code,
    }
}

async fn submit_mail(arguments: &Arguments) -> Result<(), ExitCode> {
    if let Some(mode) = arguments.mode.as_deref().filter(|mode| *mode != "m") {
        return Err(complain(EX_USAGE, format_args!("-b{mode} is not for telepost: it only takes mail (-bm)")));
    }
    let config = arguments.config.load(ExitCode::from(EX_CONFIG))?;
    let limit = config.listeners.iter().map(|listener| listener.max_message_size).max().unwrap_or(usize::MAX);
    let mail = read(io::stdin().lock(), arguments.dots(), limit)
        .map_err(|error| complain(EX_DATAERR, format_args!("the mail can't be read: {error}")))?;
    let desk = Desk::new(config.intake());
    let text = desk.open(&mail).map_err(|reply| complain(EX_DATAERR, reply.lines.join(" ")))?;
    let from = sender(arguments.from.as_deref()).map_err(|reason| complain(EX_USAGE, reason))?;
    let recipients = recipients(arguments, &text).map_err(|reason| complain(EX_NOUSER, reason))?;
    let envelope = Envelope::by_command_line(from, recipients);
    if envelope.recipients.is_empty() {
        return Err(complain(EX_USAGE, "no recipients: name them on the command line, or give -t and a To header"));
    }
    let prepared = desk.prepare(&envelope, &text);
    submit::submit(&config, &envelope, &text, prepared).await.map(drop).map_err(|failure| {
        let code = exit_code(&failure);
        complain(code, failure)
    })
}

/// Whether a lone dot ends the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dots {
    EndTheMail,
    AreText,
}

impl Arguments {
    fn dots(&self) -> Dots {
        let habit = self.ignored.iter().any(|option| option == "i");
        if self.ignore_dots || habit { Dots::AreText } else { Dots::EndTheMail }
    }
}

fn complain(code: u8, reason: impl std::fmt::Display) -> ExitCode {
    anstream::eprintln!("telepost: {reason}");
    ExitCode::from(code)
}

fn exit_code(failure: &Failure) -> u8 {
    match failure {
        Failure::Spool(_) => EX_TEMPFAIL,
        Failure::Refused { reply, .. } if reply.is_temporary() => EX_TEMPFAIL,
        Failure::Refused { reply, .. } if reply.code == 550 => EX_NOUSER,
        Failure::Refused { .. } => EX_DATAERR,
    }
}

/// Reads the mail to its end, with the line ends it has; longer than `limit` bytes is an error.
fn read(input: impl BufRead, dots: Dots, limit: usize) -> io::Result<Vec<u8>> {
    let mut input = input.take(u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1));
    let mut mail = Vec::new();
    loop {
        let start = mail.len();
        let count = input.read_until(b'\n', &mut mail)?;
        let line = mail[start..].trim_ascii_end();
        if dots == Dots::EndTheMail && line == b"." {
            mail.truncate(start);
            return Ok(mail);
        }
        if mail.len() > limit {
            return Err(io::Error::other(format!("it is longer than {limit} bytes")));
        }
        if count == 0 {
            return Ok(mail);
        }
    }
}

fn sender(from: Option<&str>) -> Result<ReversePath, String> {
    match from.map(str::trim) {
        None | Some("" | "<>") => Ok(ReversePath::Null),
        Some(text) => mailbox::parse(text).map(ReversePath::Mailbox),
    }
}

fn recipients(arguments: &Arguments, text: &Text) -> Result<Vec<Mailbox>, String> {
    let mut recipients = arguments.recipients.iter().map(|text| mailbox::parse(text)).collect::<Result<Vec<_>, _>>()?;
    if arguments.take_recipients {
        for address in text.recipients() {
            recipients.push(mailbox::parse(&address)?);
        }
    }
    Ok(recipients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_dot_ends_the_mail_only_when_asked_to() {
        let mail = b"Subject: x\n\none\n.\ntwo\n";
        assert_eq!(read(&mail[..], Dots::EndTheMail, 100).unwrap(), b"Subject: x\n\none\n");
        assert_eq!(read(&mail[..], Dots::AreText, 100).unwrap(), mail);
    }

    #[test]
    fn a_mail_over_the_limit_is_an_error_and_one_at_the_limit_is_not() {
        assert!(read(&b"0123456789"[..], Dots::AreText, 9).is_err());
        assert!(read(&b"0123456789"[..], Dots::AreText, 10).is_ok());
    }

    #[test]
    fn exit_codes_are_those_of_sysexits() {
        let refused = |code| Failure::Refused {
            recipient: mailbox::parse("1@a").unwrap(),
            reply: Reply::new(code, "5.0.0", "no"),
        };
        use crate::smtp::Reply;
        assert_eq!(exit_code(&refused(550)), EX_NOUSER);
        assert_eq!(exit_code(&refused(554)), EX_DATAERR);
        assert_eq!(exit_code(&refused(451)), EX_TEMPFAIL);
    }
}
