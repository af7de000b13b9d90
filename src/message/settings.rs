//! What the letter opener is told. Filled in by `config`, values only.

/// The `[message]` keys that say what belongs to the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Leave out what the author quotes of earlier mails.
    pub strip_quotes: bool,
    /// Leave out the author's signature.
    pub strip_signature: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings { strip_quotes: true, strip_signature: true }
    }
}
