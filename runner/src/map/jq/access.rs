//! Looking into values and changing parts of them: the interface jaq's interpreter works through.

use std::ops::Range;
use std::rc::Rc;

use jaq_core::box_iter::{BoxIter, box_once};
use jaq_core::path::Opt;
use jaq_core::val;
use jaq_core::{Error, Exn, ValR, ValT, ValX};
use jaq_json::Num;

use super::budget::{self, Limit};
use super::value::{Obj, Val};

const ITERABLE: &str = "iterable (array or object)";

impl ValT for Val {
    fn from_num(text: &str) -> ValR<Self> {
        Ok(Self::number(text))
    }

    fn from_map<I: IntoIterator<Item = (Self, Self)>>(fields: I) -> ValR<Self> {
        fields.into_iter().map(|(key, value)| Ok((key.into_key()?, value))).collect::<Result<_, _>>().map(Self::obj)
    }

    fn key_values(self) -> BoxIter<'static, ValR<(Self, Self), Self>> {
        match self {
            Self::Arr(arr) => Box::new((0..arr.items.len()).map(move |at| {
                budget::steps(1);
                Ok((Val::from(at), arr.items[at].clone()))
            })),
            Self::Obj(obj) => Box::new(Val::take_fields(obj).into_iter().map(|(name, value)| {
                budget::steps(1);
                Ok((Val::Str(name), value))
            })),
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn values(self) -> Box<dyn Iterator<Item = ValR<Self>>> {
        match self {
            Self::Arr(arr) => Box::new((0..arr.items.len()).map(move |at| {
                budget::steps(1);
                Ok(arr.items[at].clone())
            })),
            Self::Obj(_) => Box::new(self.key_values().map(|field| Ok(field?.1))),
            other => box_once(Err(Error::typ(other, ITERABLE))),
        }
    }

    fn index(self, index: &Self) -> ValR<Self> {
        match (self, index) {
            (Self::Null, _) => Ok(Self::Null),
            (Self::Obj(obj), Self::Str(name)) => Ok(obj.fields.get(name).cloned().unwrap_or(Self::Null)),
            (Self::Arr(arr), Self::Num(Num::Int(_) | Num::BigInt(_))) => {
                let at = index.as_index().and_then(|at| element(at, arr.items.len()));
                Ok(at.map_or(Self::Null, |at| arr.items[at].clone()))
            }
            (Self::Arr(arr), Self::Arr(part)) => Ok(occurrences(&arr.items, &part.items)),
            (value @ (Self::Arr(_) | Self::Str(_)), Self::Obj(bounds)) => {
                value.range(bounds.field("start")..bounds.field("end"))
            }
            (value, index) => Err(Error::index(value, index.clone())),
        }
    }

    fn range(self, range: val::Range<&Self>) -> ValR<Self> {
        match self {
            Self::Null => Ok(Self::Null),
            Self::Arr(arr) => {
                let range = bounds(&range, arr.items.len())?;
                Ok(arr.items[range].iter().cloned().collect())
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
                let fields = Self::take_fields(obj).into_iter();
                let changed = fields.filter_map(|(name, value)| f(value).next().map(|value| Ok((name, value?))));
                changed.collect::<Result<_, Exn<_>>>().map(Self::obj)
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
                value.map_range(bounds.field("start")..bounds.field("end"), opt, f)
            }
            (Self::Null, Self::Str(_)) => Self::obj([].into()).map_index(index, opt, f),
            (Self::Obj(obj), Self::Str(name)) => {
                let mut fields = Self::take_fields(obj);
                let before = fields.remove(name).unwrap_or(Self::Null);
                if let Some(after) = f(before).next().transpose()? {
                    fields.insert(Rc::clone(name), after);
                }
                Ok(Self::obj(fields))
            }
            (Self::Arr(arr), Self::Num(_)) => {
                let at = index.as_index().and_then(|at| element(at, arr.items.len()));
                let Some(at) = at else {
                    let outside = |_| Exn::from(Error::str(format_args!("index {index} out of bounds")));
                    return opt.fail(Self::Arr(arr), outside);
                };
                let mut items = Self::take_items(arr);
                let before = std::mem::replace(&mut items[at], Self::Null);
                match f(before).next().transpose()? {
                    Some(after) => items[at] = after,
                    None => drop(items.remove(at)),
                }
                Ok(Self::arr(items))
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
        let range = match bounds(&range, arr.items.len()) {
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
        Ok(Self::arr(items))
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

impl Obj {
    /// A field whose name is not a [`Val`] yet.
    fn field(&self, name: &str) -> Option<&Val> {
        self.fields.iter().find_map(|(field, value)| (**field == name).then_some(value))
    }
}

impl Val {
    fn into_key(self) -> Result<Rc<String>, Error<Self>> {
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
    let clip = |bound: Option<&Val>, default| match bound {
        None | Some(Val::Null) => Ok(default),
        Some(bound) => {
            let index = bound.as_index().ok_or_else(|| Error::typ(bound.clone(), "integer"))?;
            let at = index.unsigned_abs();
            Ok(if index < 0 { length.saturating_sub(at) } else { at.min(length) })
        }
    };
    let start = clip(range.start, 0)?;
    Ok(start..clip(range.end, length)?.max(start))
}

/// The same in characters, as byte positions.
fn char_bounds(range: &val::Range<&Val>, text: &str) -> Result<Range<usize>, Error<Val>> {
    budget::steps(1 + text.len() / 16);
    let range = bounds(range, text.chars().count())?;
    let byte = |at| text.char_indices().nth(at).map_or(text.len(), |(byte, _)| byte);
    Ok(byte(range.start)..byte(range.end))
}

/// Where `part` begins inside `items`.
pub(super) fn occurrences(items: &[Val], part: &[Val]) -> Val {
    if part.is_empty() {
        return Val::Null;
    }
    let windows = items.windows(part.len()).enumerate();
    windows.filter(|(_, window)| *window == part).map(|(at, _)| Val::from(at)).collect()
}

impl jaq_std::ValT for Val {
    fn into_seq<S: FromIterator<Self>>(self) -> Result<S, Self> {
        match self {
            Self::Arr(arr) => Ok(Self::take_items(arr).into_iter().collect()),
            other => Err(other),
        }
    }

    fn is_int(&self) -> bool {
        matches!(self, Self::Num(Num::Int(_) | Num::BigInt(_)))
    }

    fn as_isize(&self) -> Option<isize> {
        self.as_index()
    }

    fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Num(Num::Int(integer)) =>
            {
                #[allow(clippy::cast_precision_loss, reason = "jq's own floating point")]
                Some(*integer as f64)
            }
            Self::Num(Num::Float(float)) => Some(*float),
            Self::Num(number) => number.to_string().parse().ok(),
            _ => None,
        }
    }

    fn is_utf8_str(&self) -> bool {
        matches!(self, Self::Str(_))
    }

    fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Str(text) => Some(text.as_bytes()),
            _ => None,
        }
    }

    fn as_sub_str(&self, part: &[u8]) -> Self {
        Self::from_utf8_bytes(part.to_vec())
    }

    fn from_utf8_bytes(bytes: impl AsRef<[u8]> + Send + 'static) -> Self {
        match std::str::from_utf8(bytes.as_ref()) {
            Ok(text) => Self::str(text),
            Err(_) => budget::stop(Limit::NotJson),
        }
    }
}
