//! `telepost check`: reports every problem of a configuration, or shows what it comes to.
//!
//! It opens nothing and connects to nothing. Secrets are read, to see whether they are there, and never shown.

use std::process::ExitCode;

use clap::Args;

use super::ConfigFile;
use crate::config;

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Print the effective configuration: every key with the value that holds, secrets hidden
    #[arg(long)]
    print: bool,
}

/// Exit 0 when the configuration is good, 2 when not.
pub fn run(arguments: &Arguments) -> ExitCode {
    let path = &arguments.config.path;
    let checked = match config::check(path) {
        Ok(checked) => checked,
        Err(problems) => {
            anstream::eprintln!("{problems}");
            return ExitCode::from(2);
        }
    };
    if !checked.warnings.is_empty() {
        anstream::eprintln!("{}", checked.warnings);
    }
    match arguments.print {
        true => anstream::print!("{}", checked.effective),
        false => anstream::println!("{}: good", path.display()),
    }
    ExitCode::SUCCESS
}
