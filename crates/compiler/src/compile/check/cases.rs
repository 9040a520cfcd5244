//! The kinds of documents a pipeline takes, one by one, and which of them a condition leaves.

use serde_json::Value;

use super::kinds::Kind;
use super::logic::{Logic, Truth};
use crate::compile::infer::{DOCUMENT, ELEMENT, Origin, SQS, Step};
use pipeline::decide::chooses;
use schema::{Field, Shape, Type};

/// Alternatives that are told apart; beyond it, each kind counts as one.
const MOST_CASES: usize = 4_096;

/// Documents of one kind, and of one alternative of its schema.
#[derive(Debug, Clone)]
pub(super) struct Case<'s> {
    /// The value it is chosen by.
    pub(super) value: Option<String>,
    pub(super) shape: Shape<'s>,
}

/// What is known of a message while a condition is tried.
pub(super) struct Known<'k, 's> {
    pub(super) case: &'k Case<'s>,
    /// The element of `for_each`, if its shape is known.
    pub(super) element: Option<&'k Shape<'s>>,
    /// Where the value stands that a kind is chosen by.
    pub(super) discriminator: Option<&'k Origin>,
}

/// Every case of these kinds.
pub(super) fn all<'s>(kinds: &[Kind<'s>]) -> Vec<Case<'s>> {
    let split = |kind: &Kind<'s>| {
        let case = |shape| Case { value: kind.value.clone(), shape };
        kind.shape.alternatives().map(case).collect::<Vec<_>>()
    };
    let cases: Vec<Case<'s>> = kinds.iter().flat_map(split).collect();
    if cases.len() <= MOST_CASES {
        return cases;
    }
    kinds.iter().map(|kind| Case { value: kind.value.clone(), shape: kind.shape.clone() }).collect()
}

/// Documents of any of these cases.
pub(super) fn union<'s>(cases: &[Case<'s>]) -> Option<Shape<'s>> {
    cases.iter().map(|case| case.shape.clone()).reduce(Shape::or)
}

/// The cases and elements for which the condition may be true, and whether it is one way for all of them.
pub(super) fn narrowed<'s>(
    cases: &[Case<'s>],
    elements: Option<&Shape<'s>>,
    logic: &Logic,
    discriminator: Option<&Origin>,
) -> (Vec<Case<'s>>, Option<Shape<'s>>, Truth) {
    let split: Vec<Shape<'s>> = elements.map(|shape| shape.alternatives().collect()).unwrap_or_default();
    let choices: Vec<Option<&Shape<'s>>> = if split.is_empty() { vec![None] } else { split.iter().map(Some).collect() };
    let mut kept_elements = vec![false; choices.len()];
    let mut kept = Vec::new();
    let mut truths = Vec::new();
    for case in cases {
        let start = truths.len();
        for (element, kept) in choices.iter().zip(&mut kept_elements) {
            let truth = logic.truth(&Known { case, element: *element, discriminator });
            *kept |= truth != Truth::Never;
            truths.push(truth);
        }
        if truths[start..].iter().any(|truth| *truth != Truth::Never) {
            kept.push(case.clone());
        }
    }
    let left = split.iter().zip(&kept_elements).filter(|(_, kept)| **kept).map(|(shape, _)| shape.clone());
    let same = |wanted| truths.iter().all(|truth| *truth == wanted);
    let truth = [Truth::Always, Truth::Never].into_iter().find(|wanted| same(*wanted)).unwrap_or(Truth::Open);
    (kept, left.reduce(Shape::or), truth)
}

impl Known<'_, '_> {
    /// The only values a place may have; null where it may be absent.
    pub(super) fn values(&self, place: &Origin) -> Option<Vec<Value>> {
        let by_schema = match place.root {
            DOCUMENT => values(&self.case.shape, &place.steps),
            ELEMENT => self.element.and_then(|shape| values(shape, &place.steps)),
            _ => None,
        };
        let chosen = self.case.value.as_ref().filter(|_| self.discriminator == Some(place));
        match (chosen, by_schema) {
            (None, by_schema) => by_schema.filter(|_| place.root != SQS),
            (Some(text), Some(values)) => Some(values.into_iter().filter(|value| chooses(value, text)).collect()),
            (Some(text), None) => Some(written(text)),
        }
    }
}

/// The values that are written so.
fn written(name: &str) -> Vec<Value> {
    let plain = serde_json::from_str(name).ok().filter(|value: &Value| value.is_number() || value.is_boolean());
    plain.into_iter().chain([Value::from(name)]).collect()
}

/// The only values at a place, as the schema tells.
pub(super) fn values(shape: &Shape<'_>, steps: &[Step]) -> Option<Vec<Value>> {
    let Some((first, rest)) = steps.split_first() else {
        return shape.finite();
    };
    let Step::Field(name) = first else {
        return None;
    };
    let absent = || Some(vec![Value::Null]);
    match shape.field(name) {
        // An alternative that does not list the field says nothing about its values.
        Field::Known { .. } if shape.leaves_open(name) => None,
        Field::Known { shape: inner, optional } => {
            let mut found = values(&inner, rest)?;
            let null = (optional || shape.may_be(Type::Null)) && !found.contains(&Value::Null);
            found.extend(null.then_some(Value::Null));
            Some(found)
        }
        Field::Closed | Field::NoObject => absent(),
        Field::NotListed | Field::Open => None,
    }
}
