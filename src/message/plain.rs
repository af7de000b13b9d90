//! Breaks plain text into lines and finds what it quotes; joins the lines of format=flowed (RFC 3676).
//!
//! It never leaves a line out.

use super::clean;
use super::fields::Parameterized;
use super::line::{Line, Mark};

/// How the lines of a plain text end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// As they stand.
    Fixed,
    /// A line that ends in a space goes on in the next one, and the space is text.
    Flowed,
    /// Likewise, but the space is none (`DelSp=yes`): for scripts without spaces.
    FlowedWithoutSpace,
}

impl Format {
    /// What the part says of itself.
    pub(super) fn of(kind: &Parameterized) -> Format {
        let is = |name, value| kind.parameter(name).is_some_and(|text| text.trim().eq_ignore_ascii_case(value));
        match (is("format", "flowed"), is("delsp", "yes")) {
            (true, true) => Format::FlowedWithoutSpace,
            (true, false) => Format::Flowed,
            (false, _) => Format::Fixed,
        }
    }
}

/// The lines of a text; quoted ones keep their `>`.
pub(super) fn lines(text: &str, format: Format) -> Vec<Line> {
    let lines = clean::lines(text);
    match format {
        Format::Fixed => lines.map(line).collect(),
        Format::Flowed | Format::FlowedWithoutSpace => flowed(lines, format),
    }
}

/// A line by itself. `>From ` is what mail systems make of a line that begins with `From `.
pub(super) fn line(text: String) -> Line {
    if let Some(own) = text.strip_prefix('>').filter(|own| own.starts_with("From ")) {
        return Line { text: own.to_owned(), mark: Mark::Own };
    }
    let mark = if text.trim_start().starts_with('>') { Mark::Quoted } else { Mark::Own };
    Line { text, mark }
}

fn flowed(lines: impl Iterator<Item = String>, format: Format) -> Vec<Line> {
    let mut flowed: Vec<Line> = Vec::new();
    // The depth of the last line, when it goes on.
    let mut goes_on: Option<usize> = None;
    for text in lines {
        let depth = text.bytes().take_while(|byte| *byte == b'>').count();
        let own = text[depth..].strip_prefix(' ').unwrap_or(&text[depth..]);
        let is_signature = own == "-- ";
        let flows = own.ends_with(' ') && !is_signature;
        let own = if flows && format == Format::FlowedWithoutSpace { &own[..own.len() - 1] } else { own };
        match flowed.last_mut() {
            Some(last) if goes_on == Some(depth) && !is_signature => last.text.push_str(own),
            _ if depth == 0 => flowed.push(Line { text: own.to_owned(), mark: Mark::Own }),
            _ => flowed.push(Line { text: format!("{} {own}", ">".repeat(depth)), mark: Mark::Quoted }),
        }
        goes_on = flows.then_some(depth);
    }
    flowed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, format: Format) -> Vec<String> {
        lines(text, format).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn flowed_lines_are_joined() {
        for (text, with, without) in [
            ("a \nb\nc", &["a b", "c"][..], &["ab", "c"][..]),
            (" From here\n >no quote", &["From here", ">no quote"], &["From here", ">no quote"]),
            ("> a \n> b\n>> c", &["> a b", ">> c"], &["> ab", ">> c"]),
            ("> a \nb", &["> a ", "b"], &["> a", "b"]),
            ("a \n-- \nme", &["a ", "-- ", "me"], &["a", "-- ", "me"]),
            ("a \n\nb", &["a ", "b"], &["a", "b"]),
        ] {
            assert_eq!(shown(text, Format::Flowed), with, "{text:?}");
            assert_eq!(shown(text, Format::FlowedWithoutSpace), without, "{text:?}");
        }
    }

    #[test]
    fn quotes_are_marked_and_escaped_lines_are_not() {
        let marks = |text| -> Vec<Mark> { lines(text, Format::Fixed).into_iter().map(|line| line.mark).collect() };
        assert_eq!(marks("a\n> b\n >c\nd > e"), [Mark::Own, Mark::Quoted, Mark::Quoted, Mark::Own]);
        assert_eq!(lines(">From now on", Format::Fixed), [line("From now on".to_owned())]);
    }

    #[test]
    fn the_format_is_what_the_part_says() {
        for (kind, format) in [
            ("text/plain", Format::Fixed),
            ("text/plain; format=flowed", Format::Flowed),
            ("text/plain; Format=\"Flowed\"; DelSp=Yes", Format::FlowedWithoutSpace),
            ("text/plain; delsp=yes", Format::Fixed),
        ] {
            assert_eq!(Format::of(&super::super::fields::parameterized(kind.as_bytes())), format, "{kind}");
        }
    }
}
