//! A template filled in, not yet fitted: literal text and fields, and which field gives way first.

use std::borrow::Cow;
use std::cmp::Reverse;

use super::tidy::tidy;

/// What the fields of a template became. Literals and fields take turns: there is one literal before each field and
/// one at the end, many of them empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Draft {
    fields: Vec<Field>,
    end: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    before: String,
    text: String,
    shrink: Shrink,
}

/// When a field gives way to the length: those with a number first, the smallest of them before all; then the others.
/// Of equals the last one in the template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shrink {
    Early(u32),
    Late,
}

impl Draft {
    /// A draft of nothing but one field.
    pub(super) fn of_words(words: &str) -> Draft {
        let mut draft = Draft::default();
        draft.push_field(words, Shrink::Late);
        draft
    }

    pub(super) fn push_literal(&mut self, literal: &str) {
        self.end.push_str(literal);
    }

    pub(super) fn push_field(&mut self, text: &str, shrink: Shrink) {
        let before = std::mem::take(&mut self.end);
        self.fields.push(Field { before, text: tidy(text), shrink });
    }

    /// The text of a field; empty when there is no such field.
    pub(super) fn field(&self, index: usize) -> &str {
        self.fields.get(index).map_or("", |field| &field.text)
    }

    pub(super) fn set_field(&mut self, index: usize, text: String) {
        if let Some(field) = self.fields.get_mut(index) {
            field.text = text;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.fields.len()
    }

    /// The fields in the order in which they give way.
    pub(super) fn shrink_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.fields.len()).collect();
        order.sort_by_key(|index| (self.fields.get(*index).map(|field| field.shrink), Reverse(*index)));
        order
    }

    /// The whole text, tidied. An empty field takes a separator beside it along: `{subject}: {body}` without a body is
    /// just the subject.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut before: Option<Cow<'_, str>> = None;
        for (n, field) in self.fields.iter().enumerate() {
            let literal = before.take().unwrap_or(Cow::Borrowed(&field.before));
            if !field.text.is_empty() {
                text.push_str(&literal);
                text.push_str(&field.text);
                continue;
            }
            let after = self.fields.get(n + 1).map_or(self.end.as_str(), |next| &next.before);
            let place = match n + 1 == self.fields.len() {
                true => Place::Last,
                false if text.is_empty() => Place::First,
                false => Place::Between,
            };
            before = Some(around_nothing(&literal, after, place).into());
        }
        text.push_str(&before.unwrap_or(Cow::Borrowed(&self.end)));
        tidy(&text)
    }
}

/// Where an empty field stands among those that are not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    First,
    Between,
    Last,
}

/// What remains of the literals before and after an empty field. Brackets around it go; of two separators one stays, at
/// the ends none. A literal with letters or digits in it is no separator and stays.
fn around_nothing(before: &str, after: &str, place: Place) -> String {
    let (before, after) = without_brackets(before, after);
    let separates = |literal: &str| !literal.contains(char::is_alphanumeric);
    match place {
        Place::First if before.trim().is_empty() && separates(after) => String::new(),
        Place::Last if separates(before) => after.to_owned(),
        Place::Last => format!("{before}{after}"),
        _ if before.is_empty() || after.is_empty() => format!("{before}{after}"),
        // A line break parts more than a comma does.
        _ if separates(before) && (!separates(after) || after.contains('\n')) => after.to_owned(),
        _ if separates(after) => before.to_owned(),
        _ => format!("{before}{after}"),
    }
}

fn without_brackets<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    const PAIRS: [(char, char); 6] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>'), ('"', '"'), ('\'', '\'')];
    PAIRS
        .iter()
        .find_map(|(open, close)| Some((before.strip_suffix(*open)?, after.strip_prefix(*close)?)))
        .unwrap_or((before, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `lit<field>lit`; a field stands between ‹ and ›.
    fn draft(source: &str) -> Draft {
        let mut draft = Draft::default();
        let mut rest = source;
        while let Some((literal, after)) = rest.split_once('‹') {
            let (field, after) = after.split_once('›').unwrap();
            draft.push_literal(literal);
            draft.push_field(field, Shrink::Late);
            rest = after;
        }
        draft.push_literal(rest);
        draft
    }

    #[test]
    fn an_empty_field_takes_its_separator_along() {
        let table = [
            ("‹Disk full›: ‹on sda1›", "Disk full: on sda1"),
            ("‹Disk full›: ‹›", "Disk full"),
            ("‹›: ‹on sda1›", "on sda1"),
            ("‹›: ‹›", ""),
            ("‹a›: ‹› - ‹c›", "a: c"),
            ("‹a› ‹›\n‹c›", "a\nc"),
            ("‹a›\n‹› ‹c›", "a\nc"),
            ("‹›: ‹›: ‹c›", "c"),
            ("‹a›: ‹›: ‹›", "a"),
            ("‹a›‹›: ‹c›", "a: c"),
            ("[‹›] ‹what›", "what"),
            ("‹a› (‹›) ‹b›", "a b"),
            ("‹a› (‹›)", "a"),
            ("‹a›: ‹›.", "a."),
            ("Re ‹›: ‹body›", "Re body"),
            ("‹a› - ‹› on host", "a on host"),
            ("Disk ‹› on ‹host›", "Disk on host"),
            ("ALERT ‹›", "ALERT"),
            ("‹ \n ›: ‹x›", "x"),
        ];
        for (source, text) in table {
            assert_eq!(draft(source).text(), text, "{source:?}");
        }
    }

    #[test]
    fn marked_fields_give_way_before_others_and_late_ones_from_the_end() {
        let mut draft = Draft::default();
        for shrink in [Shrink::Late, Shrink::Early(2), Shrink::Early(1), Shrink::Late, Shrink::Early(1)] {
            draft.push_field("x", shrink);
        }
        assert_eq!(draft.shrink_order(), [4, 2, 1, 3, 0]);
    }
}
