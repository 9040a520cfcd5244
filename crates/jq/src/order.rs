//! Compares values, and shows them in error messages.

use std::cmp::Ordering;
use std::fmt;
use std::rc::Rc;

use super::budget;
use super::text::{Text, compare};
use super::value::{Val, number_bytes};

/// jq's order: null, booleans, numbers, strings, arrays, objects (first by their keys, then by their values).
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        budget::steps(1);
        match (self, other) {
            (Self::Bool(x), Self::Bool(y)) => x.cmp(y),
            (Self::Num(x), Self::Num(y)) => {
                // A decimal is parsed each time.
                budget::read(number_bytes(x) + number_bytes(y));
                x.cmp(y)
            }
            (Self::Str(x), Self::Str(y)) => compare(x, y),
            (Self::Arr(x), Self::Arr(y)) => x.items().cmp(y.items()),
            (Self::Obj(x), Self::Obj(y)) => compare_objects(x.fields(), y.fields()),
            _ => self.rank().cmp(&other.rank()),
        }
    }
}

impl Val {
    fn rank(&self) -> u8 {
        match self {
            Self::Null => 0,
            Self::Bool(_) => 1,
            Self::Num(_) => 2,
            Self::Str(_) => 3,
            Self::Arr(_) => 4,
            Self::Obj(_) => 5,
        }
    }
}

impl PartialOrd for Val {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Val {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Val {}

fn compare_objects(left: &[(Rc<Text>, Val)], right: &[(Rc<Text>, Val)]) -> Ordering {
    for ((x, _), (y, _)) in left.iter().zip(right) {
        let order = compare(x, y);
        if order.is_ne() {
            return order;
        }
    }
    if left.len() != right.len() {
        return left.len().cmp(&right.len());
    }
    left.iter().map(|(_, value)| value).cmp(right.iter().map(|(_, value)| value))
}

/// For jq's error messages: a scalar cut short, a container by its kind.
impl fmt::Display for Val {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(boolean) => boolean.fmt(f),
            Self::Num(number) if number_bytes(number) > 40 => f.write_str("a long number"),
            Self::Num(number) => number.fmt(f),
            Self::Str(text) => match text.char_indices().nth(40) {
                Some((end, _)) => write!(f, "{:?}...", &text[..end]),
                None => write!(f, "{text:?}"),
            },
            Self::Arr(_) => f.write_str("an array"),
            Self::Obj(_) => f.write_str("an object"),
        }
    }
}
