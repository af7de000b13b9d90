//! The configuration: what the file says goes in, what each room is told comes out, checked.
//!
//! ```text
//!   bytes ──toml──► document ──section──► value ──► spool, listener, numbers, … ──► Config
//!                                           └── wrong? ──► problem, and reading goes on
//! ```
//!
//! A [`Config`] exists only if nothing is wrong with it; otherwise all [`Problems`] are told at once. One file for each
//! section of the configuration. It opens no spool, listens nowhere and asks no gateway; besides the file itself it
//! reads only the files that it includes, secrets, and the system's host name, and for [`check`] certificates and users.
//! Nobody but `cli` knows of it.

mod bounce;
mod delivery;
mod gateway;
mod include;
mod limits;
mod listener;
mod message;
mod network;
mod numbers;
mod problem;
mod profiles;
mod route;
mod rule;
mod secret;
mod section;
mod sender;
mod spool;
#[cfg(test)]
mod tests;
mod units;
mod value;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

pub use problem::Problems;
pub use profiles::profiles;

use self::network::HostName;
use self::problem::Source;
use self::rule::{Above, Rules};
use self::section::{Book, Depth, Section};
use self::units::Size;
use crate::rules::Rule;
use crate::{address, intake, sms, smtp};

/// Where the configuration is when nobody says otherwise.
pub const DEFAULT_PATH: &str = "/etc/telepost/telepost.toml";

/// Bytes of a configuration.
const MAX_FILE: u64 = 1 << 20;

const MAX_MEMORY: Size = Size(256_000_000);

/// What every room is told. Good, or it would not be there.
#[derive(Clone, Debug)]
pub struct Config {
    /// What we call ourselves.
    pub hostname: String,
    /// Bytes that letters may take in memory while they come in, over all listeners.
    pub max_memory: usize,
    pub spool: crate::spool::Settings,
    /// At least one.
    pub listeners: Vec<smtp::Settings>,
    pub address: address::Settings,
    pub message: crate::message::Settings,
    pub sms: sms::Settings,
    /// What some routes have instead of their gateways' policy, by their prefix.
    pub ucs2: HashMap<String, sms::Ucs2>,
    /// In the order in which they are asked.
    pub rules: Vec<Rule<intake::Treatment>>,
    /// As `rules`, for mails that pass by.
    pub rings: Vec<Rule<intake::Ring>>,
    /// At least one.
    pub gateways: Vec<crate::gateway::Settings>,
    pub delivery: crate::delivery::Settings,
    pub bounce: crate::bounce::Settings,
}

/// A configuration with what there is to say about it.
#[derive(Debug)]
pub struct Checked {
    pub config: Config,
    /// What looks wrong, but is none of our business.
    pub warnings: Problems,
    /// The same configuration with every default written out, as TOML that can be read again. Secrets are not in it.
    pub effective: String,
}

/// Reads and checks the configuration at `path`.
pub fn load(path: &Path) -> Result<Config, Problems> {
    read_at(path, Depth::Configuration).map(|checked| checked.config)
}

/// As [`load`], with warnings and the effective configuration; looks into the files that the listeners name as `serve`
/// does.
pub fn check(path: &Path) -> Result<Checked, Problems> {
    read_at(path, Depth::Files)
}

fn read_at(path: &Path, depth: Depth) -> Result<Checked, Problems> {
    let text = read_text(path).map_err(|reason| Problems::of_file(path, reason))?;
    let folder = std::path::absolute(path).ok().and_then(|path| path.parent().map(Path::to_owned)).unwrap_or_default();
    examine(path, &folder, &text, depth)
}

/// The text of a file. The error says why there is none.
fn read_text(path: &Path) -> Result<String, String> {
    let bytes = read_file(path).map_err(|error| format!("can't be read: {error}"))?;
    String::from_utf8(bytes).map_err(|error| {
        let newlines = error.as_bytes()[..error.utf8_error().valid_up_to()].iter().filter(|b| **b == b'\n').count();
        format!("line {} is not UTF-8", newlines + 1)
    })
}

fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(..=MAX_FILE) => Ok(bytes),
        _ => Err(io::Error::other(format!("it has more than {MAX_FILE} bytes"))),
    }
}

/// Checks the text of a configuration that stands at `path`; relative paths in it start at `folder`.
fn examine(path: &Path, folder: &Path, text: &str, depth: Depth) -> Result<Checked, Problems> {
    let mut book = Book::new(folder, depth);
    let config = book.read(Source { path: path.to_owned(), text: text.to_owned() }, Config::read).flatten();
    let effective = book.effective();
    let problems = book.into_problems();
    let is_good = problems.are_warnings();
    match config {
        Some(config) if is_good => Ok(Checked { config, warnings: problems, effective }),
        _ => Err(problems),
    }
}

impl Config {
    /// What the front hall is told.
    pub fn intake(&self) -> intake::Settings {
        intake::Settings {
            message: self.message.clone(),
            address: self.address.clone(),
            sms: self.sms.clone(),
            rules: self.rules.clone(),
            rings: self.rings.clone(),
            ucs2: self.ucs2.clone(),
            media: self.gateways.iter().map(|gateway| (gateway.name.clone(), gateway.medium)).collect(),
            expire: self.delivery.expire,
        }
    }

    /// What the dispatcher goes by.
    pub fn plan(&self) -> crate::delivery::Plan {
        crate::delivery::Plan {
            settings: self.delivery.clone(),
            returns: self.bounce.clone(),
            gateways: self.gateways.clone(),
            sms: self.sms.clone(),
            limits: self.spool.limits.clone(),
        }
    }

    /// Reads every section, then sees whether all of them are there.
    fn read(root: &mut Section<'_, '_>) -> Option<Config> {
        let hostname = hostname(root);
        let max_memory = root.or("max_memory", MAX_MEMORY).0;
        let spool = root.section("spool", spool::read);
        let mut binds = Vec::new();
        let listeners = root.each("listener", |section| listener::read(section, &hostname, &mut binds));
        let (domains, numbering) = root.section("numbers", numbers::read);
        let aliases = root.section("aliases", numbers::aliases);
        let (default_sender, sender_map) = root.section("sender", sender::read);
        let (message, sms) = root.section("message", message::read);
        let ellipsis = sms.as_ref().map(|sms| sms.ellipsis.as_str()).unwrap_or_default();
        let mut names = Vec::new();
        let gateways = root.each("gateway", |section| gateway::read(section, ellipsis, &mut names));
        let (routes, ucs2) = route::read_all(root, &names);
        let delivery = root.section("delivery", delivery::read);
        let limits = root.section("limits", limits::read);
        let quiet = root.each("quiet", |section| limits::quiet(section, &aliases));
        let limits = crate::limits::Settings { quiet: quiet.into_iter().flatten().collect(), ..limits };
        let bounce = root.section("bounce", |section| bounce::read(section, &hostname));
        let mut rules = Rules::default();
        if let Some(sms) = &sms {
            let above = Above { gateways: &names, sms, aliases: &aliases };
            rule::read_all(root, "no.", &above, &mut rules);
            include::read(root, &above, &mut rules);
        }
        let has_milter = listeners.iter().flatten().any(|listener| listener.protocol == smtp::Protocol::Milter);
        if !rules.passing.is_empty() && !has_milter {
            root.warning(
                "rule",
                "has ring, but there is no [[listener]] with protocol = \"milter\": no mail passes by",
            );
        }
        let by_route = routes.iter().flat_map(|route| &route.gateways);
        let used: Vec<&String> = by_route.chain(rules.treatments().flat_map(|treatment| &treatment.gateways)).collect();
        for name in names.iter().filter(|name| !used.contains(&&name.get_ref().0)) {
            root.warning_at(name.span(), "gateway.name", "no route leads to this gateway");
        }
        root.not_built("admin");
        if root.lacks("listener") {
            root.problem("listener", "is missing: no mail could come in without a [[listener]]");
        }
        if root.lacks("gateway") {
            root.problem("gateway", "is missing: no SMS could go out without a [[gateway]]");
        }
        let default_sender = default_sender?;
        Some(Config {
            spool: crate::spool::Settings { limits: Arc::new(limits), ..spool? },
            listeners: all_of(listeners)?,
            address: address::Settings { domains, numbering, aliases, routes, default_sender, sender_map },
            message,
            sms: sms?,
            ucs2,
            rules: rules.arriving,
            rings: rules.passing,
            gateways: all_of(gateways)?,
            delivery,
            bounce,
            hostname,
            max_memory,
        })
    }
}

/// What we call ourselves: as the file says, or else as the system is called.
fn hostname(root: &mut Section<'_, '_>) -> String {
    let system = gethostname::gethostname();
    match system.to_str().and_then(HostName::new) {
        Some(system) => root.or("hostname", system).0,
        None => root.required::<HostName>("hostname").map(|HostName(name)| name).unwrap_or_default(),
    }
}

/// All of them, and at least one.
fn all_of<T>(found: Vec<Option<T>>) -> Option<Vec<T>> {
    found.into_iter().collect::<Option<Vec<T>>>().filter(|all| !all.is_empty())
}
