//! Which of several ways an event is made at each of its places, and the search for ways the pipeline accepts.

use std::collections::BTreeMap;

/// Ways tried in all before the search gives up.
const TRIES: usize = 300;

/// The way taken at each place, by JSON Pointer; the first one unless a refusal asked for another.
#[derive(Debug, Default)]
pub(super) struct Choices {
    taken: BTreeMap<String, usize>,
    /// How many ways there were, of the places met since [`Choices::start`].
    offered: BTreeMap<String, usize>,
}

impl Choices {
    /// The way to take at a place that has this many.
    pub(super) fn choose(&mut self, pointer: &str, ways: usize) -> usize {
        self.offered.insert(pointer.to_owned(), ways);
        self.taken.get(pointer).copied().unwrap_or(0).min(ways.saturating_sub(1))
    }

    /// Takes another way: at the refused place, else at the nearest one around it, else at the deepest one anywhere.
    /// `false` when there is none left.
    fn change(&mut self, refused: &str) -> bool {
        let around = |pointer: &&String| {
            refused.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let left = |(pointer, ways): &(&String, &usize)| self.taken.get(*pointer).map_or(1, |at| at + 1) < **ways;
        let open: Vec<&String> = self.offered.iter().filter(left).map(|(pointer, _)| pointer).collect();
        let depth = |pointer: &&&String| pointer.matches('/').count();
        let nearest = open.iter().filter(|pointer| around(pointer)).max_by_key(|pointer| pointer.len());
        let Some(pointer) = nearest.or_else(|| open.iter().max_by_key(depth)).map(|pointer| (*pointer).clone()) else {
            return false;
        };
        let below = format!("{pointer}/");
        self.taken.retain(|place, _| !place.starts_with(&below));
        *self.taken.entry(pointer).or_insert(0) += 1;
        true
    }
}

/// Makes something again and again, with other choices each time, until it is not refused; a refusal says where. What
/// was made first is the answer when nothing is accepted, since it is the most natural.
pub(super) fn search<T, R>(
    mut make: impl FnMut(&mut Choices) -> T,
    refuse: impl Fn(&T) -> Option<R>,
    place: impl Fn(&R) -> &str,
) -> (T, Option<R>) {
    let mut choices = Choices::default();
    let mut first = None;
    for _ in 0..TRIES {
        choices.offered.clear();
        let result = make(&mut choices);
        let Some(refusal) = refuse(&result) else {
            return (result, None);
        };
        let more = choices.change(place(&refusal));
        first.get_or_insert((result, refusal));
        if !more {
            break;
        }
    }
    let (result, refusal) = first.expect("it was tried once at least");
    (result, Some(refusal))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three places with four ways each.
    fn make(choices: &mut Choices) -> [usize; 3] {
        ["", "/a", "/a/b"].map(|pointer| choices.choose(pointer, 4))
    }

    #[test]
    fn the_refused_place_changes_and_then_those_around_it() {
        let refuse = |made: &[usize; 3]| (*made != [0, 0, 2]).then_some("/a/b");
        assert_eq!(search(make, refuse, |place| place), ([0, 0, 2], None));
        let refuse = |made: &[usize; 3]| (*made != [0, 1, 3]).then_some("/a/b/c");
        assert_eq!(search(make, refuse, |place| place), ([0, 1, 3], None));
    }

    #[test]
    fn a_place_without_other_ways_leaves_it_to_the_rest() {
        let refuse = |made: &[usize; 3]| (*made != [3, 1, 0]).then_some("/x");
        assert_eq!(search(make, refuse, |place| place).1, None);
    }

    #[test]
    fn what_nothing_can_mend_is_given_as_it_was_made_first() {
        assert_eq!(search(make, |_| Some("/a"), |place| place), ([0, 0, 0], Some("/a")));
    }
}
