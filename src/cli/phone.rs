//! Draws an SMS as a phone shows it, with plain box characters.

use unicode_segmentation::UnicodeSegmentation;

/// Characters in a line on the phone.
const WIDTH: usize = 32;

/// The lines of the picture, the sender in the frame's head.
pub fn draw(sender: &str, text: &str) -> Vec<String> {
    let head = format!("  ╭─ {sender} {}╮", "─".repeat((WIDTH).saturating_sub(width(sender) + 1)));
    let lines = text.lines().flat_map(wrap);
    let body = lines.map(|line| format!("  │ {line}{} │", " ".repeat(WIDTH.saturating_sub(width(&line)))));
    let foot = format!("  ╰{}╯", "─".repeat(WIDTH + 2));
    std::iter::once(head).chain(body).chain(std::iter::once(foot)).collect()
}

/// Breaks a line at spaces, and a word longer than a line within it.
fn wrap(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in line.split_word_bounds() {
        for piece in pieces(word) {
            let full = lines.last().is_some_and(|last| width(last) + width(&piece) > WIDTH);
            if full {
                lines.push(String::new());
            }
            if let Some(last) = lines.last_mut() {
                let skipped = full && piece.trim().is_empty();
                last.push_str(if skipped { "" } else { &piece });
            }
        }
    }
    lines
}

fn pieces(word: &str) -> Vec<String> {
    let graphemes: Vec<&str> = word.graphemes(true).collect();
    graphemes.chunks(WIDTH).map(|chunk| chunk.concat()).collect()
}

/// How many cells a text takes; wide characters (CJK, emoji) take two.
fn width(text: &str) -> usize {
    let wide = |grapheme: &str| {
        grapheme.chars().any(|c| matches!(u32::from(c), 0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 | 0x1f300..=0x1faff))
    };
    text.graphemes(true).map(|grapheme| if wide(grapheme) { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_picture_is_equally_wide() {
        let text = "PROBLEM: disk /var on db01.example is 97% full\nSee https://mon.example/very/long/path/without/any/space/in/it 日本";
        let picture = draw("NAGIOS", text);
        let widths: Vec<usize> = picture.iter().map(|line| width(line)).collect();
        assert!(widths.iter().all(|w| *w == WIDTH + 6), "{picture:#?} {widths:?}");
        assert!(picture[0].contains("NAGIOS"));
    }

    #[test]
    fn no_word_is_lost() {
        let text = "one two three four five six seven eight nine ten eleven twelve";
        let shown: String = draw("X", text)[1..].concat();
        assert!(text.split(' ').all(|word| shown.contains(word)));
    }
}
