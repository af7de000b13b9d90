//! Legal disclaimers and banners of mail filters, by how they begin.
//!
//! A disclaimer below the text goes with everything behind it, for they come in rows and languages; one above the
//! text, as filters put it there, goes alone, to the next blank line.
//!
//! Known limit: one that begins in no known way stays; the operator can add a pattern.

use std::sync::LazyLock;

use regex::Regex;

use crate::message::line::Line;

#[rustfmt::skip]
pub(super) static DISCLAIMER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    super::pattern(concat!(
        r"(?i)^\W*(?:",
        // English
        r"(?:confidentiality|privacy|legal|privileged)(?: and [\w -]{1,40})? (?:notice|note|disclaimer|statement)\b",
        r"|(?:e-?mail )?disclaimer\s*(?:[:.-]|$)",
        r"|th(?:is|e information in this|e contents of this) (?:e-?mail|message|communication|transmission)\b.*\b(?:confidential|privileged|intended (?:only|solely)|addressee)",
        r"|the (?:information|content)s? (?:contained |transmitted )?in this (?:e-?mail|message|communication)\b",
        r"|if you (?:are not|have received|received) (?:the intended recipient|this (?:e-?mail|message|communication) in error)",
        r"|(?:please )?(?:consider|think of) the environment before printing",
        r"|(?:\[?external\]?\s*)?(?:caution|warning|attention|\[external\])\W*(?:this (?:e-?mail|message)\b.*)?\b(?:originated|came|comes|is|was sent) (?:from )?(?:outside|an external)\b",
        r"|(?:external e-?mail|this (?:e-?mail|message) (?:originated|came|was sent) from outside)\b",
        r"|you don't often get e-?mail from\b",
        // Italian
        r"|(?:avviso|nota) (?:di riservatezza|legale)\b|informativa (?:sulla )?privacy\b",
        r"|(?:il presente|questo|questa|la presente) (?:messaggio|e-?mail|comunicazione)\b.*\b(?:riservat|confidenzial|destinatari|privilegiat)",
        r"|le informazioni (?:contenute|trasmesse) (?:in|nel|nella|con)\b.*\b(?:messaggio|e-?mail|comunicazione)",
        r"|ai sensi del (?:d\.? ?lgs|regolamento|gdpr)\b|prima di stampare\b.*\bambiente\b",
        // German
        r"|(?:vertraulichkeitshinweis|haftungsausschluss|rechtlicher hinweis)\b",
        r"|diese (?:e-?mail|nachricht|mitteilung)\b.*\b(?:vertraulich|ausschließlich|rechtlich geschützt)",
        r"|der inhalt dieser (?:e-?mail|nachricht)\b.*\bvertraulich",
        r"|bitte (?:denken sie an|prüfen sie der) (?:die )?umwelt\b",
        // French
        r"|(?:avis|clause|mention)s? (?:de confidentialité|légales?)\b",
        r"|(?:ce|cet|le présent) (?:message|courriel|e-?mail|courrier électronique)\b.*\b(?:confidentiel|destinataire|exclusivement)",
        r"|les informations contenues dans ce\b|pensez à l'environnement\b",
        // Spanish
        r"|(?:aviso|cláusula|nota) (?:de confidencialidad|legal)\b",
        r"|(?:este|el presente) (?:mensaje|correo|e-?mail)\b.*\b(?:confidencial|destinatari|privilegiad)",
        r"|la información contenida en este\b|antes de imprimir\b.*\bmedio ?ambiente\b",
        // Dutch
        r"|(?:vertrouwelijkheidsverklaring|vertrouwelijkheidsclausule)\b",
        r"|(?:dit (?:e-?mail)?bericht|deze e-?mail|dit e-?mail)\b.*\b(?:vertrouwelijk|uitsluitend|geadresseerde)",
        r"|de informatie in (?:dit|deze) (?:e-?mail|bericht)\b|denk aan het milieu\b",
        // Polish
        r"|klauzula (?:poufności|informacyjna)\b",
        r"|(?:ta|niniejsza) (?:wiadomość|korespondencja)\b.*\b(?:poufn|wyłącznie|adresat)",
        r"|(?:treść|informacje zawarte) (?:w )?(?:tej|niniejszej) wiadomości\b|zanim wydrukujesz\b.*\bśrodowisk",
        // Portuguese
        r"|(?:aviso|termo) de (?:confidencialidade|privacidade)\b",
        r"|(?:esta|a presente) (?:mensagem|comunicação)\b.*\b(?:confidencia|destinatári|privilegiad)|este e-?mail\b.*\b(?:confidencia|destinatári)",
        r"|as informações contidas nest[ae]\b|antes de imprimir\b.*\bmeio ambiente\b",
        r")",
    ))
});

/// How much of a line is looked at.
const MAX_LOOK: usize = 400;

/// Everything but disclaimers.
pub(super) fn kept(lines: &[Line]) -> Vec<Line> {
    let mut kept: Vec<Line> = Vec::new();
    let mut rest = lines.iter().enumerate();
    while let Some((at, line)) = rest.next() {
        if !(begins_paragraph(lines, at) && is_disclaimer(&paragraph(&lines[at..]))) {
            kept.push(line.clone());
            continue;
        }
        if kept.iter().any(Line::has_words) {
            break;
        }
        rest.by_ref().find(|(_, line)| line.is_blank());
    }
    kept
}

/// Where a line begins a paragraph: after a blank line or a rule, or after a line that ends a sentence. HTML gives
/// paragraphs without blank lines between.
fn begins_paragraph(lines: &[Line], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| &lines[before]) else { return true };
    let text = before.text.trim_end();
    !before.has_words() || !text.ends_with(|c: char| c.is_alphanumeric() || c == ',') || text.chars().count() < 60
}

/// The beginning of a paragraph as one line: programs break it anywhere.
fn paragraph(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().take_while(|line| !line.is_blank()) {
        text.push_str(line.text.trim());
        text.push(' ');
        if text.len() > MAX_LOOK {
            break;
        }
    }
    text.chars().take(MAX_LOOK).collect()
}

fn is_disclaimer(paragraph: &str) -> bool {
    super::finds(&DISCLAIMER, paragraph)
}
