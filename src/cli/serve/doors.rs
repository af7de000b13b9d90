//! The listeners at work, and how they follow a changed configuration: what is unchanged stays open, what is new is
//! opened, what is gone is closed. The sessions of a listener that closes go on to their own end.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::intake::Intake;
use crate::smtp::{Budget, Listener, Settings};

/// An address that was just given up may be ours for a moment more: tried so often, with this pause.
const BIND_TRIES: u32 = 40;
const BIND_PAUSE: Duration = Duration::from_millis(50);

/// One listener at work.
struct Door {
    settings: Settings,
    /// From then on it lets nobody in.
    closing: CancellationToken,
}

pub struct Doors {
    open: Vec<Door>,
    intake: Arc<Intake>,
    budget: Budget,
    sessions: TaskTracker,
    /// From then on sessions end, too.
    shutdown: CancellationToken,
}

impl Doors {
    pub fn new(intake: Arc<Intake>, budget: Budget) -> Doors {
        let (sessions, shutdown) = (TaskTracker::new(), CancellationToken::new());
        Doors { open: Vec::new(), intake, budget, sessions, shutdown }
    }

    /// Takes the address. The error says why that can't be.
    pub fn bind(settings: &Settings, budget: &Budget) -> Result<Listener, String> {
        let listener = Listener::bind_within(settings.clone(), budget.clone());
        listener.map_err(|error| format!("can't listen on {}: {error}", settings.bind))
    }

    /// Sets a bound listener to work.
    pub fn open(&mut self, listener: Listener, settings: &Settings) {
        let closing = self.shutdown.child_token();
        self.sessions.spawn(listener.serve_until(self.intake.clone(), closing.clone(), self.shutdown.clone()));
        self.open.push(Door { settings: settings.clone(), closing });
    }

    /// Follows the configuration. The error says which address can't be had; then nothing is changed.
    pub async fn change(&mut self, wanted: &[Settings]) -> Result<(), String> {
        let (kept, going): (Vec<Door>, Vec<Door>) =
            self.open.drain(..).partition(|door| wanted.contains(&door.settings));
        self.open = kept;
        let missing: Vec<&Settings> =
            wanted.iter().filter(|one| !self.open.iter().any(|door| door.settings == **one)).collect();
        let is_taken = |settings: &Settings| going.iter().any(|door| door.settings.bind == settings.bind);
        // First what can fail without harm.
        let mut fresh = Vec::new();
        for settings in missing.iter().filter(|settings| !is_taken(settings)) {
            match Doors::bind(settings, &self.budget) {
                Ok(listener) => fresh.push((listener, *settings)),
                Err(reason) => {
                    self.open.extend(going);
                    return Err(reason);
                }
            }
        }
        going.iter().for_each(|door| door.closing.cancel());
        for (listener, settings) in fresh {
            self.open(listener, settings);
        }
        for settings in missing.iter().filter(|settings| is_taken(settings)) {
            let before = going.iter().map(|door| &door.settings).find(|before| before.bind == settings.bind);
            self.reopen(settings, before).await;
        }
        Ok(())
    }

    /// Opens an address that was open until now with other settings. Should that fail, the old ones must do.
    async fn reopen(&mut self, settings: &Settings, before: Option<&Settings>) {
        for settings in [Some(settings), before].into_iter().flatten() {
            match self.bind_soon(settings).await {
                Ok(listener) => return self.open(listener, settings),
                Err(reason) => tracing::error!(reason, "a listener could not be opened with its new settings"),
            }
        }
    }

    async fn bind_soon(&self, settings: &Settings) -> Result<Listener, String> {
        for _ in 1..BIND_TRIES {
            if let Ok(listener) = Doors::bind(settings, &self.budget) {
                return Ok(listener);
            }
            tokio::time::sleep(BIND_PAUSE).await;
        }
        Doors::bind(settings, &self.budget)
    }

    /// Lets nobody in any more, and waits until the last session has ended.
    pub async fn close(&mut self) {
        self.shutdown.cancel();
        self.sessions.close();
        self.sessions.wait().await;
        self.open.clear();
    }
}
