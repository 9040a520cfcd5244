//! Functions of jq that work on our values: documents, lengths and look-ups.

use jaq_core::native::{Fun, bome, run, unary, v};
use jaq_core::{Error, ValR};
use jaq_json::Num;

use super::budget;
use super::value::{Val, number_bytes};
use crate::document::parse_into;
use crate::interpreter::Data;

pub(crate) fn functions() -> Vec<Fun<Data>> {
    vec![
        run(("fromjson", v(0), |cv| bome(fromjson(&cv.1)))),
        run(("tojson", v(0), |cv| bome(Ok(Val::from(cv.1.to_json()))))),
        run(("length", v(0), |cv| bome(length(cv.1)))),
        run(("has", v(1), |cv| unary(cv, |value, key| has(&value, &key)))),
        run(("bsearch", v(1), |cv| unary(cv, |value, item| bsearch(&value, &item)))),
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
    let found = arr.items().binary_search(item);
    let (Ok(at) | Err(at)) = found;
    let at = isize::try_from(at).expect("an array is shorter than isize::MAX");
    Ok(Val::from(if found.is_ok() { at } else { -1 - at }))
}
