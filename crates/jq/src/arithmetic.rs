//! jq's operators `+ - * / %` and negation.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::{Add, Div, Mul, Neg, Rem, Sub};
use std::rc::Rc;

use jaq_core::ops::Math;
use jaq_core::{Error, ValR};
use jaq_json::Num;
use jaq_std::ValT as _;

use super::budget::{self, Limit};
use super::value::{Obj, Val, number_bytes};

/// Digits of a product, at most: far more than any column holds with sense.
const LONGEST_PRODUCT: usize = 20_000;

impl Add for Val {
    type Output = ValR<Val>;

    fn add(self, other: Self) -> ValR<Self> {
        budget::steps(1);
        match (self, other) {
            (Self::Null, value) | (value, Self::Null) => Ok(value),
            (Self::Num(x), Self::Num(y)) => Ok(Self::Num(counted(&x, &y, Num::add))),
            (Self::Str(x), Self::Str(y)) => Ok(Self::concat(x, &y)),
            (Self::Arr(x), Self::Arr(y)) => Ok(Self::join(x, &y)),
            (Self::Obj(x), Self::Obj(y)) => Ok(Self::Obj(united(x, &y))),
            (x, y) => Err(Error::math(x, Math::Add, y)),
        }
    }
}

/// The fields of both; those of the right side where a name is in both.
fn united(mut left: Rc<Obj>, right: &Obj) -> Rc<Obj> {
    budget::steps(right.fields().len() / 4);
    let fields = Rc::make_mut(&mut left);
    for (name, value) in right.fields() {
        fields.insert(Rc::clone(name), value.clone());
    }
    left
}

impl Sub for Val {
    type Output = ValR<Val>;

    fn sub(self, other: Self) -> ValR<Self> {
        budget::steps(1);
        match (self, other) {
            (Self::Num(x), Self::Num(y)) => Ok(Self::Num(counted(&x, &y, Num::sub))),
            (Self::Arr(x), Self::Arr(y)) => {
                let remove: BTreeSet<_> = y.items().iter().collect();
                let kept = x.items().iter().filter(|item| !remove.contains(item));
                Ok(kept.cloned().collect())
            }
            (x, y) => Err(Error::math(x, Math::Sub, y)),
        }
    }
}

impl Mul for Val {
    type Output = ValR<Val>;

    fn mul(self, other: Self) -> ValR<Self> {
        budget::steps(1);
        match (self, other) {
            (Self::Num(x), Self::Num(y)) => {
                if number_bytes(&x).max(number_bytes(&y)) > LONGEST_PRODUCT / 2 {
                    budget::stop(Limit::Bytes);
                }
                Ok(Self::Num(counted(&x, &y, Num::mul)))
            }
            (Self::Str(text), Self::Num(times)) | (Self::Num(times), Self::Str(text)) => Ok(repeat(&text, &times)),
            (Self::Obj(x), Self::Obj(y)) => Ok(merge(x, &y)),
            (x, y) => Err(Error::math(x, Math::Mul, y)),
        }
    }
}

/// Null when repeated less than once; a fraction of a time does not count.
fn repeat(text: &str, times: &Num) -> Val {
    let times = Val::Num(times.clone()).as_f64().unwrap_or(0.0);
    if times < 1.0 || times.is_nan() {
        return Val::Null;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, and is bounded below")]
    let times = times as usize;
    budget::room(text.len().saturating_mul(times));
    Val::from(text.repeat(if text.is_empty() { 1 } else { times }))
}

/// Recursive merge: an object in both is merged, everything else is the right side's.
fn merge(mut left: Rc<Obj>, right: &Rc<Obj>) -> Val {
    budget::steps(1 + right.fields().len() / 4);
    let fields = Rc::make_mut(&mut left);
    for (name, value) in right.fields() {
        let Ok(()) = fields.update(name, |before| {
            Ok::<_, Infallible>(Some(match (before, value) {
                (Val::Obj(x), Val::Obj(y)) => merge(x, y),
                _ => value.clone(),
            }))
        });
    }
    Val::Obj(left)
}

impl Div for Val {
    type Output = ValR<Val>;

    fn div(self, other: Self) -> ValR<Self> {
        budget::steps(1);
        match (self, other) {
            (Self::Num(x), Self::Num(y)) => Ok(Self::Num(counted(&x, &y, Num::div))),
            (Self::Str(text), Self::Str(separator)) => Ok(split(&text, &separator)),
            (x, y) => Err(Error::math(x, Math::Div, y)),
        }
    }
}

fn split(text: &str, separator: &str) -> Val {
    budget::steps(text.len() / 16);
    if text.is_empty() {
        return Val::from_iter([]);
    }
    if separator.is_empty() {
        return text.chars().map(|c| Val::str(c.encode_utf8(&mut [0; 4]))).collect();
    }
    text.split(separator).map(Val::str).collect()
}

impl Rem for Val {
    type Output = ValR<Val>;

    fn rem(self, other: Self) -> ValR<Self> {
        budget::steps(1);
        match (self, other) {
            (Self::Num(x), Self::Num(y)) if y != Num::Int(0) => Ok(Self::Num(counted(&x, &y, Num::rem))),
            (x, y) => Err(Error::math(x, Math::Rem, y)),
        }
    }
}

impl Neg for Val {
    type Output = ValR<Val>;

    fn neg(self) -> ValR<Self> {
        match self {
            Self::Num(number) => {
                budget::room(number_bytes(&number));
                Ok(Self::Num(-number))
            }
            other => Err(Error::typ(other, "number")),
        }
    }
}

/// An operation on two numbers, paid for by their digits.
fn counted(x: &Num, y: &Num, operation: fn(Num, Num) -> Num) -> Num {
    let digits = number_bytes(x) + number_bytes(y);
    budget::room(digits);
    budget::steps(digits / 8);
    operation(x.clone(), y.clone())
}
