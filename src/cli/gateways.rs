//! `telepost gateways`: each gateway as the relay last saw it, and whether it can be reached from here now.
//!
//! It connects to every gateway and logs in, as the relay does, and submits nothing.

use std::process::ExitCode;

use clap::Args;
use comfy_table::{Table, presets};
use serde::Serialize;

use super::{ConfigFile, fail};
use crate::config::Config;
use crate::gateway::Gateway;
use crate::spool::{GatewayStatus, Role, Spool, SpoolError, Stats};

#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    config: ConfigFile,
    /// Print JSON for machines
    #[arg(long)]
    json: bool,
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
    /// Sessions that the configuration allows at a time.
    sessions: usize,
    waiting: usize,
}

/// Exit 0 whatever the gateways answer; 1 when the spool can't be read, 2 when the configuration is not good.
pub async fn run(arguments: &Arguments) -> ExitCode {
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
        status: recorded.and_then(|status| status.account_status),
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
    table.set_header(["gateway", "host", "reachable", "last login", "credits", "account", "sessions", "waiting"]);
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
            gateway.sessions.to_string(),
            gateway.waiting.to_string(),
        ]);
    }
    table
}
