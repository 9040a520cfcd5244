//! Two lists side by side.

/// The items of two lists without those that are alike at the front and at the back, with their index: an item that is
/// missing or too many is one difference, wherever it stands.
pub(super) fn unlike<'a, L, R>(
    left: &'a [L],
    right: &'a [R],
    alike: impl Fn(&L, &R) -> bool,
) -> impl Iterator<Item = (usize, Option<&'a L>, Option<&'a R>)> {
    let alike = |(left, right): &(&'a L, &'a R)| alike(left, right);
    let front = left.iter().zip(right).take_while(alike).count();
    let (left, right) = (&left[front..], &right[front..]);
    let back = left.iter().rev().zip(right.iter().rev()).take_while(alike).count();
    let (left, right) = (&left[..left.len() - back], &right[..right.len() - back]);
    (0..left.len().max(right.len())).map(move |at| (front + at, left.get(at), right.get(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(left: &str, right: &str) -> String {
        let (left, right): (Vec<char>, Vec<char>) = (left.chars().collect(), right.chars().collect());
        let shown = |item: Option<&char>| item.copied().unwrap_or('-');
        let unlike = unlike(&left, &right, |left, right| left == right);
        unlike.map(|(at, left, right)| format!("{at}{}{} ", shown(left), shown(right))).collect()
    }

    #[test]
    fn one_item_too_few_or_too_many_is_one_difference() {
        assert_eq!(told("abc", "abc"), "");
        assert_eq!([told("bcde", "abcde"), told("abcde", "abde"), told("", "a")], ["0-a ", "2c- ", "0-a "]);
        assert_eq!([told("aa", "aaa"), told("aaa", "aa")], ["2-a ", "2a- "]);
    }

    #[test]
    fn lists_of_one_length_are_compared_item_by_item() {
        assert_eq!([told("abcd", "axcy"), told("ab", "ba")], ["1bx 2cc 3dy ", "0ab 1ba "]);
    }
}
