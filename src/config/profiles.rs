//! Rules alone, without a configuration around them: for trying out the profiles that lie in a folder.

use std::path::Path;

use super::problem::Source;
use super::rule::{Above, Rules};
use super::section::{Book, Depth};
use super::{Problems, include, message};
use crate::address::{self, Numbering, RoutePrefix};
use crate::intake;
use crate::sms::{Charset, Medium};

/// What a profile's folder is read as.
const INCLUDE: &str = "include = [\"*.toml\"]\n";
/// The only domain and the only gateway.
const DOMAIN: &str = "sms.example.com";
const GATEWAY: &str = "gateway";
/// What the document's gateway takes (section 4).
const MEDIUM: Medium = Medium::new(Charset::Latin1, 160);

/// The front hall's settings with the rules of all `*.toml` in `folder`, and defaults for everything else.
pub fn profiles(folder: &Path) -> Result<intake::Settings, Problems> {
    let mut book = Book::new(folder, Depth::Configuration);
    let source = Source { path: folder.join("*.toml"), text: INCLUDE.to_owned() };
    let mut rules = Rules::default();
    let read = book.read(source, |root| {
        let (message, sms) = root.section("message", message::read);
        let sms = sms?;
        include::read(root, &Above { gateways: &[], sms: &sms, aliases: &[].into() }, &mut rules);
        Some((message, sms))
    });
    let problems = book.into_problems();
    match (read.flatten(), "ALERTS".parse()) {
        (Some((message, sms)), Ok(default_sender)) if problems.is_empty() => Ok(intake::Settings {
            message,
            address: address::Settings {
                domains: vec![DOMAIN.to_owned()],
                numbering: Numbering { trunk_prefix: "0".to_owned(), ..Numbering::default() },
                aliases: [].into(),
                routes: vec![RoutePrefix { prefix: "+".to_owned(), gateways: vec![GATEWAY.to_owned()] }],
                default_sender,
                sender_map: Vec::new(),
            },
            sms,
            ucs2: [].into(),
            rules: rules.arriving,
            rings: rules.passing,
            media: [(GATEWAY.to_owned(), MEDIUM)].into(),
            expire: crate::delivery::Settings::default().expire,
        }),
        _ => Err(problems),
    }
}
