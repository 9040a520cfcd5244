//! What is certain of the message where a condition is known to be true, or false.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;
use serde_json::Value;

use super::fact::{Fact, Holds, Origin, Scope, origin, same};
use super::functions::{OnNull, function};
use super::predicate::call;
use super::term::literal;

/// What is certain when the term is true, or, with `truth` false, when it is false or null.
pub(super) fn facts(term: &Term<&str>, scope: Scope<'_>, truth: bool) -> Vec<Fact> {
    match term {
        Term::BinOp(left, BinaryOp::And, right) if truth => both(left, right, scope, truth),
        Term::BinOp(left, BinaryOp::Or, right) if !truth => both(left, right, scope, truth),
        // The right side decides where the left one did not.
        Term::BinOp(left, BinaryOp::And | BinaryOp::Or, right) => {
            let second = [facts(left, scope, !truth), facts(right, scope, truth)].concat();
            either(facts(left, scope, truth), second)
        }
        Term::BinOp(left, BinaryOp::Alt, right) if truth => {
            either(facts(left, scope, truth), facts(right, scope, truth))
        }
        Term::BinOp(left, BinaryOp::Cmp(cmp), right) => {
            let cmp = if truth { *cmp } else { opposite(*cmp) };
            [comparison(left, cmp, right, scope), comparison(right, mirrored(cmp), left, scope)].concat()
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => piped(left, right, scope, truth),
        Term::Call(name, arguments) if truth => call(name, arguments, scope),
        other if truth => not_null(other, scope),
        _ => Vec::new(),
    }
}

fn both(left: &Term<&str>, right: &Term<&str>, scope: Scope<'_>, truth: bool) -> Vec<Fact> {
    [facts(left, scope, truth), facts(right, scope, truth)].concat()
}

/// What both lists say, and that one of them holds.
fn either(left: Vec<Fact>, right: Vec<Fact>) -> Vec<Fact> {
    if left.is_empty() || right.is_empty() {
        return Vec::new();
    }
    let mut found: Vec<Fact> = left.iter().filter_map(|fact| common(fact, &right)).collect();
    found.push(Fact::Either(left, right));
    found
}

/// What is left of a fact where only it or the others hold.
fn common(fact: &Fact, others: &[Fact]) -> Option<Fact> {
    match fact {
        Fact::At(place, Holds::NotNull) => others.iter().any(|other| other.not_null(place)).then(|| fact.clone()),
        Fact::At(place, Holds::OneOf(values)) => others.iter().find_map(|other| match other.about(place)? {
            Holds::OneOf(more) => Some(Fact::At(place.clone(), Holds::OneOf([&values[..], more].concat()))),
            _ => None,
        }),
        _ => others.contains(fact).then(|| fact.clone()),
    }
}

pub(super) fn mirrored(cmp: Cmp) -> Cmp {
    match cmp {
        Cmp::Lt => Cmp::Gt,
        Cmp::Le => Cmp::Ge,
        Cmp::Gt => Cmp::Lt,
        Cmp::Ge => Cmp::Le,
        same => same,
    }
}

/// jq orders all values, whatever their types: one of a comparison and its opposite always holds.
fn opposite(cmp: Cmp) -> Cmp {
    match cmp {
        Cmp::Eq => Cmp::Ne,
        Cmp::Ne => Cmp::Eq,
        Cmp::Lt => Cmp::Ge,
        Cmp::Ge => Cmp::Lt,
        Cmp::Gt => Cmp::Le,
        Cmp::Le => Cmp::Gt,
    }
}

fn comparison(left: &Term<&str>, cmp: Cmp, right: &Term<&str>, scope: Scope<'_>) -> Vec<Fact> {
    let Some(value) = literal(right) else {
        return Vec::new();
    };
    if let Term::BinOp(first, BinaryOp::Alt, default) = left
        && literal(default).is_some_and(|default| compare(&default, cmp, &value) == Some(false))
    {
        return [not_null(first, scope), comparison(first, cmp, right, scope)].concat();
    }
    if let Some(place) = of_call(left, "length", scope) {
        return length(&place, cmp, &value);
    }
    if let Some(place) = of_call(left, "type", scope) {
        return type_name(&value, cmp).map(|name| Fact::At(place, Holds::Is(name))).into_iter().collect();
    }
    // Null equals only null, and is smaller than every other value but itself (jq, "Comparisons").
    let excludes_null = match cmp {
        Cmp::Eq | Cmp::Ge => !value.is_null(),
        Cmp::Ne => value.is_null(),
        Cmp::Gt => true,
        Cmp::Lt | Cmp::Le => false,
    };
    let mut found = if excludes_null { not_null(left, scope) } else { Vec::new() };
    let about = origin(left, scope).zip(value_facts(cmp, value));
    found.extend(about.map(|(place, holds)| Fact::At(place, holds)));
    found
}

/// What a comparison with this value says about the other one, besides that it is not null.
fn value_facts(cmp: Cmp, value: Value) -> Option<Holds> {
    match (cmp, value) {
        (Cmp::Eq, Value::Null) => Some(Holds::Is("null")),
        (Cmp::Eq, value) => Some(Holds::OneOf(vec![value])),
        (Cmp::Ne, Value::Array(items)) if items.is_empty() => Some(Holds::Least(1)),
        (Cmp::Ne, value) if !value.is_null() => Some(Holds::Not(value)),
        _ => None,
    }
}

/// Two values, where their order is plain.
pub(super) fn compare(left: &Value, cmp: Cmp, right: &Value) -> Option<bool> {
    let order = match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?)?,
        (Value::String(left), Value::String(right)) => left.cmp(right),
        _ => return matches!(cmp, Cmp::Eq | Cmp::Ne).then(|| same(left, right) == (cmp == Cmp::Eq)),
    };
    Some(match cmp {
        Cmp::Eq => order.is_eq(),
        Cmp::Ne => order.is_ne(),
        Cmp::Lt => order.is_lt(),
        Cmp::Le => order.is_le(),
        Cmp::Gt => order.is_gt(),
        Cmp::Ge => order.is_ge(),
    })
}

/// The length of null is 0.
fn length(place: &Origin, cmp: Cmp, value: &Value) -> Vec<Fact> {
    let least = match (cmp, value.as_u64()) {
        (Cmp::Eq | Cmp::Ge, Some(number)) => number,
        (Cmp::Gt, Some(number)) => number.saturating_add(1),
        (Cmp::Ne, Some(0)) => 1,
        _ => 0,
    };
    let facts = [Holds::NotNull, Holds::Least(least)].map(|holds| Fact::At(place.clone(), holds));
    facts.into_iter().filter(|_| least > 0).collect()
}

/// That a term is not null, said about the places it is taken from.
fn not_null(term: &Term<&str>, scope: Scope<'_>) -> Vec<Fact> {
    match term {
        Term::BinOp(left, BinaryOp::Alt, right) => either(not_null(left, scope), not_null(right, scope)),
        // `.x | lower` is null for null.
        Term::BinOp(left, BinaryOp::Pipe(None), right) if keeps_null(right) => not_null(left, scope),
        Term::Call(name @ ("index" | "rindex"), arguments) => call(name, arguments, scope),
        term => origin(term, scope).map(Fact::not_null_at).into_iter().collect(),
    }
}

/// Whether a term is a function that makes null of null.
fn keeps_null(term: &Term<&str>) -> bool {
    match term {
        Term::Call(name, arguments) => {
            function(name, arguments.len()).is_some_and(|function| function.null == OnNull::Keeps)
        }
        _ => false,
    }
}

/// The place in `PLACE | name`.
fn of_call(term: &Term<&str>, name: &str, scope: Scope<'_>) -> Option<Origin> {
    let called =
        |term: &Term<&str>| matches!(term, Term::Call(known, arguments) if *known == name && arguments.is_empty());
    match term {
        Term::BinOp(left, BinaryOp::Pipe(None), right) if called(right) => origin(left, scope),
        term if called(term) => scope.input.cloned(),
        _ => None,
    }
}

/// The built-in schemas of the names that `type` yields: of such values, and of all others.
const TYPES: [(&str, &str); 6] = [
    ("null", "value"),
    ("boolean", "no boolean"),
    ("number", "no number"),
    ("string", "no string"),
    ("array", "no array"),
    ("object", "no object"),
];

fn type_name(name: &Value, cmp: Cmp) -> Option<&'static str> {
    let (is, is_not) = TYPES.into_iter().find(|(known, _)| name == known)?;
    match cmp {
        Cmp::Eq => Some(is),
        Cmp::Ne => Some(is_not),
        _ => None,
    }
}

fn piped(left: &Term<&str>, right: &Term<&str>, scope: Scope<'_>, truth: bool) -> Vec<Fact> {
    if let Term::Call("not", _) = right {
        return facts(left, scope, !truth);
    }
    let place = origin(left, scope);
    place.map_or_else(Vec::new, |place| facts(right, Scope { input: Some(&place), ..scope }, truth))
}

/// What is certain after `select(..)` and its kind let a value through.
pub(super) fn passed(term: &Term<&str>, scope: Scope<'_>) -> Vec<Fact> {
    match term {
        Term::Call("select", arguments) if arguments.len() == 1 => facts(&arguments[0], scope, true),
        Term::Call("values" | "strings" | "numbers" | "booleans" | "arrays" | "objects" | "iterables", arguments)
            if arguments.is_empty() =>
        {
            scope.input.cloned().map(Fact::not_null_at).into_iter().collect()
        }
        _ => Vec::new(),
    }
}
