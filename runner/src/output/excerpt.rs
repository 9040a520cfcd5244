//! Long values cut for a line of a report.

/// At most `width` characters; what is left out is told by `...`.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(3)).collect();
    kept + "..."
}

/// Two texts that differ, each cut so that the first difference can be seen.
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
    fn what_differs_stays_in_sight() {
        let [left, right] = cut_both(&format!("{}left", "x".repeat(500)), &format!("{}right", "x".repeat(500)), 40);
        assert_eq!((left.as_str(), right.as_str()), ("...xxxxxxxxxxleft", "...xxxxxxxxxxright"));
        assert_eq!(cut_both("a", "b", 40), ["a", "b"]);
    }
}
