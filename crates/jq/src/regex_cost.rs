//! A bound on what a regular expression costs. One search takes time in the product of the pattern's size and the text's; a
//! search for all matches may look through the rest of the text once for each. The engine needs no stop of its own,
//! only a bound on that product.

use super::budget::{self, Limit};

/// States a pattern may come to with its counted repetitions written out.
const LARGEST_PATTERN: usize = 10_000;
/// States times characters the engine goes through in the time of one step.
const PER_STEP: usize = 16;

/// Pays for one call on `text`.
pub(crate) fn pay(text: &str, pattern: &str, flags: &str) {
    budget::steps(pattern.len());
    let states = states(pattern);
    if states > LARGEST_PATTERN {
        budget::stop(Limit::Steps);
    }
    let search = states.saturating_mul(text.len()) / PER_STEP;
    let searches = if flags.contains('g') && looks_ahead(pattern) { text.len() / 2 } else { 1 };
    budget::steps(search.saturating_mul(searches));
}

/// Whether a match may be found only after looking at more text than it covers: a repetition without bound, unless it
/// is the end of the pattern.
fn looks_ahead(pattern: &str) -> bool {
    let head = pattern.trim_end_matches(['*', '+']);
    is_unbounded(head) || (head.contains('|') && is_unbounded(pattern))
}

fn is_unbounded(pattern: &str) -> bool {
    pattern.contains(['*', '+']) || pattern.contains(",}")
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
    fn only_a_repetition_before_the_end_looks_ahead() {
        for pattern in ["[^a-z]+", ",", "a|b", "x{3}", "\\s*"] {
            assert!(!looks_ahead(pattern), "{pattern}");
        }
        for pattern in ["a*b|a", "a+b", "(a|b)+", "x{2,}", "(a+)"] {
            assert!(looks_ahead(pattern), "{pattern}");
        }
    }

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
