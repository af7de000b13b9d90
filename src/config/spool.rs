//! `[spool]`: where accepted messages lie, and for how long.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::section::Section;
use super::value::{self, Found, NOT_BUILT, Value, Wrong};
use crate::spool::Settings;

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// Without limits; those stand in a section of their own.
pub(super) fn read(section: &mut Section<'_, '_>) -> Option<Settings> {
    let url = section.required::<Url>("url");
    let keep = section.or("keep", 30 * DAY);
    let dedup_window = section.or("dedup_window", HOUR);
    let Url::Sqlite(path) = url?;
    Some(Settings { path, keep, dedup_window, limits: Arc::default() })
}

/// Where the spool is.
enum Url {
    /// `sqlite:` and a path; a relative one starts where the configuration file is.
    Sqlite(PathBuf),
}

impl Value for Url {
    const WANTED: &'static str = r#"a place such as "sqlite:/var/lib/telepost/spool.db""#;

    fn read(found: &Found<'_>) -> Result<Url, Vec<Wrong>> {
        found.parse(|text| match text.split_once(':') {
            Some(("sqlite", path)) if !(path.is_empty() || path.starts_with("//") || path.contains('\0')) => {
                Ok(Url::Sqlite(found.folder.join(path)))
            }
            Some(("postgres" | "postgresql", _)) => Err(format!("postgres {NOT_BUILT}")),
            _ => Err(value::not(Self::WANTED, text)),
        })
    }

    fn write(&self) -> toml::Value {
        let Url::Sqlite(path) = self;
        format!("sqlite:{}", path.display()).into()
    }
}
