//! The command line: one file for each command, and the only place that sees every room.
//!
//! Errors go to stderr in plain words; exit codes are those of the manual.

mod check;
mod demo;
mod files;
mod gateways;
mod hash_password;
mod log;
mod mailbox;
mod phone;
mod preview;
mod queue;
mod rules;
mod send;
mod sendmail;
mod serve;
mod simulate;
mod submit;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Config};

/// An email-to-SMS relay: takes mail beside a site's mail server and hands it to an SMS gateway.
#[derive(Parser)]
#[command(name = "telepost", version, about, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the relay in the foreground
    Serve(ConfigFile),
    /// Check the configuration and report every error in it
    Check(check::Arguments),
    /// Show what a mail would become, without sending anything
    Preview(preview::Arguments),
    /// Try the rules on mails of which the SMS are known
    Rules(rules::Arguments),
    /// Queue one SMS, also beside a running relay
    Send(send::Arguments),
    /// Queue a mail from standard input, like sendmail(8)
    Sendmail(sendmail::Arguments),
    /// Look at the spool and work on it, also beside a running relay
    Queue(queue::Arguments),
    /// Show each gateway: reachable, last login, credits, sessions, waiting messages
    Gateways(gateways::Arguments),
    /// Be the SMS gateway of the document, for trying out and for tests
    Simulate(simulate::Arguments),
    /// Turn a password into a hash for the users file
    HashPassword,
    /// Show everything at once: relay, simulated gateway and a few mails, in one process
    Demo(demo::Arguments),
}

/// Where the configuration is.
#[derive(Args, Clone, Debug)]
pub struct ConfigFile {
    /// The configuration file
    #[arg(short = 'c', long = "config", value_name = "FILE", default_value = config::DEFAULT_PATH)]
    path: PathBuf,
}

impl ConfigFile {
    /// Where it is.
    pub fn path(&self) -> &std::path::Path {
        &self.path
    }

    /// Reads the configuration. Every problem in it is reported on stderr; the error is the exit code for the caller
    /// to leave with.
    pub fn load(&self, otherwise: ExitCode) -> Result<Config, ExitCode> {
        config::load(&self.path).map_err(|problems| {
            anstream::eprintln!("{problems}");
            otherwise
        })
    }
}

/// Runs the command that the arguments name and gives its exit code.
pub fn run() -> ExitCode {
    let Arguments { command } = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return show_usage(&error),
    };
    match command {
        Command::Check(arguments) => check::run(&arguments),
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::HashPassword => hash_password::run(),
        other => {
            let runtime = match tokio::runtime::Runtime::new() {
                Ok(runtime) => runtime,
                Err(error) => return fail(format_args!("telepost can't start: {error}")),
            };
            runtime.block_on(run_in_runtime(other))
        }
    }
}

async fn run_in_runtime(command: Command) -> ExitCode {
    match command {
        Command::Serve(arguments) => serve::run(&arguments).await,
        Command::Send(arguments) => send::run(&arguments).await,
        Command::Sendmail(arguments) => sendmail::run(&arguments).await,
        Command::Queue(arguments) => queue::run(&arguments).await,
        Command::Gateways(arguments) => gateways::run(&arguments).await,
        Command::Simulate(arguments) => simulate::run(&arguments).await,
        Command::Demo(arguments) => demo::run(&arguments).await,
        Command::Check(arguments) => check::run(&arguments),
        Command::Preview(arguments) => preview::run(&arguments),
        Command::Rules(arguments) => rules::run(&arguments),
        Command::HashPassword => hash_password::run(),
    }
}

/// Shows the help that was asked for, or what is wrong with the arguments. `sendmail` alone has an exit code of its own
/// for them, because whoever calls it knows sysexits.h.
fn show_usage(error: &clap::Error) -> ExitCode {
    if let Err(unwritten) = error.print() {
        return fail(unwritten);
    }
    let is_sendmail = std::env::args_os().nth(1).is_some_and(|command| command == "sendmail");
    match error.use_stderr() {
        false => ExitCode::SUCCESS,
        true if is_sendmail => ExitCode::from(sendmail::EX_USAGE),
        true => ExitCode::from(2),
    }
}

/// Says on stderr what went wrong and gives the exit code for it.
fn fail(reason: impl std::fmt::Display) -> ExitCode {
    anstream::eprintln!("telepost: {reason}");
    ExitCode::FAILURE
}
