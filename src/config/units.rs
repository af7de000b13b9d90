//! Values with a unit: durations, sizes and rates. A whole number and one unit, nothing between them.

use std::time::Duration;

use super::value::{Found, Value, Wrong};
use crate::gateway::Rate;

/// The longest duration. Nobody means more, and times reckoned with it stay far from where the calendar ends.
const MAX_SECONDS: u64 = 10 * 365 * DAY;
const DAY: u64 = 24 * 3600;

/// From the longest, so that what is written is as short as can be.
const DURATIONS: [(&str, u64); 5] = [("w", 7 * DAY), ("d", DAY), ("h", 3600), ("m", 60), ("s", 1)];
/// From the largest; powers of ten before those of two, because administrators write these.
const SIZES: [(&str, u64); 7] = [
    ("GB", 1_000_000_000),
    ("GiB", 1 << 30),
    ("MB", 1_000_000),
    ("MiB", 1 << 20),
    ("KB", 1_000),
    ("KiB", 1 << 10),
    ("B", 1),
];
const RATES: [(&str, u64); 4] = [("d", DAY), ("h", 3600), ("m", 60), ("s", 1)];

/// `12` and `m` of `12m`.
fn split(text: &str) -> Option<(u64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text[..digits].parse().ok().map(|number| (number, &text[digits..]))
}

fn unit(units: &[(&str, u64)], name: &str) -> Option<u64> {
    units.iter().find(|(unit, _)| *unit == name).map(|(_, amount)| *amount)
}

/// In the largest unit that divides it.
fn written(units: &[(&str, u64)], amount: u64) -> String {
    match units.iter().find(|(_, unit)| amount > 0 && amount.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{}{name}", amount / unit),
        None => format!("{amount}{}", units.last().map(|(name, _)| *name).unwrap_or_default()),
    }
}

impl Value for Duration {
    const WANTED: &'static str = r#"a duration such as "30s", "5m", "2h", "2d" or "1w", at most 10 years"#;

    fn read(found: &Found<'_>) -> Result<Duration, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (number, name) = split(text)?;
            let seconds = number.checked_mul(unit(&DURATIONS, name)?)?;
            (seconds <= MAX_SECONDS).then(|| Duration::from_secs(seconds))
        })
    }

    fn write(&self) -> toml::Value {
        written(&DURATIONS, self.as_secs()).into()
    }
}

/// Bytes, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub usize);

impl Value for Size {
    const WANTED: &'static str = r#"a size such as "500KB", "10MB" or "10MiB""#;

    fn read(found: &Found<'_>) -> Result<Size, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (number, name) = split(text)?;
            let bytes = usize::try_from(number.checked_mul(unit(&SIZES, name)?)?).ok()?;
            (bytes > 0).then_some(Size(bytes))
        })
    }

    fn write(&self) -> toml::Value {
        written(&SIZES, u64::try_from(self.0).unwrap_or(u64::MAX)).into()
    }
}

impl Value for Rate {
    const WANTED: &'static str = r#"a rate such as "10/s", "20/h" or "100/d""#;

    fn read(found: &Found<'_>) -> Result<Rate, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (number, name) = split(text)?;
            let per = Duration::from_secs(unit(&RATES, name.strip_prefix('/')?)?);
            let count = u32::try_from(number).ok().filter(|count| *count > 0)?;
            Some(Rate { count, per })
        })
    }

    fn write(&self) -> toml::Value {
        let name = RATES.iter().find(|(_, seconds)| *seconds == self.per.as_secs()).map(|(name, _)| *name);
        format!("{}/{}", self.count, name.unwrap_or_default()).into()
    }
}
