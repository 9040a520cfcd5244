//! What facts, and the case that is looked at, leave of a value.

use super::fact::{Holds, Origin};
use super::{Fact, Form, HERE, Walker, Yield};
use schema::{Shape, Type};

/// Alternatives of one value that are told apart, at most.
const MOST_ALTERNATIVES: usize = 256;

/// One alternative of the value at a place.
#[derive(Debug, Clone)]
pub(super) struct Choice<'s> {
    pub(super) place: Origin,
    pub(super) shape: Shape<'s>,
}

impl<'s> Walker<'_, 's> {
    /// What the known facts leave of a value, and of that the alternative that is looked at.
    pub(super) fn refined(&mut self, mut value: Yield<'s>) -> Yield<'s> {
        let here = Origin::root(HERE);
        let carried = std::mem::take(&mut value.facts);
        value = carried.iter().fold(value, |value, fact| narrowed(value, fact, &here));
        value.facts = carried;
        let Some(place) = value.origin.clone() else {
            return value;
        };
        value = self.facts.iter().fold(value, |value, fact| narrowed(value, fact, &place));
        self.chosen(value, &place)
    }

    /// Whether a fact makes this place present.
    pub(super) fn is_present(&self, place: &Origin) -> bool {
        self.facts.iter().any(|fact| fact.present(place))
    }

    /// The `minItems` that holds for a value, by its schema or a fact.
    pub(super) fn least_items(&self, value: &Yield<'s>) -> u64 {
        let here = Origin::root(HERE);
        let known = self.facts.iter().filter_map(|fact| fact.about(value.origin.as_ref()?));
        let carried = value.facts.iter().filter_map(|fact| fact.about(&here));
        let least = known.chain(carried).map(|holds| if let Holds::Least(least) = holds { *least } else { 0 });
        least.max().unwrap_or(0).max(value.least_items())
    }

    /// The alternative that this case has here; a choice still to be made is noted.
    fn chosen(&mut self, mut value: Yield<'s>, place: &Origin) -> Yield<'s> {
        self.looks += number(&value);
        if let Some(choice) = self.choices.iter().find(|choice| choice.place == *place) {
            let forms = value.forms.into_iter().flatten().filter_map(|form| match form {
                Form::Shape(shape) => shape.has(&choice.shape).then(|| Form::Shape(choice.shape.clone())),
                _ => None,
            });
            value.forms = Some(forms.collect());
        } else if self.open.is_none() {
            let shapes = alternatives(&value).filter(|shapes| (2..=MOST_ALTERNATIVES).contains(&shapes.len()));
            self.open =
                shapes.map(|shapes| shapes.into_iter().map(|shape| Choice { place: place.clone(), shape }).collect());
        }
        value
    }
}

fn number(value: &Yield<'_>) -> usize {
    let count = |form: &Form<'_>| if let Form::Shape(shape) = form { shape.number_of_alternatives() } else { 1 };
    value.forms.iter().flatten().map(count).sum()
}

/// Each alternative of a value that may be an object: its fields go together.
fn alternatives<'s>(value: &Yield<'s>) -> Option<Vec<Shape<'s>>> {
    let mut found = Vec::new();
    for form in value.forms.as_ref()? {
        match form {
            Form::Shape(shape) => found.extend(shape.alternatives()),
            _ => return None,
        }
    }
    found.iter().any(|shape| shape.may_be(Type::Object)).then_some(found)
}

fn narrowed<'s>(mut value: Yield<'s>, fact: &Fact, place: &Origin) -> Yield<'s> {
    if fact.not_null(place) {
        value.null = None;
    }
    // Of what nothing is known, that it is not of one type says too little.
    if let Some(Holds::Is(name)) = fact.about(place).filter(|_| value.forms.is_some() || fact.not_null(place)) {
        value = value.only(name);
    }
    let Some(forms) = value.forms.take() else {
        return value;
    };
    let left = forms.into_iter().filter_map(|form| match form {
        Form::Shape(shape) => only_alternatives(&shape, |one| fact.allows(one, place)).map(Form::Shape),
        other => Some(other),
    });
    value.forms = Some(left.collect());
    value
}

/// The alternatives of a shape that are so; all of them where they are too many to look at.
fn only_alternatives<'s>(shape: &Shape<'s>, wanted: impl Fn(&Shape<'s>) -> bool) -> Option<Shape<'s>> {
    if shape.alternatives().nth(MOST_ALTERNATIVES).is_some() {
        return Some(shape.clone());
    }
    shape.alternatives().filter(wanted).reduce(Shape::or)
}
