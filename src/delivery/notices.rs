//! Sends what senders must be told: takes the notices that are due from the spool to the returns desk, one at a time.
//!
//! When the site's mail server can't be reached, a notice waits in the spool by the same schedule as a message.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Tools;
use super::backoff::backoff;
use super::schedule::pause;
use crate::bounce::{self, Delivery, Failure};
use crate::clock::later;
use crate::spool::{DueNotice, NoticeNote, SpoolError, State};

/// Notices taken from the spool at a time.
const BATCH: usize = 20;
/// The longest wait between two looks.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Sends notices until `shutdown`.
pub async fn run(tools: Tools, returns: bounce::Settings, shutdown: CancellationToken) {
    let mut changes = tools.spool.changes();
    while !shutdown.is_cancelled() {
        let sleep = match send_due(&tools, &returns, &shutdown).await {
            Ok(next) => pause(tools.clock.now(), next, LONGEST_SLEEP),
            Err(error) => {
                tracing::error!(%error, "notices could not be read or recorded");
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            _ = changes.changed() => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Sends every notice that is due; gives the moment when the next one is.
async fn send_due(
    tools: &Tools,
    returns: &bounce::Settings,
    shutdown: &CancellationToken,
) -> Result<Option<Timestamp>, SpoolError> {
    loop {
        let due = tools.spool.due_notices(tools.clock.now(), BATCH).await?;
        for notice in &due {
            if shutdown.is_cancelled() {
                return Ok(None);
            }
            send(tools, returns, notice).await?;
        }
        if due.len() < BATCH {
            return tools.spool.next_notice_due().await;
        }
    }
}

async fn send(tools: &Tools, returns: &bounce::Settings, due: &DueNotice) -> Result<(), SpoolError> {
    let now = tools.clock.now();
    let notice = bounce::notice(returns, &failure(due), now);
    let handover = bounce::send(returns, &notice).await;
    let id = &due.parcel.id;
    match &handover {
        Delivery::Sent { reply } => tracing::info!(%id, reply, "the sender was told"),
        Delivery::Retry { reason } => tracing::warn!(%id, reason, "the sender could not be told yet"),
        Delivery::Failed { reason } => tracing::error!(%id, reason, "the sender can't be told"),
    }
    tools.spool.note_notice(id, note(handover, due, tools, now), now).await
}

fn note(handover: Delivery, due: &DueNotice, tools: &Tools, now: Timestamp) -> NoticeNote {
    match handover {
        Delivery::Sent { .. } => NoticeNote::Sent,
        Delivery::Failed { reason } => NoticeNote::Failed { reason },
        Delivery::Retry { reason } => {
            let delay = backoff(&tools.settings.retry, due.attempts + 1, fastrand::f64());
            NoticeNote::Retry { due: later(now, delay), reason }
        }
    }
}

fn failure(due: &DueNotice) -> Failure {
    let parcel = &due.parcel;
    let last_reply = parcel.last_reply.clone().unwrap_or_default();
    Failure {
        id: parcel.id.to_string(),
        notice_to: due.notice_to.clone(),
        address: parcel.address.clone(),
        number: parcel.number.clone(),
        kind: match parcel.state {
            State::Expired => bounce::Kind::Expired { reason: last_reply },
            _ => bounce::Kind::Refused { reply: last_reply },
        },
        accepted_parts: parcel.accepted_parts,
        total_parts: parcel.parts.len().max(1),
        arrival: parcel.accepted,
        last_attempt: (parcel.attempts > 0).then_some(parcel.due),
        subject: due.subject.clone(),
        message_id: due.message_id.clone(),
        headers: due.headers.clone(),
    }
}
