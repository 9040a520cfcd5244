//! What is certain about places in the message, and which values that leaves.

use jaq_core::load::parse::{BinaryOp, Term};
use jaq_core::path::{Opt, Part, Path};
use serde_json::Value;

use super::path::field_name;
use schema::{Field, Shape, Type};

/// A place in the message: a root, and the steps from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) root: usize,
    pub(crate) steps: Vec<Step>,
}

/// One step of an origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Field(String),
    Index(i64),
}

/// Something certain.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Fact {
    At(Origin, Holds),
    /// One of two lists.
    Either(Vec<Self>, Vec<Self>),
}

/// What is certain about a place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Holds {
    /// It is there, and not null; then so is every place it lies in.
    NotNull,
    /// It is there, though it may be null.
    Present,
    /// It is as the built-in schema of that name says.
    Is(&'static str),
    /// It is one of these, none of which is null.
    OneOf(Vec<Value>),
    /// It is not this.
    Not(Value),
    /// It is a string that starts, or ends, so.
    Starts(String),
    Ends(String),
    /// An array there has so many items at least.
    Least(u64),
}

/// Where `.` and the variables come from.
#[derive(Clone, Copy)]
pub(super) struct Scope<'e> {
    pub(super) input: Option<&'e Origin>,
    pub(super) variables: &'e dyn Fn(&str) -> Option<Origin>,
}

impl Origin {
    pub(crate) fn root(root: usize) -> Self {
        Self { root, steps: Vec::new() }
    }

    pub(super) fn step(&self, step: Step) -> Self {
        let mut origin = self.clone();
        origin.steps.push(step);
        origin
    }

    fn lies_in(&self, outer: &Self) -> bool {
        self.below(outer).is_some()
    }

    /// The steps from an outer place to this one.
    fn below(&self, outer: &Self) -> Option<&[Step]> {
        self.steps.strip_prefix(&outer.steps[..]).filter(|_| self.root == outer.root)
    }
}

impl Fact {
    pub(crate) fn not_null_at(place: Origin) -> Self {
        Self::At(place, Holds::NotNull)
    }

    /// Whether it makes this place not null.
    pub(super) fn not_null(&self, place: &Origin) -> bool {
        match self {
            Self::At(known, Holds::Present) => known.lies_in(place) && known != place,
            Self::At(known, holds) => known.lies_in(place) && !holds.allows_null(),
            Self::Either(..) => false,
        }
    }

    /// Whether it makes this place present.
    pub(super) fn present(&self, place: &Origin) -> bool {
        self.not_null(place) || matches!(self, Self::At(known, Holds::Present) if known == place)
    }

    /// What it says about this very place.
    pub(super) fn about(&self, place: &Origin) -> Option<&Holds> {
        match self {
            Self::At(known, holds) if known == place => Some(holds),
            _ => None,
        }
    }

    /// The same about a value that went from one place to another.
    pub(super) fn moved(&self, from: &Origin, to: &Origin) -> Option<Self> {
        let Self::At(known, holds) = self else {
            return None;
        };
        let steps = [&to.steps[..], known.below(from)?].concat();
        Some(Self::At(Origin { root: to.root, steps }, holds.clone()))
    }

    /// Whether a value of this shape may stand at the place.
    pub(super) fn allows(&self, shape: &Shape<'_>, place: &Origin) -> bool {
        match self {
            Self::At(known, holds) => known.below(place).is_none_or(|steps| holds.allow(shape, steps)),
            Self::Either(..) => true,
        }
    }
}

impl Holds {
    fn allows_null(&self) -> bool {
        match self {
            Self::NotNull | Self::OneOf(_) | Self::Starts(_) | Self::Ends(_) => false,
            Self::Is(name) => Shape::named(name).may_be(Type::Null),
            Self::Present | Self::Not(_) | Self::Least(_) => true,
        }
    }

    /// Whether it may hold at the end of these steps.
    fn allow(&self, shape: &Shape<'_>, steps: &[Step]) -> bool {
        let absent = || !matches!(self, Self::Present) && self.allows_null();
        match steps {
            [] => self.allow_value(shape),
            [Step::Field(name), rest @ ..] => match shape.field(name) {
                Field::Known { shape, optional } => self.allow(&shape, rest) || (optional && absent()),
                Field::Closed | Field::NoObject => absent(),
                Field::NotListed | Field::Open => true,
            },
            [Step::Index(_), ..] => true,
        }
    }

    fn allow_value(&self, shape: &Shape<'_>) -> bool {
        let any = |wanted: &dyn Fn(&Value) -> bool| shape.finite().is_none_or(|values| values.iter().any(wanted));
        match self {
            Self::NotNull => shape.types().iter().any(|(ty, _)| *ty != Type::Null),
            Self::Is(name) => Shape::named(name).types().iter().any(|(ty, _)| shape.may_be(*ty)),
            Self::OneOf(values) => values.iter().any(|value| shape.may_be_value(value)),
            Self::Not(other) => any(&|value| !same(value, other)),
            Self::Starts(start) => any(&|value| value.as_str().is_some_and(|text| text.starts_with(start))),
            Self::Ends(end) => any(&|value| value.as_str().is_some_and(|text| text.ends_with(end))),
            Self::Present | Self::Least(_) => true,
        }
    }
}

/// `1` and `1.0` are the same number.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    left == right || left.as_f64().is_some_and(|number| right.as_f64() == Some(number))
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
