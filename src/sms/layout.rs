//! Makes parts of a galley: where one ends and the next begins.
//!
//! A break never goes through a grapheme cluster, so neither through an escape nor a surrogate pair. Parts that the
//! phone joins are filled to the brim, because the reader never sees their breaks. Numbered parts break after a
//! sentence or else between words, and the space at the break is left out.

use super::galley::Galley;
use super::parts::Part;
use super::settings::Joining;

/// The room there is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sheet {
    /// Units of a part that stands alone.
    pub(super) alone: usize,
    /// Units of one of several parts.
    pub(super) among_several: usize,
    pub(super) joining: Joining,
    pub(super) max_parts: usize,
}

impl Sheet {
    /// No text longer than this fits, whatever its breaks.
    pub(super) fn capacity(&self) -> usize {
        self.alone.max(self.max_parts.saturating_mul(self.among_several))
    }
}

/// Where a numbered part may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// After a sentence or a line that fills at least half of the part, else as in `Word`.
    Sentence,
    /// Between two words, unless that leaves more than half of the part empty; a URL moves whole all the same.
    Word,
    /// Between any two clusters.
    Cluster,
}

/// The parts of a galley; no part for an empty one. `None` when it does not fit the sheet. Breaks are the nicest of
/// those up to `worst` that fit; sentences are only kept whole where that takes no further part.
pub(super) fn lay_out(galley: &Galley, sheet: &Sheet, worst: Break) -> Option<Vec<Part>> {
    if !galley.is_whole() {
        return None;
    }
    let units = galley.units_between(0, galley.len());
    if units <= sheet.alone {
        let part = Part { text: galley.text(0, galley.len()).to_owned(), units };
        return Some(if units == 0 { Vec::new() } else { vec![part] });
    }
    if sheet.max_parts < 2 {
        return None;
    }
    if sheet.joining == Joining::Joined {
        return fill(galley, sheet, Break::Cluster, 0);
    }
    let Some(by_words) = number(galley, sheet, Break::Word) else {
        return if worst == Break::Cluster { number(galley, sheet, Break::Cluster) } else { None };
    };
    number(galley, sheet, Break::Sentence).filter(|parts| parts.len() <= by_words.len()).or(Some(by_words))
}

/// Parts with their numbers. How wide a number is depends on how many parts there are: one digit is tried first.
fn number(galley: &Galley, sheet: &Sheet, kind: Break) -> Option<Vec<Part>> {
    let mut most = 9;
    for digits in 1..=usize::MAX.ilog10() as usize {
        let max_parts = sheet.max_parts.min(most);
        if let Some(mut parts) = fill(galley, &Sheet { max_parts, ..*sheet }, kind, digits) {
            let total = parts.len();
            parts.iter_mut().enumerate().for_each(|(n, part)| prefix(part, &format!("{}/{total} ", n + 1)));
            return Some(parts);
        }
        if max_parts == sheet.max_parts {
            return None;
        }
        most = most.saturating_mul(10).saturating_add(9);
    }
    None
}

fn prefix(part: &mut Part, number: &str) {
    part.text.insert_str(0, number);
    part.units += number.len();
}

/// Parts with room left for their numbers, when the number of all parts has so many digits; none for zero digits.
fn fill(galley: &Galley, sheet: &Sheet, kind: Break, digits: usize) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut from = 0;
    while from < galley.len() {
        let number = if digits == 0 { 0 } else { width(parts.len() + 1) + "/ ".len() + digits };
        let room = sheet.among_several.checked_sub(number)?;
        let to = part_end(galley, from, room, kind);
        if to == from || parts.len() == sheet.max_parts {
            return None;
        }
        parts.push(Part { text: galley.text(from, to).to_owned(), units: galley.units_between(from, to) });
        let drops_gap = sheet.joining == Joining::Numbered && galley.is_gap(to);
        from = if drops_gap { to + 1 } else { to };
    }
    Some(parts)
}

fn width(number: usize) -> usize {
    number.checked_ilog10().map_or(1, |log| log as usize + 1)
}

/// The cluster before which a part ends; `from` itself when not even one cluster has room.
fn part_end(galley: &Galley, from: usize, room: usize, kind: Break) -> usize {
    let reach = galley.reach(from, room);
    if kind == Break::Cluster || reach >= galley.len() {
        return reach;
    }
    let fills_half = |end: usize| galley.units_between(from, end) * 2 >= room;
    let ends = || (from + 1..=reach).rev();
    let by_sentence = || ends().take_while(|end| fills_half(*end)).find(|end| closes_sentence(galley, *end));
    if let Some(end) = (kind == Break::Sentence).then(by_sentence).flatten() {
        return end;
    }
    match ends().find(|end| galley.is_gap(*end)) {
        Some(end) if fills_half(end) || is_movable_url(galley, end + 1, room) => end,
        _ => reach,
    }
}

/// Whether a sentence or a line ends before this cluster. Chinese and Japanese put no space after a sentence.
fn closes_sentence(galley: &Galley, end: usize) -> bool {
    let last = galley.text(end - 1, end);
    match galley.text(end, end + 1) {
        "\n" => true,
        " " => last.ends_with(['.', '!', '?', '…']),
        _ => last.ends_with(['。', '！', '？']),
    }
}

/// Whether a URL begins at this cluster that the next part can hold.
fn is_movable_url(galley: &Galley, start: usize, room: usize) -> bool {
    let reach = galley.reach(start, room);
    let end = (start..reach).find(|cluster| galley.is_gap(*cluster)).unwrap_or(reach);
    let is_whole = end == galley.len() || galley.is_gap(end);
    is_whole && is_url(galley.text(start, end))
}

/// Whether a word is, or holds, a URL: cut, it leads nowhere.
pub(super) fn is_url(word: &str) -> bool {
    word.contains("://") || word.starts_with("www.")
}

#[cfg(test)]
mod tests {
    use super::super::alphabet::Alphabet;
    use super::super::galley::Foreign;
    use super::*;

    fn lay(text: &str, length: usize, joining: Joining, max_parts: usize) -> Option<Vec<String>> {
        let among_several = if joining == Joining::Joined { length - 7 } else { length };
        let sheet = Sheet { alone: length, among_several, joining, max_parts };
        let galley = Galley::set(text, Alphabet::Gsm7, Foreign::Replace, sheet.capacity());
        let parts = lay_out(&galley, &sheet, Break::Cluster)?;
        Some(parts.into_iter().map(|part| part.text).collect())
    }

    #[test]
    fn numbered_parts_break_where_it_reads_well() {
        let table: [(usize, &str, &[&str]); 10] = [
            (20, "", &[]),
            (20, "exactly twenty chars", &["exactly twenty chars"]),
            (20, "fits in two parts of 20", &["1/2 fits in two", "2/2 parts of 20"]),
            (20, "First one. Second sentence", &["1/2 First one.", "2/2 Second sentence"]),
            (20, "Line one\nline two, more", &["1/2 Line one", "2/2 line two, more"]),
            // A sentence is not kept whole at the price of a part.
            (20, "First one. Next sentence is it", &["1/2 First one. Next", "2/2 sentence is it"]),
            (23, "go to http://a.example/bc", &["1/2 go to", "2/2 http://a.example/bc"]),
            (20, "go to http://a.example/bc", &["1/2 go to http://a.e", "2/2 xample/bc"]),
            (20, "aaaaaaaaaaaaaaaabbbbbbbbb", &["1/2 aaaaaaaaaaaaaaaa", "2/2 bbbbbbbbb"]),
            (20, "ab aaaaaaaaaaaaaaaabbbbbb", &["1/2 ab aaaaaaaaaaaaa", "2/2 aaabbbbbb"]),
        ];
        for (length, text, expected) in table {
            assert_eq!(lay(text, length, Joining::Numbered, 3).unwrap(), expected, "{text:?} in {length}");
        }
    }

    #[test]
    fn an_escape_pair_stays_whole() {
        assert_eq!(lay("[[[[[[[[[[[", 21, Joining::Numbered, 3).unwrap(), ["1/2 [[[[[[[[", "2/2 [[["]);
    }

    #[test]
    fn words_are_cut_only_when_the_text_would_not_fit_otherwise() {
        let text = "aaaaaaaaaa bbbbbbbbbb cccccccccc";
        assert_eq!(lay(text, 20, Joining::Numbered, 3).unwrap().len(), 3);
        assert_eq!(lay(text, 20, Joining::Numbered, 2).unwrap(), ["1/2 aaaaaaaaaa bbbbb", "2/2 bbbbb cccccccccc"]);
        assert_eq!(lay(text, 20, Joining::Numbered, 1), None);
    }

    #[test]
    fn ten_parts_have_wider_numbers() {
        let text = "x".repeat(16 * 9);
        assert_eq!(lay(&text, 20, Joining::Numbered, 20).unwrap().len(), 9);
        let parts = lay(&(text + "x"), 20, Joining::Numbered, 20).unwrap();
        assert_eq!((parts.len(), parts[0].as_str()), (10, "1/10 xxxxxxxxxxxxxxx"));
        assert_eq!(parts[9], "10/10 xxxxxxxxxx");
    }

    #[test]
    fn joined_parts_are_filled_and_lose_nothing() {
        assert_eq!(lay(&"a".repeat(160), 160, Joining::Joined, 9).unwrap().len(), 1);
        let text = format!("{}€{}", "a".repeat(152), "b ".repeat(76));
        let parts = lay(text.trim_end(), 160, Joining::Joined, 9).unwrap();
        assert_eq!(parts.iter().map(|part| part.chars().count()).collect::<Vec<_>>(), [152, 152]);
        assert_eq!(parts.concat(), text.trim_end());
    }

    #[test]
    fn a_sheet_without_room_is_no_endless_loop() {
        for length in 0..6 {
            let sheet = Sheet { alone: length, among_several: length, joining: Joining::Numbered, max_parts: 1000 };
            let galley = Galley::set("[[[[[[[[", Alphabet::Gsm7, Foreign::Replace, 10_000);
            assert_eq!(lay_out(&galley, &sheet, Break::Cluster).is_some(), length > 5, "{length}");
        }
    }
}
