//! `telepost queue`: looks at the spool and works on it, also beside a running relay, which sees it at once.
//!
//! It never sends. What is not asked for by its ID but by a filter is only touched where the order makes sense; however
//! much that is, it goes through page by page. Phone numbers are shown in full: an operator has to read them.

mod shown;

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;
use std::str::FromStr;

use clap::{ArgGroup, Args, Subcommand};
use jiff::Timestamp;

use super::{ConfigFile, fail};
use crate::address::Number;
use crate::clock::Clock;
use crate::spool::{self, Filter, Order, ParcelId, Role, Spool, SpoolError, State};
use shown::Lines;

/// Messages read, and changed in one transaction, at a time.
const PAGE: usize = 200;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// List the messages in the spool, the oldest first
    List(List),
    /// Show a letter or a message with its whole history
    Show(Show),
    /// Try again at once; what was refused or has expired too, when named by its ID or by --state
    Retry(Orders),
    /// Keep waiting messages back
    Hold(Orders),
    /// Let held messages go
    Release(Orders),
    /// Give messages up; their senders get a notice
    Cancel(Orders),
    /// Count the messages in each state and for each gateway
    Stats(Stats),
}

#[derive(Args)]
struct List {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    which: Which,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Show {
    #[command(flatten)]
    config: ConfigFile,
    /// A letter (7k2m9q4xw1) or one of its messages (7k2m9q4xw1.2)
    id: Named,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Stats {
    #[command(flatten)]
    config: ConfigFile,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[command(group(ArgGroup::new("target").required(true).multiple(true)
    .args(["ids", "all", "state", "number", "sender", "older"])))]
struct Orders {
    #[command(flatten)]
    config: ConfigFile,
    /// Letters with all their messages (7k2m9q4xw1), or single messages (7k2m9q4xw1.2)
    #[arg(value_name = "ID", conflicts_with_all = ["all", "state", "number", "sender", "older"])]
    ids: Vec<Named>,
    #[command(flatten)]
    which: Which,
    /// All messages for which it makes sense
    #[arg(long, conflicts_with_all = ["state", "number", "sender", "older"])]
    all: bool,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

/// Which messages are meant: those for which all of it is true.
#[derive(Args, Clone, Debug, Default)]
struct Which {
    /// Only in this state: waiting, sending, sent, held, refused or expired
    #[arg(long)]
    state: Option<State>,
    /// Only to this telephone, such as +447731234567
    #[arg(long, value_parser = Number::from_e164)]
    number: Option<Number>,
    /// Only from this envelope sender; * stands for any characters, <> for the null sender
    #[arg(long, value_name = "ADDRESS")]
    sender: Option<String>,
    /// Only accepted longer ago than this, such as 90s, 30m, 1h or 2d
    #[arg(long, value_name = "AGE")]
    older: Option<Age>,
}

impl Which {
    fn filter(&self, now: Timestamp) -> Filter {
        Filter {
            state: self.state,
            number: self.number.clone(),
            sender: self.sender.clone(),
            accepted_before: self.older.map(|Age(age)| now.checked_sub(age).unwrap_or(Timestamp::MIN)),
            ..Filter::default()
        }
    }
}

/// How old something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age(jiff::SignedDuration);

impl FromStr for Age {
    type Err = String;

    fn from_str(text: &str) -> Result<Age, String> {
        let span: jiff::Span = text.parse().map_err(|_| "an age looks like 90s, 30m, 1h or 2d".to_owned())?;
        let days = jiff::SpanRelativeTo::days_are_24_hours();
        match span.to_duration(days) {
            Ok(age) if !age.is_negative() => Ok(Age(age)),
            Ok(_) => Err("an age is not negative".to_owned()),
            Err(_) => Err("an age is told in weeks, days, hours, minutes or seconds".to_owned()),
        }
    }
}

/// A letter, or one of its messages.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Named {
    Letter(String),
    Parcel(ParcelId),
}

impl FromStr for Named {
    type Err = spool::ParcelIdError;

    fn from_str(text: &str) -> Result<Named, spool::ParcelIdError> {
        match text.contains('.') {
            true => text.parse().map(Named::Parcel),
            false => Ok(Named::Letter(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Named {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Named::Letter(letter) => f.write_str(letter),
            Named::Parcel(id) => id.fmt(f),
        }
    }
}

impl Named {
    fn letter(&self) -> &str {
        match self {
            Named::Letter(letter) => letter,
            Named::Parcel(id) => &id.letter,
        }
    }

    fn place(&self) -> Option<u32> {
        match self {
            Named::Letter(_) => None,
            Named::Parcel(id) => Some(id.place),
        }
    }

    fn filter(&self) -> Filter {
        Filter { letter: Some(self.letter().to_owned()), place: self.place(), ..Filter::default() }
    }
}

/// Why it was not done, or not all of it.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("there is no message {0}")]
    NoSuchMessage(Named),
    /// Each of them has been told of already.
    #[error("{0} of the messages could not be changed")]
    NotChanged(usize),
    #[error(transparent)]
    Spool(#[from] SpoolError),
    #[error("the output could not be written: {0}")]
    Output(#[from] io::Error),
}

/// Exit 0; 1 when there is no such ID or the spool can't be opened, 2 when the configuration is not good.
pub async fn run(arguments: &Arguments) -> ExitCode {
    let command = &arguments.command;
    let config = match command.config().load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let spool = match Spool::open(&config.spool, Role::Tool) {
        Ok(spool) => spool,
        Err(error) => return fail(error),
    };
    let mut out = BufWriter::new(io::stdout());
    let done = work(command, &spool, Clock::System.now(), &mut out).await;
    match out.flush().map_err(Failure::Output).and(done) {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads with head(1) has seen enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => fail(failure),
    }
}

impl Command {
    fn config(&self) -> &ConfigFile {
        match self {
            Command::List(List { config, .. })
            | Command::Show(Show { config, .. })
            | Command::Stats(Stats { config, .. }) => config,
            Command::Retry(orders) | Command::Hold(orders) | Command::Release(orders) | Command::Cancel(orders) => {
                &orders.config
            }
        }
    }
}

async fn work(command: &Command, spool: &Spool, now: Timestamp, out: &mut impl Write) -> Result<(), Failure> {
    match command {
        Command::List(arguments) => list(arguments, spool, now, out).await,
        Command::Show(arguments) => show(arguments, spool, out).await,
        Command::Retry(arguments) => order(Order::Retry, arguments, spool, now, out).await,
        Command::Hold(arguments) => order(Order::Hold, arguments, spool, now, out).await,
        Command::Release(arguments) => order(Order::Release, arguments, spool, now, out).await,
        Command::Cancel(arguments) => order(Order::Cancel, arguments, spool, now, out).await,
        Command::Stats(arguments) => {
            let stats = spool.stats().await?;
            match arguments.json {
                true => shown::stats_json(&stats, out)?,
                false => shown::stats(&stats, out)?,
            }
            Ok(())
        }
    }
}

async fn list(arguments: &List, spool: &Spool, now: Timestamp, out: &mut impl Write) -> Result<(), Failure> {
    let filter = arguments.which.filter(now);
    let mut lines = match arguments.json {
        true => Lines::json(out)?,
        false => Lines::text(out),
    };
    let mut last = None;
    loop {
        let page = spool.list(&filter, last.as_ref(), PAGE).await?;
        lines.messages(&page)?;
        match page.last() {
            Some(line) if page.len() == PAGE => last = Some(line.parcel.id.clone()),
            _ => return Ok(lines.end()?),
        }
    }
}

async fn show(arguments: &Show, spool: &Spool, out: &mut impl Write) -> Result<(), Failure> {
    let missing = || Failure::NoSuchMessage(arguments.id.clone());
    let mut letter = spool.letter(arguments.id.letter()).await?.ok_or_else(missing)?;
    if let Some(place) = arguments.id.place() {
        letter.parcels.retain(|record| record.parcel.id.place == place);
    }
    if letter.parcels.is_empty() {
        return Err(missing());
    }
    match arguments.json {
        true => shown::letter_json(&letter, out)?,
        false => shown::letter(&letter, out)?,
    }
    Ok(())
}

async fn order(
    order: Order,
    arguments: &Orders,
    spool: &Spool,
    now: Timestamp,
    out: &mut impl Write,
) -> Result<(), Failure> {
    let mut lines = match arguments.json {
        true => Lines::json(out)?,
        false => Lines::text(out),
    };
    let mut not_changed = 0;
    for id in &arguments.ids {
        let carried = carry_out(order, &id.filter(), spool, now, &mut lines).await?;
        if carried.touched == 0 {
            return Err(Failure::NoSuchMessage(id.clone()));
        }
        not_changed += carried.not_changed;
    }
    if arguments.ids.is_empty() {
        let filter = arguments.which.filter(now);
        for state in states(order, filter.state) {
            let filter = Filter { state: Some(state), ..filter.clone() };
            not_changed += carry_out(order, &filter, spool, now, &mut lines).await?.not_changed;
        }
    }
    lines.end()?;
    match not_changed {
        0 => Ok(()),
        count => Err(Failure::NotChanged(count)),
    }
}

/// The states in which an order looks for messages that are not named by their IDs. What has ended is only retried
/// when asked for in so many words: "all" would send a month's failures.
fn states(order: Order, asked: Option<State>) -> Vec<State> {
    let ended = |state: &State| matches!(state, State::Refused | State::Expired);
    match asked {
        Some(state) => order.possible_in().filter(|possible| *possible == state).collect(),
        None => order.possible_in().filter(|state| !ended(state)).collect(),
    }
}

/// How far an order got.
#[derive(Default)]
struct Carried {
    touched: usize,
    not_changed: usize,
}

/// Carries out an order for all that the filter lets through, page by page.
async fn carry_out(
    order: Order,
    filter: &Filter,
    spool: &Spool,
    now: Timestamp,
    lines: &mut Lines<'_, impl Write>,
) -> Result<Carried, Failure> {
    let mut carried = Carried::default();
    let mut last = None;
    loop {
        let page = spool.list(filter, last.as_ref(), PAGE).await?;
        let ids: Vec<ParcelId> = page.into_iter().map(|line| line.parcel.id).collect();
        let count = ids.len();
        last = ids.last().cloned();
        let ordered = spool.order(order, ids, now).await?;
        carried.touched += count;
        carried.not_changed += ordered.iter().filter(|one| one.outcome.is_err()).count();
        lines.ordered(&ordered)?;
        if count < PAGE {
            return Ok(carried);
        }
    }
}

#[cfg(test)]
mod tests;
