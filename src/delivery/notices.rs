//! Sends what people must be told: takes the notices and memos that are due from the spool to the returns desk, one at a
//! time.
//!
//! When the site's mail server can't be reached, a notice waits in the spool by the same schedule as a message, until
//! it is too old to be of use.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::allowance::{Allowance, Answer};
use super::backoff::backoff;
use super::schedule::pause;
use super::{Plan, Tools, overdue, until_news};
use crate::bounce::{self, Case, Delivery};
use crate::clock::later;
use crate::spool::{DueNotice, Memo, MemoNote, NoticeNote, SpoolError, State};

/// Notices taken from the spool at a time.
const BATCH: usize = 20;
/// Notices that one mail may sum up.
const SUMMED: usize = 1000;
/// The shortest wait between two looks.
const REST: Duration = Duration::from_millis(200);
/// How often it is looked for what waits too long.
const OVERDUE_INTERVAL: Duration = Duration::from_secs(30);
/// The longest wait between two looks.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// Sends notices until `shutdown`.
pub async fn run(tools: Tools, shutdown: CancellationToken) {
    let mut changes = tools.spool.changes();
    let mut allowance = Allowance::default();
    let mut overdue_looked: Option<Instant> = None;
    while !shutdown.is_cancelled() {
        if overdue_looked.is_none_or(|looked| looked.elapsed() >= OVERDUE_INTERVAL) {
            overdue_looked = Some(Instant::now());
            if let Err(error) = overdue::look(&tools).await {
                tracing::error!(%error, "what waits too long could not be looked for");
            }
        }
        let sleep = match send_due(&tools, &mut allowance, &shutdown).await {
            Ok(next) => pause(tools.clock.now(), next, LONGEST_SLEEP),
            Err(error) => {
                tracing::error!(%error, "notices could not be read or recorded");
                LONGEST_SLEEP
            }
        };
        until_news(&mut changes, REST, sleep, &shutdown).await;
    }
}

/// Sends every notice that is due; gives the moment when the next one is.
async fn send_due(
    tools: &Tools,
    allowance: &mut Allowance,
    shutdown: &CancellationToken,
) -> Result<Option<Timestamp>, SpoolError> {
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
            let plan = tools.plan();
            match allowance.ask(&notice.notice_to, plan.returns.per_sender, now) {
                Answer::Send => send(tools, &plan, notice).await?,
                Answer::Wait(due) => {
                    tools.spool.note_notice(&notice.parcel.id, NoticeNote::Later { due }, now).await?;
                }
                Answer::SumUp => {
                    sum_up(tools, &plan, notice).await?;
                    // The others of this batch may be told already.
                    break;
                }
            }
        }
        if memos.len().max(notices.len()) < BATCH && tools.spool.due_notices(now, 1).await?.is_empty() {
            return tools.spool.next_notice_due().await;
        }
    }
}

async fn send(tools: &Tools, plan: &Plan, due: &DueNotice) -> Result<(), SpoolError> {
    let now = tools.clock.now();
    let handover = bounce::send(&plan.returns, &bounce::notice(&plan.returns, &case(due), now)).await;
    record(tools, plan, due, &handover).await
}

/// All that the sender of this one is owed, in one mail.
async fn sum_up(tools: &Tools, plan: &Plan, first: &DueNotice) -> Result<(), SpoolError> {
    let now = tools.clock.now();
    let all = tools.spool.due_notices_to(&first.notice_to, now, SUMMED).await?;
    let cases: Vec<Case> = all.iter().map(case).collect();
    let handover = match (cases.as_slice(), bounce::summary(&plan.returns, &cases, now)) {
        ([_], _) | (_, None) => return send(tools, plan, first).await,
        (_, Some(summary)) => bounce::send(&plan.returns, &summary).await,
    };
    for due in &all {
        record(tools, plan, due, &handover).await?;
    }
    Ok(())
}

async fn record(tools: &Tools, plan: &Plan, due: &DueNotice, handover: &Delivery) -> Result<(), SpoolError> {
    let (id, now) = (&due.parcel.id, tools.clock.now());
    let note = note(handover, due, plan, now, fastrand::f64());
    match (handover, &note) {
        (Delivery::Sent { reply }, _) => tracing::info!(%id, reply, "the sender was told"),
        (Delivery::Retry { reason }, NoticeNote::Retry { .. }) => {
            tracing::warn!(%id, reason, "the sender could not be told yet");
        }
        (Delivery::Retry { reason }, _) => tracing::error!(%id, reason, "the sender could not be told in time"),
        (Delivery::Failed { reason }, _) => tracing::error!(%id, reason, "the sender can't be told"),
    }
    tools.spool.note_notice(id, note, now).await
}

/// What came of a notice, for the spool. Pure.
fn note(handover: &Delivery, due: &DueNotice, plan: &Plan, now: Timestamp, chance: f64) -> NoticeNote {
    match handover {
        Delivery::Sent { .. } => NoticeNote::Sent,
        Delivery::Failed { reason } => NoticeNote::Failed { reason: reason.clone() },
        Delivery::Retry { reason } if is_too_old(due, plan, now) => {
            NoticeNote::Failed { reason: format!("not sent in time: {reason}") }
        }
        Delivery::Retry { reason } => {
            let delay = backoff(&plan.settings.retry, due.attempts + 1, chance);
            NoticeNote::Retry { due: later(now, delay), reason: reason.clone() }
        }
    }
}

/// A parcel that has ended keeps the moment of its end; a delay is worth telling for as long as it lasts.
fn is_too_old(due: &DueNotice, plan: &Plan, now: Timestamp) -> bool {
    let has_ended = matches!(due.parcel.state, State::Refused | State::Expired | State::Sent);
    has_ended && now >= later(due.parcel.due, plan.returns.expire)
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

fn case(due: &DueNotice) -> Case {
    let parcel = &due.parcel;
    let last_reply = parcel.last_reply.clone().unwrap_or_default();
    Case {
        id: parcel.id.to_string(),
        notice_to: due.notice_to.clone(),
        address: parcel.address.clone(),
        original: due.original.clone(),
        number: parcel.number.clone(),
        kind: match parcel.state {
            State::Expired => bounce::Kind::Expired { reason: last_reply },
            State::Refused => bounce::Kind::Refused { reply: last_reply },
            State::Sent => bounce::Kind::Relayed { reply: last_reply },
            State::Waiting | State::Sending | State::Held => {
                bounce::Kind::Delayed { reason: last_reply, until: parcel.expires }
            }
        },
        accepted_parts: parcel.accepted_parts,
        total_parts: parcel.parts.len().max(1),
        arrival: parcel.accepted,
        last_attempt: (parcel.attempts > 0).then_some(parcel.due).filter(|_| parcel.state != State::Waiting),
        subject: due.subject.clone(),
        message_id: due.message_id.clone(),
        envelope_id: due.envelope_id.clone(),
        headers: due.headers.clone(),
    }
}
