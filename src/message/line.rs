//! A line of text on its way from a part of the mail to the body, and what is known about where it came from.

/// What a part says about a line of its own accord: by HTML marks or by `>`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mark {
    /// The author's own words, as far as anybody can tell.
    #[default]
    Own,
    /// From an earlier mail.
    Quoted,
    /// In the mail program's own element for signatures.
    Signature,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) mark: Mark,
}

impl Line {
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// A line of nothing but rules and stars says nothing.
    pub(super) fn has_words(&self) -> bool {
        self.text.chars().any(char::is_alphanumeric)
    }
}

/// Whether there is nothing to read in these lines.
pub(super) fn are_blank(lines: &[Line]) -> bool {
    lines.iter().all(Line::is_blank)
}
