//! Terms: parsed, and what is plain to see in them.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use serde_json::Value;

/// Operators and brackets up to which an expression is looked into; the parser and the walk recurse over them.
const MAX_OPERATORS: usize = 400;

/// The expression as a term; `None` when it is none, or too long to look into.
pub(crate) fn parse(text: &str) -> Option<Term<&str>> {
    let operators = text.matches(|c: char| c.is_ascii_punctuation() && !"._\"'".contains(c)).count();
    let words = text.split_whitespace().count();
    (operators + words <= MAX_OPERATORS).then(|| jaq_core::load::parse(text, |parser| parser.term()))?
}

/// Whether it assigns where it most likely was to compare.
pub(crate) fn assigns(text: &str) -> bool {
    matches!(parse(text), Some(Term::BinOp(_, BinaryOp::Assign, _)))
}

/// A value that is written in the expression.
pub(super) fn literal(term: &Term<&str>) -> Option<Value> {
    match term {
        Term::Num(digits) => serde_json::from_str(digits).ok(),
        Term::Neg(inner) => match &**inner {
            Term::Num(digits) => serde_json::from_str(&format!("-{digits}")).ok(),
            _ => None,
        },
        Term::Str(None, parts) => text(parts).map(Value::from),
        Term::Call("true", _) => Some(Value::Bool(true)),
        Term::Call("false", _) => Some(Value::Bool(false)),
        Term::Call("null", _) => Some(Value::Null),
        Term::Arr(None) => Some(Value::Array(Vec::new())),
        _ => None,
    }
}

/// A string without interpolation.
pub(super) fn text(parts: &[StrPart<&str, Term<&str>>]) -> Option<String> {
    let mut whole = String::new();
    for part in parts {
        match part {
            StrPart::Str(text) => whole.push_str(text),
            StrPart::Char(c) => whole.push(*c),
            StrPart::Term(_) => return None,
        }
    }
    Some(whole)
}

/// A slice of the text that the term covers, as far as it can be told: its first word or string.
pub(super) fn anchor<'t>(term: &Term<&'t str>) -> Option<&'t str> {
    match term {
        Term::Num(text) | Term::Var(text) | Term::Call(text, _) | Term::Str(Some(text), _) => Some(text),
        Term::Str(None, parts) => parts.iter().find_map(|part| match part {
            StrPart::Str(text) => Some(*text),
            StrPart::Term(term) => anchor(term),
            StrPart::Char(_) => None,
        }),
        Term::Path(base, path) => anchor(base).or_else(|| {
            path.0.iter().find_map(|(part, _)| match part {
                jaq_core::path::Part::Index(key) => anchor(key),
                jaq_core::path::Part::Range(from, to) => from.iter().chain(to).find_map(anchor),
            })
        }),
        Term::BinOp(left, _, right) => anchor(left).or_else(|| anchor(right)),
        Term::Neg(inner) | Term::TryCatch(inner, _) | Term::Arr(Some(inner)) => anchor(inner),
        Term::IfThenElse(branches, _) => branches.first().and_then(|(condition, _)| anchor(condition)),
        _ => None,
    }
}
