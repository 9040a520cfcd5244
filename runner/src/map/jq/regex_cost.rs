//! What a regular expression may cost. The engine takes time in the product of the pattern's size and the text's, so
//! it needs no stop of its own, only a bound on that product.

use super::budget::{self, Limit};
use super::value::Val;

/// States a pattern may come to with its counted repetitions written out.
const LARGEST_PATTERN: usize = 10_000;

/// Pays for one search of `text` for `pattern`.
pub(super) fn pay(text: &Val, pattern: &Val) {
    let (Val::Str(text), Val::Str(pattern)) = (text, pattern) else {
        return;
    };
    budget::steps(pattern.len());
    let states = states(pattern);
    if states > LARGEST_PATTERN {
        budget::stop(Limit::Steps);
    }
    budget::steps(states.saturating_mul(text.len()) / 64);
}

/// About how many states a pattern comes to: `x{n,m}` is `m` times `x`.
fn states(pattern: &str) -> usize {
    let mut groups = vec![0usize];
    let mut last = 0;
    let mut rest = pattern.chars();
    while let Some(c) = rest.next() {
        match c {
            '(' => {
                groups.push(0);
                continue;
            }
            ')' => last = groups.pop().unwrap_or(0),
            '{' => {
                let times = largest_count(rest.as_str());
                last = last.saturating_mul(times.saturating_sub(1));
            }
            _ => last = 1,
        }
        match groups.last_mut() {
            Some(group) => *group = group.saturating_add(last),
            None => groups.push(last),
        }
    }
    groups.iter().fold(0, |sum, group| sum.saturating_add(*group))
}

/// The larger number of `n}`, `n,}` or `n,m}`.
fn largest_count(text: &str) -> usize {
    let inside = text.split('}').next().unwrap_or_default();
    let numbers = inside.split(',').map(|number| match number.trim() {
        "" => 0,
        digits => digits.parse().unwrap_or(if digits.bytes().all(|b| b.is_ascii_digit()) { usize::MAX } else { 0 }),
    });
    numbers.max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_multiply_and_sequences_add() {
        assert!(states("^[a-z]+@[a-z]+$") < 20);
        assert!((1000..1500).contains(&states("(a{10}){100}")), "{}", states("(a{10}){100}"));
        assert!(states("a{10}b{20}") < 50);
        assert!(states("((a{1000}){1000}){1000}") > LARGEST_PATTERN);
        assert!(states("a{99999999999999999999999}") > LARGEST_PATTERN);
        assert!(states(")))a{3") < 20);
    }
}
