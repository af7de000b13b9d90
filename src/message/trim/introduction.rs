//! Quotes of earlier mails: lines with `>`, regions that HTML marks, and the lines by which mail programs introduce
//! them: "On … wrote:", "-----Original Message-----", the block of From, Sent, To and Subject.
//!
//! Between quoted lines the author's answers stay. Behind an introduction that no marked line follows, everything is
//! quoted.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::line::{Line, Mark};

/// Over how many lines a program may break "On … wrote:".
const MAX_LINES: usize = 3;
/// How long such an introduction may be, in bytes.
const MAX_LENGTH: usize = 400;
/// How many lines behind "From:" the other fields of Outlook's block are looked for.
const BLOCK: usize = 6;

#[rustfmt::skip]
pub(super) static WROTE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    const FINAL: &str = r"(?:wrote|writes|ha scritto|schrieb|a écrit|escribi[óo]|schreef|napisał(?:\(a\)|a|/a)?|pisze|escreveu)";
    const MIDDLE: &str = r"(?:am .*schrieb|op .*schreef|(?:w dniu|dnia) .*(?:napisał(?:\(a\)|a|/a)?|pisze))";
    const START: &str = r"(?:on|il|in data|am|le|el|op|w dniu|dnia|em|no dia|a|pon\.?|wt\.?|śr\.?|czw\.?|pt\.?|sob\.?|niedz\.?|ndz\.?)";
    // What Gmail wrote for years: "2026-02-09 8:05 GMT+01:00 Jane Doe <jane@example.com>:".
    const DATED: &str = r"20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{1,2}:[0-9]{2} .*<[^ <>]+@[^ <>]+>";
    const DATE: &str = r"(?:[0-9][./:-][0-9]|20[0-9]{2})";
    super::pattern(&format!(
        "(?i)^(?:{START}[ ,].*[0-9].*{FINAL}|{MIDDLE} .*|.*[^ ]@[^ ].* {FINAL}|.+ {FINAL} (?:am|on|il|le|el|op|em) .*{DATE}.*|{DATED}) ?:$"
    ))
});

#[rustfmt::skip]
pub(super) static ORIGINAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    super::pattern(concat!(
        r"(?i)^[ *]*[-_–—]{2,} *(?:original message|reply message|original e-?mail|messaggio originale|original-?nachricht|ursprüngliche nachricht",
        r"|message d['’]origine|message original|mensaje original|correo original|oorspronkelijk(?:e)? bericht|origineel bericht",
        r"|wiadomość oryginalna|oryginalna wiadomość|mensagem original|e-?mail original) *[-_–—]{2,}[ *]*$",
    ))
});

/// What stands above a mail that is passed on within the text of another.
#[rustfmt::skip]
pub(super) static FORWARDED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    super::pattern(concat!(
        r"(?i)^(?:-{2,} ?(?:forwarded message|messaggio inoltrato|forwarded message from .{1,80}|weitergeleitete nachricht|message transféré",
        r"|message transmis|mensaje reenviado|doorgestuurd bericht|przekazana wiadomość|mensagem encaminhada|forwarded by .{1,80}) ?-{2,}",
        r"|(?:begin forwarded message|inizio messaggio inoltrato|anfang der weitergeleiteten nachricht|début du message réexpédié",
        r"|inicio del mensaje reenviado|begin doorgestuurd bericht|początek przekazywanej wiadomości|início da mensagem reencaminhada) ?:)$",
    ))
});

/// The fields of Outlook's block, by what they say.
pub(super) static FROM: LazyLock<Option<Regex>> =
    LazyLock::new(|| super::pattern(r"(?i)^\*?(?:from|da|von|de|van|od) ?:\*? ?\S"));
#[rustfmt::skip]
pub(super) static OTHERS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    super::pattern(concat!(
        r"(?i)^\*?(?:(?P<date>sent|date|inviato|data|gesendet|datum|envoyé|enviado(?: el| em)?|fecha|verzonden|wysłan[oe]|enviada(?: em)?)",
        r"|(?P<to>to|a|an|à|para|aan|do)",
        r"|(?P<subject>subject|oggetto|betreff|objet|asunto|onderwerp|temat|assunto)) ?:\*?",
    ))
});

/// Everything that is not quoted.
pub(super) fn kept(lines: &[Line]) -> Vec<Line> {
    let is_comparison = is_comparison(lines);
    let is_quoted = |line: &Line| match line.mark {
        Mark::Quoted => !(is_comparison && line.text.trim_start().starts_with('>')),
        Mark::Own | Mark::Signature => false,
    };
    let mut kept: Vec<Line> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        if is_quoted(&lines[at]) {
            at += 1;
            continue;
        }
        let Some(length) = introduction(&lines[at..]) else {
            kept.push(lines[at].clone());
            at += 1;
            continue;
        };
        drop_rule(&mut kept);
        at += length;
        let next = lines[at..].iter().find(|line| !line.is_blank());
        if !next.is_some_and(is_quoted) {
            break;
        }
    }
    kept
}

/// How many lines the introduction at the start takes, if there is one.
fn introduction(lines: &[Line]) -> Option<usize> {
    let first = lines.first().filter(|line| !line.is_blank())?;
    let text = first.text.trim();
    if super::finds(&ORIGINAL, text) {
        return Some(1);
    }
    if is_block(lines) {
        return Some(lines.iter().take(BLOCK).take_while(|line| !line.is_blank() && line.mark == first.mark).count());
    }
    let mut joined = String::new();
    for (at, line) in lines.iter().take(MAX_LINES).enumerate() {
        joined.push_str(line.text.trim());
        if line.is_blank() || line.mark != first.mark || joined.len() > MAX_LENGTH {
            return None;
        }
        if joined.ends_with(':') && super::finds(&WROTE, &joined) {
            return Some(at + 1);
        }
        joined.push(' ');
    }
    None
}

/// Outlook's block: From, and two of date, To and Subject soon behind it.
fn is_block(lines: &[Line]) -> bool {
    if !super::finds(&FROM, lines[0].text.trim()) {
        return false;
    }
    let Some(others) = OTHERS.as_ref() else { return false };
    let mut seen = [false; 3];
    for line in lines.iter().skip(1).filter(|line| !line.is_blank()).take(BLOCK) {
        let Some(found) = others.captures(line.text.trim()) else { continue };
        for (seen, name) in seen.iter_mut().zip(["date", "to", "subject"]) {
            *seen |= found.name(name).is_some();
        }
    }
    seen.iter().filter(|seen| **seen).count() >= 2
}

/// The output of diff(1) has lines with `>` too, and lines with `<` beside them.
fn is_comparison(lines: &[Line]) -> bool {
    lines.iter().any(|line| line.text.starts_with("< ") && line.mark == Mark::Own)
}

/// Takes off the end the rule that Outlook puts above a quote.
fn drop_rule(lines: &mut Vec<Line>) {
    let is_rule = |line: &Line| line.text.trim().len() >= 5 && line.text.trim().chars().all(|c| c == '_');
    let rest = lines.iter().rposition(|line| !line.is_blank() && !is_rule(line)).map_or(0, |at| at + 1);
    if lines[rest..].iter().any(is_rule) {
        lines.truncate(rest);
    }
}
