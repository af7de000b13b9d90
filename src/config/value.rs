//! What may stand behind a key: how a value is read, what is said when it is not one, and how it is written again.

use std::num::{NonZeroU16, NonZeroUsize};
use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeValue;

use super::problem::may_hold_secret;

/// What is said of a key or a word whose feature is still to come.
pub(super) const NOT_BUILT: &str = "is not built into this version yet";

/// Characters of a value that are repeated when it is wrong.
const MAX_REPEATED: usize = 60;

/// Something that a key can have as its value.
pub(super) trait Value: Sized {
    /// What it is called; the end of "must be …".
    const WANTED: &'static str;

    fn read(found: &Found<'_>) -> Result<Self, Vec<Wrong>>;

    /// The value such that [`Value::read`] gives it again.
    fn write(&self) -> toml::Value;
}

/// A value as the file has it.
pub(super) struct Found<'a> {
    pub value: &'a Spanned<DeValue<'a>>,
    /// Relative paths start here.
    pub folder: &'a Path,
}

/// Why a value can't be taken, and which bytes of the file are to blame.
pub(super) struct Wrong {
    pub at: Range<usize>,
    pub reason: String,
}

/// A value that is one of a few words.
pub(super) trait Choice: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];
    /// Words whose meaning is still to come.
    const NOT_BUILT: &'static [&'static str] = &[];
}

impl<'a> Found<'a> {
    /// The text of a string.
    pub fn text(&self, wanted: &str) -> Result<&'a str, Vec<Wrong>> {
        match self.value.get_ref() {
            DeValue::String(text) => Ok(text),
            other => Err(self.wrong(format!("must be {wanted}, not {}", kind(other)))),
        }
    }

    /// What `read` makes of a string's text; its error says why that is nothing.
    pub fn parse<T: Value>(&self, read: impl FnOnce(&str) -> Result<T, String>) -> Result<T, Vec<Wrong>> {
        let text = self.text(T::WANTED)?;
        read(text).map_err(|reason| self.wrong(reason))
    }

    /// As [`Found::parse`], where there is no more to say than that it is nothing.
    pub fn parse_or_not<T: Value>(&self, read: impl FnOnce(&str) -> Option<T>) -> Result<T, Vec<Wrong>> {
        self.parse(|text| read(text).ok_or_else(|| not(T::WANTED, text)))
    }

    fn integer<T: Value + TryFrom<i64>>(&self) -> Result<T, Vec<Wrong>> {
        let wrong = |found: &str| self.wrong(format!("must be {}, not {found}", T::WANTED));
        match self.value.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .ok()
                .and_then(|number| T::try_from(number).ok())
                .ok_or_else(|| wrong(&number.to_string())),
            other => Err(wrong(kind(other))),
        }
    }

    fn wrong(&self, reason: String) -> Vec<Wrong> {
        vec![Wrong { at: self.value.span(), reason }]
    }
}

/// Says that `text` is not what is wanted, without repeating what may be long or a secret.
pub(super) fn not(wanted: &str, text: &str) -> String {
    let begin = text.chars().take(MAX_REPEATED).collect::<String>();
    match begin.len() < text.len() {
        _ if may_hold_secret(text) => format!("must be {wanted}"),
        true => format!("must be {wanted}, not {begin:?}..."),
        false => format!("must be {wanted}, not {text:?}"),
    }
}

/// What is wrong with a regular expression: its error draws a picture of it over several lines, and the last one says so.
pub(super) fn last_line(error: &str) -> String {
    error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

/// `a`, `a or b`, `a, b or c`.
fn one_of(mut words: Vec<String>) -> String {
    match (words.pop(), words.join(", ").as_str()) {
        (Some(last), "") => last,
        (last, others) => format!("{others} or {}", last.unwrap_or_default()),
    }
}

/// What a value of the wrong kind is called.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}

impl Value for String {
    const WANTED: &'static str = "text in quotes";

    fn read(found: &Found<'_>) -> Result<String, Vec<Wrong>> {
        found.text(Self::WANTED).map(str::to_owned)
    }

    fn write(&self) -> toml::Value {
        self.as_str().into()
    }
}

impl Value for bool {
    const WANTED: &'static str = "true or false";

    fn read(found: &Found<'_>) -> Result<bool, Vec<Wrong>> {
        match found.value.get_ref() {
            DeValue::Boolean(value) => Ok(*value),
            other => Err(found.wrong(format!("must be {}, not {}", Self::WANTED, kind(other)))),
        }
    }

    fn write(&self) -> toml::Value {
        (*self).into()
    }
}

/// A whole number from 0, as far as TOML has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Whole(pub u32);

impl TryFrom<i64> for Whole {
    type Error = std::num::TryFromIntError;

    fn try_from(number: i64) -> Result<Whole, Self::Error> {
        u32::try_from(number).map(Whole)
    }
}

impl Value for Whole {
    const WANTED: &'static str = "a whole number, 0 or more";

    fn read(found: &Found<'_>) -> Result<Whole, Vec<Wrong>> {
        found.integer()
    }

    fn write(&self) -> toml::Value {
        self.0.into()
    }
}

/// A whole number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count(pub NonZeroUsize);

impl Count {
    pub const ONE: Count = Count(NonZeroUsize::MIN);

    /// `number`, or 1 for 0.
    pub const fn new(number: usize) -> Count {
        match NonZeroUsize::new(number) {
            Some(number) => Count(number),
            None => Count::ONE,
        }
    }

    pub const fn get(self) -> usize {
        self.0.get()
    }
}

impl TryFrom<i64> for Count {
    type Error = std::num::TryFromIntError;

    fn try_from(number: i64) -> Result<Count, Self::Error> {
        usize::try_from(u32::try_from(number)?).and_then(NonZeroUsize::try_from).map(Count)
    }
}

impl Value for Count {
    const WANTED: &'static str = "a whole number, at least 1";

    fn read(found: &Found<'_>) -> Result<Count, Vec<Wrong>> {
        found.integer()
    }

    fn write(&self) -> toml::Value {
        i64::try_from(self.get()).unwrap_or(i64::MAX).into()
    }
}

/// A TCP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Port(pub NonZeroU16);

impl TryFrom<i64> for Port {
    type Error = std::num::TryFromIntError;

    fn try_from(number: i64) -> Result<Port, Self::Error> {
        u16::try_from(number).and_then(NonZeroU16::try_from).map(Port)
    }
}

impl Value for Port {
    const WANTED: &'static str = "a port, 1 to 65535";

    fn read(found: &Found<'_>) -> Result<Port, Vec<Wrong>> {
        found.integer()
    }

    fn write(&self) -> toml::Value {
        i64::from(self.0.get()).into()
    }
}

/// A file's path; a relative one starts where the configuration file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FilePath(pub PathBuf);

impl Value for FilePath {
    const WANTED: &'static str = "the path of a file";

    fn read(found: &Found<'_>) -> Result<FilePath, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let may_be = !text.is_empty() && !text.contains('\0');
            may_be.then(|| FilePath(found.folder.join(text)))
        })
    }

    fn write(&self) -> toml::Value {
        self.0.display().to_string().into()
    }
}

impl<T: Choice> Value for T {
    const WANTED: &'static str = "one of a few words";

    fn read(found: &Found<'_>) -> Result<T, Vec<Wrong>> {
        let words = || one_of(T::WORDS.iter().map(|(word, _)| format!("{word:?}")).collect());
        let text = found.text(&words())?;
        match T::WORDS.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(*value),
            None if T::NOT_BUILT.contains(&text) => Err(found.wrong(format!("{text:?} {NOT_BUILT}, only {}", words()))),
            None => Err(found.wrong(not(&words(), text))),
        }
    }

    fn write(&self) -> toml::Value {
        T::WORDS.iter().find(|(_, value)| value == self).map(|(word, _)| *word).unwrap_or_default().into()
    }
}

impl<T: Value> Value for Spanned<T> {
    const WANTED: &'static str = T::WANTED;

    fn read(found: &Found<'_>) -> Result<Spanned<T>, Vec<Wrong>> {
        T::read(found).map(|value| Spanned::new(found.value.span(), value))
    }

    fn write(&self) -> toml::Value {
        self.get_ref().write()
    }
}

impl<T: Value> Value for Vec<T> {
    const WANTED: &'static str = "a list in [ ]";

    fn read(found: &Found<'_>) -> Result<Vec<T>, Vec<Wrong>> {
        let DeValue::Array(array) = found.value.get_ref() else {
            return Err(found.wrong(format!("must be {}, not {}", Self::WANTED, kind(found.value.get_ref()))));
        };
        let (mut values, mut wrong) = (Vec::new(), Vec::new());
        for element in array.iter() {
            match T::read(&Found { value: element, folder: found.folder }) {
                Ok(value) => values.push(value),
                Err(reasons) => wrong.extend(reasons),
            }
        }
        if wrong.is_empty() { Ok(values) } else { Err(wrong) }
    }

    fn write(&self) -> toml::Value {
        toml::Value::Array(self.iter().map(Value::write).collect())
    }
}
