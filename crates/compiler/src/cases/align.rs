//! Two lists side by side.

/// The items of two lists without those that match at the front and at the back, with their index: an item that is
/// missing or too many is one difference, wherever it stands.
pub(super) fn unmatched<'a, L, R>(
    left: &'a [L],
    right: &'a [R],
    matches: impl Fn(&L, &R) -> bool,
) -> impl Iterator<Item = (usize, Option<&'a L>, Option<&'a R>)> {
    let front = left.iter().zip(right).take_while(|(left, right)| matches(left, right)).count();
    let (left, right) = (&left[front..], &right[front..]);
    let back = left.iter().rev().zip(right.iter().rev()).take_while(|(left, right)| matches(left, right)).count();
    let (left, right) = (&left[..left.len() - back], &right[..right.len() - back]);
    (0..left.len().max(right.len())).map(move |at| (front + at, left.get(at), right.get(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differences(left: &str, right: &str) -> String {
        let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let shown = |item: Option<&char>| item.copied().unwrap_or('-');
        let unmatched = unmatched(&left, &right, |left, right| left == right);
        unmatched.map(|(at, left, right)| format!("{at}{}{} ", shown(left), shown(right))).collect()
    }

    #[test]
    fn one_item_too_few_or_too_many_is_one_difference() {
        assert_eq!(differences("abc", "abc"), "");
        assert_eq!(
            [differences("bcde", "abcde"), differences("abcde", "abde"), differences("", "a")],
            ["0-a ", "2c- ", "0-a "]
        );
        assert_eq!([differences("aa", "aaa"), differences("aaa", "aa")], ["2-a ", "2a- "]);
    }

    #[test]
    fn lists_of_one_length_are_compared_item_by_item() {
        assert_eq!([differences("abcd", "axcy"), differences("ab", "ba")], ["1bx 2cc 3dy ", "0ab 1ba "]);
    }
}
