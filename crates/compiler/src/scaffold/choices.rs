//! Which of several ways an event is made at each of its places, and the search for ways the pipeline accepts.

use std::collections::BTreeMap;

/// Ways tried in all before the search gives up.
const TRIES: usize = 300;
/// Places met in all before it gives up: a schema that never ends has many at each try.
const PLACES: usize = 100_000;

/// The way taken at each place, by JSON Pointer; the first one unless a refusal asked for another.
#[derive(Debug, Default)]
pub(super) struct Choices {
    taken: BTreeMap<String, usize>,
    /// How many ways there were, of the places met since [`Choices::start`].
    offered: BTreeMap<String, usize>,
    /// Places met in all.
    met: usize,
}

impl Choices {
    /// The way to take at a place that has this many.
    pub(super) fn choose(&mut self, pointer: &str, ways: usize) -> usize {
        self.met += 1;
        self.offered.insert(pointer.to_owned(), ways);
        self.taken.get(pointer).copied().unwrap_or(0).min(ways.saturating_sub(1))
    }

    /// Takes another way: at the refused place, else at the nearest one around it, else at the deepest one anywhere.
    fn change(&mut self, refused: &str) -> Change {
        let around = |pointer: &&String| {
            refused.strip_prefix(pointer.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let left = |(pointer, ways): &(&String, &usize)| self.taken.get(*pointer).map_or(1, |at| at + 1) < **ways;
        let open: Vec<&String> = self.offered.iter().filter(left).map(|(pointer, _)| pointer).collect();
        let depth = |pointer: &&&String| pointer.matches('/').count();
        let nearest = open.iter().filter(|pointer| around(pointer)).max_by_key(|pointer| pointer.len());
        let change = if nearest.is_some() { Change::Near } else { Change::Elsewhere };
        let Some(pointer) = nearest.or_else(|| open.iter().max_by_key(depth)).map(|pointer| (*pointer).clone()) else {
            return Change::None;
        };
        let below = format!("{pointer}/");
        self.taken.retain(|place, _| !place.starts_with(&below));
        *self.taken.entry(pointer).or_insert(0) += 1;
        change
    }
}

/// Where another way was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// At the refused place, or around it.
    Near,
    /// At a place that most likely has nothing to do with it.
    Elsewhere,
    /// Nowhere: all ways were tried.
    None,
}

/// Makes something again and again, with other choices each time, until it is not refused; a refusal is the JSON Pointer
/// of the place. When nothing is accepted, the answer is the first result whose refused place has no other ways: all
/// before it is mended.
pub(super) fn search<T>(mut make: impl FnMut(&mut Choices) -> T, refuse: impl Fn(&T) -> Option<String>) -> T {
    let mut choices = Choices::default();
    let mut stuck = None;
    for _ in 0..TRIES {
        choices.offered.clear();
        let result = make(&mut choices);
        let Some(place) = refuse(&result) else {
            return result;
        };
        let change = choices.change(&place);
        if change != Change::Near {
            stuck.get_or_insert(result);
        }
        if change == Change::None || choices.met > PLACES {
            break;
        }
    }
    stuck.unwrap_or_else(|| make(&mut choices))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three places with four ways each.
    fn make(choices: &mut Choices) -> [usize; 3] {
        ["", "/a", "/a/b"].map(|pointer| choices.choose(pointer, 4))
    }

    fn search_for(wanted: [usize; 3], refused: &str) -> [usize; 3] {
        search(make, |made| (*made != wanted).then(|| refused.to_owned()))
    }

    #[test]
    fn the_refused_place_changes_and_then_those_around_it() {
        assert_eq!(search_for([0, 0, 2], "/a/b"), [0, 0, 2]);
        assert_eq!(search_for([0, 1, 3], "/a/b/c"), [0, 1, 3]);
    }

    #[test]
    fn a_place_without_other_ways_leaves_it_to_the_rest() {
        assert_eq!(search_for([3, 1, 0], "/x"), [3, 1, 0]);
    }

    #[test]
    fn what_nothing_can_mend_is_given_with_all_that_can_be_mended() {
        let refuse = |made: &[usize; 3]| Some(if made[1] == 2 { "/x" } else { "/a" }.to_owned());
        let only_inner =
            |choices: &mut Choices| ["", "/a", "/a/b"].map(|it| choices.choose(it, if it == "/a" { 4 } else { 1 }));
        assert_eq!(search(only_inner, refuse), [0, 2, 0]);
    }
}
