//! `telepost hash-password`: reads a password and prints its hash for the users file.
//!
//! At a terminal it asks twice and shows nothing; otherwise it takes the first line of standard input. Known limit:
//! whoever interrupts the question with Ctrl-C leaves the echo off, which most shells put right by themselves.

use std::io::{self, BufRead, IsTerminal, Write};
use std::process::ExitCode;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};

use super::fail;
use crate::smtp::hash_password;

/// Bytes of a password that a client can log in with.
const MAX_PASSWORD: u64 = 1024;

/// Exit 0 when the hash was printed, 1 when there was no password.
pub fn run() -> ExitCode {
    let hash = read().and_then(|password| hash_password(&password));
    match hash {
        Ok(hash) => {
            anstream::println!("{hash}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

fn read() -> Result<SecretString, String> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        return line(stdin.lock());
    }
    let password = ask("Password: ")?;
    let again = ask("The same again: ")?;
    if password.expose_secret() != again.expose_secret() {
        return Err("the two passwords are not the same".to_owned());
    }
    Ok(password)
}

/// Asks on the terminal, on stderr because the hash may be led elsewhere.
fn ask(question: &str) -> Result<SecretString, String> {
    let mut stderr = io::stderr();
    let asked = write!(stderr, "{question}").and_then(|()| stderr.flush());
    asked.map_err(|error| format!("the question can't be asked: {error}"))?;
    let silence = Silence::begin().map_err(|error| format!("the terminal's echo can't be turned off: {error}"))?;
    let password = line(io::stdin().lock());
    drop(silence);
    anstream::eprintln!();
    password
}

fn line(input: impl BufRead) -> Result<SecretString, String> {
    let mut line = String::new();
    input.take(MAX_PASSWORD + 3).read_line(&mut line).map_err(|error| format!("no password: {error}"))?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    match password.len() as u64 {
        0 => Err("the password is empty".to_owned()),
        1..=MAX_PASSWORD if password.contains('\0') => Err("a password has no NUL in it".to_owned()),
        1..=MAX_PASSWORD => Ok(SecretString::from(password)),
        _ => Err(format!("a password has at most {MAX_PASSWORD} bytes")),
    }
}

/// While this lives the terminal does not show what is typed.
struct Silence {
    before: Termios,
}

impl Silence {
    fn begin() -> io::Result<Silence> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Silence { before })
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), OptionalActions::Now, &self.before) {
            anstream::eprintln!("telepost: the terminal's echo could not be turned on again: {error}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_the_password() {
        let long = "x".repeat(1025);
        let longest = "x".repeat(1024);
        let table = [
            ("secret\n", Ok("secret")),
            ("secret\r\nmore\n", Ok("secret")),
            ("secret", Ok("secret")),
            (" s p a c e s \n", Ok(" s p a c e s ")),
            (&longest, Ok(&longest)),
            ("", Err("the password is empty")),
            ("\n", Err("the password is empty")),
            ("a\0b\n", Err("a password has no NUL in it")),
            (&long, Err("a password has at most 1024 bytes")),
        ];
        for (input, expected) in table {
            let password = line(input.as_bytes());
            let password = password.as_ref().map(|password| password.expose_secret()).map_err(String::as_str);
            assert_eq!(password, expected, "{input:?}");
        }
    }
}
