//! The values jq works on: JSON whose size and depth are known at every level, so that nothing that walks a value
//! can take longer or go deeper than its limits.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use jaq_json::Num;
use serde_json::{Number, Value};

use super::budget::{self, Limit};

/// A value. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Val {
    Null,
    Bool(bool),
    Num(Num),
    Str(Rc<String>),
    Arr(Rc<Arr>),
    Obj(Rc<Obj>),
}

#[derive(Clone, Debug)]
pub(super) struct Arr {
    pub(super) items: Vec<Val>,
    shape: Shape,
}

#[derive(Clone, Debug)]
pub(super) struct Obj {
    pub(super) fields: BTreeMap<Rc<String>, Val>,
    shape: Shape,
}

/// How large a value is when it is written out, and how deep.
#[derive(Clone, Copy, Debug)]
struct Shape {
    bytes: usize,
    depth: u32,
}

/// What a scalar, an element or a field takes without its content.
const SLOT: usize = 16;
/// Longer whole numbers stay text: turning digits into a big integer takes time in their square.
const LONGEST_INTEGER: usize = 1000;

impl Shape {
    const SCALAR: Self = Self { bytes: SLOT, depth: 0 };

    fn of(children: impl Iterator<Item = Self>) -> Self {
        let sum = children.fold(Self::SCALAR, |sum, child| Self {
            bytes: sum.bytes.saturating_add(child.bytes),
            depth: sum.depth.max(child.depth + 1),
        });
        if sum.depth > budget::DEPTH {
            budget::stop(Limit::Depth);
        }
        if sum.bytes > budget::BYTES {
            budget::stop(Limit::Bytes);
        }
        sum
    }

    /// What an array's elements add to the array around them.
    fn unwrapped(self) -> Self {
        Self { bytes: self.bytes - SLOT, depth: self.depth.saturating_sub(1) }
    }
}

impl Val {
    pub(super) fn str(text: &str) -> Self {
        Self::from(text.to_owned())
    }

    /// The text that is `right` after `left`; `left` grows in place when nothing else holds it.
    pub(super) fn concat(mut left: Rc<String>, right: &str) -> Self {
        budget::bytes(right.len());
        match Rc::get_mut(&mut left) {
            Some(text) => {
                text.push_str(right);
                Self::Str(left)
            }
            None => Self::from([&*left, right].concat()),
        }
    }

    /// The elements of `right` after those of `left`, likewise.
    pub(super) fn join(left: Rc<Arr>, right: &Arr) -> Self {
        budget::bytes(SLOT * right.items.len());
        let shape = Shape::of([left.shape, right.shape].into_iter().map(Shape::unwrapped));
        let mut items = Self::take_items(left);
        items.extend(right.items.iter().cloned());
        Self::Arr(Rc::new(Arr { items, shape }))
    }

    /// An array of items that are counted already.
    pub(super) fn arr(items: Vec<Val>) -> Self {
        budget::bytes(SLOT);
        let shape = Shape::of(items.iter().map(Val::shape));
        Self::Arr(Rc::new(Arr { items, shape }))
    }

    pub(super) fn obj(fields: BTreeMap<Rc<String>, Val>) -> Self {
        budget::bytes(SLOT * (1 + fields.len()));
        let field = |(name, value): (&Rc<String>, &Val)| {
            let shape = value.shape();
            let bytes = shape.bytes.saturating_add(SLOT + name.len());
            Shape { bytes, ..shape }
        };
        let shape = Shape::of(fields.iter().map(field));
        Self::Obj(Rc::new(Obj { fields, shape }))
    }

    pub(super) fn number(text: &str) -> Self {
        let integer = (text.len() <= LONGEST_INTEGER).then(|| Num::from_str_radix(text, 10)).flatten();
        Self::Num(integer.unwrap_or_else(|| Num::Dec(text.to_owned().into())))
    }

    fn shape(&self) -> Shape {
        match self {
            Self::Null | Self::Bool(_) => Shape::SCALAR,
            Self::Num(number) => Shape { bytes: SLOT + number_bytes(number), ..Shape::SCALAR },
            Self::Str(text) => Shape { bytes: SLOT + text.len(), ..Shape::SCALAR },
            Self::Arr(arr) => arr.shape,
            Self::Obj(obj) => obj.shape,
        }
    }

    /// Counts one walk over the whole value.
    pub(super) fn walk(&self) {
        budget::steps(1 + self.shape().bytes / 64);
    }

    /// The elements, to be changed and put back with [`Val::arr`]; a copy is made only when they are shared.
    pub(super) fn take_items(arr: Rc<Arr>) -> Vec<Val> {
        match Rc::try_unwrap(arr) {
            Ok(arr) => arr.items,
            Err(shared) => {
                budget::bytes(SLOT * shared.items.len());
                shared.items.clone()
            }
        }
    }

    /// The fields, likewise.
    pub(super) fn take_fields(obj: Rc<Obj>) -> BTreeMap<Rc<String>, Val> {
        match Rc::try_unwrap(obj) {
            Ok(obj) => obj.fields,
            Err(shared) => {
                budget::bytes(2 * SLOT * shared.fields.len());
                shared.fields.clone()
            }
        }
    }

    /// A whole number, for an index.
    pub(super) fn as_index(&self) -> Option<isize> {
        match self {
            Self::Num(number @ (Num::Int(_) | Num::BigInt(_))) => number.as_isize(),
            _ => None,
        }
    }

    /// The JSON text, as `tojson` and `tostring` give it.
    pub(super) fn to_json(&self) -> String {
        self.walk();
        self.to_value().to_string()
    }

    /// Its recursion is bounded by the value's depth, its time by the value's size.
    pub(super) fn from_value(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(boolean) => Self::Bool(*boolean),
            Value::Number(number) => Self::number(number.as_str()),
            Value::String(text) => {
                budget::steps(text.len() / 256);
                Self::Str(Rc::new(text.clone()))
            }
            Value::Array(items) => {
                budget::steps(items.len() / 4);
                let items: Vec<_> = items.iter().map(Self::from_value).collect();
                Self::arr(items)
            }
            Value::Object(fields) => {
                budget::steps(1 + fields.len() / 2);
                let field = |(name, value): (&String, &Value)| (Rc::new(name.clone()), Self::from_value(value));
                Self::obj(fields.iter().map(field).collect())
            }
        }
    }

    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(boolean) => Value::Bool(*boolean),
            Self::Num(number) => Value::Number(to_number(number)),
            Self::Str(text) => Value::String(text.to_string()),
            Self::Arr(arr) => arr.items.iter().map(Self::to_value).collect(),
            Self::Obj(obj) => obj.fields.iter().map(|(name, value)| (name.to_string(), value.to_value())).collect(),
        }
    }
}

/// Digits of a number that is kept as text or as a big integer.
pub(super) fn number_bytes(number: &Num) -> usize {
    match number {
        Num::Int(_) | Num::Float(_) => 0,
        Num::Dec(text) => text.len(),
        Num::BigInt(integer) => usize::try_from(integer.bits() / 3).unwrap_or(usize::MAX),
    }
}

fn to_number(number: &Num) -> Number {
    let converted = match number {
        Num::Int(integer) => Some(Number::from(*integer)),
        Num::Float(float) => Number::from_f64(*float),
        Num::BigInt(_) | Num::Dec(_) => number.to_string().parse().ok(),
    };
    converted.unwrap_or_else(|| budget::stop(Limit::NotJson))
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

/// jq's order: null, booleans, numbers, strings, arrays, objects (first by their keys, then by their values).
impl Ord for Val {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.shape().bytes < other.shape().bytes {
            self.walk();
        } else {
            other.walk();
        }
        match (self, other) {
            (Self::Bool(x), Self::Bool(y)) => x.cmp(y),
            (Self::Num(x), Self::Num(y)) => x.cmp(y),
            (Self::Str(x), Self::Str(y)) => x.cmp(y),
            (Self::Arr(x), Self::Arr(y)) => x.items.cmp(&y.items),
            (Self::Obj(x), Self::Obj(y)) => {
                let keys = x.fields.keys().cmp(y.fields.keys());
                keys.then_with(|| x.fields.values().cmp(y.fields.values()))
            }
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
        budget::bytes(SLOT + text.len());
        Self::Str(Rc::new(text))
    }
}

/// A slice's bounds, as a path holds them.
impl From<jaq_core::val::Range<Val>> for Val {
    fn from(range: jaq_core::val::Range<Val>) -> Self {
        let bounds = [("start", range.start), ("end", range.end)];
        Self::obj(bounds.into_iter().filter_map(|(name, bound)| Some((Rc::new(name.to_owned()), bound?))).collect())
    }
}

impl FromIterator<Val> for Val {
    fn from_iter<I: IntoIterator<Item = Val>>(items: I) -> Self {
        // Counted one by one: the iterator may be endless.
        let counted = items.into_iter().inspect(|_| budget::bytes(SLOT));
        Self::arr(counted.collect())
    }
}
