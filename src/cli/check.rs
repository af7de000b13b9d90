//! `telepost check`: reports every problem of a configuration, or shows what it comes to.
//!
//! It listens nowhere and connects to nothing. Secrets, certificates, keys and users files are read, to see whether
//! `serve` could use them, and never shown: best run as the user that `serve` runs as.

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
