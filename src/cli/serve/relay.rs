//! The rooms of a relay: opened in the order of the trip, changed while they are at work, closed in the same order.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::doors::Doors;
use crate::cli::fail;
use crate::clock::Clock;
use crate::config::Config;
use crate::delivery;
use crate::intake::{Desk, Intake};
use crate::smtp::{Bind, Budget, Listener};
use crate::spool::{Role, Spool, SpoolError, State};

/// The rooms, open but not yet at work.
pub struct Relay {
    listeners: Vec<Listener>,
    budget: Budget,
    intake: Arc<Intake>,
    spool: Spool,
    config: Config,
}

impl Relay {
    /// Opens the spool and binds every listener. The error says which one could not be, and why.
    pub fn open(config: &Config) -> Result<Relay, String> {
        let spool = Spool::open(&config.spool, Role::Relay).map_err(|error| error.to_string())?;
        let budget = Budget::new(config.max_memory);
        let listen = |settings: &crate::smtp::Settings| Doors::bind(settings, &budget);
        let listeners = config.listeners.iter().map(listen).collect::<Result<Vec<_>, _>>()?;
        let intake = Arc::new(Intake::new(Desk::new(config.intake()), spool.clone(), Clock::System));
        Ok(Relay { listeners, budget, intake, spool, config: config.clone() })
    }

    /// Where the listeners listen, in the order of the configuration.
    pub fn addresses(&self) -> Vec<Bind> {
        self.listeners.iter().map(Listener::local_address).cloned().collect()
    }

    /// Sets everything to work.
    pub fn start(self) -> Running {
        let Relay { listeners, budget, intake, spool, config } = self;
        let mut doors = Doors::new(intake.clone(), budget);
        for (listener, settings) in listeners.into_iter().zip(&config.listeners) {
            doors.open(listener, settings);
        }
        let (plan, plans) = watch::channel(Arc::new(config.plan()));
        let dispatcher = CancellationToken::new();
        let tools = delivery::Tools::new(spool.clone(), Clock::System, plans);
        let delivery = tokio::spawn(delivery::run(tools, dispatcher.clone()));
        Running { doors, intake, spool, config, plan, dispatcher, delivery }
    }
}

/// The rooms at work.
pub struct Running {
    doors: Doors,
    intake: Arc<Intake>,
    spool: Spool,
    config: Config,
    plan: watch::Sender<Arc<delivery::Plan>>,
    dispatcher: CancellationToken,
    delivery: tokio::task::JoinHandle<Result<(), SpoolError>>,
}

impl Running {
    /// Has another configuration take hold: no session and no message is dropped. The error says why nothing of it
    /// did.
    pub async fn change(&mut self, config: &Config) -> Result<(), String> {
        self.doors.change(&config.listeners).await?;
        self.intake.change(Desk::new(config.intake()));
        self.plan.send_replace(Arc::new(config.plan()));
        self.spool.renew(&config.spool);
        if config.spool.path != self.config.spool.path || config.max_memory != self.config.max_memory {
            tracing::warn!("the spool's url and max_memory take hold with the next start");
        }
        self.config = config.clone();
        Ok(())
    }

    /// How long draining may take.
    pub fn drain_limit(&self) -> Duration {
        self.config.delivery.drain
    }

    /// How many messages are still to be sent. What is held waits for an operator and does not count.
    pub async fn left(&self) -> Result<usize, SpoolError> {
        let stats = self.spool.stats().await?;
        Ok(stats.count(State::Waiting) + stats.count(State::Sending))
    }

    /// Lets nobody in any more, and waits until the last session has ended.
    pub async fn close_doors(&mut self) {
        self.doors.close().await;
    }

    /// Closes the door, waits for its sessions, then ends delivery.
    pub async fn stop(mut self) -> ExitCode {
        self.doors.close().await;
        self.dispatcher.cancel();
        match self.delivery.await {
            Ok(Ok(())) => ExitCode::SUCCESS,
            Ok(Err(error)) => fail(error),
            Err(error) => fail(format_args!("delivery ended badly: {error}")),
        }
    }
}
