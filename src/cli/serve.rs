//! `telepost serve`: runs the relay until a signal ends it.
//!
//! | signal | does |
//! |---|---|
//! | SIGTERM, SIGINT | closes the door, ends what is in flight to the gateways, keeps the rest in the spool |
//! | SIGHUP | reads the configuration again; a bad one is refused with its errors and the old one stays |
//! | SIGUSR1 | drains: closes the door, sends what waits, then ends; at the latest after `[delivery] drain` |
//!
//! Nothing is listened on before the spool is open; `telepost ready` appears once both are.

mod doors;
mod relay;

use std::process::ExitCode;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::Instant;

use super::{ConfigFile, fail};
use crate::shutdown::{Request, Requests};

pub use relay::{Relay, Running};

/// How often a draining relay looks whether all is sent.
const DRAIN_LOOK: Duration = Duration::from_millis(500);

/// Exit 0 after a clean end, 2 when the configuration is not good, 1 when a room can't be opened.
pub async fn run(arguments: &ConfigFile) -> ExitCode {
    let config = match arguments.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    super::log::start();
    super::files::open_enough(&config);
    let mut requests = match Requests::watch() {
        Ok(requests) => requests,
        Err(error) => return fail(format_args!("signals can't be watched: {error}")),
    };
    let relay = match Relay::open(&config) {
        Ok(relay) => relay,
        Err(error) => return fail(error),
    };
    let mut running = relay.start();
    eprintln!("telepost ready");
    tell_service_manager(&[NotifyState::Ready]);
    loop {
        match requests.next().await {
            Request::Reload => reload(arguments, &mut running).await,
            Request::Drain => {
                drain(&mut requests, &mut running).await;
                break;
            }
            Request::End { signal } => {
                tracing::info!(signal, "ending: finishing what is in flight, keeping the rest");
                break;
            }
        }
    }
    tell_service_manager(&[NotifyState::Stopping]);
    running.stop().await
}

/// Reads the configuration again and has it take hold, all of it or nothing.
async fn reload(arguments: &ConfigFile, running: &mut Running) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell_service_manager(&[NotifyState::Reloading, now]),
        Err(error) => tracing::debug!(%error, "the service manager could not be told"),
    }
    match crate::config::load(arguments.path()) {
        Err(problems) => tracing::error!("the configuration is not good, the old one stays:\n{problems}"),
        Ok(config) => match running.change(&config).await {
            Ok(()) => tracing::info!("the configuration was read again"),
            Err(reason) => tracing::error!(reason, "the configuration can't take hold, the old one stays"),
        },
    }
    tell_service_manager(&[NotifyState::Ready]);
}

/// Takes nothing more and sends what waits, until nothing does, the time is up or somebody asks for the end.
async fn drain(requests: &mut Requests, running: &mut Running) {
    let limit = running.drain_limit();
    tracing::info!(?limit, "draining: nothing more is taken, what waits is sent");
    let deadline = Instant::now() + limit;
    running.close_doors().await;
    loop {
        match running.left().await {
            Ok(0) => return tracing::info!("drained"),
            Ok(left) if Instant::now() >= deadline => {
                return tracing::warn!(left, "not drained in time, the rest stays in the spool");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the spool does not say what is left"),
        }
        tokio::select! {
            () = tokio::time::sleep(DRAIN_LOOK) => {}
            request = requests.next() => match request {
                Request::End { signal } => return tracing::info!(signal, "ending before all is drained"),
                Request::Reload | Request::Drain => tracing::info!("draining already"),
            }
        }
    }
}

/// Under systemd (Type=notify) says how far we are; elsewhere there is nobody to tell.
fn tell_service_manager(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
