//! `telepost serve`: opens the rooms in the order of the trip and closes them in the same order.
//!
//! Nothing is listened on before the spool is open; `telepost ready` appears once both are. On SIGTERM or SIGINT the
//! door closes first, then what is in flight to the gateways ends, and the rest stays in the spool.

use std::process::ExitCode;
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{ConfigFile, fail};
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery;
use crate::intake::{Desk, Intake};
use crate::shutdown::Signals;
use crate::smtp::{Budget, Listener};
use crate::spool::{Role, Spool};

/// Exit 0 after a clean end, 2 when the configuration is not good, 1 when a room can't be opened.
pub async fn run(arguments: &ConfigFile) -> ExitCode {
    let config = match arguments.load(ExitCode::from(2)) {
        Ok(config) => config,
        Err(code) => return code,
    };
    super::log::start();
    super::files::open_enough(&config);
    let relay = match Relay::open(&config) {
        Ok(relay) => relay,
        Err(error) => return fail(error),
    };
    let mut signals = match Signals::watch() {
        Ok(signals) => signals,
        Err(error) => return fail(format_args!("signals can't be watched: {error}")),
    };
    let running = relay.start();
    eprintln!("telepost ready");
    tell_service_manager(&[sd_notify::NotifyState::Ready]);
    let signal = signals.received().await;
    tracing::info!(signal, "ending: finishing what is in flight, keeping the rest");
    tell_service_manager(&[sd_notify::NotifyState::Stopping]);
    running.stop().await
}

/// The rooms, open but not yet at work.
pub struct Relay {
    listeners: Vec<Listener>,
    intake: Arc<Intake>,
    tools: delivery::Tools,
}

impl Relay {
    /// Opens the spool and binds every listener. The error says which one could not be, and why.
    pub fn open(config: &Config) -> Result<Relay, String> {
        let spool = Spool::open(&config.spool, Role::Relay).map_err(|error| error.to_string())?;
        let budget = Budget::new(config.max_memory);
        let listen = |settings: &crate::smtp::Settings| {
            let bind = settings.bind.clone();
            Listener::bind_within(settings.clone(), budget.clone())
                .map_err(|error| format!("can't listen on {bind}: {error}"))
        };
        let listeners = config.listeners.iter().map(listen).collect::<Result<Vec<_>, _>>()?;
        let desk = Desk::new(config.intake());
        let (_, plan) = watch::channel(Arc::new(config.plan()));
        Ok(Relay {
            listeners,
            intake: Arc::new(Intake::new(desk, spool.clone(), Clock::System)),
            tools: delivery::Tools::new(spool, Clock::System, plan),
        })
    }

    /// Where the listeners listen, in the order of the configuration.
    pub fn addresses(&self) -> Vec<crate::smtp::Bind> {
        self.listeners.iter().map(Listener::local_address).cloned().collect()
    }

    /// Sets everything to work.
    pub fn start(self) -> Running {
        let (door, dispatcher) = (CancellationToken::new(), CancellationToken::new());
        let sessions = TaskTracker::new();
        for listener in self.listeners {
            sessions.spawn(listener.serve(self.intake.clone(), door.clone()));
        }
        sessions.close();
        let delivery = tokio::spawn(delivery::run(self.tools, dispatcher.clone()));
        Running { door, sessions, dispatcher, delivery }
    }
}

/// The rooms at work.
pub struct Running {
    door: CancellationToken,
    sessions: TaskTracker,
    dispatcher: CancellationToken,
    delivery: tokio::task::JoinHandle<Result<(), crate::spool::SpoolError>>,
}

impl Running {
    /// Closes the door, waits for its sessions, then ends delivery.
    pub async fn stop(self) -> ExitCode {
        self.door.cancel();
        self.sessions.wait().await;
        self.dispatcher.cancel();
        match self.delivery.await {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => fail(error),
            Err(error) => fail(format_args!("delivery ended badly: {error}")),
        }
    }
}

/// Under systemd (Type=notify) says how far we are; elsewhere there is nobody to tell.
fn tell_service_manager(states: &[sd_notify::NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the service manager could not be told");
    }
}
