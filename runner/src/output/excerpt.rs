//! Cuts long values to fit a line of a report.

/// Cuts a text to at most `width` characters; `...` at the end marks what is left out.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    kept + "..."
}

/// Cuts two texts that differ so that the first difference stays visible in both.
pub(crate) fn cut_both(left: &str, right: &str, width: usize) -> [String; 2] {
    let same = left.chars().zip(right.chars()).take_while(|(a, b)| a == b).count();
    let skip = if same > width / 2 { same - width / 4 } else { 0 };
    [left, right].map(|text| {
        let rest: String = text.chars().skip(skip).collect();
        cut(&if skip > 0 { format!("...{rest}") } else { rest }, width)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_at_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüäöü", 5), "äö...");
    }

    #[test]
    fn the_first_difference_stays_visible() {
        let [left, right] = cut_both(&format!("{}left", "x".repeat(500)), &format!("{}right", "x".repeat(500)), 40);
        assert_eq!((left.as_str(), right.as_str()), ("...xxxxxxxxxxleft", "...xxxxxxxxxxright"));
        assert_eq!(cut_both("a", "b", 40), ["a", "b"]);
    }
}
