//! The values jq works on: JSON that keeps to a budget.

mod container;

use std::rc::Rc;

use jaq_core::Error;
use jaq_json::Num;

use super::budget;
use super::text::Text;
use container::{Part, SLOT};

pub(crate) use container::{Arr, Obj};

/// A value. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) enum Val {
    Null,
    Bool(bool),
    Num(Num),
    Str(Rc<Text>),
    Arr(Rc<Arr>),
    Obj(Rc<Obj>),
}

/// Longer whole numbers stay text: turning digits into a big integer takes time in their square.
const LONGEST_INTEGER: usize = 1000;
/// Memory of a number beside its digits when it does not fit its slot.
const LONG_NUMBER: usize = 80;

impl Val {
    pub(crate) fn str(text: &str) -> Self {
        Self::from(text.to_owned())
    }

    /// The text that is `right` after `left`; `left` grows in place when nothing else holds it.
    pub(crate) fn concat(mut left: Rc<Text>, right: &str) -> Self {
        match Rc::get_mut(&mut left) {
            Some(text) => {
                text.push_str(right);
                Self::Str(left)
            }
            None => Self::from([&**left, right].concat()),
        }
    }

    /// The elements of `right` after those of `left`, likewise.
    pub(crate) fn join(mut left: Rc<Arr>, right: &Arr) -> Self {
        budget::steps(right.items().len() / 16);
        let arr = Rc::make_mut(&mut left);
        right.items().iter().for_each(|item| arr.push(item.clone()));
        Self::Arr(left)
    }

    pub(crate) fn obj(fields: impl IntoIterator<Item = (Rc<Text>, Val)>) -> Self {
        let mut obj = Obj::default();
        for (name, value) in fields {
            obj.insert(name, value);
        }
        Self::Obj(Rc::new(obj))
    }

    pub(crate) fn number(text: &str) -> Self {
        let integer = (text.len() <= LONGEST_INTEGER).then(|| Num::from_str_radix(text, 10)).flatten();
        Self::Num(integer.unwrap_or_else(|| {
            budget::room(text.len());
            Num::Dec(text.to_owned().into())
        }))
    }

    pub(crate) fn part(&self) -> Part {
        let (written, held) = match self {
            Self::Null | Self::Bool(_) => (0, 0),
            Self::Num(number) => match number_bytes(number) {
                0 => (0, 0),
                digits => (digits, LONG_NUMBER + digits),
            },
            Self::Str(text) => (text.len(), 0),
            Self::Arr(arr) => return arr.part(),
            Self::Obj(obj) => return obj.part(),
        };
        Part { written: SLOT + written, depth: 0, held: SLOT + held }
    }

    /// The elements of an array, all of which are about to be looked at.
    pub(crate) fn take_items(arr: Rc<Arr>) -> Vec<Val> {
        budget::steps(arr.items().len() / 4);
        Rc::unwrap_or_clone(arr).into_items()
    }

    pub(crate) fn as_text(&self) -> Result<&str, Error<Self>> {
        match self {
            Self::Str(text) => Ok(text),
            other => Err(Error::typ(other.clone(), "string")),
        }
    }

    /// A whole number, for an index.
    pub(crate) fn as_index(&self) -> Option<isize> {
        match self {
            Self::Num(number @ (Num::Int(_) | Num::BigInt(_))) => number.as_isize(),
            _ => None,
        }
    }
}

/// Digits of a number that is kept as text or as a big integer.
pub(crate) fn number_bytes(number: &Num) -> usize {
    match number {
        Num::Int(_) | Num::Float(_) => 0,
        Num::Dec(text) => text.len(),
        Num::BigInt(integer) => usize::try_from(integer.bits() / 3).unwrap_or(usize::MAX),
    }
}

impl From<bool> for Val {
    fn from(boolean: bool) -> Self {
        Self::Bool(boolean)
    }
}

impl From<isize> for Val {
    fn from(integer: isize) -> Self {
        Self::Num(Num::Int(integer))
    }
}

impl From<usize> for Val {
    fn from(integer: usize) -> Self {
        Self::Num(Num::from_integral(integer))
    }
}

impl From<f64> for Val {
    fn from(float: f64) -> Self {
        Self::Num(Num::Float(float))
    }
}

impl From<String> for Val {
    fn from(text: String) -> Self {
        Self::Str(Rc::new(Text::from(text)))
    }
}

/// A slice's bounds, as a path holds them.
impl From<jaq_core::val::Range<Val>> for Val {
    fn from(range: jaq_core::val::Range<Val>) -> Self {
        let bounds = [("end", range.end), ("start", range.start)];
        Self::obj(bounds.into_iter().filter_map(|(name, bound)| Some((Rc::new(name.to_owned().into()), bound?))))
    }
}

impl FromIterator<Val> for Val {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Self {
        let mut arr = Arr::default();
        items.into_iter().for_each(|item| arr.push(item));
        budget::steps(arr.items().len() / 4);
        Self::Arr(Rc::new(arr))
    }
}
