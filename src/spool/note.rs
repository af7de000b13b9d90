//! What delivery tells the spool about a parcel or a notice. Values only.

/// What came of a parcel that a session had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The gateway took the next part; with the last one the parcel is sent.
    PartAccepted { reply: String },
    /// The gateway certainly took nothing of the next part; it is due again, there or elsewhere.
    Retry { reason: String, due: jiff::Timestamp, gateway: String },
    /// Whether the gateway took it nobody knows: an operator shall look.
    Held { reason: String },
    /// The gateway said no for good.
    Refused { reply: String },
    /// The session ends and has not tried what is left.
    Released,
}

impl Note {
    /// What happened, for a log line: numbers in it are masked, because gateways like to repeat them.
    pub fn words(&self) -> String {
        match self {
            Note::PartAccepted { reply } => format!("the gateway took a part: {}", masked(reply)),
            Note::Retry { reason, due, .. } => format!("to be tried again at {due:.0}: {}", masked(reason)),
            Note::Held { reason } => format!("held: {}", masked(reason)),
            Note::Refused { reply } => format!("refused: {}", masked(reply)),
            Note::Released => "given back untried".to_owned(),
        }
    }
}

/// What came of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeNote {
    /// The site's mail server took it.
    Sent,
    /// It can't be sent at all.
    Failed { reason: String },
    /// It is due again.
    Retry { due: jiff::Timestamp, reason: String },
    /// It was not tried: it is due later.
    Later { due: jiff::Timestamp },
}

/// So many digits in a row may be a telephone number; shorter ones are reply codes, credits and times.
const NUMBER_DIGITS: usize = 7;
/// How many digits of a number stay readable at its start and at its end.
const HEAD: usize = 3;
const TAIL: usize = 2;

/// The text with the middle of every telephone number starred out.
fn masked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(start);
        let length = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
        let (digits, after) = from.split_at(length);
        out.push_str(before);
        if length < NUMBER_DIGITS {
            out.push_str(digits);
        } else {
            out.push_str(&digits[..HEAD]);
            out.push_str(&"*".repeat(length - HEAD - TAIL));
            out.push_str(&digits[length - TAIL..]);
        }
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_masked_and_codes_are_not() {
        for (text, expected) in [
            ("Message accepted for delivery to: +447731234567", "Message accepted for delivery to: +447*******67"),
            ("550 5.1.1 +393331234567 unknown", "550 5.1.1 +393*******67 unknown"),
            ("421 too busy, 123456 waiting", "421 too busy, 123456 waiting"),
            ("1234567", "123**67"),
            ("numéro ٠١٢٣٤٥٦٧", "numéro ٠١٢٣٤٥٦٧"),
            ("", ""),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn words_tell_what_happened_without_the_number() {
        let words = Note::Refused { reply: "550 +447731234567 barred".to_owned() }.words();
        assert_eq!(words, "refused: 550 +447*******67 barred");
        let due = jiff::Timestamp::UNIX_EPOCH;
        let words = Note::Retry { reason: "busy".to_owned(), due, gateway: "a".to_owned() }.words();
        assert_eq!(words, "to be tried again at 1970-01-01T00:00:00Z: busy");
    }
}
