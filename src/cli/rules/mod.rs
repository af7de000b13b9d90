//! `telepost rules test`: runs a folder of mails and says which of them do not become what is expected.
//!
//! It opens no spool and sends nothing. The folder holds mails, `NAME.eml`, and beside each the SMS it should become,
//! `NAME.sms`; [`case`] says what stands there. The envelope is taken from the mail: the sender from `Return-Path` or
//! `From`, the recipient from `To` or `Cc` when a telephone is meant there.

mod case;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use clap::{Args, Subcommand};

use super::mailbox;
use crate::config;
use crate::intake::{self, Desk};
use crate::smtp::Mailbox;
use case::{Case, Expected, Outcome};

const MISSING: Style = AnsiColor::Red.on_default();
const EXTRA: Style = AnsiColor::Green.on_default();

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a folder of mails, NAME.eml, each with the SMS it should become beside it, NAME.sms
    Test(Test),
}

#[derive(Args)]
struct Test {
    /// The folder with the mails
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// The configuration file; without one the rules are those of all *.toml in the folder
    #[arg(short = 'c', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// The recipient of mails that name none of ours
    #[arg(long, value_name = "ADDR", default_value = "+447731234567", value_parser = mailbox::parse)]
    to: Mailbox,
    /// Write what comes out into the .sms files, where it is not what is expected
    #[arg(long)]
    write: bool,
}

/// What came of a folder.
#[derive(Debug, Default, PartialEq, Eq)]
struct Report {
    mails: usize,
    differences: Vec<Difference>,
    /// Rules that no mail fits.
    unused: Vec<String>,
}

/// A mail that did not become what is expected.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    name: String,
    /// `None`: nothing is beside the mail.
    expected: Option<String>,
    found: String,
}

/// Exit 0 when every mail becomes what is expected, 1 when not, 2 when rules or mails can't be read.
pub fn run(arguments: &Arguments) -> ExitCode {
    let Command::Test(test) = &arguments.command;
    let settings = match &test.config {
        Some(path) => config::load(path).map(|config| config.intake()),
        None => config::profiles(&test.folder),
    };
    let settings = match settings {
        Ok(settings) => settings,
        Err(problems) => {
            anstream::eprintln!("{problems}");
            return ExitCode::from(2);
        }
    };
    match try_out(test, settings) {
        Ok(report) => {
            anstream::print!("{}", picture(&report, test));
            ExitCode::from(u8::from(!report.differences.is_empty() && !test.write))
        }
        Err(reason) => {
            anstream::eprintln!("telepost: {reason}");
            ExitCode::from(2)
        }
    }
}

fn try_out(test: &Test, settings: intake::Settings) -> Result<Report, String> {
    let mut unused: Vec<String> = settings.rules.iter().map(|rule| rule.name.clone()).collect();
    let desk = Desk::new(settings);
    let mut report = Report::default();
    for case in Case::find(&test.folder)? {
        let outcome = Outcome::of(&desk, &case.mail()?, &test.to);
        unused.retain(|rule| outcome.rule() != Some(rule));
        report.mails += 1;
        let expected = case.expected()?;
        let keys = expected.as_ref().map(Expected::keys).unwrap_or_default();
        let found = outcome.shown(&keys);
        if expected.as_ref().is_some_and(|expected| expected.shown() == found) {
            continue;
        }
        if test.write {
            case.write(&found)?;
        }
        let expected = expected.map(|expected| expected.shown());
        report.differences.push(Difference { name: case.name, expected, found });
    }
    report.unused = unused;
    Ok(report)
}

/// The report for a person.
fn picture(report: &Report, test: &Test) -> String {
    let mut lines = Vec::new();
    for Difference { name, expected, found } in &report.differences {
        match expected {
            None => lines.push(format!("{name}: nothing is expected beside it, what comes out is")),
            Some(_) => lines.push(format!("{name}: something else was expected (-) than comes out (+)")),
        }
        let expected = expected.as_deref().unwrap_or_default();
        let same = |line: &&str, other: &str| other.lines().any(|known| known == *line);
        let missing = expected.lines().filter(|line| !same(line, found));
        lines.extend(missing.map(|line| format!("{MISSING}  - {line}{MISSING:#}")));
        lines.extend(found.lines().map(|line| match same(&line, expected) {
            true => format!("    {line}"),
            false => format!("{EXTRA}  + {line}{EXTRA:#}"),
        }));
    }
    lines.extend(report.unused.iter().map(|rule| format!("no mail here fits rule {rule}")));
    let wrong = report.differences.len();
    let written = if test.write && wrong > 0 { ", which is written down now" } else { "" };
    let mails = if report.mails == 1 { "mail" } else { "mails" };
    lines.push(format!("{} {mails}: {} as expected, {wrong} not{written}\n", report.mails, report.mails - wrong));
    lines.join("\n")
}
