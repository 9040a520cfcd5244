//! The interface through which jaq's interpreter looks into values and changes parts of them.

use std::ops::Range;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val;
use jaq_core::{Error, Exn, ValR, ValT, ValX};
use jaq_json::Num;

use super::budget;
use super::search;
use super::text::Text;
use super::value::{Obj, Val};

const ITERABLE: &str = "iterable (array or object)";

impl ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        Ok(Self::number(text))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(fields: I) -> ValR<Self> {
        let mut obj = Obj::default();
        for (name, value) in fields {
            obj.insert(name.into_key()?, value);
        }
        Ok(Self::Obj(Rc::new(obj)))
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Arr(arr) => Box::new((0..arr.items().len()).map(move |at| {
                budget::steps(1);
                Ok((Val::from(at), arr.items()[at].clone()))
            })),
            Self::Obj(obj) => Box::new((0..obj.fields().len()).map(move |at| {
                budget::steps(1);
                let (name, value) = obj.fields()[at].clone();
                Ok((Val::Str(name), value))
            })),
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::Arr(arr) => Box::new((0..arr.items().len()).map(move |at| {
                budget::steps(1);
                Ok(arr.items()[at].clone())
            })),
            Self::Obj(_) => Box::new(self.key_values().map(|field| Ok(field?.1))),
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (self, index) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Obj(obj), Self::Str(name)) => Ok(obj.get(name).cloned().unwrap_or(Self::Null)),
            (Self::Arr(arr), Self::Num(Num::Int(_) | Num::BigInt(_))) => {
                let at = index.as_index().and_then(|at| element(at, arr.items().len()));
                Ok(at.map_or(Self::Null, |at| arr.items()[at].clone()))
            }
            (Self::Arr(arr), Self::Arr(part)) => Ok(search::elements(arr.items(), part.items())),
            (value @ (Self::Arr(_) | Self::Str(_)), Self::Obj(bounds)) => {
                value.range(bounds.get("start")..bounds.get("end"))
            }
            (value, index) => Err(Error::index(value, index.clone())),
        }
    }

    fn range(self, range: val::Range<&Self>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Arr(arr) => {
                let range = bounds(&range, arr.items().len())?;
                Ok(arr.items()[range].iter().cloned().collect())
            }
            Self::Str(text) => {
                let range = char_bounds(&range, &text)?;
                Ok(Self::str(&text[range]))
            }
            other => Err(Error::typ(other, "rangeable (array or string)")),
        }
    }

    fn map_values<'a, I: Iterator<Item = ValX<'a, Self>>>(self, opt: Opt, f: impl Fn(Self) -> I) -> ValX<'a, Self> {
        match self {
            Self::Arr(arr) => Self::take_items(arr).into_iter().flat_map(f).collect(),
            Self::Obj(obj) => {
                let mut changed = Obj::default();
                for (name, value) in obj.fields() {
                    if let Some(value) = f(value.clone()).next() {
                        changed.insert(Rc::clone(name), value?);
                    }
                }
                Ok(Self::Obj(Rc::new(changed)))
            }
            other => opt.fail(other, |value| Exn::from(Error::typ(value, ITERABLE))),
        }
    }

    fn map_index<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        index: &Self,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        match (self, index) {
            (value @ (Self::Str(_) | Self::Arr(_)), Self::Obj(bounds)) => {
                value.map_range(bounds.get("start")..bounds.get("end"), opt, f)
            }
            (Self::Null, Self::Str(_)) => Self::obj([]).map_index(index, opt, f),
            (Self::Obj(mut obj), Self::Str(name)) => {
                Rc::make_mut(&mut obj).update(name, |before| f(before).next().transpose())?;
                Ok(Self::Obj(obj))
            }
            (Self::Arr(mut arr), Self::Num(_)) => {
                let at = index.as_index().and_then(|at| element(at, arr.items().len()));
                let Some(at) = at else {
                    return opt
                        .fail(Self::Arr(arr), |_| Exn::from(Error::str(format_args!("index {index} out of bounds"))));
                };
                Rc::make_mut(&mut arr).update(at, |before| f(before).next().transpose())?;
                Ok(Self::Arr(arr))
            }
            (value, _) => opt.fail(value, |value| Exn::from(Error::typ(value, ITERABLE))),
        }
    }

    fn map_range<'a, I: Iterator<Item = ValX<'a, Self>>>(
        self,
        range: val::Range<&Self>,
        opt: Opt,
        f: impl Fn(Self) -> I,
    ) -> ValX<'a, Self> {
        let Self::Arr(arr) = self else {
            return opt.fail(self, |value| Exn::from(Error::typ(value, "array")));
        };
        let range = match bounds(&range, arr.items().len()) {
            Ok(range) => range,
            Err(error) => return opt.fail(Self::Arr(arr), |_| Exn::from(error)),
        };
        let mut items = Self::take_items(arr);
        let part = items[range.clone()].iter().cloned().collect();
        let replacement = match f(part).next().transpose()? {
            Some(Self::Arr(arr)) => Self::take_items(arr),
            Some(other) => return Err(Exn::from(Error::typ(other, "array"))),
            None => Vec::new(),
        };
        items.splice(range, replacement);
        Ok(items.into_iter().collect())
    }

    fn as_bool(&self) -> bool {
        !matches!(self, Self::Null | Self::Bool(false))
    }

    fn into_string(self) -> Self {
        match self {
            Self::Str(_) => self,
            other => Self::str(&other.to_json()),
        }
    }
}

impl Val {
    fn into_key(self) -> Result<Rc<Text>, Error<Self>> {
        match self {
            Self::Str(name) => Ok(name),
            other => Err(Error::typ(other, "string")),
        }
    }
}

/// Where an index points, counted from the end when negative.
fn element(index: isize, length: usize) -> Option<usize> {
    let at = if index < 0 { length.checked_sub(index.unsigned_abs())? } else { index.unsigned_abs() };
    (at < length).then_some(at)
}

/// A slice's bounds, clipped to what is there.
fn bounds(range: &val::Range<&Val>, length: usize) -> Result<Range<usize>, Error<Val>> {
    let start = clipped(range.start, length)?.unwrap_or(0);
    let end = clipped(range.end, length)?.unwrap_or(length);
    Ok(start..end.max(start))
}

fn clipped(bound: Option<&Val>, length: usize) -> Result<Option<usize>, Error<Val>> {
    let Some(bound) = bound.filter(|bound| !matches!(bound, Val::Null)) else {
        return Ok(None);
    };
    let index = bound.as_index().ok_or_else(|| Error::typ(bound.clone(), "integer"))?;
    let at = index.unsigned_abs();
    Ok(Some(if index < 0 { length.saturating_sub(at) } else { at.min(length) }))
}

/// The same in characters, as byte positions.
fn char_bounds(range: &val::Range<&Val>, text: &str) -> Result<Range<usize>, Error<Val>> {
    budget::steps(1 + text.len() / 16);
    let range = bounds(range, text.chars().count())?;
    Ok(byte_position(text, range.start)..byte_position(text, range.end))
}

fn byte_position(text: &str, character: usize) -> usize {
    text.char_indices().nth(character).map_or(text.len(), |(byte, _)| byte)
}
