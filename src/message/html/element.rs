//! What each element of HTML does to the text, and which attributes hide it or say that it is quoted.

use super::region::Region;
use super::table::CellKind;
use crate::message::line::Mark;

/// What an element does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// Nothing; text flows through it.
    Inline,
    /// Likewise, and it has no end tag.
    Void,
    /// Stands on lines of its own.
    Block,
    /// Likewise, and the next block ends it without an end tag.
    Paragraph,
    /// Ends the line.
    Break,
    List {
        numbered: bool,
    },
    Item,
    Term,
    Description,
    Table,
    Row,
    Cell(CellKind),
    Preformatted,
    Image,
    /// Separates words without breaking the line.
    Spaced,
    Quotation,
    /// Its content is never shown.
    Unseen,
}

impl Element {
    /// By the name of the tag, in lower case.
    pub(super) fn named(name: &str) -> Element {
        match name {
            "br" => Element::Break,
            "p" => Element::Paragraph,
            "ul" | "menu" | "dir" => Element::List { numbered: false },
            "ol" => Element::List { numbered: true },
            "li" => Element::Item,
            "dt" => Element::Term,
            "dd" => Element::Description,
            "table" => Element::Table,
            "tr" => Element::Row,
            "td" => Element::Cell(CellKind::Data),
            "th" => Element::Cell(CellKind::Heading),
            "pre" | "listing" | "xmp" | "plaintext" => Element::Preformatted,
            "img" => Element::Image,
            "q" => Element::Quotation,
            "option" | "button" | "select" | "textarea" | "label" => Element::Spaced,
            "script" | "style" | "title" | "template" | "noembed" | "noframes" | "iframe" | "object" | "applet"
            | "datalist" => Element::Unseen,
            "area" | "base" | "col" | "embed" | "input" | "link" | "meta" | "param" | "source" | "track" | "wbr"
            | "basefont" | "bgsound" | "frame" => Element::Void,
            "address" | "article" | "aside" | "blockquote" | "body" | "caption" | "center" | "details" | "dialog"
            | "div" | "dl" | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "h1" | "h2" | "h3" | "h4"
            | "h5" | "h6" | "head" | "header" | "hgroup" | "hr" | "html" | "legend" | "main" | "nav" | "noscript"
            | "optgroup" | "section" | "summary" | "tbody" | "tfoot" | "thead" => Element::Block,
            _ => Element::Inline,
        }
    }

    /// Whether a start tag of it ends an open `p`.
    pub(super) fn ends_paragraph(self) -> bool {
        !matches!(
            self,
            Element::Inline | Element::Void | Element::Break | Element::Image | Element::Spaced | Element::Quotation
        )
    }
}

/// Mail programs mark by these classes and identifiers what they quote; `blockquote type=cite` is theirs too.
const QUOTES: [&str; 14] = [
    "gmail_quote",
    "gmail_quote_container",
    "gmail_attr",
    "gmail_extra",
    "yahoo_quoted",
    "moz-cite-prefix",
    "protonmail_quote",
    "zmail_extra",
    "mail-quote",
    "tutanota_quote",
    "outlookmessageheader",
    "divrplyfwdmsg",
    "mail-editor-reference-message-container",
    "ymail_quoted",
];
/// From these on everything is quoted, to the end: Outlook does not wrap what follows.
const QUOTES_TO_THE_END: [&str; 4] =
    ["divrplyfwdmsg", "appendonsend", "outlookmessageheader", "mail-editor-reference-message-container"];
const SIGNATURES: [&str; 5] = [
    "gmail_signature",
    "gmail_signature_prefix",
    "moz-signature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block",
];

/// The region that a start tag opens, if any.
pub(super) fn region(name: &str, element: Element, attribute: &dyn Fn(&str) -> Option<String>) -> Option<Region> {
    let style = attribute("style").unwrap_or_default();
    if element == Element::Unseen || attribute("hidden").is_some() || hides(&style) {
        return Some(Region::Hidden);
    }
    let names = format!("{} {}", attribute("class").unwrap_or_default(), attribute("id").unwrap_or_default());
    let names: Vec<String> = names.split_whitespace().map(|name| bare(name).to_lowercase()).collect();
    let has = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
    let is_cite = name == "blockquote" && attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("cite"));
    // As a class it may be anybody's: what an intrusion was recognised by, for one.
    let is_outlook_signature = attribute("id").is_some_and(|id| bare(&id).eq_ignore_ascii_case("signature"));
    match () {
        () if has(&QUOTES_TO_THE_END) => Some(Region::ToTheEnd),
        () if is_cite || has(&QUOTES) => Some(Region::Marked(Mark::Quoted)),
        () if has(&SIGNATURES) || is_outlook_signature => Some(Region::Marked(Mark::Signature)),
        () if element == Element::Inline && stands_alone(&style) => Some(Region::Block),
        () => None,
    }
}

/// Whether a style puts an element on lines of its own.
fn stands_alone(style: &str) -> bool {
    declarations(style).any(|(property, value)| {
        property == "display"
            && matches!(value.as_str(), "block" | "flex" | "grid" | "list-item" | "table" | "table-row")
    })
}

/// The declarations of a style, in lower case.
fn declarations(style: &str) -> impl Iterator<Item = (String, String)> {
    style.split(';').filter_map(|declaration| declaration.split_once(':')).map(|(property, value)| {
        let value = value.trim().to_ascii_lowercase();
        (property.trim().to_ascii_lowercase(), value.trim_end_matches("!important").trim_end().to_owned())
    })
}

/// A name without what Outlook on the web puts before those of the mails it shows.
fn bare(name: &str) -> &str {
    name.strip_prefix("x_").map_or(name, bare)
}

/// Whether a style takes the element out of sight. A font size of zero does not: newsletters set it on cells and undo
/// it inside.
fn hides(style: &str) -> bool {
    declarations(style).any(|(property, value)| {
        let is_nothing = || value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').parse() == Ok(0.0);
        match property.as_str() {
            "display" => value == "none",
            "visibility" => matches!(value.as_str(), "hidden" | "collapse"),
            "mso-hide" => value == "all",
            "max-height" | "opacity" => is_nothing(),
            _ => false,
        }
    })
}

/// What stands for an image: its alternative text, unless it is too small to be seen.
pub(super) fn alternative(attribute: &dyn Fn(&str) -> Option<String>) -> String {
    let is_dot = |side: &str| attribute(side).is_some_and(|size| matches!(size.trim(), "0" | "1" | "0px" | "1px"));
    if is_dot("width") || is_dot("height") {
        return String::new();
    }
    attribute("alt").filter(|alt| !is_file_name(alt)).unwrap_or_default()
}

/// Some programs put the file's name where words belong.
fn is_file_name(alt: &str) -> bool {
    let end = alt.trim().rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default();
    !alt.trim().contains(' ') && matches!(end.as_str(), "png" | "jpg" | "jpeg" | "gif" | "bmp" | "svg" | "webp")
}

#[cfg(test)]
mod tests {
    use super::hides;

    #[test]
    fn styles_that_hide_and_styles_that_do_not() {
        for style in [
            "display:none",
            "color:red; DISPLAY : NONE !important",
            "visibility:hidden",
            "mso-hide:all",
            "max-height:0px;overflow:hidden",
            "opacity:0",
        ] {
            assert!(hides(style), "{style}");
        }
        for style in
            ["", "display:block", "font-size:0px", "max-height:100px", "opacity:0.5", "display", "x:display:none"]
        {
            assert!(!hides(style), "{style}");
        }
    }
}
