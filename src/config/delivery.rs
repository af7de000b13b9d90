//! `[delivery]`.

use std::time::Duration;

use super::section::Section;
use crate::delivery::Settings;

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
    Settings { retry, expire }
}
