//! What the operators must hear of: gateways in trouble, credits that run low. It goes into the log and, as a memo to
//! everybody in `[bounce] notify`, through the spool to the site's mail server; once for each trouble, not for each
//! message that has it.

use std::time::Duration;

use super::Tools;
use crate::clock::later;
use crate::smtp::Mailbox;
use crate::spool::{GatewayStatus, NewMemo};

/// How long a memo is worth being delivered.
const MEMO_LIFETIME: Duration = Duration::from_secs(2 * 24 * 3600);

/// Records how a gateway was seen. Tells of low credit when it has fallen below the limit since the last time.
pub async fn record(tools: &Tools, status: GatewayStatus) {
    let (name, is_low) = (status.name.clone(), status.low_credit);
    let credits = status.credits.clone().unwrap_or_default();
    let before = match tools.spool.record_gateway(status).await {
        Ok(before) => before,
        Err(error) => return tracing::warn!(gateway = name, %error, "the gateway's status could not be recorded"),
    };
    if is_low && !before.is_some_and(|before| before.low_credit) {
        tracing::warn!(gateway = name, credits, "few credits left");
        let text = format!(
            "The account at the gateway {name} has {credits} credits left.\n\n\
             When none is left, messages wait. Nothing more is said about it until the credits have been above the\n\
             limit (low_credit) again.\n"
        );
        tell(tools, "low-credit", &format!("few credits left at {name}: {credits}"), &text).await;
    }
}

/// A gateway is down or blocked.
pub async fn tell_of_trouble(tools: &Tools, gateway: &str, reason: &str) {
    let text = format!(
        "Nothing can be sent by the gateway {gateway} at present:\n\n    {reason}\n\n\
         Its messages wait, or go by another gateway of their route. It is tried again by itself. When you have mended\n\
         it, `telepost gateways release {gateway}` has it tried at once.\n"
    );
    tell(tools, "gateway", &format!("the gateway {gateway} can't send"), &text).await;
}

/// A memo to all operators.
pub async fn tell(tools: &Tools, name: &str, subject: &str, text: &str) {
    let plan = tools.plan();
    post(tools, name, &plan.returns.notify, subject, text).await;
}

/// A memo to everybody in `to`.
pub async fn post(tools: &Tools, name: &str, to: &[Mailbox], subject: &str, text: &str) {
    if to.is_empty() {
        return;
    }
    let now = tools.clock.now();
    let memo = |to: &Mailbox| NewMemo {
        name: name.to_owned(),
        to: to.clone(),
        subject: subject.to_owned(),
        text: text.to_owned(),
        made: now,
        expires: later(now, MEMO_LIFETIME),
    };
    if let Err(error) = tools.spool.post(to.iter().map(memo).collect()).await {
        tracing::error!(name, %error, "the operators could not be told");
    }
}
