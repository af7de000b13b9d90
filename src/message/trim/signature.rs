//! Signatures: everything behind `-- `, what mail programs mark as one, and "Sent from my telephone".
//!
//! Known limit: a closing such as "Best regards, Jane" is the author's own text and stays.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::line::{Line, Mark};

/// How many lines may follow a `--` that has lost its blank: more is a text with a rule in it.
const MAX_LINES: usize = 15;

/// What telephones and web mail add, in the languages of [`super`]. A line of its own, and a short one.
#[rustfmt::skip]
pub(super) static ADVERTISEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    super::pattern(concat!(
        r"(?i)^(?:",
        r"sent (?:from|with|via) (?:my|mail for|outlook|yahoo|samsung|proton|gmail|blackberry|aol|nine|spark|mailspring)\b.*",
        r"|get outlook for\b.*",
        r"|inviato (?:da|dal|con) (?:mio|il mio|iphone|ipad|outlook|yahoo|libero|smartphone|mail per|proton)\b.*|scarica outlook per\b.*|ottieni outlook per\b.*",
        r"|von meinem .{1,40} gesendet.*|gesendet (?:von|mit|aus|über) (?:mein\w*|der|outlook|mail für|proton|yahoo)\b.*|(?:holen sie sich )?outlook für (?:ios|android|mac)\b.*|diese nachricht wurde von meinem .*",
        r"|envoyé (?:de|depuis|à partir|par) (?:mon|de|d'|outlook|yahoo|courrier|proton)\b.*|télécharge[zr] outlook pour\b.*|obtenir outlook pour\b.*",
        r"|enviado (?:desde|do|de|pelo|a partir do|con) (?:mi|meu|outlook|yahoo|correo|proton|email)\b.*|obt(?:ener|enga|er|enha) o? ?outlook (?:para|pra)\b.*",
        r"|(?:verzonden|verstuurd) (?:vanaf|met|vanuit|via) (?:mijn|outlook|mail|proton|yahoo)\b.*|outlook voor (?:ios|android) downloaden.*",
        r"|wysłane? (?:z|za pomocą) (?:mojego|iphone\S*|ipad\S*|telefonu|outlook|usługi|poczty|programu|proton|yahoo)\b.*|wysłano z .{1,40}|pobierz (?:program )?outlook\b.*",
        r")$",
    ))
});
const MAX_ADVERTISEMENT: usize = 100;

/// Everything but the signature.
pub(super) fn kept(lines: &[Line]) -> Vec<Line> {
    let end = lines.iter().enumerate().position(|(at, line)| begins_signature(line, &lines[at + 1..]));
    let above = &lines[..end.unwrap_or(lines.len())];
    above.iter().filter(|line| line.mark != Mark::Signature && !is_advertisement(&line.text)).cloned().collect()
}

fn begins_signature(line: &Line, below: &[Line]) -> bool {
    match line.text.as_str() {
        "-- " => line.mark == Mark::Own,
        text => {
            let is_mark = line.mark == Mark::Own && matches!(text.trim(), "--" | "—");
            is_mark && below.iter().filter(|line| !line.is_blank()).take(MAX_LINES + 1).count() <= MAX_LINES
        }
    }
}

fn is_advertisement(text: &str) -> bool {
    let text = text.trim().trim_matches(['*', '_', '<', '>']);
    text.len() <= MAX_ADVERTISEMENT && super::finds(&ADVERTISEMENT, text)
}
