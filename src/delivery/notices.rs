//! Sends what senders must be told: takes the notices that are due from the spool to the returns desk, one at a time.
//!
//! When the site's mail server can't be reached, a notice waits in the spool by the same schedule as a message.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::Tools;
use super::backoff::backoff;
use super::schedule::pause;
use crate::bounce::{self, Delivery, Failure};
use crate::clock::later;
use crate::spool::{DueNotice, Memo, MemoNote, NoticeNote, SpoolError, State};

/// Notices taken from the spool at a time.
const BATCH: usize = 20;
/// The longest wait between two looks.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);
/// How long more news are let come before the spool is asked.
const CALM: Duration = Duration::from_millis(250);

/// Sends notices until `shutdown`.
pub async fn run(tools: Tools, shutdown: CancellationToken) {
    let mut changes = tools.spool.changes();
    while !shutdown.is_cancelled() {
        let sleep = match send_due(&tools, &shutdown).await {
            Ok(next) => pause(tools.clock.now(), next, LONGEST_SLEEP),
            Err(error) => {
                tracing::error!(%error, "notices could not be read or recorded");
                LONGEST_SLEEP
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = news(&mut changes) => {}
            () = tokio::time::sleep(sleep) => {}
        }
    }
}

/// Waits for news of the spool, and then a moment more: every letter is news, and few of them are about a notice.
async fn news(changes: &mut watch::Receiver<u64>) {
    if changes.changed().await.is_ok() {
        tokio::time::sleep(CALM).await;
    }
}

/// Sends every notice that is due; gives the moment when the next one is.
async fn send_due(tools: &Tools, shutdown: &CancellationToken) -> Result<Option<Timestamp>, SpoolError> {
    loop {
        let now = tools.clock.now();
        let (memos, notices) = (tools.spool.due_memos(now, BATCH).await?, tools.spool.due_notices(now, BATCH).await?);
        for memo in &memos {
            if shutdown.is_cancelled() {
                return Ok(None);
            }
            send_memo(tools, memo).await?;
        }
        for notice in &notices {
            if shutdown.is_cancelled() {
                return Ok(None);
            }
            send(tools, &tools.plan().returns, notice).await?;
        }
        if memos.len().max(notices.len()) < BATCH {
            return tools.spool.next_notice_due().await;
        }
    }
}

async fn send_memo(tools: &Tools, memo: &Memo) -> Result<(), SpoolError> {
    let (plan, now) = (tools.plan(), tools.clock.now());
    let mail = bounce::memo(&plan.returns, memo.id, &memo.to, &memo.subject, &memo.text, now);
    let name = &memo.name;
    let note = match bounce::send(&plan.returns, &mail).await {
        Delivery::Sent { reply } => {
            tracing::info!(name, to = %memo.to, reply, "the operators were told");
            MemoNote::Done
        }
        Delivery::Failed { reason } => {
            tracing::error!(name, to = %memo.to, reason, "the operators can't be told");
            MemoNote::Done
        }
        Delivery::Retry { reason } if now >= memo.expires => {
            tracing::error!(name, to = %memo.to, reason, "the operators could not be told in time");
            MemoNote::Done
        }
        Delivery::Retry { reason } => {
            tracing::warn!(name, to = %memo.to, reason, "the operators could not be told yet");
            MemoNote::Retry { due: later(now, backoff(&plan.settings.retry, memo.attempts + 1, fastrand::f64())) }
        }
    };
    tools.spool.note_memo(memo.id, note).await
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
            let delay = backoff(&tools.plan().settings.retry, due.attempts + 1, fastrand::f64());
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
