//! Stretches of a document that are hidden, quoted, a signature, or on lines of their own.
//!
//! A region ends with the end tag of the element that opened it; elements of the same name inside are counted, others
//! don't matter. So it costs a number, not a stack. An outer region covers the inner ones.

use super::element::Element;
use crate::message::line::Mark;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Region {
    /// On lines of its own, though the element would flow.
    Block,
    Hidden,
    Marked(Mark),
    /// Quoted, without end.
    ToTheEnd,
}

/// The regions that are open: at most one of each kind.
#[derive(Debug, Default)]
pub(super) struct Regions {
    block: Option<Open>,
    hidden: Option<Open>,
    marked: Option<(Mark, Open)>,
    is_quoted_to_the_end: bool,
}

/// The element that a region ends with.
#[derive(Debug)]
struct Open {
    name: String,
    element: Element,
    depth: usize,
}

impl Regions {
    pub(super) fn are_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    pub(super) fn mark(&self) -> Mark {
        match &self.marked {
            _ if self.is_quoted_to_the_end => Mark::Quoted,
            Some((mark, _)) => *mark,
            None => Mark::Own,
        }
    }

    /// Counts a start tag. One that ends the hidden element by itself (a cell that follows a cell) ends the region.
    pub(super) fn start(&mut self, name: &str, element: Element) {
        if self.hidden.as_ref().is_some_and(|open| open.is_ended_by(element)) {
            self.hidden = None;
        }
        let opens = [self.block.as_mut(), self.hidden.as_mut(), self.marked.as_mut().map(|(_, open)| open)];
        for open in opens.into_iter().flatten().filter(|open| open.name == name) {
            open.depth += 1;
        }
    }

    pub(super) fn open(&mut self, region: Region, name: &str, element: Element) {
        let open = Open { name: name.to_owned(), element, depth: 1 };
        match region {
            Region::Block if self.block.is_none() => self.block = Some(open),
            Region::Hidden if self.hidden.is_none() => self.hidden = Some(open),
            Region::Marked(mark) if self.marked.is_none() => self.marked = Some((mark, open)),
            Region::ToTheEnd => self.is_quoted_to_the_end = true,
            Region::Block | Region::Hidden | Region::Marked(_) => {}
        }
    }

    /// Counts an end tag; says whether a region ended.
    pub(super) fn end(&mut self, name: &str) -> bool {
        let is_over = |open: &mut Open| {
            if open.name == name {
                open.depth -= 1;
            }
            open.depth == 0
        };
        let hidden = self.hidden.take_if(is_over).is_some();
        let marked = self.marked.take_if(|(_, open)| is_over(open)).is_some();
        let block = self.block.take_if(is_over).is_some();
        block || hidden || marked
    }
}

impl Open {
    /// Elements whose end tags may be left out end where a sister begins; an unclosed hidden one must not swallow the
    /// rest of the mail.
    fn is_ended_by(&self, next: Element) -> bool {
        match self.element {
            Element::Paragraph => next.ends_paragraph(),
            Element::Item => next == Element::Item && self.depth == 1,
            Element::Cell(_) => self.depth == 1 && matches!(next, Element::Cell(_) | Element::Row),
            Element::Row => self.depth == 1 && next == Element::Row,
            _ => false,
        }
    }
}
