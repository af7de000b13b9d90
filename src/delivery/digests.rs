//! Sends what was gathered in a storm as one SMS for each number, when its moment comes, and sees to it that everything in
//! it ends as that SMS does.
//!
//! It never decides what is gathered: that stands in the spool since it was accepted. When a digest can't be set or
//! stored, what was gathered stays held, and it is tried again a minute later.

use jiff::Timestamp;

use super::{Plan, Tools};
use crate::clock::later;
use crate::limits;
use crate::sms::{Medium, Sms};
use crate::smtp::ReversePath;
use crate::spool::{DueDigest, Fate, NewLetter, NewParcel, SpoolError};

/// Makes every digest that is due, and settles those that have ended; gives the moment when the next one is due.
pub async fn turn(tools: &Tools) -> Result<Option<Timestamp>, SpoolError> {
    while let Some(digest) = tools.spool.due_digest(tools.clock.now()).await? {
        let plan = tools.plan();
        let Some(sms) = set(&digest, &plan) else { return Ok(None) };
        let letter = letter(&digest, sms, &plan, tools.clock.now());
        let (number, count) = (digest.number.masked(), digest.count);
        if let Some(id) = tools.spool.fold(digest, letter).await? {
            tracing::info!(%id, number, count, "messages gathered into a digest");
        }
    }
    loop {
        let settled = tools.spool.settle_digests(tools.clock.now()).await?;
        if settled.is_empty() {
            return tools.spool.next_digest_due().await;
        }
        for (id, state) in settled {
            tracing::info!(%id, %state, "ended with its digest");
        }
    }
}

/// For the gateways of the digest that are still configured, or else for all there are.
fn set(digest: &DueDigest, plan: &Plan) -> Option<Sms> {
    let media = || plan.gateways.iter().map(|gateway| (&gateway.name, gateway.medium));
    let of_it = media().filter(|(name, _)| digest.gateways.contains(name)).map(|(_, medium)| medium);
    let medium = Medium::narrowest(of_it).or_else(|| Medium::narrowest(media().map(|(_, medium)| medium)))?;
    match limits::compose(digest.count, &digest.subjects, &medium, &plan.sms) {
        Ok(sms) => Some(sms),
        Err(error) => {
            tracing::error!(number = digest.number.masked(), %error, "a digest could not be set");
            None
        }
    }
}

fn letter(digest: &DueDigest, sms: Sms, plan: &Plan, now: Timestamp) -> NewLetter {
    let parcel = NewParcel {
        address: digest.number.to_string(),
        number: digest.number.clone(),
        sender: digest.sender.clone(),
        gateways: digest.gateways.clone(),
        expires: later(now, plan.settings.expire),
        priority: digest.priority,
        topic: None,
        notify: None,
        original: None,
        remark: None,
        fate: Fate::Waiting { encoding: sms.encoding, parts: sms.parts },
    };
    NewLetter {
        from: ReversePath::Null,
        // Whoever sent what is in it hears of each message for itself.
        notice_to: None,
        message_id: None,
        subject: format!("digest of {} messages", digest.count),
        headers: String::new(),
        source: "digest".to_owned(),
        accepted: now,
        returned: None,
        envelope_id: None,
        parcels: vec![parcel],
    }
}
