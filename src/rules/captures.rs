//! What the named captures of a rule caught. Values only.

/// Names and what they caught. A name that is asked for and not here is empty, as is one whose group took no part in the
/// match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captures {
    pairs: Vec<(String, String)>,
}

impl Captures {
    /// What was caught under the name; empty for nothing. Of several with one name the first counts.
    pub fn get(&self, name: &str) -> &str {
        self.pairs.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text)
    }
}

impl Extend<(String, String)> for Captures {
    fn extend<I: IntoIterator<Item = (String, String)>>(&mut self, pairs: I) {
        self.pairs.extend(pairs);
    }
}

impl<N: Into<String>, T: Into<String>> FromIterator<(N, T)> for Captures {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(pairs: I) -> Captures {
        Captures { pairs: pairs.into_iter().map(|(name, text)| (name.into(), text.into())).collect() }
    }
}
