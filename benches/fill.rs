//! Fills a spool with messages that wait, for `benches/side-by-side`: `fill SPOOL COUNT`.
//!
//! It goes through the library, one letter for each message, as many at a time as one transaction takes. Not for a
//! spool in use: its messages are invented.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use telepost::address::Number;
use telepost::clock::later;
use telepost::sms::{Encoding, Part};
use telepost::smtp::{Mailbox, ReversePath};
use telepost::spool::{Fate, NewLetter, NewParcel, Priority, Role, Settings, Spool};
use tokio::task::JoinSet;

/// Letters that are on their way into the spool at a time.
const AT_ONCE: usize = 512;
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(path), Some(count)) = (arguments.next(), arguments.next()) else { return Err("fill SPOOL COUNT".into()) };
    let count: u64 = count.to_str().unwrap_or_default().parse()?;
    let limits = std::sync::Arc::default();
    let settings = Settings { path: PathBuf::from(path), keep: 30 * DAY, dedup_window: Duration::ZERO, limits };
    // As a relay, so that the file is left as one that has ended in order leaves it.
    let spool = Spool::open(&settings, Role::Relay)?;
    let mut committing = JoinSet::new();
    for n in 0..count {
        if committing.len() == AT_ONCE
            && let Some(done) = committing.join_next().await
        {
            done??;
        }
        let letter = letter(n)?;
        let spool = spool.clone();
        committing.spawn(async move { spool.commit(letter).await });
    }
    while let Some(done) = committing.join_next().await {
        done??;
    }
    Ok(())
}

fn letter(n: u64) -> Result<NewLetter, Box<dyn Error>> {
    let now = Timestamp::now();
    let number = Number::from_e164(&format!("+44773{n:07}"))?;
    let text = format!("web{n}: disk /var is nearly full, 93 % used, growing by 2 GB an hour since this morning");
    let parcel = NewParcel {
        address: format!("{number}@sms.example.com"),
        number,
        sender: "ALERTS".parse()?,
        gateways: vec!["sink".to_owned()],
        expires: later(now, 2 * DAY),
        priority: Priority::Normal,
        topic: None,
        notify: None,
        original: None,
        remark: None,
        fate: Fate::Waiting { encoding: Encoding::Latin1, parts: vec![Part { units: text.len(), text: text.clone() }] },
    };
    let monitor = Mailbox { local: "monitor".to_owned(), domain: Some("example.com".to_owned()) };
    Ok(NewLetter {
        from: ReversePath::Mailbox(monitor.clone()),
        notice_to: Some(monitor),
        message_id: Some(format!("{n}.fill@example.com")),
        subject: format!("PROBLEM web{n} disk"),
        headers: format!(
            "From: monitor@example.com\nSubject: PROBLEM web{n} disk\nMessage-ID: <{n}.fill@example.com>\n"
        ),
        source: "127.0.0.1 web.example.com".to_owned(),
        accepted: now,
        returned: None,
        envelope_id: None,
        parcels: vec![parcel],
    })
}
