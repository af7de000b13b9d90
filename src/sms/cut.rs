//! Shortens a draft until it fits: the fields give way one after the other, each from its end, and the ellipsis stands
//! where something is missing.
//!
//! The longest text that fits is found by halving, so that nothing needs to be known here of breaks and numbers. Known
//! limit: between word breaks the search may miss a text that is longer by a word.

use super::cluster;
use super::draft::Draft;
use super::layout::is_url;

/// How many clusters are given up so that a cut falls between two words. Half a word tells more than an empty place,
/// but half a number is wrong.
const GIVEN_UP_FOR_WORD: usize = 20;

/// A cut that fits.
#[derive(Debug)]
pub(super) struct Cut<T> {
    pub(super) set: T,
    /// What is missing, in the order of the text.
    pub(super) dropped: Vec<String>,
}

/// Cuts a draft that is too long. `set` sets a text, or tells by `None` that it doesn't fit; it is never asked about
/// fields longer than `capacity` clusters. `None` when not even the ellipsis fits.
pub(super) fn cut<T>(
    draft: &Draft,
    ellipsis: &str,
    capacity: usize,
    set: impl Fn(&str) -> Option<T>,
) -> Option<Cut<T>> {
    let mut short = capped(draft, capacity);
    let mut dropped: Vec<(usize, &str)> = Vec::new();
    for index in draft.shrink_order() {
        let whole = draft.field(index);
        if whole.is_empty() {
            continue;
        }
        let field = Shortened::new(short.field(index).to_owned(), ellipsis);
        let try_set = |clusters: usize| {
            let mut draft = short.clone();
            draft.set_field(index, field.text(clusters));
            set(&draft.text())
        };
        // Once another field is gone without a trace, the mark may stand behind this one uncut.
        let most = if dropped.is_empty() { field.len().saturating_sub(1) } else { field.len() };
        if let Some((clusters, set)) = longest(most, try_set) {
            let word = field.word_end(clusters);
            let (clusters, set) = try_set(word).map_or((clusters, set), |set| (word, set));
            dropped.push((index, whole.get(field.kept(clusters).len()..).unwrap_or_default()));
            return Some(Cut { set, dropped: in_order(dropped) });
        }
        dropped.push((index, whole));
        short.set_field(index, String::new());
    }
    // What is left are literals, too long on their own: they are cut like words.
    let is_all_words = draft.len() == 1 && draft.text() == draft.field(0);
    if is_all_words { None } else { cut(&Draft::of_words(&draft.text()), ellipsis, capacity, set) }
}

fn in_order(mut dropped: Vec<(usize, &str)>) -> Vec<String> {
    dropped.sort_unstable_by_key(|(index, _)| *index);
    dropped.into_iter().map(|(_, text)| text.trim().to_owned()).filter(|text| !text.is_empty()).collect()
}

/// The draft with no field longer than can be used.
fn capped(draft: &Draft, capacity: usize) -> Draft {
    let mut capped = draft.clone();
    for index in 0..draft.len() {
        let field = draft.field(index);
        let end = capacity.checked_sub(1).map_or(Some(0), |last| cluster::ends(field).nth(last));
        if let Some(end) = end.filter(|end| *end < field.len()) {
            capped.set_field(index, field[..end].to_owned());
        }
    }
    capped
}

/// The greatest number up to `most` for which there is a result, and that result. Looked for by halving: where some
/// number has a result, smaller ones are taken to have one too.
fn longest<T>(most: usize, try_set: impl Fn(usize) -> Option<T>) -> Option<(usize, T)> {
    let mut best = (0, try_set(0)?);
    let mut too_many = most + 1;
    while best.0 + 1 < too_many {
        let middle = best.0 + (too_many - best.0) / 2;
        match try_set(middle) {
            Some(set) => best = (middle, set),
            None => too_many = middle,
        }
    }
    Some(best)
}

/// A text that may be cut after each of its clusters.
pub(super) struct Shortened<'a> {
    text: String,
    /// Where each cluster ends.
    ends: Vec<usize>,
    ellipsis: &'a str,
}

impl<'a> Shortened<'a> {
    pub(super) fn new(text: String, ellipsis: &'a str) -> Shortened<'a> {
        let ends = cluster::ends(&text).collect();
        Shortened { text, ends, ellipsis }
    }

    /// How many clusters there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// So many clusters and the ellipsis.
    pub(super) fn text(&self, clusters: usize) -> String {
        format!("{}{}", self.kept(clusters), self.ellipsis)
    }

    /// What is kept of so many clusters: punctuation would only blur the mark, `full....`.
    fn kept(&self, clusters: usize) -> &str {
        self.text[..self.end(clusters)].trim_end_matches(|c: char| c.is_whitespace() || ".,;:-…".contains(c))
    }

    fn end(&self, clusters: usize) -> usize {
        clusters.checked_sub(1).and_then(|last| self.ends.get(last).copied()).unwrap_or(0)
    }

    /// Where to cut instead so that no word is cut, if that costs little; a URL is left out at any price up to half of
    /// the text.
    pub(super) fn word_end(&self, clusters: usize) -> usize {
        let is_gap = |cluster: &usize| {
            self.text.get(self.end(*cluster)..self.end(*cluster + 1)).is_some_and(|text| text.trim().is_empty())
        };
        let Some(word) = (clusters / 2..=clusters).rev().find(is_gap).filter(|_| clusters < self.len()) else {
            return clusters;
        };
        let costs_little = clusters - word <= GIVEN_UP_FOR_WORD;
        if costs_little || is_url(self.text[self.end(word)..].trim_start()) { word } else { clusters }
    }
}

#[cfg(test)]
mod tests {
    use super::super::draft::Shrink;
    use super::*;

    fn cut_to(draft: &Draft, length: usize) -> (String, Vec<String>) {
        let set = |text: &str| (text.chars().count() <= length).then(|| text.to_owned());
        let cut = cut(draft, "...", length, set).unwrap();
        (cut.set, cut.dropped)
    }

    fn words(text: &str, length: usize) -> String {
        cut_to(&Draft::of_words(text), length).0
    }

    fn mail(body: Shrink) -> Draft {
        let mut draft = Draft::default();
        draft.push_field("Disk full", Shrink::Late);
        draft.push_literal(": ");
        draft.push_field("sda1 has no space left", body);
        draft.push_literal(" - ");
        draft.push_field("db1", Shrink::Late);
        draft
    }

    #[test]
    fn a_cut_is_marked_and_the_mark_counts() {
        assert_eq!(words(&"x".repeat(20), 10), "xxxxxxx...");
        assert_eq!(words("0123456789", 10 - 1), "012345...");
        assert_eq!(words("the load is 4711 now", 17), "the load is...");
        assert_eq!(words("the disk is full now", 19), "the disk is full...");
        assert_eq!(words("the disk is full. Now what?", 20), "the disk is full...");
        assert_eq!(words("äöüäöüäöü", 5), "äö...");
        let long_word = format!("abc {}", "y".repeat(60));
        assert_eq!(words(&long_word, 50), format!("abc {}...", "y".repeat(43)));
    }

    #[test]
    fn half_a_link_is_worse_than_none() {
        let text = "The certificate of the shop ends soon, see https://ca.example/renew/4711/now";
        assert_eq!(words(text, 70), "The certificate of the shop ends soon, see...");
        let link = "https://ca.example/renew/4711/now";
        assert_eq!(words(link, 20), "https://ca.exampl...");
    }

    #[test]
    fn the_last_field_gives_way_first() {
        let late = mail(Shrink::Late);
        assert_eq!(cut_to(&late, 38), ("Disk full: sda1 has no space left...".to_owned(), vec!["db1".to_owned()]));
        assert_eq!(cut_to(&late, 20).0, "Disk full: sda1...");
        assert_eq!(cut_to(&late, 20).1, ["has no space left", "db1"]);
        assert_eq!(cut_to(&late, 9).0, "Disk...");
    }

    #[test]
    fn a_marked_field_gives_way_before_the_end() {
        let early = mail(Shrink::Early(1));
        assert_eq!(cut_to(&early, 30).0, "Disk full: sda1 has... - db1");
        assert_eq!(cut_to(&early, 20).0, "Disk full: ... - db1");
        // Nothing of it is left: the mark goes to the next one.
        assert_eq!(cut_to(&early, 16).0, "Disk full: db...");
        assert_eq!(cut_to(&early, 14).0, "Disk full: ...");
        assert_eq!(cut_to(&early, 14).1, ["sda1 has no space left", "db1"]);
        assert_eq!(cut_to(&early, 12).0, "Disk full...");
    }

    #[test]
    fn literals_are_cut_only_when_nothing_else_is_left() {
        let mut draft = Draft::default();
        draft.push_literal("a literal that is long ");
        draft.push_field("x", Shrink::Late);
        assert_eq!(cut_to(&draft, 12).0, "a literal...");
    }

    #[test]
    fn where_not_even_the_mark_fits_there_is_no_cut() {
        assert!(cut(&Draft::of_words("abcdef"), "...", 2, |text| (text.len() <= 2).then_some(())).is_none());
    }
}
