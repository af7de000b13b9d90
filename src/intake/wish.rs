//! How much a mail hurries where no rule says so: the wish in the recipient's address, else the mail's own. Pure.

use crate::address::Wish;
use crate::message::Text;
use crate::spool::Priority;

/// The header fields that mail programs write, the most exact first: `X-Priority: 1 (Highest)`, RFC 2156's
/// `Priority: urgent` and `Importance: high`, Outlook's own.
const FIELDS: [&str; 4] = ["X-Priority", "Priority", "Importance", "X-MSMail-Priority"];

/// The first wish there is.
pub(super) fn priority(address: Option<Wish>, text: &Text) -> Priority {
    match address {
        Some(Wish::Urgent) => Priority::Urgent,
        Some(Wish::Low) => Priority::Low,
        None => FIELDS.iter().find_map(|name| field(text, name)).unwrap_or_default(),
    }
}

fn field(text: &Text, name: &str) -> Option<Priority> {
    let (_, value) = text.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
    match value.trim().to_ascii_lowercase().split([' ', '(', ',', ';']).next()? {
        "1" | "2" | "urgent" | "high" | "highest" => Some(Priority::Urgent),
        "3" | "normal" => Some(Priority::Normal),
        "4" | "5" | "non-urgent" | "low" | "lowest" => Some(Priority::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_goes_before_the_mail_and_the_most_exact_field_before_others() {
        use Priority::{Low, Normal, Urgent};
        for (address, fields, expected) in [
            (None, &[][..], Normal),
            (None, &[("X-Priority", "1 (Highest)")], Urgent),
            (None, &[("x-priority", "2(High)")], Urgent),
            (None, &[("X-Priority", "5")], Low),
            (None, &[("Importance", "High")], Urgent),
            (None, &[("Priority", "non-urgent")], Low),
            (None, &[("X-MSMail-Priority", "Low")], Low),
            (None, &[("Importance", "high"), ("X-Priority", "3 (Normal)")], Normal),
            (None, &[("X-Priority", "whatever"), ("Importance", "low")], Low),
            (Some(Wish::Urgent), &[("X-Priority", "5")], Urgent),
            (Some(Wish::Low), &[], Low),
        ] {
            let headers = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let text = Text { headers, ..Text::default() };
            assert_eq!(priority(address, &text), expected, "{address:?} {fields:?}");
        }
    }
}
