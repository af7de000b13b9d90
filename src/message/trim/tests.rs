//! Tables of what is left out of real-looking mails, and of what must stay.

use super::*;
use crate::message::plain::{self, Format};

fn left_of(text: &str, purpose: Purpose, settings: &Settings) -> (String, Vec<Trimmed>) {
    let (lines, trimmed) = trim(plain::lines(text, Format::Fixed), purpose, settings);
    let lines: Vec<String> = lines.into_iter().map(|line| line.text).collect();
    (lines.join("\n").trim().to_owned(), trimmed)
}

fn own(text: &str) -> String {
    left_of(text, Purpose::Own, &Settings::default()).0
}

#[test]
fn every_pattern_of_ours_compiles() {
    for pattern in [
        &introduction::WROTE,
        &introduction::ORIGINAL,
        &introduction::FORWARDED,
        &introduction::FROM,
        &introduction::OTHERS,
        &signature::ADVERTISEMENT,
        &disclaimer::DISCLAIMER,
    ] {
        assert!(pattern.is_some());
    }
}

#[test]
fn lines_by_which_programs_introduce_quotes() {
    for introduction in [
        "On Mon, 9 Feb 2026 at 08:05, Jane Doe <jane@example.com> wrote:",
        "On Mon, 9 Feb 2026 at 08:05, Jane Doe\n<jane@example.com> wrote:",
        "On 9 Feb 2026, at 08:05, Jane Doe\n<jane@example.com>\nwrote:",
        "On 2026-02-09 08:05, Jane Doe wrote:",
        "2026-02-09 8:05 GMT+01:00 Jane Doe <jane@example.com>:",
        "----- Reply message -----",
        "Jane Doe <jane@example.com> wrote:",
        "jane@example.com (Jane Doe) writes:",
        "Il giorno lun 9 feb 2026 alle ore 08:05 Jane Doe <jane@example.com> ha scritto:",
        "Il 09/02/2026 08:05, Jane Doe ha scritto:",
        "In data 9 febbraio 2026 08:05:00 CET, Jane Doe <jane@example.com> ha scritto:",
        "Am 09.02.2026 um 08:05 schrieb Jane Doe:",
        "Am Mo., 9. Feb. 2026 um 08:05 Uhr schrieb Jane Doe <\njane@example.com>:",
        "Jane Doe schrieb am 09.02.2026 um 08:05:",
        "Le lun. 9 févr. 2026 à 08:05, Jane Doe <jane@example.com> a écrit :",
        "Le 09/02/2026 à 08:05, Jane Doe a écrit\u{a0}:",
        "El lun, 9 feb 2026 a las 8:05, Jane Doe (<jane@example.com>) escribió:",
        "Op ma 9 feb 2026 om 08:05 schreef Jane Doe <jane@example.com>:",
        "Op 09-02-2026 om 08:05 schreef Jane Doe:",
        "pon., 9 lut 2026 o 08:05 Jane Doe <jane@example.com> napisał(a):",
        "W dniu 9.02.2026 o 08:05, Jane Doe pisze:",
        "Em seg., 9 de fev. de 2026 às 08:05, Jane Doe <jane@example.com> escreveu:",
        "-----Original Message-----",
        "-------- Original Message --------",
        "-----Messaggio originale-----",
        "-----Ursprüngliche Nachricht-----",
        "-------- Original-Nachricht --------",
        "-----Message d'origine-----",
        "-------- Message original --------",
        "-----Mensaje original-----",
        "-----Oorspronkelijk bericht-----",
        "-----Wiadomość oryginalna-----",
        "-----Mensagem original-----",
        "________________________________\nFrom: Jane Doe <jane@example.com>\nSent: Monday\nTo: x\nSubject: y",
        "*From:* Jane Doe\n*Sent:* Monday\n*To:* x\n*Subject:* y",
        "Da: Jane Doe\nInviato: lunedì 9 febbraio 2026\nA: x\nOggetto: y",
        "Von: Jane Doe\nGesendet: Montag, 9. Februar 2026\nAn: x\nCc: z\nBetreff: y",
        "De : Jane Doe\nEnvoyé : lundi 9 février 2026\nÀ : x\nObjet : y",
        "De: Jane Doe\nEnviado el: lunes\nPara: x\nAsunto: y",
        "Van: Jane Doe\nVerzonden: maandag\nAan: x\nOnderwerp: y",
        "Od: Jane Doe\nWysłano: poniedziałek\nDo: x\nTemat: y",
        "De: Jane Doe\nEnviada em: segunda-feira\nPara: x\nAssunto: y",
    ] {
        assert_eq!(own(&format!("Restart it.\n\n{introduction}\n\nold words\nmore")), "Restart it.", "{introduction}");
        assert_eq!(own(&format!("{introduction}\n> old words\n\nRestart it.")), "Restart it.", "{introduction}");
    }
}

#[test]
fn words_that_only_look_like_quotes_stay() {
    for text in [
        "On web1 the disk is full.",
        "On 3 hosts the check failed:\nweb1\nweb2",
        "Process 4711 wrote:\nok",
        "From: web1\nState: DOWN",
        "> all of it is quoted\n> so it stays",
        "On Mon, 9 Feb 2026, Jane wrote:\n> nothing of my own",
        "2c2\n< old\n---\n> new",
        "Original message lost",
        "root@web1: the backup wrote 3 files, errors follow:\nnone",
        "On 2026-02-09 the job wrote 5 files with errors:\nnone",
        "agent wrote on 3 hosts:\nnone",
        "2026-02-09 08:05 the job failed for:\nweb1",
        "Prima di stampare verificare il toner.",
        "-- ",
        "##",
    ] {
        assert_eq!(own(text), text.trim(), "{text:?}");
    }
}

#[test]
fn answers_between_quotes_stay() {
    assert_eq!(own("> one?\nyes\n> two?\nno\n-- \nme"), "yes\nno");
}

#[test]
fn signatures() {
    for (text, left) in [
        ("words\n-- \nJane\nCompany", "words"),
        ("words\n--\nJane", "words"),
        ("words\n---\nmore", "words\n---\nmore"),
        ("words\n\nSent from my iPhone", "words"),
        ("words\nInviato da iPhone", "words"),
        ("words\nVon meinem iPhone gesendet", "words"),
        ("words\nEnvoyé de mon iPhone", "words"),
        ("words\nEnviado desde mi iPhone", "words"),
        ("words\nVerstuurd vanaf mijn iPhone", "words"),
        ("words\nWysłane z iPhone'a", "words"),
        ("words\nEnviado do meu iPhone", "words"),
        ("words\nGet Outlook for iOS", "words"),
        ("Sent from host web1 at noon", "Sent from host web1 at noon"),
    ] {
        assert_eq!(own(text), left, "{text:?}");
    }
    let long = format!("head\n--\n{}", "row\n".repeat(40));
    assert_eq!(own(&long), long.trim());
}

#[test]
fn disclaimers() {
    for disclaimer in [
        "CONFIDENTIALITY NOTICE: this e-mail",
        "This e-mail and any attachments are confidential and intended solely for the addressee.",
        "This message (and any\nattachments) is privileged.",
        "DISCLAIMER: whatever",
        "The information contained in this e-mail is meant for nobody.",
        "Please consider the environment before printing this e-mail.",
        "Le informazioni contenute nella presente e-mail sono riservate.",
        "Questo messaggio è riservato al destinatario.",
        "Diese E-Mail enthält vertrauliche Informationen.",
        "Ce message est confidentiel.",
        "Este mensaje es confidencial.",
        "Dit bericht is uitsluitend bestemd voor de geadresseerde.",
        "Niniejsza wiadomość jest poufna.",
        "Esta mensagem é confidencial.",
    ] {
        assert_eq!(own(&format!("Disk full.\n\n{disclaimer}\n\nand more of it")), "Disk full.", "{disclaimer}");
        assert_eq!(own(disclaimer), disclaimer);
    }
    let banner = "CAUTION: This email originated from outside the organization.\nDo not click links.";
    assert_eq!(own(&format!("{banner}\n\nDisk full.")), "Disk full.");
}

#[test]
fn end_marks() {
    for (text, left) in [
        ("words##\nJane", "words"),
        ("words ##\nJane", "words"),
        ("words\n##\nJane", "words"),
        ("words\n $$ \nJane", "words"),
        ("words ## Jane", "words"),
        ("words$$ Jane", "words"),
        ("## Heading\nwords", "## Heading\nwords"),
        ("words\n### Jane", "words\n### Jane"),
        ("a ### b", "a ### b"),
        ("issue ##12", "issue ##12"),
        ("##\nwords", "##\nwords"),
    ] {
        assert_eq!(own(text), left, "{text:?}");
    }
    let none = Settings { end_marks: Vec::new(), ..Settings::default() };
    assert_eq!(left_of("a##\nb", Purpose::Own, &none).0, "a##\nb");
}

#[test]
fn the_operator_can_say_what_else_goes() {
    let pattern = |source| vec![Pattern::parse(source).unwrap()];
    let settings =
        Settings { cut_from: pattern("^Sent by"), drop_lines: pattern(r"(?i)^ticket \d+"), ..Settings::default() };
    let (left, trimmed) = left_of("Ticket 12\nwords\nSent by robot\nmore", Purpose::Own, &settings);
    assert_eq!((left.as_str(), trimmed.as_slice()), ("words", &[Trimmed { reason: Reason::Pattern, lines: 3 }][..]));
    assert_eq!(left_of("Sent by robot", Purpose::Own, &settings).0, "Sent by robot");
}

#[test]
fn a_forwarded_mail_keeps_what_it_passes_on() {
    let text = "look\n-- \nJane\n-----Original Message-----\nFrom: x\n> old";
    assert_eq!(left_of(text, Purpose::Forward, &Settings::default()).0, text);
    for line in
        ["---------- Forwarded message ---------", "Begin forwarded message:", "Anfang der weitergeleiteten Nachricht:"]
    {
        assert_eq!(Purpose::of("look", &[plain::line(line.to_owned())]), Purpose::Forward, "{line}");
        assert_eq!(Purpose::of("look", &[plain::line(format!("> {line}"))]), Purpose::Own, "{line}");
    }
    for (subject, purpose) in [
        ("Fwd: disk", Purpose::Forward),
        ("FW: disk", Purpose::Forward),
        ("Re: WG: disk", Purpose::Forward),
        ("I: disco", Purpose::Forward),
        ("TR : disque", Purpose::Forward),
        ("Re: disk", Purpose::Own),
        ("AW: disk", Purpose::Own),
        ("Firewall: disk", Purpose::Own),
        ("", Purpose::Own),
    ] {
        assert_eq!(Purpose::of(subject, &[]), purpose, "{subject}");
    }
}

#[test]
fn what_may_stay_stays() {
    let all = "words\n> quote\n-- \nJane";
    let settings = Settings { strip_quotes: false, strip_signature: false, ..Settings::default() };
    assert_eq!(left_of(all, Purpose::Own, &settings).0, all);
    let (_, trimmed) = left_of(all, Purpose::Own, &Settings::default());
    let count = |reason, lines| Trimmed { reason, lines };
    assert_eq!(trimmed, [count(Reason::Quote, 1), count(Reason::Signature, 2)]);
}
