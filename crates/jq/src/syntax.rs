//! Reads an expression's syntax, without running it.

use std::collections::HashSet;
use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::load::span;
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part};

use crate::error::ExprError;
use crate::path::{Key, Path, Root, Segment};

/// Calls `f` on the terms directly inside `term`.
pub(crate) fn children<'t, 's>(term: &'t Term<&'s str>, f: &mut dyn FnMut(&'t Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => parts.iter().for_each(|part| {
            if let StrPart::Term(term) = part {
                f(term);
            }
        }),
        Term::Arr(inner) => inner.iter().for_each(|term| f(term)),
        Term::Obj(fields) => fields.iter().for_each(|(key, value)| {
            f(key);
            value.iter().for_each(&mut *f);
        }),
        Term::Neg(term) | Term::Label(_, term) => f(term),
        Term::BinOp(left, op, right) => {
            f(left);
            if let BinaryOp::Pipe(Some(pattern)) = op {
                pattern_terms(pattern, f);
            }
            f(right);
        }
        Term::Fold(_, source, pattern, arguments) => {
            f(source);
            pattern_terms(pattern, f);
            arguments.iter().for_each(f);
        }
        Term::TryCatch(term, catch) => {
            f(term);
            catch.iter().map(|term| &**term).for_each(f);
        }
        Term::IfThenElse(cases, otherwise) => {
            for (condition, then) in cases {
                f(condition);
                f(then);
            }
            otherwise.iter().map(|term| &**term).for_each(f);
        }
        Term::Def(defs, body) => {
            defs.iter().map(|def| &def.body).for_each(&mut *f);
            f(body);
        }
        Term::Call(_, arguments) => arguments.iter().for_each(f),
        Term::Path(head, path) => {
            f(head);
            path.0.iter().for_each(|(part, _)| part_terms(part, f));
        }
    }
}

fn part_terms<'t, 's>(part: &'t Part<Term<&'s str>>, f: &mut dyn FnMut(&'t Term<&'s str>)) {
    match part {
        Part::Index(term) => f(term),
        Part::Range(from, to) => from.iter().chain(to).for_each(f),
    }
}

fn pattern_terms<'t, 's>(pattern: &'t Pattern<&'s str>, f: &mut dyn FnMut(&'t Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter().for_each(|pattern| pattern_terms(pattern, f)),
        Pattern::Obj(fields) => fields.iter().for_each(|(key, pattern)| {
            f(key);
            pattern_terms(pattern, f);
        }),
    }
}

/// Adds the functions a term calls and the variables it uses, with their `$`.
pub(crate) fn names<'s>(term: &Term<&'s str>, found: &mut HashSet<&'s str>) {
    match term {
        Term::Call(name, _) | Term::Var(name) | Term::Str(Some(name), _) => {
            found.insert(name);
        }
        _ => {}
    }
    children(term, &mut |child| names(child, found));
}

/// Finds the errors that jaq does not see, or would explain worse.
pub(crate) fn check(text: &str, term: &Term<&str>) -> Result<(), ExprError> {
    match term {
        Term::Def(defs, _) => defs.iter().try_for_each(|def| recursion(text, def))?,
        Term::BinOp(left, BinaryOp::Math(Math::Sub), right) => subtraction(text, left, right)?,
        _ => {}
    }
    let mut result = Ok(());
    children(term, &mut |child| {
        if result.is_ok() {
            result = check(text, child);
        }
    });
    result
}

/// Refuses a function that calls itself: nothing bounds it beforehand.
fn recursion(text: &str, def: &Def<&str>) -> Result<(), ExprError> {
    let mut called = HashSet::new();
    names(&def.body, &mut called);
    if !called.contains(def.name) {
        return Ok(());
    }
    Err(ExprError {
        message: format!("`{}` calls itself", def.name),
        span: span(text, def.name),
        help: Some("use `recurse`, `reduce`, `until` or `walk`".to_owned()),
    })
}

/// `.detail-type`, which jq reads as `.detail - type`.
fn subtraction(text: &str, left: &Term<&str>, right: &Term<&str>) -> Result<(), ExprError> {
    let Term::Call(word, arguments) = right else {
        return Ok(());
    };
    let Some(path) = rooted(text, left) else {
        return Ok(());
    };
    let word = span(text, word);
    let joined = path.span.end + 1 == word.start && arguments.is_empty();
    let Some(last) = path.segments.last().filter(|_| joined) else {
        return Ok(());
    };
    let name = &text[last.span.start..word.end];
    Err(ExprError {
        message: format!("`.{name}` is a subtraction"),
        span: last.span.start..word.end,
        help: Some(format!("write `.\"{name}\"` for the field, or spaces around `-` to subtract")),
    })
}

/// The path a term begins with, when its root is known: up to the first step that is not simple.
pub(crate) fn rooted(text: &str, term: &Term<&str>) -> Option<Path> {
    let Term::Path(head, steps) = term else {
        return None;
    };
    let (root, start) = match &**head {
        Term::Id => (Root::Input, None),
        Term::Var(name) => (Root::from_variable(name)?, Some(span(text, name).start)),
        _ => return None,
    };
    let steps = steps.0.iter();
    let segments: Vec<_> = steps.map_while(|(part, _)| segment(text, part)).collect();
    let first = segments.first()?.span.start;
    let start = start.or_else(|| text[..first].rfind('.'))?;
    let last = segments.last()?.span.end;
    let closing = text[last..].find(|c| !matches!(c, '"' | ']')).unwrap_or(text.len() - last);
    Some(Path { root, segments, span: start..last + closing })
}

/// Whether [`rooted`] is all of the term.
pub(crate) fn is_simple(text: &str, term: &Term<&str>) -> bool {
    let Term::Path(_, steps) = term else {
        return false;
    };
    let essential = steps.0.iter().all(|(_, opt)| matches!(opt, Opt::Essential));
    essential && rooted(text, term).is_some_and(|path| path.segments.len() == steps.0.len())
}

fn segment(text: &str, part: &Part<Term<&str>>) -> Option<Segment> {
    let Part::Index(index) = part else {
        return None;
    };
    let (key, range) = match index {
        Term::Str(None, parts) => field(text, parts)?,
        Term::Num(digits) => (Key::Index(digits.parse().ok()?), span(text, digits)),
        Term::Neg(number) => match &**number {
            Term::Num(digits) => {
                let range = span(text, digits);
                (Key::Index(-digits.parse::<i64>().ok()?), range.start - 1..range.end)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Segment { key, span: range })
}

/// A field's name without escapes; any other is left to jq.
fn field(text: &str, parts: &[StrPart<&str, Term<&str>>]) -> Option<(Key, Range<usize>)> {
    match parts {
        [StrPart::Str(name)] => Some((Key::Field((*name).to_owned()), span(text, name))),
        _ => None,
    }
}

/// For `PATH | f | g(..)`: the path, and the names of the functions.
pub(crate) fn pipeline(text: &str, term: &Term<&str>) -> Option<(Path, Vec<String>)> {
    let Term::BinOp(head, BinaryOp::Pipe(None), rest) = term else {
        return None;
    };
    let path = rooted(text, head).filter(|_| is_simple(text, head))?;
    let mut functions = Vec::new();
    let mut rest = &**rest;
    loop {
        match rest {
            Term::BinOp(head, BinaryOp::Pipe(None), tail) => {
                functions.push(called(head)?);
                rest = tail;
            }
            last => {
                functions.push(called(last)?);
                return Some((path, functions));
            }
        }
    }
}

fn called(term: &Term<&str>) -> Option<String> {
    match term {
        Term::Call(name, _) => Some((*name).to_owned()),
        _ => None,
    }
}
