//! Formats texts in aligned columns, and sentences above them.

use std::fmt::Write as _;

use crate::output::excerpt::cut;

/// Characters of a line, at most.
const WIDTH: usize = 120;
/// Characters between two columns.
const GAP: usize = 2;

/// Formats each row as one line, indented by two. Where a line would be too long, the widest columns are cut.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    let widths = widths(&rows);
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{:width$}{:GAP$}", cut(cell, *width), "");
        }
        let _ = writeln!(text, "  {}", line.trim_end());
    }
    text
}

/// Wraps a sentence into lines of at most [`WIDTH`] characters: the first indented by two, the others by four.
pub(crate) fn wrapped(sentence: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in one_line(sentence).split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= WIDTH => line.extend([" ", word]),
            Some(_) => lines.push(format!("    {word}")),
            None => lines.push(format!("  {word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// Joins the lines of a text: an expression may be written on several.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The width of each column, reduced from the widest on until a row fits its line.
fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let mut widths = vec![0; count];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let room = WIDTH.saturating_sub(GAP * count);
    while widths.iter().sum::<usize>() > room {
        let Some(widest) = widths.iter_mut().max().filter(|widest| **widest > 1) else { break };
        *widest -= 1;
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_no_line_is_too_long() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        assert_eq!(aligned(&[row(["a", "b"]), row(["long", ""])]), "  a     b\n  long\n");
        let cut = aligned(&[row(["name", &"x".repeat(300)])]);
        assert_eq!(cut.trim_end().len(), WIDTH);
        assert!(cut.starts_with("  name  xxx") && cut.ends_with("...\n"));
        assert_eq!(aligned(&[row([".a\n  | .b\n", "text"])]), "  .a | .b  text\n");
    }

    #[test]
    fn sentences_are_wrapped_between_words() {
        assert_eq!(wrapped("one\n  two"), "  one two\n");
        let text = wrapped(&"word ".repeat(100));
        assert!(text.lines().count() == 5 && text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(text.starts_with("  word word") && text.lines().skip(1).all(|line| line.starts_with("    word")));
        assert_eq!(wrapped(&"x".repeat(300)), format!("  {}\n", "x".repeat(300)));
    }
}
