//! Draws an SMS as a phone shows it, with plain box characters: lines break at spaces, long words where they must.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns of a line on the phone; a wide character (Chinese, Japanese, Korean, emoji) takes two.
const WIDTH: usize = 32;

/// The lines of the picture, the sender in the frame's head.
pub fn draw(sender: &str, text: &str) -> Vec<String> {
    let head = format!("  ╭─ {sender} {}╮", "─".repeat(WIDTH.saturating_sub(sender.width() + 1)));
    let lines = text.lines().flat_map(wrap);
    let body = lines.map(|line| format!("  │ {line}{} │", " ".repeat(WIDTH.saturating_sub(line.width()))));
    let foot = format!("  ╰{}╯", "─".repeat(WIDTH + 2));
    std::iter::once(head).chain(body).chain(std::iter::once(foot)).collect()
}

/// Breaks a line at spaces; the space at a break is not shown. A word longer than a line fills lines of its own.
fn wrap(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split(' ') {
        let last = lines.last_mut();
        match last {
            Some(last) if last.is_empty() => place(word, &mut lines),
            Some(last) if last.width() + 1 + word.width() <= WIDTH => {
                last.push(' ');
                last.push_str(word);
            }
            _ => {
                lines.push(String::new());
                place(word, &mut lines);
            }
        }
    }
    lines
}

/// Puts a word into an empty line, and into more of them as far as it is longer.
fn place(word: &str, lines: &mut Vec<String>) {
    for grapheme in word.graphemes(true) {
        match lines.last_mut() {
            Some(last) if last.width() + grapheme.width() <= WIDTH => last.push_str(grapheme),
            _ => lines.push(grapheme.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_picture_is_equally_wide() {
        let text = "PROBLEM: disk /var on db01.example is 97% full\nSee https://mon.example/very/long/path/without/any/space/in/it 日本 👨\u{200d}👩\u{200d}👧 e\u{301}";
        let picture = draw("NAGIOS", text);
        let widths: Vec<usize> = picture.iter().map(|line| line.width()).collect();
        assert!(widths.iter().all(|width| *width == WIDTH + 6), "{picture:#?} {widths:?}");
        assert!(picture[0].contains("NAGIOS"));
    }

    #[test]
    fn lines_break_at_spaces_and_nowhere_else() {
        for (text, lines) in [
            ("CRITICAL db01.example.com: Disk /var is full", &["CRITICAL db01.example.com: Disk", "/var is full"][..]),
            ("one two three four five six seven", &["one two three four five six", "seven"]),
            ("a  b", &["a  b"]),
            ("", &[""]),
            (&"x".repeat(40), &[&"x".repeat(32), "xxxxxxxx"]),
            (&"日".repeat(17), &[&"日".repeat(16), "日"]),
        ] {
            assert_eq!(wrap(text), lines);
        }
    }
}
