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
use crate::simulator::{AcceptedSms, Account, Charset, Fault, Faults, Settings, Simulator};

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
    #[arg(long, value_name = "N", default_value_t = 1000)]
    credits: u64,
    /// The account's ID, as it is told at login
    #[arg(long, value_name = "ID", default_value = "1")]
    account_id: String,
    /// The account's status, as it is told at login; with any other than ACTIVE nothing is accepted
    #[arg(long, value_name = "WORD", default_value = "ACTIVE")]
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
    #[arg(long, value_name = "N", default_value_t = 160)]
    max_length: usize,
    /// How the bytes of a text are read
    #[arg(long, value_enum, default_value_t = CharsetName::Detect)]
    charset: CharsetName,
    /// Sessions at a time
    #[arg(long, value_name = "N", default_value_t = 1000)]
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
    let mut settings = arguments.settings();
    if std::io::stdout().is_terminal() {
        let (arrived, arrivals) = unbounded_channel();
        settings.arrived = Some(arrived);
        tokio::spawn(show(arrivals));
    }
    let simulator = match Simulator::bind(settings).await {
        Ok(simulator) => simulator,
        Err(error) => return fail(format_args!("can't simulate a gateway on {}: {error}", arguments.listen)),
    };
    // Whoever waits for the second line finds all there is to know before it.
    arguments.introduce();
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
    fn settings(&self) -> Settings {
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
            faults: Faults::new(self.faults.clone(), self.seed.unwrap_or_else(|| fastrand::u64(..))),
            round_trip: Duration::from_millis(self.delay),
            max_length: self.max_length,
            charset: self.charset.into(),
            max_sessions: self.max_sessions,
            ..Settings::default()
        }
    }

    fn introduce(&self) {
        let Arguments { user, password, credits, .. } = self;
        anstream::eprintln!("simulated gateway: user {user}, password {password}, {credits} credits");
        for fault in &self.faults {
            anstream::eprintln!("simulated gateway: fault {fault}");
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
