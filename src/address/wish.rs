//! What a sender wishes by the address itself: `00447731234567+urgent@…`. Pure.
//!
//! Anybody who may send may wish. An operator who does not want it sets the priority by a rule, which goes before it.

use super::dial::Flaw;

/// What may stand behind a number or an alias, after a plus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    Low,
    Urgent,
}

/// Takes the wish off a local part. A plus in front, or before digits, belongs to the number.
pub(super) fn split(local: &str) -> Result<(&str, Option<Wish>), Flaw> {
    let is_word = |word: &str| word.starts_with(|c: char| c.is_ascii_alphabetic());
    match local.rsplit_once('+').filter(|(rest, word)| !rest.is_empty() && is_word(word)) {
        None => Ok((local, None)),
        Some((rest, word)) => match word.to_ascii_lowercase().as_str() {
            "urgent" => Ok((rest, Some(Wish::Urgent))),
            "low" => Ok((rest, Some(Wish::Low))),
            // No dialect here has a field for it.
            "flash" => Err(Flaw::Flash),
            other => Err(Flaw::Option(other.to_owned())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_after_a_plus_is_a_wish_and_digits_are_not() {
        for (local, expected) in [
            ("00447731234567+urgent", Ok(("00447731234567", Some(Wish::Urgent)))),
            ("+447731234567+Low", Ok(("+447731234567", Some(Wish::Low)))),
            ("oncall+urgent", Ok(("oncall", Some(Wish::Urgent)))),
            ("+447731234567", Ok(("+447731234567", None))),
            ("tel:+44-7731-234567", Ok(("tel:+44-7731-234567", None))),
            ("+urgent", Ok(("+urgent", None))),
            ("oncall+", Ok(("oncall+", None))),
            ("+447731234567+flash", Err(Flaw::Flash)),
            ("oncall+quiet", Err(Flaw::Option("quiet".to_owned()))),
        ] {
            assert_eq!(split(local), expected, "{local}");
        }
    }
}
