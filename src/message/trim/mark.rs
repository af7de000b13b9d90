//! End marks: `##` and `$$`, by which senders to SMS gateways have long said "the text ends here".
//!
//! A mark counts where it stands alone on a line or behind words, a blank or the end of the line after it. Not at the
//! beginning of a line with words behind it: that is a heading in Markdown. Not in a longer row of the same sign.

use crate::message::line::Line;

/// Everything before the first mark; what stands before it on its line stays.
pub(super) fn kept(lines: &[Line], marks: &[String]) -> Vec<Line> {
    let found = lines.iter().enumerate().find_map(|(at, line)| Some((at, place(&line.text, marks)?)));
    let Some((at, place)) = found else { return lines.to_vec() };
    let mut kept = lines[..at].to_vec();
    kept.push(Line { text: lines[at].text[..place].trim_end().to_owned(), mark: lines[at].mark });
    kept
}

/// Where the first mark in a line stands.
fn place(line: &str, marks: &[String]) -> Option<usize> {
    marks.iter().filter(|mark| !mark.is_empty()).filter_map(|mark| first(line, mark)).min()
}

fn first(line: &str, mark: &str) -> Option<usize> {
    let ends = |at: &usize| ends_text(&line[..*at], mark, &line[at + mark.len()..]);
    line.match_indices(mark).map(|(at, _)| at).find(ends)
}

fn ends_text(before: &str, mark: &str, after: &str) -> bool {
    let starts_row = before.chars().next_back().is_some_and(|sign| mark.starts_with(sign));
    let goes_on = after.chars().next().is_some_and(|next| !next.is_whitespace());
    let is_heading = before.trim().is_empty() && !after.trim().is_empty();
    !starts_row && !goes_on && !is_heading
}
