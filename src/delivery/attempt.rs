//! The back hall: one recipient, one try. Leads a parcel's parts to the gateway and every outcome into the spool.
//!
//! The last outcome of a parcel goes into the spool together with the claim of the next one, where the slot may go on:
//! one sync for both. It never decides about words or numbers. A part that the gateway has accepted is recorded before
//! the next one leaves; while it can't be recorded, nothing else is sent on this session.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::backoff::{backoff, next_gateway};
use super::link::{Link, Sign};
use super::road::{Onward, Road};
use super::{Settings, Tools};
use crate::clock::later;
use crate::gateway::{OnUnknown, Outcome, Submission};
use crate::spool::{Note, Parcel, ParcelId};

/// How long to wait before an outcome that could not be recorded is recorded again.
const RECORD_PAUSE: Duration = Duration::from_secs(1);

/// What a slot comes back with.
#[derive(Debug, Default)]
pub struct Tried {
    /// What the try tells about the gateway; `None` when it was not asked.
    pub sign: Option<Sign>,
    /// The parcel to go on with.
    pub next: Option<Parcel>,
}

/// Sends what is left of a parcel and records what came of it.
pub async fn attempt(link: &mut Link, tools: &Tools, parcel: Parcel) -> Tried {
    let on_unknown = link.gateway().settings().on_unknown;
    let plan = tools.plan();
    let mut tried = Tried::default();
    for (number, part) in parcel.parts.iter().enumerate().skip(parcel.accepted_parts) {
        let turn = link.road().pace.lock().await.reserve(Instant::now());
        tokio::select! {
            biased;
            () = link.stop().cancelled() => {
                record(tools, &parcel.id, Note::Released, link.road(), None).await;
                return tried;
            }
            () = comes_up(turn) => {}
        }
        let submission =
            Submission { number: &parcel.number, sender: &parcel.sender, encoding: parcel.encoding, text: &part.text };
        let (outcome, sign) = link.submit(tools, &submission).await;
        tracing::debug!(id = %parcel.id, gateway = link.gateway().settings().name, ?outcome, "tried");
        let is_over = !matches!(outcome, Outcome::Sent { .. }) || number + 1 == parcel.parts.len();
        let now = tools.clock.now();
        let note = note(outcome, &parcel, &plan.settings, on_unknown, now, fastrand::f64());
        let onward = link.road().onward().filter(|_| is_over && matches!(sign, Sign::Answers { .. }));
        let next = record(tools, &parcel.id, note, link.road(), onward).await;
        tried = Tried { sign: Some(sign), next };
        if is_over {
            break;
        }
    }
    tried
}

/// Waits for a moment; not at all when it has come, for tokio sleeps a millisecond or two even until now.
async fn comes_up(turn: Instant) {
    if turn > Instant::now() {
        tokio::time::sleep_until(turn).await;
    }
}

/// What an outcome means for a parcel. Pure.
///
/// | outcome | the parcel | a try |
/// |---|---|---|
/// | sent | the part is counted; with the last one it is sent | with the last part |
/// | retry | waits: at the next gateway, or at the same one when that has begun with it | counts |
/// | unknown | as the gateway's `on_unknown` says: as retry, or held | counts |
/// | refused | refused, its sender is told | counts |
/// | blocked | waits, due at once: another gateway may take it | does not count |
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
        (Outcome::Refused { reply, .. }, _) => Note::Refused { reply },
        (Outcome::Blocked { .. }, _) => Note::Released,
        (Outcome::Retry { reason }, _) => retry(reason),
        (Outcome::Unknown { reason }, OnUnknown::Retry) => retry(format!("may have been sent: {reason}")),
        (Outcome::Unknown { reason }, OnUnknown::Hold) => {
            Note::Held { reason: format!("may have been sent: {reason}") }
        }
    }
}

/// Records a note, however long it takes: an outcome that is forgotten is an SMS lost or sent twice. Should the
/// process end meanwhile, the parcel is found as `sending` at the next start. Gives the next parcel, where the slot goes
/// on and there is one.
async fn record(tools: &Tools, id: &ParcelId, note: Note, road: &Road, onward: Onward) -> Option<Parcel> {
    let mut onward = onward;
    let gateway = &road.gateway.settings().name;
    loop {
        let now = tools.clock.now();
        let recorded = match &onward {
            Some(others) => tools.spool.note_and_claim(id, note.clone(), gateway, others, now).await,
            None => tools.spool.note(id, note.clone(), now).await.map(|state| (state, None)),
        };
        match recorded {
            Ok((state, next)) => {
                tracing::info!(%id, %state, "{}", note.words());
                return next;
            }
            Err(error) if error.is_temporary() => {
                tracing::error!(%id, %error, "what came of a message could not be recorded, trying again");
                tokio::time::sleep(RECORD_PAUSE).await;
            }
            // Perhaps only the next one is in a bad way; that must not make this one forgotten.
            Err(error) if onward.take().is_some() => tracing::error!(%error, "the next message could not be claimed"),
            Err(error) => {
                tracing::error!(%id, %error, "what came of a message could not be recorded");
                return None;
            }
        }
    }
}
