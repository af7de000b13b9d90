//! Patterns with `*`, as administrators write them for addresses: `nagios@*`.

/// A pattern in which `*` stands for any characters, none included; letters match in either case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// Takes any text; only `*` means something other than itself.
    pub fn new(text: &str) -> Pattern {
        Pattern(text.to_lowercase())
    }

    /// Whether the whole of `text` fits.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let mut pieces = self.0.split('*');
        let Some(mut rest) = pieces.next().and_then(|first| text.strip_prefix(first)) else { return false };
        let Some(last) = pieces.next_back() else { return rest.is_empty() };
        for piece in pieces {
            match rest.find(piece) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// The pattern in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn star_stands_for_anything_and_case_for_nothing() {
        for (pattern, text, fits) in [
            ("nagios@*", "nagios@mon.example", true),
            ("nagios@*", "Nagios@MON.example", true),
            ("nagios@*", "icinga@mon.example", false),
            ("*@mon.example", "root@mon.example", true),
            ("*@mon.example", "root@mon.example.org", false),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("ab*ba", "aba", false),
            ("*", "", true),
            ("plain", "plain", true),
            ("plain", "plainer", false),
        ] {
            assert_eq!(Pattern::new(pattern).matches(text), fits, "{pattern} on {text}");
        }
    }
}
