//! The papers of the house name only what is there.

use super::{expect_none, files, read, root};

/// Folders at the root; a word in a paper that begins with one of them names a file or a folder.
const FOLDERS: [&str; 5] = ["conf/", "contrib/", "src/", "tests/", ".ci/"];

/// The folders in which a name of a paper may be found, the root first: ARCHITECTURE.md names rooms without `src/`.
const BASES: [&str; 2] = ["", "src/"];

/// What a paper names: words that begin with one of [`FOLDERS`], words between backticks that look like a path, and in
/// Markdown the targets of links, which start at the paper's own folder.
fn names(path: &str, text: &str) -> Vec<String> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let words = text.split(|c: char| !is_of_path(c)).filter(|word| FOLDERS.iter().any(|f| word.starts_with(f)));
    let ticked = text.split('`').skip(1).step_by(2).filter(|word| word.chars().all(is_of_path) && is_path(word));
    let mut names: Vec<String> = words.chain(ticked).map(|name| name.trim_end_matches('.').to_owned()).collect();
    if path.ends_with(".md") {
        let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        names.extend(links(text).map(|target| format!("{folder}{target}")));
    }
    names.sort();
    names.dedup();
    names
}

/// The targets of Markdown links to files, without the place in the file.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target);
    let inside = targets.filter(|target| !target.contains("://"));
    inside.filter_map(|target| target.split('#').next()).filter(|target| !target.is_empty())
}

/// Whether a word between backticks is a path below the root: a file of a kind we have, or a folder.
fn is_path(word: &str) -> bool {
    let below_root = word.contains('/') && !word.starts_with('/');
    below_root && (word.ends_with('/') || [".rs", ".md", ".toml", ".cf"].iter().any(|ending| word.ends_with(ending)))
}

/// What the paper names and `is_there` does not find.
fn missing(path: &str, text: &str, is_there: impl Fn(&str) -> bool) -> Vec<String> {
    let lost = |name: &String| !BASES.iter().any(|base| is_there(&format!("{base}{name}")));
    names(path, text).into_iter().filter(lost).map(|name| format!("{path} names {name}, which is not there")).collect()
}

#[test]
fn papers_name_what_is_there() {
    let at_root = ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "Cargo.toml"].map(str::to_owned);
    // Samples of mails and of SMS are no papers.
    let others = ["conf", "contrib"]
        .into_iter()
        .flat_map(|folder| files(folder, ""))
        .filter(|path| !path.ends_with(".eml") && !path.ends_with(".sms"));
    let is_there = |name: &str| root().join(name).exists();
    let wrong: Vec<String> =
        at_root.into_iter().chain(others).flat_map(|path| missing(&path, &read(&path).text, is_there)).collect();
    expect_none(&wrong);
}

#[test]
fn the_configuration_is_where_the_papers_say() {
    for name in ["conf/telepost.toml", "conf/minimal.toml", "contrib/postfix/main.cf", "tests/run", ".ci/run"] {
        assert!(root().join(name).is_file(), "{name}");
    }
    let lines = read("ARCHITECTURE.md").text.lines().count();
    assert!(lines < 200, "ARCHITECTURE.md has {lines} lines and is to be read at once");
}

#[test]
fn a_name_of_nothing_is_found() {
    for (path, text, name) in [
        ("x.md", "see [it](lost.md) and [that](https://example.com/x) and [here](#below)", "lost.md"),
        ("a/x.md", "see [it](../b/lost.md#place)", "a/../b/lost.md"),
        ("a/x.toml", "# like conf/lost.toml.", "conf/lost.toml"),
        ("x.md", "run `tests/lost`, then", "tests/lost"),
        ("x.md", "look into `smtp/lost.rs` (not `a/b`)", "smtp/lost.rs"),
        ("x.md", "the room `lost/`, and `/etc/postfix/main.cf`", "lost/"),
    ] {
        assert_eq!(missing(path, text, |_| false), [format!("{path} names {name}, which is not there")], "{text}");
        expect_none(&missing(path, text, |found| found == name));
        expect_none(&missing(path, text, |found| found == format!("src/{name}")));
    }
}
