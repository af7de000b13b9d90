//! `[[route]]`. A file without one means a single route: all numbers, by all gateways in the file's order.

use std::collections::HashMap;

use toml::Spanned;

use super::gateway::{self, Name};
use super::numbers::Prefix;
use super::section::Section;
use crate::address::RoutePrefix;
use crate::sms::Ucs2;

/// The routes, and by their prefix what some of them have instead of their gateways' `ucs2`. `known` are the gateways
/// that there are.
pub(super) fn read_all(
    root: &mut Section<'_, '_>,
    known: &[Spanned<Name>],
) -> (Vec<RoutePrefix>, HashMap<String, Ucs2>) {
    let (mut prefixes, mut policies) = (Vec::new(), HashMap::new());
    let routes = root.each_or_one("route", |section| {
        let route = read(section, known, &mut prefixes);
        policies.extend(section.optional("ucs2").map(|policy| (route.prefix.clone(), policy)));
        route
    });
    (routes, policies)
}

/// `others` are the prefixes so far.
fn read(section: &mut Section<'_, '_>, known: &[Spanned<Name>], others: &mut Vec<Prefix>) -> RoutePrefix {
    let prefix = section.or("prefix", Prefix("+".to_owned()));
    if others.contains(&prefix) {
        section.problem("prefix", format!("another route has {:?}: write all its gateways there", prefix.0));
    }
    let named = section.or("gateways", known.to_vec());
    if named.is_empty() && section.has("gateways") {
        section.problem("gateways", "is empty, so the route leads nowhere");
    }
    let gateways = gateway::names(section, named, known);
    others.push(prefix.clone());
    RoutePrefix { prefix: prefix.0, gateways }
}
