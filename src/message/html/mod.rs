//! Renders HTML as the lines a reader would see.
//!
//! The crate html5gum makes tokens of the bytes by the rules browsers follow; here each token is looked at once, with a
//! page to write on and a few counters, and no tree: neither depth nor missing end tags can be used against it. Text is
//! never glued where an element breaks the line or the cell.
//!
//! It never fails, runs nothing and loads nothing. Of a link only its text is kept: its address would eat the whole SMS.
//!
//! Known limits: style sheets are not read, only `style` attributes; at most [`MAX_WORK`] steps are taken and
//! [`MAX_TEXT`] characters kept, and [`Rendered::is_cut`] says when that was not all.

mod element;
mod page;
mod region;
mod table;

use html5gum::{DefaultEmitter, HtmlString, StartTag, Token, Tokenizer};

use super::line::Line;
use element::Element;
use page::Page;
use region::{Region, Regions};

/// How many characters are kept.
const MAX_TEXT: usize = 64 * 1024;
/// How far a document is searched for the name of its character set, like browsers do.
const MAX_PRESCAN: usize = 1024;
/// How many steps may be taken: a step is a token, a character, or a line that a table moves.
const MAX_WORK: usize = 8 << 20;

/// What a reader would see.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) lines: Vec<Line>,
    /// The end was not reached.
    pub(super) is_cut: bool,
    /// Steps taken, a measure of cost that is the same on every machine.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare it with the size of the input"))]
    pub(super) work: usize,
}

/// Renders a document or a fragment.
pub(super) fn render(html: &str) -> Rendered {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut reader = Reader::default();
    let mut is_cut = false;
    for token in Tokenizer::new_with_emitter(html, emitter) {
        let Ok(token) = token;
        reader.read(token);
        if reader.page.length() > MAX_TEXT || reader.page.work() > MAX_WORK {
            is_cut = true;
            break;
        }
    }
    let work = reader.page.work();
    Rendered { lines: reader.page.finish(), is_cut, work }
}

/// Whether a text that calls itself plain is HTML: a document, or one that begins with an element and closes it.
pub(super) fn is_html(text: &str) -> bool {
    const ELEMENTS: [&str; 14] =
        ["b", "body", "center", "div", "font", "h1", "h2", "h3", "p", "pre", "span", "strong", "table", "ul"];
    let text = text.trim_start_matches(['\u{feff}', ' ', '\r', '\n', '\t']);
    let start: String = text.chars().take(15).collect();
    let start = start.to_ascii_lowercase();
    let is_document = ["<!doctype html", "<html>", "<html "].iter().any(|opening| start.starts_with(opening));
    let name = start.strip_prefix('<').and_then(|tag| tag.split([' ', '>']).next()).unwrap_or_default();
    is_document || (ELEMENTS.contains(&name) && text.to_ascii_lowercase().contains(&format!("</{name}>")))
}

/// The character set that a document names itself (HTML, section 13.2.3.2), for a part that names none.
pub(super) fn charset(bytes: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_PRESCAN)]).to_ascii_lowercase();
    let mut tags = head.split("<meta").skip(1).filter_map(|tag| tag.split('>').next());
    let name = tags.find_map(|tag| Some(tag.split_once("charset")?.1.trim_start().strip_prefix('=')?.to_owned()))?;
    let name = name.trim_start_matches([' ', '"', '\'']).split([' ', '"', '\'', ';', '/']).next().unwrap_or_default();
    (!name.is_empty()).then(|| name.to_owned())
}

#[derive(Default)]
struct Reader {
    page: Page,
    regions: Regions,
}

impl Reader {
    fn read(&mut self, token: Token) {
        self.page.take_step();
        match token {
            Token::StartTag(tag) => self.start(&tag),
            Token::EndTag(tag) => self.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(text) if !self.regions.are_hidden() => self.page.write(&String::from_utf8_lossy(&text.value)),
            Token::String(_) | Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        let element = Element::named(&name);
        let attribute = |name: &str| attribute(tag, name);
        self.regions.start(&name, element);
        let region = element::region(&name, element, &attribute);
        if region == Some(Region::Hidden) && element == Element::Void {
            return;
        }
        if !self.regions.are_hidden() && region != Some(Region::Hidden) {
            self.show_start(element, &attribute);
        }
        if let Some(region) = region {
            self.page.end_line();
            self.regions.open(region, &name, element);
        }
        self.page.set_mark(self.regions.mark());
    }

    fn show_start(&mut self, element: Element, attribute: &dyn Fn(&str) -> Option<String>) {
        match element {
            Element::Block | Element::Paragraph => self.page.end_line(),
            Element::Break => self.page.break_line(),
            Element::List { numbered } => self.page.start_list(numbered),
            Element::Item => self.page.start_item(),
            Element::Term => self.page.start_term(),
            Element::Description => self.page.start_description(),
            Element::Table => self.page.start_table(),
            Element::Row => self.page.start_row(),
            Element::Cell(kind) => self.page.start_cell(kind),
            Element::Preformatted => self.page.start_preformatted(),
            Element::Image => self.page.write_word(&element::alternative(attribute)),
            Element::Spaced => self.page.write(" "),
            Element::Quotation => self.page.write("\""),
            Element::Inline | Element::Void | Element::Unseen => {}
        }
    }

    fn end(&mut self, name: &str) {
        let element = Element::named(name);
        if !self.regions.are_hidden() {
            match element {
                Element::Block | Element::Paragraph | Element::Item | Element::Description => self.page.end_line(),
                // "</br>" is a break to every browser.
                Element::Break => self.page.break_line(),
                Element::List { .. } => self.page.end_list(),
                Element::Table => self.page.end_table(),
                Element::Row => self.page.end_row(),
                Element::Cell(_) => self.page.end_cell(),
                Element::Preformatted => self.page.end_preformatted(),
                Element::Spaced => self.page.write(" "),
                Element::Quotation => self.page.write("\""),
                Element::Term | Element::Inline | Element::Void | Element::Image | Element::Unseen => {}
            }
        }
        if self.regions.end(name) {
            self.page.end_line();
        }
        self.page.set_mark(self.regions.mark());
    }
}

fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get::<HtmlString>(&name.as_bytes().to_vec().into())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

#[cfg(test)]
mod tests;
