//! The back hall: one recipient, one try. Leads a parcel's parts to the gateway and every outcome into the spool.
//!
//! It never decides about words or numbers. A part that the gateway has accepted is recorded before the next one
//! leaves; while it can't be recorded, nothing else is sent on this session.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::backoff::{backoff, next_gateway};
use super::limit::Pace;
use super::{Settings, Tools};
use crate::clock::later;
use crate::gateway::{Account, ConnectError, Gateway, OnUnknown, Outcome, Session, Submission};
use crate::spool::{AccountSeen, GatewayStatus, Note, Parcel, ParcelId};

/// How long to wait before an outcome that could not be recorded is recorded again.
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// One slot's connection to its gateway, opened when it is first needed and kept.
pub struct Link {
    gateway: Arc<Gateway>,
    pace: Arc<Mutex<Pace>>,
    shutdown: CancellationToken,
    session: Option<Session>,
}

impl Link {
    pub fn new(gateway: Arc<Gateway>, pace: Arc<Mutex<Pace>>, shutdown: CancellationToken) -> Link {
        Link { gateway, pace, shutdown, session: None }
    }

    /// Takes leave of the gateway, when there is a session.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }

    /// Submits one part. A kept session that turns out to be dead before anything was taken is replaced once, at once:
    /// that the gateway closed an idle session is no reason to let a message wait.
    async fn submit(&mut self, tools: &Tools, submission: &Submission<'_>) -> Outcome {
        let kept = self.session.is_some();
        let outcome = self.submit_once(tools, submission).await;
        match outcome {
            Outcome::Retry { .. } if kept && self.session.is_none() => self.submit_once(tools, submission).await,
            outcome => outcome,
        }
    }

    async fn submit_once(&mut self, tools: &Tools, submission: &Submission<'_>) -> Outcome {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self.connect(tools).await {
                Ok(session) => session,
                Err(error) => return Outcome::Retry { reason: error.to_string() },
            },
        };
        let outcome = session.submit(submission).await;
        self.session = session.is_open().then_some(session);
        outcome
    }

    async fn connect(&mut self, tools: &Tools) -> Result<Session, ConnectError> {
        let connected = self.gateway.connect().await;
        let status = status(&self.gateway, &connected, tools.clock.now());
        match &connected {
            Ok(_) => tracing::debug!(gateway = status.name, credits = status.credits, "logged in"),
            Err(error) => tracing::warn!(gateway = status.name, %error, "no session with the gateway"),
        }
        warn_of_low_credit(&self.gateway, &connected);
        if let Err(error) = tools.spool.record_gateway(status).await {
            tracing::warn!(%error, "the gateway's status could not be recorded");
        }
        connected
    }
}

/// Sends what is left of a parcel and records what came of it.
pub async fn attempt(link: &mut Link, tools: &Tools, parcel: Parcel) {
    let gateway = link.gateway.settings().name.clone();
    for part in &parcel.parts[parcel.accepted_parts..] {
        let turn = link.pace.lock().await.reserve(Instant::now());
        tokio::select! {
            biased;
            () = link.shutdown.cancelled() => return record(tools, &parcel.id, Note::Released).await,
            () = tokio::time::sleep_until(turn) => {}
        }
        let submission =
            Submission { number: &parcel.number, sender: &parcel.sender, encoding: parcel.encoding, text: &part.text };
        let outcome = link.submit(tools, &submission).await;
        tracing::debug!(id = %parcel.id, gateway, ?outcome, "tried");
        let taken = matches!(outcome, Outcome::Sent { .. });
        let on_unknown = link.gateway.settings().on_unknown;
        let note = note(outcome, &parcel, &tools.settings, on_unknown, tools.clock.now(), fastrand::f64());
        record(tools, &parcel.id, note).await;
        if !taken {
            return;
        }
    }
}

/// What an outcome means for a parcel. Pure.
fn note(
    outcome: Outcome,
    parcel: &Parcel,
    settings: &Settings,
    on_unknown: OnUnknown,
    now: Timestamp,
    chance: f64,
) -> Note {
    let attempts = parcel.attempts + 1;
    let retry = |reason: String| Note::Retry {
        reason,
        due: later(now, backoff(&settings.retry, attempts, chance)),
        gateway: next_gateway(&parcel.gateways, &parcel.gateway, attempts, parcel.accepted_parts).to_owned(),
    };
    match (outcome, on_unknown) {
        (Outcome::Sent { reply }, _) => Note::PartAccepted { reply },
        (Outcome::Refused { reply }, _) => Note::Refused { reply },
        (Outcome::Retry { reason }, _) => retry(reason),
        (Outcome::Unknown { reason }, OnUnknown::Retry) => retry(format!("may have been sent: {reason}")),
        (Outcome::Unknown { reason }, OnUnknown::Hold) => {
            Note::Held { reason: format!("may have been sent: {reason}") }
        }
    }
}

/// Records a note, however long it takes: an outcome that is forgotten is an SMS lost or sent twice. Should the
/// process end meanwhile, the parcel is found as `sending` at the next start.
async fn record(tools: &Tools, id: &ParcelId, note: Note) {
    loop {
        match tools.spool.note(id, note.clone(), tools.clock.now()).await {
            Ok(state) => return tracing::info!(%id, %state, "{}", note.words()),
            Err(error) if error.is_temporary() => {
                tracing::error!(%id, %error, "what came of a message could not be recorded, trying again");
                tokio::time::sleep(RECORD_PAUSE).await;
            }
            Err(error) => return tracing::error!(%id, %error, "what came of a message could not be recorded"),
        }
    }
}

fn status(gateway: &Gateway, connected: &Result<Session, ConnectError>, now: Timestamp) -> GatewayStatus {
    let name = gateway.settings().name.clone();
    match connected {
        Err(error) => GatewayStatus::down(name, error.to_string(), now),
        Ok(session) => GatewayStatus::up(name, seen(session.account()), now),
    }
}

/// The account as the spool keeps it.
fn seen(account: Option<&Account>) -> AccountSeen {
    let Some(Account { credits, id, status }) = account else { return AccountSeen::default() };
    AccountSeen { credits: credits.map(|credits| credits.to_string()), id: id.clone(), status: status.clone() }
}

fn warn_of_low_credit(gateway: &Gateway, connected: &Result<Session, ConnectError>) {
    let Ok(session) = connected else { return };
    let Some(credits) = session.account().and_then(|account| account.credits) else { return };
    if credits.is_below(gateway.settings().low_credit) {
        tracing::warn!(gateway = gateway.settings().name, %credits, "few credits left");
    }
}
