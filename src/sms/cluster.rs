//! Cuts a text into clusters, what a reader takes for one character each. Pure.
//!
//! Most texts are ASCII, of which every character is a cluster of its own (a CR LF apart): the tables of Unicode are
//! asked only about the others.

use unicode_segmentation::{Graphemes, UnicodeSegmentation};

/// The clusters of a text, in order.
pub(super) fn clusters(text: &str) -> Clusters<'_> {
    match text.is_ascii() && !text.contains('\r') {
        true => Clusters::Plain(text),
        false => Clusters::Any(text.graphemes(true)),
    }
}

/// The byte behind each cluster, in order.
pub(super) fn ends(text: &str) -> impl Iterator<Item = usize> {
    clusters(text).scan(0, |end, cluster| {
        *end += cluster.len();
        Some(*end)
    })
}

/// See [`clusters`].
pub(super) enum Clusters<'a> {
    /// What is left of an ASCII text.
    Plain(&'a str),
    Any(Graphemes<'a>),
}

impl<'a> Iterator for Clusters<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        match self {
            Clusters::Plain(rest) => {
                let (first, after) = rest.split_at_checked(1)?;
                *rest = after;
                Some(first)
            }
            Clusters::Any(graphemes) => graphemes.next(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_short_way_gives_what_unicode_says(text in "[ -~\n\r]{0,20}|\\PC{0,20}|[a\u{301}\u{200d}👩🇮🇹]{0,20}") {
            prop_assert_eq!(clusters(&text).collect::<Vec<_>>(), text.graphemes(true).collect::<Vec<_>>());
            prop_assert_eq!(ends(&text).last().unwrap_or(0), text.len());
        }
    }
}
