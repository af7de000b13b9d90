//! Finds which rooms a source names, by reading its paths.
//!
//! Not a parser: comments and strings are blanked, then `crate::`, `telepost::` and climbing `super::` are followed. A
//! parser of the whole language as a dependency was rejected: it would be the largest one here, for three shapes.

use super::Source;

/// The rooms that the code of `source`, tests aside, names, each with its line.
pub fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let code = without_comments_and_strings(source.without_tests());
    let own_crate = ["crate", "telepost"].into_iter().flat_map(|root| after_root(&code, root));
    let climbing = after_super(&code, depth(&source.path));
    own_crate.chain(climbing).flat_map(|at| heads(&code, at)).collect()
}

/// How many `super` lead from the file's module to the root of the crate.
fn depth(path: &str) -> usize {
    let inner = path.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    inner.split('/').count()
}

/// Where something follows `crate::`, or `crate as`.
fn after_root(code: &str, root: &str) -> Vec<usize> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let stands_alone = |at: &usize| !code[..*at].ends_with(|c: char| is_word(c) || c == ':');
    let behind = |at: usize| {
        let after = &code[at + root.len()..];
        let trimmed = after.trim_start();
        let place = code.len() - trimmed.len();
        match trimmed.strip_prefix("::") {
            Some(_) => Some(place + 2),
            None => (trimmed.starts_with("as ") && after.starts_with(char::is_whitespace)).then_some(place),
        }
    };
    code.match_indices(root).map(|(at, _)| at).filter(stands_alone).filter_map(behind).collect()
}

/// Where something follows as many `super::` as lead to the root, or more (within inline modules).
fn after_super(code: &str, depth: usize) -> Vec<usize> {
    const STEP: &str = "super::";
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = code[at..].find(STEP).map(|offset| at + offset) {
        at = start;
        let mut steps = 0;
        while code[at..].starts_with(STEP) {
            at += STEP.len();
            steps += 1;
        }
        if steps >= depth {
            found.push(at);
        }
    }
    found
}

/// The first names of the paths that begin at `at`: one, or those of a group in braces.
fn heads(code: &str, at: usize) -> Vec<(usize, String)> {
    let rest = &code[at..];
    let trimmed = rest.trim_start();
    let at = at + rest.len() - trimmed.len();
    if !trimmed.starts_with('{') {
        return head(code, at).into_iter().collect();
    }
    let mut found = Vec::new();
    let mut nesting = 0;
    for (offset, c) in trimmed.char_indices() {
        let starts_one = nesting == 1 && c == ',' || nesting == 0 && c == '{';
        match c {
            '{' => nesting += 1,
            '}' => nesting -= 1,
            _ => {}
        }
        if starts_one {
            found.extend(head(code, at + offset + 1));
        }
        if nesting == 0 {
            break;
        }
    }
    found
}

/// The name, or the star, that stands at `at` behind spaces, and its line.
fn head(code: &str, at: usize) -> Option<(usize, String)> {
    let rest = &code[at..];
    let trimmed = rest.trim_start();
    let at = at + rest.len() - trimmed.len();
    let name: String = match trimmed.starts_with('*') {
        true => "*".to_owned(),
        false => trimmed.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect(),
    };
    let line = code[..at].matches('\n').count() + 1;
    (!name.is_empty() && name != "self").then_some((line, name))
}

/// The code with comments, strings and character literals blanked; every line stays where it was.
pub fn without_comments_and_strings(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let blank = blank_length(rest, out.chars().next_back());
        let (skipped, after) = rest.split_at(blank.unwrap_or(c.len_utf8()));
        match blank {
            Some(_) => out.extend(skipped.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
            None => out.push_str(skipped),
        }
        rest = after;
    }
    out
}

/// How much of the beginning of `rest` is a comment or a literal.
fn blank_length(rest: &str, before: Option<char>) -> Option<usize> {
    let in_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(block_comment(rest));
    }
    if !in_word && rest.starts_with(['r', 'b']) {
        let raw = rest.trim_start_matches(['r', 'b']);
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if rest[..rest.len() - raw.len()].contains('r') && raw[hashes..].starts_with('"') {
            let begin = rest.len() - raw.len() + hashes + 1;
            let end = format!("\"{}", "#".repeat(hashes));
            return Some(rest[begin..].find(&end).map_or(rest.len(), |at| begin + at + end.len()));
        }
    }
    match rest.chars().next() {
        Some('"') => Some(quoted(rest, '"')),
        Some('\'') if is_character(rest) => Some(quoted(rest, '\'')),
        _ => None,
    }
}

/// Whether a quote begins a character and not a lifetime.
fn is_character(rest: &str) -> bool {
    let mut after = rest.chars().skip(1);
    after.next() == Some('\\') || after.next() == Some('\'')
}

/// The length of a literal that begins and ends with `quote`.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// The length of a block comment; they nest.
fn block_comment(rest: &str) -> usize {
    let mut nesting = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest[at..];
        if here.starts_with("/*") {
            nesting += 1;
            at += 2;
        } else if here.starts_with("*/") {
            nesting -= 1;
            at += 2;
        } else {
            at += here.chars().next().map_or(1, char::len_utf8);
        }
        if nesting == 0 {
            break;
        }
    }
    at
}

#[test]
fn only_code_stays() {
    for (code, left) in [
        ("a // b\nc", "a     \nc"),
        ("a /* b\n/* c */ d */ e", "a     \n             e"),
        ("a(\"b\\\"c\", d)", "a(      , d)"),
        ("a(r#\"b\"c\"#, d)", "a(         , d)"),
        ("a(br\"b\\\", d)", "a(      , d)"),
        ("for r in b { 'x' }", "for r in b {     }"),
        ("'\\'' '\"' 'a", "         'a"),
        ("&'a str + 'b'", "&'a str +    "),
    ] {
        let blanked = without_comments_and_strings(code);
        assert_eq!(
            blanked.split_whitespace().collect::<Vec<_>>(),
            left.split_whitespace().collect::<Vec<_>>(),
            "{code}"
        );
        assert_eq!(blanked.matches('\n').count(), code.matches('\n').count());
    }
}

#[test]
fn names_are_found_in_every_shape() {
    let named = |path: &str, text: &str| -> Vec<String> {
        let source = Source { path: path.to_owned(), text: text.to_owned() };
        rooms_named(&source).into_iter().map(|(_, name)| name).collect()
    };
    assert_eq!(named("src/a/b.rs", "use crate::x::y;"), ["x"]);
    assert_eq!(named("src/a/b.rs", "use ::telepost::x;"), Vec::<String>::new(), "not written so in this crate");
    assert_eq!(named("src/a/b.rs", "use crate::{self, x, y::{p, q}, z as w};"), ["x", "y", "z"]);
    assert_eq!(named("src/a/b.rs", "use crate :: x;"), ["x"]);
    assert_eq!(named("src/a/b.rs", "use super::x; use super::super::y; use super::super::super::z;"), ["y", "z"]);
    assert_eq!(named("src/a/mod.rs", "use super::{x, y};"), ["x", "y"]);
    assert_eq!(named("src/a/b.rs", "use other_crate::x; let mycrate::y = 1;"), Vec::<String>::new());
}
