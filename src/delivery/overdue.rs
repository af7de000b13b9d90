//! What waits too long: its sender is owed a notice of delay, and its text goes by mail to whoever must hear of it when
//! SMS itself is down.
//!
//! Each letter is looked at once for each of the two, when it has grown old enough; so one look costs as much as there
//! is to tell, and each message is escalated once.

use std::time::Duration;

use super::{Tools, operators};
use crate::spool::{Overdue, SpoolError};

/// Letters that one escalation looks at; those beyond come with the next one.
const ESCALATED: usize = 200;
/// Messages that one escalation tells in full; of the others it gives the count.
const TOLD: usize = 50;

/// Looks once.
pub async fn look(tools: &Tools) -> Result<(), SpoolError> {
    let (plan, now) = (tools.plan(), tools.clock.now());
    if let Some(before) = plan.returns.delay.and_then(|delay| now.checked_sub(delay).ok()) {
        tools.spool.owe_delayed(before, now).await?;
    }
    let Some(limit) = plan.settings.escalate_after else { return Ok(()) };
    let Ok(before) = now.checked_sub(limit) else { return Ok(()) };
    let overdue = tools.spool.take_overdue(before, ESCALATED).await?;
    if !overdue.is_empty() {
        tracing::error!(messages = overdue.len(), "messages wait too long, their text goes by mail");
        let (subject, text) = escalation(&overdue, limit);
        operators::post(tools, "escalation", &plan.settings.escalate_to, &subject, &text).await;
    }
    Ok(())
}

/// The mail about messages that wait too long: subject and text. Pure.
fn escalation(overdue: &[Overdue], limit: Duration) -> (String, String) {
    let minutes = limit.as_secs() / 60;
    let subject = match overdue {
        [one] => format!("SMS not out after {minutes} min: {}", one.subject),
        all => format!("{} SMS not out after {minutes} min, the first: {}", all.len(), all[0].subject),
    };
    let mut text = format!("These messages could not be sent as SMS for {minutes} minutes. telepost keeps trying.\n");
    for Overdue { parcel, from, subject } in overdue.iter().take(TOLD) {
        let words: Vec<&str> = parcel.parts[parcel.accepted_parts..].iter().map(|part| part.text.as_str()).collect();
        let (from, to) = (from.as_deref().unwrap_or("<>"), parcel.number.as_str());
        text.push_str(&format!(
            "\n{id}  from {from} to {to}, accepted {accepted:.0}\n  {subject}\n\n  {words}\n",
            id = parcel.id,
            accepted = parcel.accepted,
            words = words.join("\n").replace('\n', "\n  "),
        ));
    }
    if let Some(left) = overdue.len().checked_sub(TOLD).filter(|left| *left > 0) {
        text.push_str(&format!("\nand {left} more; `telepost queue list --state waiting` shows them.\n"));
    }
    (subject, text)
}
