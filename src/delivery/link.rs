//! One slot's connection to its gateway: opened when it is first needed, kept alive while it is idle, replaced when it
//! turns out to be dead.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Tools;
use super::operators;
use super::road::Road;
use crate::gateway::{Account, ConnectError, Gateway, Outcome, Session, Submission};
use crate::spool::{AccountSeen, GatewayStatus};

/// What a submission or a login tells about its gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It answers; an accepted SMS took so long.
    Answers { took: Option<Duration> },
    /// There is no session to be had, or it broke.
    Fails,
    /// The account is in trouble.
    Blocked { reason: String },
}

/// A connection, or the way to one.
pub struct Link {
    road: Arc<Road>,
    session: Option<Session>,
}

impl Link {
    pub fn new(road: Arc<Road>) -> Link {
        Link { road, session: None }
    }

    pub fn gateway(&self) -> &Gateway {
        &self.road.gateway
    }

    pub fn road(&self) -> &Road {
        &self.road
    }

    /// When the slot gives back what it has not tried.
    pub fn stop(&self) -> &CancellationToken {
        &self.road.stop
    }

    pub fn is_open(&self) -> bool {
        self.session.is_some()
    }

    /// Takes leave of the gateway, when there is a session.
    pub async fn close(&mut self) {
        if let Some(session) = self.session.take() {
            session.quit().await;
        }
    }

    /// Shows the gateway that we are still there; a session that is over is forgotten, and the next message opens a
    /// new one.
    pub async fn keep_alive(&mut self) {
        let Some(session) = &mut self.session else { return };
        if let Err(over) = session.keep_alive().await {
            tracing::debug!(gateway = self.gateway().settings().name, %over, "an idle session ended");
            self.session = None;
        }
    }

    /// Logs in, to see whether that can be done.
    pub async fn probe(&mut self, tools: &Tools) -> Sign {
        self.close().await;
        match self.connect(tools).await {
            Ok(session) => {
                self.session = Some(session);
                Sign::Answers { took: None }
            }
            Err(NoSession { sign, .. }) => sign,
        }
    }

    /// Submits one part. A kept session that turns out to be dead before anything was taken is replaced once, at once:
    /// that the gateway closed an idle session is no reason to let a message wait.
    pub async fn submit(&mut self, tools: &Tools, submission: &Submission<'_>) -> (Outcome, Sign) {
        let kept = self.session.is_some();
        let (outcome, sign) = self.submit_once(tools, submission).await;
        match outcome {
            Outcome::Retry { .. } if kept && self.session.is_none() => self.submit_once(tools, submission).await,
            outcome => (outcome, sign),
        }
    }

    async fn submit_once(&mut self, tools: &Tools, submission: &Submission<'_>) -> (Outcome, Sign) {
        let mut session = match self.session.take() {
            Some(session) => session,
            None => match self.connect(tools).await {
                Ok(session) => session,
                Err(NoSession { reason, sign }) => return (untried(reason, &sign), sign),
            },
        };
        let begun = tokio::time::Instant::now();
        let outcome = session.submit(submission).await;
        let took = begun.elapsed();
        self.session = session.is_open().then_some(session);
        let sign = match &outcome {
            Outcome::Blocked { reason } => Sign::Blocked { reason: reason.clone() },
            Outcome::Sent { .. } => Sign::Answers { took: Some(took) },
            Outcome::Retry { .. } | Outcome::Unknown { .. } if self.session.is_none() => Sign::Fails,
            Outcome::Retry { .. } | Outcome::Unknown { .. } | Outcome::Refused { .. } => Sign::Answers { took: None },
        };
        (outcome, sign)
    }

    async fn connect(&mut self, tools: &Tools) -> Result<Session, NoSession> {
        let gateway = &self.road.gateway;
        let connected = gateway.connect().await;
        let status = status(gateway, &connected, tools.clock.now());
        match &connected {
            Ok(_) => tracing::debug!(gateway = status.name, credits = status.credits, "logged in"),
            Err(error) => tracing::warn!(gateway = status.name, %error, "no session with the gateway"),
        }
        operators::record(tools, status).await;
        let session = connected.map_err(|error| NoSession::of(&error))?;
        match session.account().and_then(Account::trouble) {
            None => Ok(session),
            Some(reason) => {
                session.quit().await;
                Err(NoSession { sign: Sign::Blocked { reason: reason.clone() }, reason })
            }
        }
    }
}

/// Why there is no session, for the message and for the breaker.
struct NoSession {
    reason: String,
    sign: Sign,
}

impl NoSession {
    fn of(error: &ConnectError) -> NoSession {
        let reason = error.to_string();
        let sign = match error.is_account_trouble() {
            true => Sign::Blocked { reason: reason.clone() },
            false => Sign::Fails,
        };
        NoSession { reason, sign }
    }
}

/// A message for which there was no session.
fn untried(reason: String, sign: &Sign) -> Outcome {
    match sign {
        Sign::Blocked { .. } => Outcome::Blocked { reason },
        Sign::Answers { .. } | Sign::Fails => Outcome::Retry { reason },
    }
}

fn status(gateway: &Gateway, connected: &Result<Session, ConnectError>, now: Timestamp) -> GatewayStatus {
    let settings = gateway.settings();
    match connected {
        Err(error) => GatewayStatus::down(settings.name.clone(), error.to_string(), now),
        Ok(session) => GatewayStatus::up(settings.name.clone(), seen(session.account(), settings.low_credit), now),
    }
}

/// The account as the spool keeps it.
fn seen(account: Option<&Account>, low_credit: u64) -> AccountSeen {
    let Some(Account { credits, id, status }) = account else { return AccountSeen::default() };
    AccountSeen {
        credits: credits.map(|credits| credits.to_string()),
        id: id.clone(),
        status: status.clone(),
        is_low: credits.is_some_and(|credits| credits.is_below(low_credit)),
    }
}
