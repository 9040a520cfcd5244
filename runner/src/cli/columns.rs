//! Texts in aligned columns.

use super::excerpt::cut;

/// Characters of a line, at most.
const WIDTH: usize = 120;
/// Characters between two columns.
const GAP: usize = 2;

/// One line for each row, indented by two; what does not fit a line is cut where the widest column is.
pub(super) fn aligned(rows: &[Vec<String>]) -> String {
    let widths = widths(rows);
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{:width$}", cut(cell, *width)));
        let line = cells.collect::<Vec<_>>().join(&" ".repeat(GAP));
        format!("  {}\n", line.trim_end())
    };
    rows.iter().map(line).collect()
}

fn widths(rows: &[Vec<String>]) -> Vec<usize> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let longest = |column: usize| {
        rows.iter().filter_map(|row: &Vec<String>| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let mut widths: Vec<usize> = (0..count).map(|column| longest(column).unwrap_or(0)).collect();
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
    }
}
