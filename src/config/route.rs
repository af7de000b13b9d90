//! `[[route]]`. A file without one means a single route: all numbers, by all gateways in the file's order.

use toml::Spanned;

use super::gateway::Name;
use super::numbers::Prefix;
use super::section::Section;
use crate::address::RoutePrefix;

/// `known` are the gateways that there are, `others` the routes so far.
pub(super) fn read(section: &mut Section<'_, '_>, known: &[Spanned<Name>], others: &mut Vec<Prefix>) -> RoutePrefix {
    let prefix = section.or("prefix", Prefix("+".to_owned()));
    if others.contains(&prefix) {
        section.problem("prefix", format!("another route has {:?}: write all its gateways there", prefix.0));
    }
    let named = section.or("gateways", known.to_vec());
    if named.is_empty() && section.has("gateways") {
        section.problem("gateways", "is empty, so the route leads nowhere");
    }
    let mut gateways = Vec::new();
    for name in named {
        let (at, is_known, Name(name)) = (name.span(), known.contains(&name), name.into_inner());
        if !is_known {
            section.problem_at(at, "gateways", format!("there is no gateway {name:?}"));
        } else if gateways.contains(&name) {
            section.problem_at(at, "gateways", format!("has {name:?} twice"));
        }
        gateways.push(name);
    }
    others.push(prefix.clone());
    RoutePrefix { prefix: prefix.0, gateways }
}
