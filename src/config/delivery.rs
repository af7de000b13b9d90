//! `[delivery]`.

use std::time::Duration;

use super::section::Section;
use super::value::Count;
use crate::delivery::Settings;
use crate::smtp::Mailbox;

/// The shortest wait before another try: without one, a gateway in trouble would get no rest.
const SHORTEST: Duration = Duration::from_secs(1);

pub(super) fn read(section: &mut Section<'_, '_>) -> Settings {
    let defaults = Settings::default();
    let retry = section.or("retry", defaults.retry);
    let expire = section.or("expire", defaults.expire);
    match retry.first() {
        None => section.problem("retry", "is empty: one wait at least must stand here, and the last one repeats"),
        Some(_) if retry.iter().any(|wait| *wait < SHORTEST) => section.problem("retry", "has a wait of nothing in it"),
        Some(first) if expire < *first => {
            section.problem("expire", "is shorter than the first wait of retry, so nothing would ever be tried again");
        }
        Some(_) => {}
    }
    let down_after = section.or("down_after", Count::new(3)).get();
    let drain = section.or("drain", defaults.drain);
    let escalate_after = section.optional("escalate_after");
    let escalate_to = section.optional::<Vec<Mailbox>>("escalate_to").unwrap_or_default();
    if escalate_after.is_some() && escalate_to.is_empty() {
        section.problem("escalate_to", "is missing: somebody must get what escalate_after is about");
    }
    let down_after = u32::try_from(down_after).unwrap_or(u32::MAX);
    Settings { retry, expire, down_after, escalate_after, escalate_to, drain }
}
