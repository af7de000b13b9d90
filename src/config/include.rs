//! `include`: files with more rules, such as the ready profiles.
//!
//! They hold `[[rule]]` and nothing else: what a mail server, a gateway or an account is must stand in one file. They
//! are read in the order of the list, those that one `*` fits by their names, and never include others. How many there
//! are and how long they may be is limited. What is wrong in them is told with their own name and line.

use std::fs;
use std::io;
use std::path::PathBuf;

use toml::Spanned;

use super::problem::Source;
use super::rule::{self, Above, Rules};
use super::section::Section;
use super::value::{Found, Value, Wrong};
use crate::address::Pattern;

/// Files that may be included.
const MAX_FILES: usize = 500;
/// Entries of a folder that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// Adds the rules of the included files to those of the file itself.
pub(super) fn read(root: &mut Section<'_, '_>, above: &Above<'_>, rules: &mut Rules) {
    let named = root.unwritten::<Vec<Spanned<Files>>>("include").unwrap_or_default();
    let mut paths = Vec::new();
    for files in named {
        match files.get_ref().find() {
            Ok(found) if found.is_empty() => root.warning_at(files.span(), "include", "fits no file"),
            Ok(found) => paths.extend(found.into_iter().map(|path| (files.span(), path))),
            Err(error) => {
                let folder = files.get_ref().folder.display();
                root.problem_at(files.span(), "include", format!("{folder} can't be read: {error}"));
            }
        }
    }
    if paths.len() > MAX_FILES {
        root.problem("include", format!("fits {} files, at most {MAX_FILES} may be included", paths.len()));
        return;
    }
    for (at, path) in paths {
        match super::read_text(&path) {
            Ok(text) => read_file(root, Source { path, text }, above, rules),
            Err(reason) => root.problem_at(at, "include", format!("{}: {reason}", path.display())),
        }
    }
}

fn read_file(root: &mut Section<'_, '_>, file: Source, above: &Above<'_>, rules: &mut Rules) {
    let stem = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    root.included(file, |section| rule::read_all(section, &stem, above, rules));
}

/// One file, or those in a folder whose names fit a pattern.
struct Files {
    source: String,
    folder: PathBuf,
    name: String,
}

impl Files {
    /// Their paths, sorted by name. Without a `*` it is one path, whether there is such a file or not.
    fn find(&self) -> io::Result<Vec<PathBuf>> {
        if !self.name.contains('*') {
            return Ok(vec![self.folder.join(&self.name)]);
        }
        let pattern = Pattern::new(&self.name);
        let mut names: Vec<String> = Vec::new();
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        for entry in entries.take(MAX_ENTRIES) {
            let entry = entry?;
            let fits = |name: &String| !name.starts_with('.') && pattern.matches(name) && entry.path().is_file();
            names.extend(entry.file_name().into_string().ok().filter(fits));
        }
        names.sort();
        Ok(names.into_iter().map(|name| self.folder.join(name)).collect())
    }
}

impl Value for Files {
    const WANTED: &'static str = r#"a file's path, in whose last part * stands for anything: "profiles/*.toml""#;

    fn read(found: &Found<'_>) -> Result<Files, Vec<Wrong>> {
        found.parse_or_not(|text| {
            let (folder, name) = text.rsplit_once('/').map_or(("", text), |(folder, name)| (folder, name));
            let folder = if folder.is_empty() && text.starts_with('/') { "/" } else { folder };
            let may_be = !folder.contains('*') && !name.is_empty() && !text.contains('\0');
            may_be.then(|| Files { source: text.to_owned(), folder: found.folder.join(folder), name: name.to_owned() })
        })
    }

    fn write(&self) -> toml::Value {
        self.source.as_str().into()
    }
}
