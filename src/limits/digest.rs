//! Makes one SMS of many: `+37 more alerts: disk full on db1 (12); web2 down; …`. Pure.

use crate::sms::{self, FitError, Medium, Overflow, Sms};

/// The most subjects that are worth looking at: more never fit.
pub const MAX_SUBJECTS: usize = 64;

/// Sets the digest of `count` messages: one part that lists as many of `subjects` as fit, each with how often it came.
/// Where none fits, the first is cut like any text that is too long; one that can't be carried is not listed.
pub fn compose(
    count: usize,
    subjects: &[(String, usize)],
    medium: &Medium,
    settings: &sms::Settings,
) -> Result<Sms, FitError> {
    let settings = sms::Settings { max_parts: 1, overflow: Overflow::Truncate, ..settings.clone() };
    let set = |listed: usize| sms::fit(&words(count, subjects, listed), medium, &settings);
    let listable = subjects.len().min(MAX_SUBJECTS);
    for listed in (2..=listable).rev() {
        if let Ok(sms) = set(listed)
            && !sms.truncated
        {
            return Ok(sms);
        }
    }
    set(listable.min(1)).or_else(|_| set(0))
}

fn words(count: usize, subjects: &[(String, usize)], listed: usize) -> String {
    let alerts = if count == 1 { "alert" } else { "alerts" };
    let one = |(subject, times): &(String, usize)| match times {
        0 | 1 => subject.clone(),
        times => format!("{subject} ({times})"),
    };
    let list = subjects.iter().take(listed).map(one).collect::<Vec<_>>().join("; ");
    let rest = if listed < subjects.len() { "; ..." } else { "" };
    match list.as_str() {
        "" => format!("+{count} more {alerts}"),
        list => format!("+{count} more {alerts}: {list}{rest}"),
    }
}
