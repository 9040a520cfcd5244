//! Which of its variants each value of an event has, and the search for an event that the pipeline accepts.

use std::collections::BTreeMap;

/// Events tried before the search gives up.
const TRIES: usize = 300;
/// Places met in all before it gives up: a schema that never ends has many at each try.
const PLACES: usize = 100_000;

/// The variant chosen at each place, by JSON Pointer; the first one unless a rejection asked for another.
#[derive(Debug, Default)]
pub(super) struct Choices {
    chosen: BTreeMap<String, usize>,
    /// How many variants each place of the latest event has.
    offered: BTreeMap<String, usize>,
    /// Places met in all.
    met: usize,
}

impl Choices {
    /// The index of the variant to write at a place that has this many.
    pub(super) fn choose(&mut self, pointer: &str, variants: usize) -> usize {
        self.met += 1;
        self.offered.insert(pointer.to_owned(), variants);
        self.chosen.get(pointer).copied().unwrap_or(0).min(variants.saturating_sub(1))
    }

    /// Chooses another variant: at the rejected place, else at the nearest one around it, else at the deepest anywhere.
    fn change(&mut self, rejected: &str) -> Change {
        let open: Vec<&String> = self.offered.keys().filter(|pointer| self.has_untried(pointer)).collect();
        let around = open.iter().filter(|pointer| contains(pointer, rejected));
        let nearest = around.max_by_key(|pointer| pointer.len());
        let deepest = open.iter().max_by_key(|pointer| pointer.matches('/').count());
        let Some(pointer) = nearest.or(deepest).map(|pointer| (*pointer).clone()) else {
            return Change::None;
        };
        let change = if nearest.is_some() { Change::Near } else { Change::Elsewhere };
        // The places inside belong to the variant that is given up.
        let below = format!("{pointer}/");
        self.chosen.retain(|place, _| !place.starts_with(&below));
        *self.chosen.entry(pointer).or_insert(0) += 1;
        change
    }

    /// Whether a place has a variant after the chosen one.
    fn has_untried(&self, pointer: &str) -> bool {
        let next = self.chosen.get(pointer).map_or(1, |chosen| chosen + 1);
        self.offered.get(pointer).is_some_and(|variants| next < *variants)
    }
}

/// Whether a JSON Pointer leads to a place or to one around it.
fn contains(pointer: &str, place: &str) -> bool {
    place.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where another variant was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// At the rejected place, or around it.
    Near,
    /// At a place that most likely has nothing to do with the rejection.
    Elsewhere,
    /// Nowhere: all variants were tried.
    None,
}

/// Makes something again and again, with other choices each time, until it is not rejected; `reject` gives the JSON
/// Pointer of the place that is wrong. When nothing is accepted, returns the first result whose rejected place has no
/// other variants: whatever could be fixed is fixed in it.
pub(super) fn search<T>(mut make: impl FnMut(&mut Choices) -> T, reject: impl Fn(&T) -> Option<String>) -> T {
    let mut choices = Choices::default();
    let mut stuck = None;
    for _ in 0..TRIES {
        choices.offered.clear();
        let result = make(&mut choices);
        let Some(place) = reject(&result) else {
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

    /// Three places with four variants each.
    fn make(choices: &mut Choices) -> [usize; 3] {
        ["", "/a", "/a/b"].map(|pointer| choices.choose(pointer, 4))
    }

    fn search_for(wanted: [usize; 3], rejected: &str) -> [usize; 3] {
        search(make, |made| (*made != wanted).then(|| rejected.to_owned()))
    }

    #[test]
    fn the_rejected_place_changes_and_then_those_around_it() {
        assert_eq!(search_for([0, 0, 2], "/a/b"), [0, 0, 2]);
        assert_eq!(search_for([0, 1, 3], "/a/b/c"), [0, 1, 3]);
    }

    #[test]
    fn a_place_without_other_variants_leaves_it_to_the_rest() {
        assert_eq!(search_for([3, 1, 0], "/x"), [3, 1, 0]);
    }

    #[test]
    fn what_nothing_can_fix_is_returned_with_all_that_can_be_fixed() {
        let reject = |made: &[usize; 3]| Some(if made[1] == 2 { "/x" } else { "/a" }.to_owned());
        let only_inner =
            |choices: &mut Choices| ["", "/a", "/a/b"].map(|it| choices.choose(it, if it == "/a" { 4 } else { 1 }));
        assert_eq!(search(only_inner, reject), [0, 2, 0]);
    }
}
