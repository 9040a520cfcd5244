//! Functions implemented here: those of jq that work on our values, and those an event pipeline needs beyond jq's.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, ValR};
use jaq_json::Num;

use super::budget;
use super::decode::{gunzip, sha256, unhex, url_decode};
use super::value::{Val, number_bytes};
use crate::decimal::Decimal;
use crate::document::parse_into;
use crate::interpreter::Data;
use crate::rfc_3339::rfc_3339;

/// Functions of jq.
pub(crate) fn json() -> Vec<Fun<Data>> {
    vec![
        run(("fromjson", v(0), |cv| bome(fromjson(&cv.1)))),
        run(("tojson", v(0), |cv| bome(Ok(Val::from(cv.1.to_json()))))),
        run(("length", v(0), |cv| bome(length(cv.1)))),
        run(("has", v(1), |cv| unary(cv, |value, key| has(&value, &key)))),
        run(("bsearch", v(1), |cv| unary(cv, |value, item| bsearch(&value, &item)))),
    ]
}

/// Functions beyond jq's. Each leaves null as it is.
pub(crate) fn events() -> Vec<Fun<Data>> {
    vec![
        run(("unix", v(0), |cv| bome(epoch(cv.1, 9)))),
        run(("unix_ms", v(0), |cv| bome(epoch(cv.1, 6)))),
        run(("unix_us", v(0), |cv| bome(epoch(cv.1, 3)))),
        run(("unix_ns", v(0), |cv| bome(epoch(cv.1, 0)))),
        run(("lower", v(0), |cv| bome(text(cv.1, |text| Ok(text.to_lowercase()))))),
        run(("upper", v(0), |cv| bome(text(cv.1, |text| Ok(text.to_uppercase()))))),
        run(("url_decode", v(0), |cv| bome(text(cv.1, url_decode)))),
        run(("gunzip", v(0), |cv| bome(text(cv.1, gunzip)))),
        run(("unhex", v(0), |cv| bome(text(cv.1, unhex)))),
        run(("sha256", v(0), |cv| bome(text(cv.1, |text| Ok(sha256(text)))))),
    ]
}

/// One JSON document, as strictly as a message's body; null for null.
fn fromjson(value: &Val) -> ValR<Val> {
    match value {
        Val::Str(text) => {
            budget::steps(text.len() / 16);
            parse_into(text)
                .map_err(|error| Error::str(format_args!("cannot parse {value} as JSON: {}", error.message)))
        }
        other => Err(Error::typ(other.clone(), "string")),
    }
}

fn length(value: Val) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::from(0usize)),
        Val::Num(number) => {
            budget::read(2 * number_bytes(&number));
            Ok(Val::Num(if number < Num::Int(0) { -number } else { number }))
        }
        Val::Str(text) => {
            budget::read(text.len());
            Ok(Val::from(text.chars().count()))
        }
        Val::Arr(arr) => Ok(Val::from(arr.items().len())),
        Val::Obj(obj) => Ok(Val::from(obj.fields().len())),
        Val::Bool(_) => Err(Error::str(format_args!("{value} has no length"))),
    }
}

fn has(value: &Val, key: &Val) -> ValR<Val> {
    match (value, key) {
        (Val::Obj(obj), Val::Str(name)) => Ok(Val::Bool(obj.get(name).is_some())),
        (Val::Arr(arr), Val::Num(_)) => {
            let at = key.as_index().and_then(|at| usize::try_from(at).ok());
            Ok(Val::Bool(at.is_some_and(|at| at < arr.items().len())))
        }
        _ => Err(Error::index(value.clone(), key.clone())),
    }
}

/// The position, or `-1 - position` of where it would be inserted.
fn bsearch(value: &Val, item: &Val) -> ValR<Val> {
    let Val::Arr(arr) = value else {
        return Err(Error::typ(value.clone(), "array"));
    };
    let signed = |at: usize| isize::try_from(at).expect("an array is shorter than isize::MAX");
    Ok(Val::from(match arr.items().binary_search(item) {
        Ok(at) => signed(at),
        Err(at) => -1 - signed(at),
    }))
}

/// A count since 1970 UTC, as RFC 3339. `digits` is how many decimal digits the unit lies above a nanosecond.
/// Exact: the number's own digits are read, never a float; digits below a nanosecond are refused.
fn epoch(value: Val, digits: i64) -> ValR<Val> {
    let text = match &value {
        Val::Null => return Ok(Val::Null),
        Val::Num(number) => {
            budget::read(number_bytes(number));
            number.to_string()
        }
        Val::Str(text) => {
            budget::read(text.len());
            text.to_string()
        }
        _ => return Err(Error::typ(value, "number")),
    };
    let nanoseconds = Decimal::parse(&text).and_then(|decimal| decimal.scaled(digits));
    match nanoseconds.and_then(rfc_3339) {
        Some(text) => Ok(Val::from(text)),
        None => Err(Error::str(format_args!("cannot use {value} as a time since 1970"))),
    }
}

fn text(value: Val, f: impl FnOnce(&str) -> Result<String, String>) -> ValR<Val> {
    match value {
        Val::Null => Ok(Val::Null),
        Val::Str(text) => {
            budget::steps(text.len() / 16);
            // In another case a text may have three times its length.
            budget::room(3 * text.len());
            f(&text).map(Val::from).map_err(Error::str)
        }
        other => Err(Error::typ(other, "string")),
    }
}
