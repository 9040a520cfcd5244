//! Finding a part in a whole: texts in texts, elements in arrays, values in values.

use jaq_core::native::{Fun, run, unary, v};
use jaq_core::{Error, ValR};

use super::budget;
use super::value::Val;
use crate::interpreter::Data;

pub(crate) fn functions() -> Vec<Fun<Data>> {
    vec![
        run(("contains", v(1), |cv| unary(cv, |value, part| Ok(Val::Bool(contains(&value, &part)))))),
        run(("indices", v(1), |cv| unary(cv, |value, part| indices(&value, &part)))),
    ]
}

fn contains(value: &Val, part: &Val) -> bool {
    budget::steps(1);
    match (value, part) {
        (Val::Str(text), Val::Str(part)) => {
            budget::steps((text.len() + part.len()) / 16);
            text.contains(&***part)
        }
        (Val::Arr(arr), Val::Arr(parts)) => {
            parts.items().iter().all(|part| arr.items().iter().any(|item| contains(item, part)))
        }
        (Val::Obj(obj), Val::Obj(parts)) => {
            parts.fields().iter().all(|(name, part)| obj.get(name).is_some_and(|item| contains(item, part)))
        }
        _ => value == part,
    }
}

fn indices(value: &Val, part: &Val) -> ValR<Val> {
    match (value, part) {
        (Val::Null, _) => Ok(Val::Null),
        (Val::Str(text), Val::Str(part)) => Ok(characters(text, part)),
        (Val::Arr(arr), Val::Arr(part)) => Ok(elements(arr.items(), part.items())),
        (Val::Arr(arr), item) => Ok(elements(arr.items(), std::slice::from_ref(item))),
        _ => Err(Error::index(value.clone(), part.clone())),
    }
}

/// Where `part` begins inside `items`; null when it is empty.
pub(crate) fn elements(items: &[Val], part: &[Val]) -> Val {
    if part.is_empty() {
        return Val::Null;
    }
    occurrences(items, part).map(Val::from).collect()
}

/// The same in a text, in characters.
fn characters(text: &str, part: &str) -> Val {
    if part.is_empty() {
        return Val::Null;
    }
    let (mut bytes, mut chars) = (0, 0);
    let places = occurrences(text.as_bytes(), part.as_bytes());
    places
        .map(|at| {
            chars += text[bytes..at].chars().count();
            bytes = at;
            Val::from(chars)
        })
        .collect()
}

/// Where `part` begins inside `whole`, overlapping ones too, in linear time (Knuth, Morris and Pratt).
fn occurrences<T: Eq>(whole: &[T], part: &[T]) -> impl Iterator<Item = usize> {
    budget::steps((whole.len() + part.len()) / 16);
    budget::room(size_of::<usize>() * part.len());
    let borders = borders(part);
    let mut matched = 0;
    whole.iter().enumerate().filter_map(move |(at, item)| {
        matched = longer(part, &borders, matched, item);
        (matched == part.len()).then(|| at + 1 - matched)
    })
}

/// For each beginning of `part`, the length of the longest shorter one that it ends with.
fn borders<T: Eq>(part: &[T]) -> Vec<usize> {
    let mut borders = vec![0; part.len()];
    for at in 1..part.len() {
        borders[at] = longer(part, &borders, borders[at - 1], &part[at]);
    }
    borders
}

/// How much of `part` is matched after one more item, when `matched` was before it.
fn longer<T: Eq>(part: &[T], borders: &[usize], mut matched: usize, item: &T) -> usize {
    while part.get(matched) != Some(item) {
        match matched.checked_sub(1) {
            Some(last) => matched = borders[last],
            None => return 0,
        }
    }
    matched + 1
}
