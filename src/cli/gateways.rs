//! `telepost gateways`: each gateway as the relay last saw it, and whether it can be reached from here now.
//!
//! It connects to every gateway and logs in, as the relay does, and submits nothing. `hold` and `release` are written into
//! the spool, where a running relay sees them at once and a later one when it starts.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use comfy_table::{Table, presets};
use serde::Serialize;

use super::{ConfigFile, fail};
use crate::clock::Clock;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::spool::{GatewayHold, GatewayStatus, HeldBy, Role, Spool, SpoolError, Stats};

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    order: Option<Order>,
    #[command(flatten)]
    config: ConfigFile,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
}

#[derive(Subcommand)]
enum Order {
    /// Let nothing leave by a gateway; what waits for it waits, or goes by another one of its route
    Hold(Named),
    /// Let a gateway send again, whoever held it, and try it at once
    Release(Named),
}

#[derive(Args)]
struct Named {
    /// As the configuration calls it
    name: String,
    #[command(flatten)]
    config: ConfigFile,
}

/// One gateway; the field names are part of the outward interface.
#[derive(Serialize)]
struct Shown {
    name: String,
    host: String,
    port: u16,
    reachable: bool,
    /// Why not, when it is not reachable.
    error: Option<String>,
    last_login: Option<String>,
    credits: Option<String>,
    account: Option<String>,
    status: Option<String>,
    /// Who keeps it from sending and why, when somebody does.
    held: Option<String>,
    /// Sessions that the configuration allows at a time.
    sessions: usize,
    waiting: usize,
}

/// Exit 0 whatever the gateways answer, or when the order is written down; 1 when the spool can't be read or there is no
/// such gateway, 2 when the configuration is not good.
pub async fn run(arguments: &Arguments) -> ExitCode {
    if let Some(order) = &arguments.order {
        return carry_out(order).await;
    }
    let config = match arguments.config.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let shown = match look(&config).await {
        Ok(shown) => shown,
        Err(error) => return fail(error),
    };
    if !arguments.json {
        anstream::println!("{}", table(&shown));
        return ExitCode::SUCCESS;
    }
    match serde_json::to_string(&shown) {
        Ok(json) => {
            anstream::println!("{json}");
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

async fn carry_out(order: &Order) -> ExitCode {
    let (Order::Hold(named) | Order::Release(named)) = order;
    let config = match named.config.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if !config.gateways.iter().any(|gateway| gateway.name == named.name) {
        let names: Vec<&str> = config.gateways.iter().map(|gateway| gateway.name.as_str()).collect();
        return fail(format_args!("there is no gateway {}; there are: {}", named.name, names.join(", ")));
    }
    match write_down(order, &config).await {
        Ok(said) => {
            anstream::println!("{} {said}", named.name);
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

async fn write_down(order: &Order, config: &Config) -> Result<&'static str, SpoolError> {
    let (spool, now) = (Spool::open(&config.spool, Role::Tool)?, Clock::System.now());
    match order {
        Order::Hold(Named { name, .. }) => {
            let hold = GatewayHold { by: HeldBy::Operator, reason: "held by an operator".to_owned(), since: now };
            spool.hold_gateway(name, hold).await.map(|()| "held")
        }
        Order::Release(Named { name, .. }) => spool.release_gateway(name, now).await.map(|()| "released"),
    }
}

async fn look(config: &Config) -> Result<Vec<Shown>, SpoolError> {
    let spool = Spool::open(&config.spool, Role::Tool)?;
    let stats = spool.stats().await?;
    let recorded = spool.gateway_statuses().await?;
    let mut shown = Vec::new();
    for settings in &config.gateways {
        let gateway = Gateway::new(settings.clone());
        let status = recorded.iter().find(|status| status.name == settings.name);
        shown.push(probe(&gateway, status, &stats).await);
    }
    Ok(shown)
}

async fn probe(gateway: &Gateway, recorded: Option<&GatewayStatus>, stats: &Stats) -> Shown {
    let settings = gateway.settings();
    let connected = gateway.connect().await;
    let recorded = recorded.cloned();
    let mut shown = Shown {
        name: settings.name.clone(),
        host: settings.host.clone(),
        port: settings.port,
        reachable: connected.is_ok(),
        error: connected.as_ref().err().map(ToString::to_string),
        last_login: recorded.as_ref().and_then(|status| status.last_login).map(|time| time.to_string()),
        credits: recorded.as_ref().and_then(|status| status.credits.clone()),
        account: recorded.as_ref().and_then(|status| status.account.clone()),
        status: recorded.as_ref().and_then(|status| status.account_status.clone()),
        held: recorded
            .and_then(|status| status.hold)
            .map(|hold| format!("by the {}: {}", hold.by.as_str(), hold.reason)),
        sessions: settings.sessions,
        waiting: stats.waiting_for(&settings.name),
    };
    if let Ok(session) = connected {
        if let Some(account) = session.account() {
            shown.credits = account.credits.map(|credits| credits.to_string());
            shown.account = account.id.clone();
            shown.status = account.status.clone();
        }
        session.quit().await;
    }
    shown
}

fn table(shown: &[Shown]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header([
        "gateway",
        "host",
        "reachable",
        "last login",
        "credits",
        "account",
        "held",
        "sessions",
        "waiting",
    ]);
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    for gateway in shown {
        let account = match (&gateway.account, &gateway.status) {
            (Some(id), Some(status)) => format!("{id} {status}"),
            (Some(word), None) | (None, Some(word)) => word.clone(),
            (None, None) => "-".to_owned(),
        };
        table.add_row([
            gateway.name.clone(),
            format!("{}:{}", gateway.host, gateway.port),
            gateway.error.clone().unwrap_or_else(|| "yes".to_owned()),
            or_dash(&gateway.last_login),
            or_dash(&gateway.credits),
            account,
            or_dash(&gateway.held),
            gateway.sessions.to_string(),
            gateway.waiting.to_string(),
        ]);
    }
    table
}
