//! Which places of the message an expression looks at.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part};

use super::fact::{Origin, Scope, Step, origin, step};
use super::path::field_name;

/// Adds every place; `false` when that can't be told.
pub(super) fn reads(term: &Term<&str>, scope: Scope<'_>, found: &mut Vec<Origin>) -> bool {
    if let Some(place) = origin(term, scope) {
        found.push(place);
        return true;
    }
    match term {
        Term::Id | Term::Num(_) | Term::Arr(None) | Term::Call("true" | "false" | "null" | "empty", _) => true,
        Term::Str(_, parts) => parts.iter().all(|part| match part {
            StrPart::Term(term) => reads(term, scope, found),
            StrPart::Str(_) | StrPart::Char(_) => true,
        }),
        Term::Arr(Some(inner)) | Term::Neg(inner) => reads(inner, scope, found),
        Term::TryCatch(inner, catch) => reads(inner, scope, found) && catch.is_none(),
        Term::IfThenElse(branches, otherwise) => {
            let explicit = otherwise.is_some() || input(scope, found);
            let terms = branches.iter().flat_map(|(condition, then)| [condition, then]);
            explicit && terms.chain(otherwise.as_deref()).all(|term| reads(term, scope, found))
        }
        Term::Obj(entries) => entries.iter().all(|(key, value)| entry(key, value.as_ref(), scope, found)),
        Term::BinOp(left, BinaryOp::Pipe(None), right) => match origin(left, scope) {
            Some(place) => reads(right, Scope { input: Some(&place), ..scope }, found),
            None => reads(left, scope, found) && reads(right, Scope { input: None, ..scope }, found),
        },
        Term::BinOp(
            left,
            BinaryOp::And | BinaryOp::Or | BinaryOp::Cmp(_) | BinaryOp::Math(_) | BinaryOp::Alt | BinaryOp::Comma,
            right,
        ) => reads(left, scope, found) && reads(right, scope, found),
        Term::Call(_, arguments) => input(scope, found) && arguments.iter().all(|term| reads(term, scope, found)),
        Term::Path(base, path) => steps(base, &path.0, scope, found),
        _ => false,
    }
}

/// The input as a whole; a value made of others has been accounted for.
fn input(scope: Scope<'_>, found: &mut Vec<Origin>) -> bool {
    found.extend(scope.input.cloned());
    true
}

/// The place up to the first step that is not simple, and what the other steps look at.
fn steps(base: &Term<&str>, path: &[(Part<Term<&str>>, Opt)], scope: Scope<'_>, found: &mut Vec<Origin>) -> bool {
    match origin(base, scope) {
        Some(place) => {
            let simple = path.iter().map_while(|(part, _)| match part {
                Part::Index(key) => step(key),
                Part::Range(..) => None,
            });
            found.push(simple.fold(place, |place, next| place.step(next)));
        }
        None if !reads(base, scope, found) => return false,
        None => {}
    }
    path.iter().all(|(part, _)| match part {
        Part::Index(key) => reads(key, scope, found),
        Part::Range(from, to) => from.iter().chain(to).all(|term| reads(term, scope, found)),
    })
}

fn entry(key: &Term<&str>, value: Option<&Term<&str>>, scope: Scope<'_>, found: &mut Vec<Origin>) -> bool {
    match (value, field_name(key)) {
        (Some(value), Some(_)) => reads(value, scope, found),
        (Some(value), None) => reads(key, scope, found) && reads(value, scope, found),
        (None, Some((name, _))) => {
            found.extend(scope.input.map(|place| place.step(Step::Field(name))));
            true
        }
        (None, None) => reads(key, scope, found) && input(scope, found),
    }
}
