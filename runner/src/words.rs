//! Counts in words.

/// `1 step`, `2 steps`, `0 indexes`.
pub(crate) fn counted(count: usize, word: &str) -> String {
    let ending = match count {
        1 => "",
        _ if word.ends_with('x') => "es",
        _ => "s",
    };
    format!("{count} {word}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(["0 steps", "1 step", "2 steps"], [0, 1, 2].map(|count| counted(count, "step")));
        assert_eq!(["1 index", "3 indexes"], [1, 3].map(|count| counted(count, "index")));
    }
}
