//! What is certain of the input of a function that is true of it.

use jaq_core::load::parse::{BinaryOp, Term};
use serde_json::Value;

use super::fact::{Fact, Holds, Scope, step};
use super::term::literal;

/// Functions that fail on null, or yield null for it, and so are never true of it.
const FALSE_OF_NULL: [&str; 8] = ["startswith", "endswith", "test", "has", "any", "all", "index", "rindex"];

/// What a function says of its input where it is true.
pub(super) fn call(name: &str, arguments: &[Term<&str>], scope: Scope<'_>) -> Vec<Fact> {
    let Some(place) = scope.input else {
        return Vec::new();
    };
    let mut found = Vec::new();
    // `any(VALUES; CONDITION)` has values of its own.
    if FALSE_OF_NULL.contains(&name) && !(matches!(name, "any" | "all") && arguments.len() == 2) {
        found.push(Fact::not_null_at(place.clone()));
        found.extend((name == "any").then(|| Fact::At(place.clone(), Holds::Least(1))));
    }
    if let [argument] = arguments {
        let key = step(argument).filter(|_| name == "has");
        found.extend(key.map(|step| Fact::At(place.step(step), Holds::Present)));
        found.extend(compared(name, argument).map(|holds| Fact::At(place.clone(), holds)));
    }
    found
}

/// What a comparison with literals that is a function says of its input.
fn compared(name: &str, argument: &Term<&str>) -> Option<Holds> {
    match (name, literals(argument)?.as_slice()) {
        ("IN", values) => (!values.contains(&Value::Null)).then(|| Holds::OneOf(values.to_vec())),
        ("startswith", [Value::String(start)]) => Some(Holds::Starts(start.clone())),
        ("endswith", [Value::String(end)]) => Some(Holds::Ends(end.clone())),
        ("index" | "rindex", [Value::String(_) | Value::Number(_)]) => Some(Holds::Least(1)),
        _ => None,
    }
}

/// The values of `a, b`.
fn literals(term: &Term<&str>) -> Option<Vec<Value>> {
    match term {
        Term::BinOp(left, BinaryOp::Comma, right) => Some([literals(left)?, literals(right)?].concat()),
        term => Some(vec![literal(term)?]),
    }
}
