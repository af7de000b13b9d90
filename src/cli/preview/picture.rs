//! The preview for a person: each part as the phone shows it, and what is worth knowing about it.

use jiff::SignedDuration;

use super::{Dropped, Fates, Fit, Preview, Refused, Shown, ShownTopic};
use crate::cli::phone;
use crate::spool::Priority;

/// Characters of what is left out that are shown from each end.
const MAX_LEFT_OUT: usize = 60;

/// All recipients, one after the other, and the telephones that ring besides.
pub(super) fn draw(preview: &Preview) -> String {
    let mut lines = Vec::new();
    fates(&preview.arriving, &mut lines);
    let mut rings = Vec::new();
    fates(&preview.rings, &mut rings);
    if !rings.is_empty() {
        lines.push("Passing by the milter on its way to a mailbox, it rings:".to_owned());
        lines.extend(rings);
    }
    lines.push(String::new());
    lines.join("\n")
}

fn fates(fates: &Fates, lines: &mut Vec<String>) {
    fates.recipients.iter().for_each(|shown| message(shown, lines));
    for Dropped { address, number, fit } in &fates.dropped {
        lines.push(format!("{address} -> {number} would be dropped"));
        lines.extend(why(fit));
    }
    for Refused { address, code, enhanced, reason, fit } in &fates.refused {
        lines.push(format!("{address} would be refused: {code} {enhanced} {reason}"));
        lines.extend(why(fit));
    }
}

fn message(shown: &Shown, lines: &mut Vec<String>) {
    let Shown { address, number, sender, gateway, parts, units, .. } = shown;
    let held = if shown.action == "hold" { ", held until an operator lets it go" } else { "" };
    lines.push(format!("{address} -> {number} from {sender} by {gateway}{held}"));
    lines.extend(why(&shown.fit));
    lines.extend(unusual(shown));
    for (n, (part, units)) in parts.iter().zip(units).enumerate() {
        lines.extend(phone::draw(sender, part));
        let place = if parts.len() > 1 { format!("part {} of {}: ", n + 1, parts.len()) } else { String::new() };
        let because = shown.because.as_ref().map(|because| format!(" because {because}")).unwrap_or_default();
        lines.push(format!("  {place}{units} units, {}{because}", shown.encoding));
    }
    if !shown.dropped.is_empty() {
        lines.push("  left out, because not all of the text fits:".to_owned());
        lines.extend(shown.dropped.iter().map(|text| format!("    {}", in_one_line(text))));
    }
}

/// The rule, and a line for each of its conditions.
fn why(fit: &Fit) -> Vec<String> {
    let Some(rule) = &fit.rule else { return Vec::new() };
    let all = if fit.reasons.is_empty() { " fits every mail" } else { "" };
    let reasons = fit.reasons.iter().map(|reason| format!("    {reason}"));
    std::iter::once(format!("  rule {rule}{all}")).chain(reasons).collect()
}

/// What is not as for most messages.
fn unusual(shown: &Shown) -> Option<String> {
    let seconds = i64::try_from(shown.expire).unwrap_or(i64::MAX);
    let priority = (shown.priority != Priority::Normal).then(|| format!("priority {}", shown.priority));
    let expire = shown.fit.rule.is_some().then(|| format!("expires after {:#}", SignedDuration::from_secs(seconds)));
    let topic = shown.topic.as_ref().map(|ShownTopic { key, standing }| format!("{standing} of {key:?}"));
    let all: Vec<String> = [priority, expire, topic].into_iter().flatten().collect();
    (!all.is_empty()).then(|| format!("  {}", all.join(", ")))
}

/// The beginning and the end of a text that may be long.
fn in_one_line(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let characters: Vec<char> = text.chars().collect();
    match characters.len() > 2 * MAX_LEFT_OUT + 5 {
        false => text,
        true => {
            let begin: String = characters[..MAX_LEFT_OUT].iter().collect();
            let end: String = characters[characters.len() - MAX_LEFT_OUT..].iter().collect();
            format!("{begin} [...] {end}")
        }
    }
}
