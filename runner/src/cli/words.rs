//! How reports count.

/// `1 step`, `2 steps`, `0 steps`.
pub(super) fn counted(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(["0 steps", "1 step", "2 steps"], [0, 1, 2].map(|count| counted(count, "step")));
    }
}
