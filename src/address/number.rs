//! A telephone number in international form (ITU-T E.164), valid by construction.

use std::fmt;

/// The fewest digits of a number, country code included, that the gateway's document takes.
pub const MIN_DIGITS: usize = 10;
/// The most digits of a number, country code included, that the gateway's document takes.
pub const MAX_DIGITS: usize = 16;

/// A telephone number: `+` and 10 to 16 digits, the first of them not 0.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Number(String);

/// Why a text is no number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("{found} digits, a number has {MIN_DIGITS} to {MAX_DIGITS}")]
    Length { found: usize },
    #[error("{0:?} does not belong in a number")]
    Character(char),
    #[error("no country code begins with 0")]
    Zero,
}

impl Number {
    /// Takes the international form `+447731234567` and nothing else.
    pub fn from_e164(text: &str) -> Result<Number, NumberError> {
        let digits = text.strip_prefix('+').ok_or(NumberError::Character(text.chars().next().unwrap_or(' ')))?;
        if let Some(c) = digits.chars().find(|c| !c.is_ascii_digit()) {
            return Err(NumberError::Character(c));
        }
        match digits.len() {
            MIN_DIGITS..=MAX_DIGITS if digits.starts_with('0') => Err(NumberError::Zero),
            MIN_DIGITS..=MAX_DIGITS => Ok(Number(text.to_owned())),
            found => Err(NumberError::Length { found }),
        }
    }

    /// The international form with `+`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// For logs: the country's start and the last two digits, the rest as stars.
    pub fn masked(&self) -> String {
        let (head, tail) = (&self.0[..4], &self.0[self.0.len() - 2..]);
        format!("{head}{}{tail}", "*".repeat(self.0.len() - 6))
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_international_form_is_a_number() {
        for (text, expected) in [
            ("+447731234567", Ok(())),
            ("+1234567890", Ok(())),
            ("+1234567890123456", Ok(())),
            ("+123456789", Err(NumberError::Length { found: 9 })),
            ("+12345678901234567", Err(NumberError::Length { found: 17 })),
            ("+0447731234567", Err(NumberError::Zero)),
            ("447731234567", Err(NumberError::Character('4'))),
            ("+44 7731234567", Err(NumberError::Character(' '))),
            ("", Err(NumberError::Character(' '))),
        ] {
            assert_eq!(Number::from_e164(text).map(drop), expected, "{text}");
        }
    }

    #[test]
    fn a_masked_number_shows_where_it_leads_and_not_to_whom() {
        assert_eq!(Number::from_e164("+447731234567").unwrap().masked(), "+447*******67");
        assert_eq!(Number::from_e164("+1234567890").unwrap().masked(), "+123*****90");
    }
}
