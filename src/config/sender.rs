//! `[sender]` and `[[sender.map]]`: what the phone shows as the sender.

use super::section::Section;
use super::value::{Found, Value, Wrong};
use crate::address::{Pattern, SenderId, SenderMapping};

/// The default sender ID, and the mappings in their order.
pub(super) fn read(section: &mut Section<'_, '_>) -> (Option<SenderId>, Vec<SenderMapping>) {
    let default = section.required("default");
    let map = section.each("map", |section| {
        let (from, id) = (section.required("from"), section.required("id"));
        Some(SenderMapping { from: from?, id: id? })
    });
    (default, map.into_iter().flatten().collect())
}

impl Value for SenderId {
    const WANTED: &'static str =
        "a sender ID: up to 16 digits (a + may stand before them), or up to 11 letters and digits";

    fn read(found: &Found<'_>) -> Result<SenderId, Vec<Wrong>> {
        found.parse_or_not(|text| text.parse().ok())
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for Pattern {
    const WANTED: &'static str = r#"an address, or a pattern such as "nagios@*""#;

    fn read(found: &Found<'_>) -> Result<Pattern, Vec<Wrong>> {
        found.parse_or_not(|text| (!text.trim().is_empty()).then(|| Pattern::new(text)))
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}
