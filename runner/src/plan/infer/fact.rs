//! What is certain of the message where a condition is known to be true, or false.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::ops::Cmp;
use jaq_core::path::{Opt, Part, Path};

use super::path::field_name;
use super::term::{is_null_literal, literal};

/// A place in the message: a root, and the steps from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) struct Origin {
    pub(in crate::plan) root: usize,
    pub(in crate::plan) steps: Vec<Step>,
}

/// One step of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Step {
    Field(String),
    Index(i64),
}

/// Something certain about a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::plan) enum Fact {
    /// It is there, and not null; then so is every place it lies in.
    NotNull(Origin),
    /// It is there, though it may be null.
    Present(Origin),
    /// It is of this type, by the name of a built-in schema.
    Is(Origin, &'static str),
}

/// Where `.` and the variables come from.
#[derive(Clone, Copy)]
pub(super) struct Scope<'e> {
    pub(super) input: Option<&'e Origin>,
    pub(super) variables: &'e dyn Fn(&str) -> Option<Origin>,
}

impl Origin {
    pub(in crate::plan) fn root(root: usize) -> Self {
        Self { root, steps: Vec::new() }
    }

    pub(super) fn step(&self, step: Step) -> Self {
        let mut origin = self.clone();
        origin.steps.push(step);
        origin
    }

    fn lies_in(&self, outer: &Self) -> bool {
        self.root == outer.root && self.steps.starts_with(&outer.steps)
    }
}

impl Fact {
    /// Whether it makes this place not null.
    pub(super) fn not_null(&self, place: &Origin) -> bool {
        match self {
            Self::NotNull(known) | Self::Is(known, _) => known.lies_in(place),
            Self::Present(known) => known.lies_in(place) && known != place,
        }
    }

    /// Whether it makes this place present.
    pub(super) fn present(&self, place: &Origin) -> bool {
        self.not_null(place) || matches!(self, Self::Present(known) if known == place)
    }
}

/// The place a term is a copy of.
pub(super) fn origin(term: &Term<&str>, scope: Scope<'_>) -> Option<Origin> {
    match term {
        Term::Id => scope.input.cloned(),
        Term::Var(name) => (scope.variables)(name),
        Term::Path(base, path) => steps(origin(base, scope)?, path),
        Term::BinOp(left, BinaryOp::Pipe(None), right) => {
            let left = origin(left, scope)?;
            origin(right, Scope { input: Some(&left), ..scope })
        }
        _ => None,
    }
}

fn steps(base: Origin, path: &Path<Term<&str>>) -> Option<Origin> {
    path.0.iter().try_fold(base, |origin, (part, opt)| match (part, opt) {
        (Part::Index(key), Opt::Essential | Opt::Optional) => step(key).map(|step| origin.step(step)),
        (Part::Range(..), _) => None,
    })
}

/// The step a literal key makes.
pub(super) fn step(key: &Term<&str>) -> Option<Step> {
    match key {
        Term::Num(digits) => digits.parse().ok().map(Step::Index),
        Term::Neg(inner) => match &**inner {
            Term::Num(digits) => digits.parse::<i64>().ok().map(|index| Step::Index(-index)),
            _ => None,
        },
        key => field_name(key).map(|(name, _)| Step::Field(name)),
    }
}

/// Adds what is certain when the term is true, or, with `truth` false, when it is false or null.
pub(super) fn facts(term: &Term<&str>, scope: Scope<'_>, truth: bool, found: &mut Vec<Fact>) {
    match term {
        Term::BinOp(left, BinaryOp::And, right) if truth => {
            facts(left, scope, truth, found);
            facts(right, scope, truth, found);
        }
        Term::BinOp(left, BinaryOp::Or, right) if !truth => {
            facts(left, scope, truth, found);
            facts(right, scope, truth, found);
        }
        Term::BinOp(left, BinaryOp::Cmp(cmp), right) => {
            comparison(left, *cmp, right, scope, truth, found);
            comparison(right, mirrored(*cmp), left, scope, truth, found);
        }
        Term::BinOp(left, BinaryOp::Pipe(None), right) => piped(left, right, scope, truth, found),
        Term::Call(name, arguments) => call(name, arguments, scope, truth, found),
        other if truth => found.extend(origin(other, scope).map(Fact::NotNull)),
        _ => {}
    }
}

fn mirrored(cmp: Cmp) -> Cmp {
    match cmp {
        Cmp::Lt => Cmp::Gt,
        Cmp::Le => Cmp::Ge,
        Cmp::Gt => Cmp::Lt,
        Cmp::Ge => Cmp::Le,
        same => same,
    }
}

/// Null equals only null, and is smaller than every other value but itself (jq, "Comparisons").
fn comparison(left: &Term<&str>, cmp: Cmp, right: &Term<&str>, scope: Scope<'_>, truth: bool, found: &mut Vec<Fact>) {
    let null = is_null_literal(right);
    let value = literal(right).is_some_and(|value| !value.is_null());
    let not_null = match cmp {
        Cmp::Eq => (value && truth) || (null && !truth),
        Cmp::Ne => (value && !truth) || (null && truth),
        Cmp::Gt => (value || null) && truth,
        Cmp::Ge => value && truth,
        Cmp::Lt => value && !truth && !null,
        Cmp::Le => (value || null) && !truth,
    };
    if not_null {
        found.extend(origin(left, scope).map(Fact::NotNull));
        measured(left, scope, found);
    }
    let some = |number: u64| number > 0 || cmp == Cmp::Gt;
    if truth && matches!(cmp, Cmp::Gt | Cmp::Ge | Cmp::Eq) && literal(right).and_then(|n| n.as_u64()).is_some_and(some)
    {
        found.extend(of_call(left, "length", scope).map(Fact::NotNull));
    }
    if let (Cmp::Eq, true, Some(place), Some(name)) = (cmp, truth, of_call(left, "type", scope), literal(right)) {
        found.extend(type_name(name.as_str().unwrap_or_default()).map(|name| Fact::Is(place, name)));
    }
}

/// `.x | lower` is null for null.
fn measured(term: &Term<&str>, scope: Scope<'_>, found: &mut Vec<Fact>) {
    if let Term::BinOp(left, BinaryOp::Pipe(None), right) = term
        && matches!(&**right, Term::Call("lower" | "upper" | "url_decode" | "sha256", _))
    {
        found.extend(origin(left, scope).map(Fact::NotNull));
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

/// The built-in schema of a name that `type` yields.
fn type_name(name: &str) -> Option<&'static str> {
    ["boolean", "number", "string", "array", "object"].into_iter().find(|known| *known == name)
}

fn piped(left: &Term<&str>, right: &Term<&str>, scope: Scope<'_>, truth: bool, found: &mut Vec<Fact>) {
    if let Term::Call("not", _) = right {
        return facts(left, scope, !truth, found);
    }
    let Some(place) = origin(left, scope) else {
        return;
    };
    facts(right, Scope { input: Some(&place), ..scope }, truth, found);
}

/// Functions that fail on null, and so are never true of it.
const FAIL_ON_NULL: [&str; 6] = ["startswith", "endswith", "test", "has", "any", "all"];

fn call(name: &str, arguments: &[Term<&str>], scope: Scope<'_>, truth: bool, found: &mut Vec<Fact>) {
    let Some(place) = scope.input else {
        return;
    };
    if truth && FAIL_ON_NULL.contains(&name) {
        found.push(Fact::NotNull(place.clone()));
    }
    if let ("has", [key], true) = (name, arguments, truth) {
        found.extend(step(key).map(|step| Fact::Present(place.step(step))));
    }
}

/// What is certain after `select(..)` and its kind let a value through.
pub(super) fn passed(term: &Term<&str>, scope: Scope<'_>, found: &mut Vec<Fact>) {
    let Term::Call(name, arguments) = term else {
        return;
    };
    match (*name, &arguments[..]) {
        ("select", [condition]) => facts(condition, scope, true, found),
        ("values" | "strings" | "numbers" | "booleans" | "arrays" | "objects" | "iterables", []) => {
            found.extend(scope.input.cloned().map(Fact::NotNull));
        }
        _ => {}
    }
}
