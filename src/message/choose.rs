//! Chooses which parts of a mail are its text, and decodes those and no others.
//!
//! Plain text goes before HTML, unless it is blank or only says that there is HTML. Attachments are never text. A
//! mail inside a mail is text when there is no other, with a line that says whose it is.
//!
//! Known limits: of one part at most [`MAX_PART`] bytes are decoded; mails in one another are opened [`MAX_MAILS`]
//! deep; S/MIME that only signs is opaque like S/MIME that encrypts.

use super::html;
use super::line::{Line, Mark, are_blank};
use super::parts::{Part, Parts};
use super::plain::{self, Format};
use super::text::Locked;
use super::transfer::{Decoded, Encoding};
use super::{charset, fields, head, tnef, words};

/// How much of one part is decoded: the styles at the head of HTML come before its first word.
const MAX_PART: usize = 512 * 1024;
/// How deep mails that are forwarded in one another are opened.
const MAX_MAILS: usize = 5;
/// How much of all parts together is decoded.
const MAX_DECODED: usize = 4 * MAX_PART;
/// How many lines are kept, and bytes of them: what quotes and signatures are looked for in.
const MAX_LINES: usize = 5000;
const MAX_TEXT: usize = 64 * 1024;
/// The longest plain text that may be one that only points to the HTML beside it, in characters.
const MAX_POINTER: usize = 300;

/// The text of a mail, and what was met on the way.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) lines: Vec<Line>,
    pub(super) locked: Option<Locked>,
    /// Something was longer, or deeper, than is read.
    pub(super) is_cut: bool,
    /// There are parts beyond those that are told apart.
    pub(super) is_beyond: bool,
}

/// The text of the mail that these are the parts of. `subject` is what the reader sees anyway.
pub(super) fn text(parts: &Parts<'_>, subject: &str) -> Chosen {
    let mut chooser = Chooser { met: Chosen::default(), subject, mails: 0, decoded: 0 };
    let mut lines = chooser.read_mail(parts);
    chooser.met.is_cut |= shorten(&mut lines);
    Chosen { lines, ..chooser.met }
}

struct Chooser<'s> {
    met: Chosen,
    subject: &'s str,
    /// Mails that are open around this one.
    mails: usize,
    /// Bytes that were decoded so far.
    decoded: usize,
}

/// What a leaf is to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaf {
    Plain,
    Html,
    Mail,
    Tnef,
    Encrypted,
    Other,
}

impl Chooser<'_> {
    fn read_mail(&mut self, parts: &Parts<'_>) -> Vec<Line> {
        self.met.is_beyond |= parts.is_beyond;
        let root = parts.root();
        if root.children.is_empty() {
            // A mail that is one part is read even when it calls itself an attachment, or a multipart and has no parts.
            return self.read_leaf(root, only_leaf(root));
        }
        self.read(parts, root)
    }

    fn read(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        match part.kind.value.as_str() {
            _ if part.children.is_empty() => match leaf(part) {
                _ if is_attachment(part) => Vec::new(),
                // The place of a mail inside a mail is behind every text: see `forwarded`.
                Leaf::Mail | Leaf::Other => Vec::new(),
                kind => self.read_leaf(part, kind),
            },
            "multipart/alternative" => self.alternative(parts, part),
            "multipart/encrypted" => {
                self.met.locked = Some(Locked::Encrypted);
                self.first(parts, part)
            }
            "multipart/digest" => self.digest(parts, part),
            "multipart/related" | "multipart/signed" | "multipart/report" => self.first(parts, part),
            _ => self.all(parts, part),
        }
    }

    /// The first part that says anything, or the mail inside.
    fn first(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        for child in parts.children(part) {
            let lines = self.read(parts, child);
            if !are_blank(&lines) {
                return lines;
            }
        }
        self.forwarded(parts, part)
    }

    /// Every part that is text, one below the other. One that has a file name is a file, unless it is the only one.
    fn all(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for child in parts.children(part) {
            let is_file = child.children.is_empty() && child.file_name().is_some();
            if is_file && !are_blank(&lines) {
                continue;
            }
            if shorten(&mut lines) {
                self.met.is_cut = true;
                break;
            }
            let more = self.read(parts, child);
            if !are_blank(&more) {
                lines.extend(more);
            }
        }
        match are_blank(&lines) {
            true => self.forwarded(parts, part),
            false => lines,
        }
    }

    /// Plain text when it says anything, else the last part that does: they stand in order of rising faith
    /// (RFC 2046, section 5.1.4).
    fn alternative(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        let is_plain = |child: &&Part<'_>| child.children.is_empty() && leaf(child) == Leaf::Plain;
        let plain = parts.children(part).find(is_plain).map(|child| self.read(parts, child));
        let plain = plain.filter(|lines| lines.iter().any(Line::has_words) && !is_preamble(lines)).unwrap_or_default();
        if !are_blank(&plain) && !points_to_html(&plain) {
            return plain;
        }
        let others: Vec<&Part<'_>> = parts.children(part).rev().filter(|child| !is_plain(child)).collect();
        let rich = others.into_iter().map(|child| self.read(parts, child)).find(|lines| !are_blank(lines));
        match rich {
            // A pointer is shorter than what it points to.
            Some(lines) if are_blank(&plain) || size(&lines) > size(&plain) => lines,
            Some(_) => plain,
            None if are_blank(&plain) => self.forwarded(parts, part),
            None => plain,
        }
    }

    /// Every mail of a digest; there a part without a type is one (RFC 2046, section 5.1.5).
    fn digest(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        let is_mail = |child: &Part<'_>| child.kind.value.is_empty() || leaf(child) == Leaf::Mail;
        let read = |child: &Part<'_>| if is_mail(child) { self.mail(child) } else { self.read(parts, child) };
        parts.children(part).flat_map(read).collect()
    }

    /// The mail inside a multipart that has no text of its own.
    fn forwarded(&mut self, parts: &Parts<'_>, part: &Part<'_>) -> Vec<Line> {
        let mails = parts.children(part).filter(|child| child.children.is_empty() && leaf(child) == Leaf::Mail);
        mails.flat_map(|mail| self.mail(mail)).collect()
    }

    fn read_leaf(&mut self, part: &Part<'_>, leaf: Leaf) -> Vec<Line> {
        match leaf {
            Leaf::Plain => self.plain(part),
            Leaf::Html => {
                let text = self.decoded(part);
                self.html(&text)
            }
            Leaf::Mail => self.mail(part),
            Leaf::Tnef => self.tnef(part),
            Leaf::Encrypted => {
                self.met.locked = Some(Locked::Encrypted);
                Vec::new()
            }
            Leaf::Other => Vec::new(),
        }
    }

    fn plain(&mut self, part: &Part<'_>) -> Vec<Line> {
        let text = self.decoded(part);
        match html::is_html(&text) {
            true => self.html(&text),
            false => plain::lines(&text, Format::of(&part.kind)),
        }
    }

    fn html(&mut self, text: &str) -> Vec<Line> {
        let rendered = html::render(text);
        self.met.is_cut |= rendered.is_cut;
        // Web mail shows the quotes of plain mails with their `>`.
        let quoted = |line: Line| if line.text.starts_with('>') { Line { mark: Mark::Quoted, ..line } } else { line };
        rendered.lines.into_iter().map(quoted).collect()
    }

    fn mail(&mut self, part: &Part<'_>) -> Vec<Line> {
        if self.mails == MAX_MAILS {
            self.met.is_beyond = true;
            return Vec::new();
        }
        let bytes = match part.encoding() {
            Encoding::Identity => part.body,
            encoding => &self.decode(part, encoding).bytes,
        };
        let (head, at) = head::split(bytes);
        let parts = Parts::of(head, &bytes[at..]);
        self.mails += 1;
        let lines = self.read_mail(&parts);
        self.mails -= 1;
        attribution(&parts, self.subject).into_iter().chain(lines).collect()
    }

    fn tnef(&mut self, part: &Part<'_>) -> Vec<Line> {
        let bytes = self.decode(part, part.encoding()).bytes;
        let lines = match tnef::text(&bytes) {
            Some(tnef::Body::Plain(text)) => plain::lines(&text, Format::Fixed),
            Some(tnef::Body::Html(text)) => self.html(&text),
            None => Vec::new(),
        };
        if are_blank(&lines) {
            self.met.locked = Some(Locked::Tnef);
        }
        lines
    }

    fn decoded(&mut self, part: &Part<'_>) -> String {
        let decoded = self.decode(part, part.encoding());
        let bytes = if decoded.is_cut { charset::whole_sequences(&decoded.bytes) } else { &decoded.bytes };
        let named = part.kind.parameter("charset").map(str::to_owned).or_else(|| html::charset(bytes));
        charset::decode(bytes, named.as_deref())
    }

    fn decode(&mut self, part: &Part<'_>, encoding: Encoding) -> Decoded {
        let decoded = encoding.decode(part.body, MAX_PART.min(MAX_DECODED - self.decoded));
        self.decoded += decoded.bytes.len();
        self.met.is_cut |= decoded.is_cut;
        decoded
    }
}

fn leaf(part: &Part<'_>) -> Leaf {
    let name = part.file_name().unwrap_or_default().to_ascii_lowercase();
    match part.kind.value.as_str() {
        "text/html" | "application/xhtml+xml" | "text/enriched" | "text/richtext" => Leaf::Html,
        "" | "text" | "text/" | "text/plain" | "text/markdown" | "plain" => Leaf::Plain,
        "message/rfc822" | "message/global" => Leaf::Mail,
        "application/ms-tnef" | "application/vnd.ms-tnef" => Leaf::Tnef,
        "application/pkcs7-mime" | "application/x-pkcs7-mime" | "application/pgp-encrypted" => Leaf::Encrypted,
        _ if name == "winmail.dat" => Leaf::Tnef,
        // Without a slash it is no type, and what has none is plain text (RFC 2045, section 5.2).
        kind if !kind.contains('/') => Leaf::Plain,
        _ => Leaf::Other,
    }
}

/// A part that is the whole mail is all there is to read: text of any kind that a person would read as it stands, and a
/// multipart that has no parts.
fn only_leaf(part: &Part<'_>) -> Leaf {
    const FOR_PROGRAMS: [&str; 6] =
        ["text/calendar", "text/css", "text/directory", "text/rtf", "text/vcard", "text/x-vcard"];
    let kind = part.kind.value.as_str();
    let is_text = ["multipart/", "text/", "application/json"].iter().any(|start| kind.starts_with(start));
    match leaf(part) {
        Leaf::Other if is_text && !FOR_PROGRAMS.contains(&kind) => Leaf::Plain,
        leaf => leaf,
    }
}

/// An attachment is no text; a TNEF or an encrypted mail always calls itself one.
fn is_attachment(part: &Part<'_>) -> bool {
    part.disposition.value == "attachment" && matches!(leaf(part), Leaf::Plain | Leaf::Html)
}

/// Cuts what is more than is kept; says whether anything was. The last line is cut where it reaches the limit.
fn shorten(lines: &mut Vec<Line>) -> bool {
    let whole = lines.len();
    let mut left = MAX_TEXT;
    for at in 0..whole.min(MAX_LINES) {
        let text = &mut lines[at].text;
        if text.len() > left {
            text.truncate(text.floor_char_boundary(left));
            lines.truncate(at + 1);
            return true;
        }
        left = left.saturating_sub(text.len() + 1);
    }
    lines.truncate(MAX_LINES);
    whole > MAX_LINES
}

fn size(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.text.len()).sum()
}

/// Whether a text is the one that stands before all parts; some programs make a part of it.
fn is_preamble(lines: &[Line]) -> bool {
    let mut words = lines.iter().filter(|line| !line.is_blank());
    let first = words.next().map(|line| line.text.trim().to_ascii_lowercase().replace("multi-part", "multipart"));
    words.next().is_none() && first.is_some_and(|text| text.starts_with("this is a multipart message in mime format"))
}

/// Whether a plain text only says that there is HTML.
fn points_to_html(lines: &[Line]) -> bool {
    let words: Vec<&str> = lines.iter().map(|line| line.text.trim()).filter(|text| !text.is_empty()).collect();
    let text = words.join(" ");
    let says = |pattern: &str| text.to_ascii_lowercase().contains(pattern);
    let is_about_html =
        says("html") && ["view", "client", "support", "browser", "enable", "format"].into_iter().any(says);
    let is_markup = text.starts_with('<') && text.ends_with('>');
    text.chars().count() <= MAX_POINTER && (is_about_html || is_markup)
}

/// Who wrote the mail inside and what about, as far as the subject around it does not say so.
fn attribution(parts: &Parts<'_>, subject: &str) -> Option<Line> {
    let head = &parts.root().head;
    let hint = parts.charset();
    let from = head.first("From").and_then(|value| fields::mailboxes(&value, hint).into_iter().next());
    let from = from.map(|author| if author.name.is_empty() { author.address } else { author.name });
    let about = head
        .first("Subject")
        .map(|value| words::decode(&value, hint))
        .filter(|about| !subject.contains(about.as_str()));
    let known: Vec<String> = [from, about].into_iter().flatten().filter(|text| !text.is_empty()).collect();
    (!known.is_empty()).then(|| Line { text: format!("{}:", known.join(": ")), ..Line::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(mail: &str) -> Chosen {
        let (head, at) = head::split(mail.as_bytes());
        text(&Parts::of(head, &mail.as_bytes()[at..]), "")
    }

    fn multipart(kind: &str, parts: &[&str]) -> String {
        let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
        format!("Content-Type: multipart/{kind}; boundary=b\n\n{parts}--b--\n")
    }

    #[test]
    fn the_parts_that_are_text() {
        const PLAIN: &str = "Content-Type: text/plain\n\nplain";
        const RULE: &str = "Content-Type: text/plain\n\n-- \n";
        const BLANK: &str = "Content-Type: text/plain\n\n \n";
        const HTML: &str = "Content-Type: text/html\n\n<p>html";
        const FILE: &str = "Content-Type: text/plain; name=x.log\n\nfile";
        const ATTACHED: &str = "Content-Type: text/plain\nContent-Disposition: attachment\n\nattached";
        const IMAGE: &str = "Content-Type: image/png\n\nPNG";
        const CALENDAR: &str = "Content-Type: text/calendar\n\nBEGIN:VCALENDAR";
        const MAIL: &str = "Content-Type: message/rfc822\n\nSubject: inner\n\nforwarded";
        for (kind, parts, expected) in [
            ("mixed", &[PLAIN, HTML][..], &["plain", "html"][..]),
            ("mixed", &[ATTACHED, IMAGE, PLAIN], &["plain"]),
            ("mixed", &[PLAIN, FILE], &["plain"]),
            ("mixed", &[FILE], &["file"]),
            ("mixed", &[FILE, PLAIN], &["file", "plain"]),
            ("mixed", &[ATTACHED], &[]),
            ("mixed", &[MAIL], &["inner:", "forwarded"]),
            ("mixed", &[BLANK, MAIL], &["inner:", "forwarded"]),
            ("mixed", &[MAIL, PLAIN], &["plain"]),
            ("alternative", &[PLAIN, HTML], &["plain"]),
            ("alternative", &[HTML, PLAIN], &["plain"]),
            ("alternative", &[BLANK, HTML], &["html"]),
            ("alternative", &[RULE, HTML], &["html"]),
            ("alternative", &[PLAIN, CALENDAR], &["plain"]),
            ("alternative", &[CALENDAR], &[]),
            ("related", &[HTML, IMAGE, PLAIN], &["html"]),
            ("report", &[BLANK, PLAIN, MAIL], &["plain"]),
            ("digest", &[MAIL, "\nSubject: two\n\nmore"], &["inner:", "forwarded", "two:", "more"]),
            ("x-nobody-knows", &[IMAGE, PLAIN], &["plain"]),
        ] {
            let lines = chosen(&multipart(kind, parts)).lines;
            let found: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            assert_eq!(found, expected, "{kind} {parts:?}");
        }
    }

    #[test]
    fn what_is_the_whole_mail_is_read_when_it_is_text() {
        for (kind, text) in [
            ("text/csv", "words"),
            ("text/x-log", "words"),
            ("application/json", "words"),
            ("multipart/mixed", "words"),
            ("text/calendar", ""),
            ("application/octet-stream", ""),
            ("image/png", ""),
        ] {
            let lines = chosen(&format!("Content-Type: {kind}\n\nwords\n")).lines;
            assert_eq!(lines.iter().map(|line| line.text.as_str()).collect::<String>(), text, "{kind}");
        }
    }

    #[test]
    fn mails_in_mails_have_a_limit() {
        let mut mail = "Subject: x\n\nthe bottom".to_owned();
        for _ in 0..MAX_MAILS {
            mail = format!("Content-Type: message/rfc822\n\n{mail}");
        }
        assert_eq!(chosen(&mail).lines.last().map(|line| line.text.as_str()), Some("the bottom"));
        let deeper = chosen(&format!("Content-Type: message/rfc822\n\n{mail}"));
        assert!(deeper.is_beyond && deeper.lines.is_empty());
    }

    #[test]
    fn no_more_is_decoded_than_the_limit() {
        let hidden = format!("Content-Type: text/html\n\n<div hidden>{}", "words ".repeat(MAX_PART / 6));
        let mail = multipart("mixed", &[hidden.as_str(); 12]);
        let (head, at) = head::split(mail.as_bytes());
        let mut chooser = Chooser { met: Chosen::default(), subject: "", mails: 0, decoded: 0 };
        assert_eq!(chooser.read_mail(&Parts::of(head, &mail.as_bytes()[at..])), []);
        assert_eq!((chooser.decoded, chooser.met.is_cut), (MAX_DECODED, true));
    }

    #[test]
    fn no_more_lines_are_kept_than_the_limit() {
        for body in [
            "x\n".repeat(100_000),
            "é".repeat(100_000),
            "words ".repeat(100).repeat(1000).replace("words words words ", "words\n"),
        ] {
            let chosen = chosen(&format!("Subject: x\n\n{body}"));
            let length: usize = chosen.lines.iter().map(|line| line.text.len()).sum();
            assert!(chosen.is_cut && chosen.lines.len() <= MAX_LINES && (1000..=MAX_TEXT).contains(&length));
        }
    }
}
