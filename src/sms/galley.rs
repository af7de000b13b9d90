//! A text set in an alphabet: grapheme cluster by grapheme cluster, each with its length in units.
//!
//! It never breaks a text into parts. What the alphabet lacks and nothing comes close to is kept and named: the caller
//! decides whether another alphabet must do.

use super::alphabet::Alphabet;
use super::cluster::clusters;
use super::transliterate;

/// A longer cluster is noise, such as a letter under a heap of accents; it may be broken here, so that it can't fill
/// a part on its own. The longest emoji in use has 10 characters.
const MAX_CLUSTER: usize = 16;

/// What to do with a character that the alphabet lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Foreign {
    Replace,
    Keep,
}

/// A set text, tidied like the one it was set from.
#[derive(Debug)]
pub(super) struct Galley {
    text: String,
    marks: Vec<Mark>,
    foreign: Option<char>,
    is_whole: bool,
}

/// Where a cluster ends: sums from the start of the galley, so that the length of any stretch is a difference.
#[derive(Clone, Copy, Debug)]
struct Mark {
    byte: usize,
    units: usize,
}

impl Galley {
    /// Sets a tidied text; stops when it is longer than `limit` units, because then no more than that will be used.
    pub(super) fn set(text: &str, alphabet: Alphabet, foreign: Foreign, limit: usize) -> Galley {
        let room = text.len().min(limit.saturating_add(MAX_CLUSTER));
        let (set, marks) = (String::with_capacity(room), Vec::with_capacity(room));
        let mut galley = Galley { text: set, marks, foreign: None, is_whole: true };
        let mut gap: Option<&str> = None;
        let mut replaced;
        for cluster in clusters(text).flat_map(pieces) {
            if galley.units() > limit {
                galley.is_whole = false;
                break;
            }
            let (set, units) = match (units_of(cluster, alphabet), foreign) {
                (Some(units), _) => (cluster, units),
                (None, Foreign::Keep) => (cluster, galley.units_with_foreign(cluster, alphabet)),
                (None, Foreign::Replace) => {
                    replaced = transliterate::replace_all(cluster, alphabet);
                    (replaced.as_str(), galley.units_with_foreign(&replaced, alphabet))
                }
            };
            if is_gap(set) {
                // Where everything between two gaps was replaced by nothing, the wider one stays.
                gap = if set == "\n" || gap == Some("\n") { Some("\n") } else { Some(" ") };
                continue;
            }
            if set.is_empty() {
                continue;
            }
            if let Some(gap) = gap.take().filter(|_| !galley.text.is_empty()) {
                let units = galley.units_with_foreign(gap, alphabet);
                galley.push(gap, units);
            }
            galley.push(set, units);
        }
        galley.is_whole &= galley.units() <= limit;
        galley
    }

    /// How many clusters it has.
    pub(super) fn len(&self) -> usize {
        self.marks.len()
    }

    /// The first character that the alphabet lacks and that has no replacement.
    pub(super) fn foreign(&self) -> Option<char> {
        self.foreign
    }

    /// Whether the text ends within the limit.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// The text from one cluster to before another.
    pub(super) fn text(&self, from: usize, to: usize) -> &str {
        self.text.get(self.before(from).byte..self.before(to).byte).unwrap_or_default()
    }

    /// The length from one cluster to before another.
    pub(super) fn units_between(&self, from: usize, to: usize) -> usize {
        self.before(to).units - self.before(from).units
    }

    /// How far a part with so much room reaches: the cluster before which it must end.
    pub(super) fn reach(&self, from: usize, room: usize) -> usize {
        let bound = self.before(from).units + room;
        self.marks.partition_point(|mark| mark.units <= bound).max(from)
    }

    /// Whether a cluster is the space between two words or lines.
    pub(super) fn is_gap(&self, cluster: usize) -> bool {
        cluster < self.len() && is_gap(self.text(cluster, cluster + 1))
    }

    fn units(&self) -> usize {
        self.before(self.len()).units
    }

    fn before(&self, cluster: usize) -> Mark {
        let mark = cluster.checked_sub(1).and_then(|last| self.marks.get(last));
        mark.copied().unwrap_or(Mark { byte: 0, units: 0 })
    }

    /// The length of a text in which the alphabet may lack characters: they count one unit each, and the first one of
    /// the galley is noted.
    fn units_with_foreign(&mut self, text: &str, alphabet: Alphabet) -> usize {
        let mut units = 0;
        for character in text.chars() {
            units += alphabet.units(character).unwrap_or_else(|| {
                self.foreign.get_or_insert(character);
                1
            });
        }
        units
    }

    fn push(&mut self, set: &str, units: usize) {
        let units = self.units() + units;
        self.text.push_str(set);
        self.marks.push(Mark { byte: self.text.len(), units });
    }
}

/// The cluster itself, or stretches of it if it is too long to be one.
fn pieces(cluster: &str) -> impl Iterator<Item = &str> {
    let mut rest = cluster;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(MAX_CLUSTER).map_or(rest.len(), |(at, _)| at);
        let (piece, after) = rest.split_at(end);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

fn is_gap(cluster: &str) -> bool {
    matches!(cluster, " " | "\n")
}

/// The length of a text; `None` when the alphabet lacks one of its characters.
fn units_of(text: &str, alphabet: Alphabet) -> Option<usize> {
    text.chars().map(|character| alphabet.units(character)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(text: &str, alphabet: Alphabet) -> (String, usize, usize) {
        let galley = Galley::set(text, alphabet, Foreign::Replace, 1000);
        (galley.text(0, galley.len()).to_owned(), galley.len(), galley.units())
    }

    #[test]
    fn clusters_are_counted_in_units() {
        let table = [
            ("", Alphabet::Gsm7, "", 0, 0),
            ("a[€", Alphabet::Gsm7, "a[€", 3, 5),
            ("a\nb", Alphabet::Latin1, "a\nb", 3, 4),
            ("don’t…", Alphabet::Gsm7, "don't...", 6, 8),
            ("👨\u{200d}👩\u{200d}👧", Alphabet::Ucs2, "👨\u{200d}👩\u{200d}👧", 1, 8),
            ("🇮🇹", Alphabet::Gsm7, "IT", 1, 2),
            ("👍🏽", Alphabet::Gsm7, ":thumbsup:", 1, 10),
            ("1\u{fe0f}\u{20e3}", Alphabet::Gsm7, "1", 1, 1),
            ("x\u{302}", Alphabet::Gsm7, "x", 1, 1),
        ];
        for (text, alphabet, expected, clusters, units) in table {
            assert_eq!(set(text, alphabet), (expected.to_owned(), clusters, units), "{text:?}");
        }
    }

    #[test]
    fn what_vanishes_leaves_no_second_space() {
        assert_eq!(set("a \u{1f3fd} b", Alphabet::Gsm7).0, "a b");
        assert_eq!(set("a\n\u{1f3fd} b \u{1f3fd}", Alphabet::Gsm7).0, "a\nb");
        assert_eq!(set("\u{1f3fd} a", Alphabet::Gsm7).0, "a");
    }

    #[test]
    fn no_more_is_set_than_can_be_used() {
        let text = "word ".repeat(100_000);
        let galley = Galley::set(&text, Alphabet::Gsm7, Foreign::Replace, 160);
        assert!(!galley.is_whole());
        assert!(galley.len() < 165);
        assert!(Galley::set("exactly", Alphabet::Gsm7, Foreign::Replace, 7).is_whole());
        assert!(!Galley::set("exactly", Alphabet::Gsm7, Foreign::Replace, 6).is_whole());
    }

    #[test]
    fn the_first_foreign_character_is_named() {
        let foreign = |text, foreign| Galley::set(text, Alphabet::Gsm7, foreign, 1000).foreign();
        assert_eq!(foreign("don’t 会議", Foreign::Replace), Some('会'));
        assert_eq!(foreign("don’t 会議", Foreign::Keep), Some('’'));
        assert_eq!(foreign("[plain]", Foreign::Keep), None);
    }

    #[test]
    fn a_heap_of_accents_is_no_cluster() {
        let heap = format!("a{}", "\u{302}\u{301}".repeat(1000));
        let galley = Galley::set(&heap, Alphabet::Ucs2, Foreign::Keep, 10_000);
        assert_eq!(galley.len(), 2001_usize.div_ceil(MAX_CLUSTER));
    }
}
