//! `telepost simulate`: the SMS gateway of the document, for trying out and for tests.
//!
//! On a terminal it shows each SMS on a simulated phone. It keeps nothing: at the next start the account has all its
//! credits again.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, ValueEnum};
use secrecy::SecretString;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::{fail, phone};
use crate::shutdown::Signals;
use crate::simulator::{
    ACTIVE, AcceptedSms, Account, Charset, DEFAULT_CREDITS, DEFAULT_MAX_LENGTH, DEFAULT_MAX_SESSIONS, Fault, Faults,
    Settings, Simulator,
};

#[derive(Args)]
pub struct Arguments {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:2526")]
    listen: SocketAddr,
    /// Who may log in
    #[arg(long, value_name = "U", default_value = "demo")]
    user: String,
    /// With which password
    #[arg(long, value_name = "P", default_value = "demo")]
    password: String,
    /// SMS that the account may send
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CREDITS)]
    credits: u64,
    /// The account's ID, as it is told at login
    #[arg(long, value_name = "ID", default_value = "1")]
    account_id: String,
    /// The account's status, as it is told at login; with any other than ACTIVE nothing is accepted
    #[arg(long, value_name = "WORD", default_value = ACTIVE)]
    status: String,
    /// Append each accepted SMS to this file as a line of JSON, before it is answered
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// What goes wrong on purpose, STAGE:ACTION or STAGE:ACTION:PROBABILITY; may be given several times
    #[arg(long = "fault", value_name = "SPEC", long_help = fault_help())]
    faults: Vec<Fault>,
    /// Makes the probabilities repeatable; without it every run is another
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Answer so many milliseconds late, as over a long line
    #[arg(long, value_name = "MS", default_value_t = 0)]
    delay: u64,
    /// Characters of one SMS
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_LENGTH)]
    max_length: usize,
    /// How the bytes of a text are read
    #[arg(long, value_enum, default_value_t = CharsetName::Detect)]
    charset: CharsetName,
    /// Sessions at a time
    #[arg(long, value_name = "N", default_value_t = DEFAULT_MAX_SESSIONS)]
    max_sessions: usize,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CharsetName {
    /// UTF-8 where it is valid, Latin-1 otherwise
    Detect,
    Latin1,
    Utf8,
}

/// Exit 0 at SIGTERM or SIGINT; 1 when the address or the log can't be had.
pub async fn run(arguments: &Arguments) -> ExitCode {
    super::log::start();
    let mut signals = match Signals::watch() {
        Ok(signals) => signals,
        Err(error) => return fail(format_args!("signals can't be watched: {error}")),
    };
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..));
    let mut settings = arguments.settings(seed);
    if std::io::stdout().is_terminal() {
        let (arrived, arrivals) = unbounded_channel();
        settings.arrived = Some(arrived);
        tokio::spawn(show(arrivals));
    }
    let simulator = match Simulator::bind(settings).await {
        Ok(simulator) => simulator,
        Err(error) => return fail(format_args!("can't simulate a gateway on {}: {error}", arguments.listen)),
    };
    // The line that says `ready` is the last one: whoever waits for it has all there is to know before it.
    arguments.introduce(seed);
    anstream::eprintln!("simulated gateway ready on {}", simulator.local_address());
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulator.run(stop.clone()));
    let signal = signals.received().await;
    tracing::debug!(signal, "ending");
    stop.cancel();
    match running.await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(format_args!("the simulated gateway ended badly: {error}")),
    }
}

impl Arguments {
    fn settings(&self, seed: u64) -> Settings {
        let account = Account {
            user: self.user.clone(),
            password: SecretString::from(self.password.as_str()),
            id: self.account_id.clone(),
            status: self.status.clone(),
            credits: self.credits,
        };
        Settings {
            listen: self.listen,
            accounts: vec![account],
            log: self.log.clone(),
            faults: Faults::new(self.faults.clone(), seed),
            round_trip: Duration::from_millis(self.delay),
            max_length: self.max_length,
            charset: self.charset.into(),
            max_sessions: self.max_sessions,
            ..Settings::default()
        }
    }

    fn introduce(&self, seed: u64) {
        let Arguments { user, password, credits, .. } = self;
        anstream::eprintln!("simulated gateway: user {user}, password {password}, {credits} credits");
        for fault in &self.faults {
            anstream::eprintln!("simulated gateway: fault {fault}");
        }
        if !self.faults.is_empty() {
            anstream::eprintln!("simulated gateway: the same again with --seed {seed}");
        }
    }
}

impl From<CharsetName> for Charset {
    fn from(name: CharsetName) -> Charset {
        match name {
            CharsetName::Detect => Charset::Detect,
            CharsetName::Latin1 => Charset::Latin1,
            CharsetName::Utf8 => Charset::Utf8,
        }
    }
}

async fn show(mut arrivals: UnboundedReceiver<AcceptedSms>) {
    while let Some(sms) = arrivals.recv().await {
        anstream::println!("  SMS for {}", sms.recipient);
        phone::draw(&sms.sender, &sms.text).iter().for_each(|line| anstream::println!("{line}"));
    }
}

fn fault_help() -> String {
    format!(
        "What goes wrong on purpose, STAGE:ACTION or STAGE:ACTION:PROBABILITY (from 0 to 1); may be given several \
         times.\n\nStages: {}\n\nActions: {}\n\nNot done, and not answered as asked: close, hang, tempfail, permfail. \
         Done, but answered oddly: garbage, codeless, coded, lone-lf, split, delay=MS; drop-reply ends the connection \
         instead of answering.",
        Fault::stages(),
        Fault::actions()
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use secrecy::ExposeSecret as _;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn settings(line: &str) -> Result<Settings, clap::Error> {
        let words = std::iter::once("simulate").chain(line.split_whitespace());
        Line::try_parse_from(words).map(|line| line.arguments.settings(7))
    }

    #[test]
    fn without_arguments_there_is_one_account_in_order() {
        let settings = settings("").unwrap();
        let [account] = &settings.accounts[..] else { panic!("{:?}", settings.accounts) };
        assert_eq!((account.user.as_str(), account.password.expose_secret()), ("demo", "demo"));
        assert!(account.may_send() && account.credits > 0);
        assert_eq!((settings.max_length, settings.round_trip), (160, Duration::ZERO));
        assert_eq!(settings.listen, "127.0.0.1:2526".parse().unwrap());
    }

    #[test]
    fn arguments_become_settings() {
        let line = "--listen 127.0.0.1:0 --user u --password p --credits 7 --log sms.jsonl --fault text:drop-reply:0.5 \
                    --fault mail:delay=20 --account-id 77 --status BLOCKED --delay 5 --max-length 70 --charset latin1 \
                    --max-sessions 3";
        let settings = settings(line).unwrap();
        let [account] = &settings.accounts[..] else { panic!("{:?}", settings.accounts) };
        assert_eq!((account.user.as_str(), account.password.expose_secret(), account.credits), ("u", "p", 7));
        assert_eq!((account.id.as_str(), account.status.as_str()), ("77", "BLOCKED"));
        assert_eq!(settings.log, Some(PathBuf::from("sms.jsonl")));
        assert_eq!((settings.max_length, settings.max_sessions, settings.charset), (70, 3, Charset::Latin1));
        assert_eq!((settings.round_trip, settings.listen.port()), (Duration::from_millis(5), 0));
        let faults = Faults::new(vec!["text:drop-reply:0.5".parse().unwrap(), "mail:delay=20".parse().unwrap()], 7);
        assert_eq!(settings.faults, faults);
    }

    #[test]
    fn a_wrong_fault_is_an_error_that_lists_what_there_is() {
        let error = settings("--fault text:explode").unwrap_err().to_string();
        assert!(error.contains("there are close hang tempfail"), "{error}");
    }
}
