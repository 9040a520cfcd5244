//! From the shape of an event to a template that renders such events.

use serde_json::Value;

use super::choices::Choices;
use super::node::Node;
use super::ways::{Way, alternative, drawn};
use super::{KeyOrder, array, number, object, string};
use schema::{Shape, Type};

/// Objects within objects of which optional fields are given too.
pub(super) const OPTIONAL_DEPTH: usize = 4;
/// Values within values: a message has no more levels. Only a schema that never ends would still ask for more.
const MAX_DEPTH: usize = 100;
/// Values of an event, beyond which the schema is taken for one that never ends, and branches.
const ENDLESS: usize = 2_000;
/// Values of an event, beyond which optional fields are left out.
pub(super) const MANY: usize = 300;
/// Alternatives of one place that are tried.
const ALTERNATIVES: usize = 24;

/// Writes templates of one schema.
pub(super) struct Writer<'a> {
    pub(super) order: &'a KeyOrder,
    choices: &'a mut Choices,
    values: usize,
}

/// Where a value stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'p> {
    pub(super) pointer: &'p str,
    pub(super) name: &'p str,
    pub(super) depth: usize,
    /// It may be left out.
    pub(super) optional: bool,
    /// Its index among items that have to differ.
    pub(super) distinct: Option<usize>,
}

/// The template for an event of a shape.
pub(super) fn event(shape: &Shape<'_>, order: &KeyOrder, choices: &mut Choices) -> Node {
    let place = Place { pointer: "", name: "", depth: 0, optional: false, distinct: None };
    let mut writer = Writer { order, choices, values: 0 };
    writer.value(shape, place).unwrap_or(Node::Object(Vec::new()))
}

impl<'s> Writer<'_> {
    /// `None` for a field that is left out.
    pub(super) fn value(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Option<Node> {
        self.values += 1;
        let ways = self.ways(shape, place);
        let shift = place.distinct.filter(|_| matches!(ways.first(), Some(Way::Drawn(_)))).map_or(0, |index| index + 1);
        let chosen = self.choices.choose(place.pointer, ways.len()) + shift;
        match ways.get(chosen.min(ways.len().saturating_sub(1))) {
            Some(Way::Absent) => None,
            Some(Way::Literal(value)) => Some(Node::literal(value, self.order)),
            Some(Way::Drawn(values)) => Some(drawn(values)),
            Some(Way::Typed(alternative, ty)) => Some(self.typed(alternative, *ty, place)),
            // The schema allows no value at all here.
            None => (!place.optional).then(|| Node::Scalar("null".to_owned())),
        }
    }

    /// The ways in the order they are tried.
    fn ways(&self, shape: &Shape<'s>, place: Place<'_>) -> Vec<Way<'s>> {
        let mut ways: Vec<Way<'s>> =
            shape.alternatives().take(ALTERNATIVES).flat_map(|one| alternative(&one)).collect();
        let types = |ty| ways.iter().any(|way| matches!(way, Way::Typed(_, of) if *of == ty));
        if place.optional && types(Type::Null) {
            // Null says less than any other value.
            let is_null = |way: &Way<'_>| matches!(way, Way::Typed(_, Type::Null));
            ways.sort_by_key(is_null);
        }
        if place.depth >= MAX_DEPTH || self.values > ENDLESS {
            ways.retain(|way| !matches!(way, Way::Typed(_, Type::Object | Type::Array)));
        }
        let far = place.depth > OPTIONAL_DEPTH || self.values > MANY;
        match place.optional {
            true if far => ways.insert(0, Way::Absent),
            true => ways.push(Way::Absent),
            false => {}
        }
        ways
    }

    fn typed(&mut self, shape: &Shape<'s>, ty: Type, place: Place<'_>) -> Node {
        let schemas: Vec<&Value> = shape.schemas().collect();
        match ty {
            Type::Object => object::node(self, shape, place),
            Type::Array => array::node(self, shape, place),
            Type::String => Node::quoted(&string::template(&schemas, place.name, place.distinct.unwrap_or(0))),
            Type::Integer => Node::Scalar(number::integer(&schemas, place.name, place.distinct)),
            Type::Number => Node::Scalar(number::decimal(&schemas, place.distinct)),
            Type::Boolean => Node::Scalar(boolean(place.distinct)),
            Type::Null => Node::Scalar("null".to_owned()),
        }
    }
}

fn boolean(distinct: Option<usize>) -> String {
    distinct.map_or_else(|| "{{random_choice true false}}".to_owned(), |index| (index % 2 == 0).to_string())
}

/// The greatest of a keyword's values.
pub(super) fn bound(shape: &Shape<'_>, keyword: &str) -> Option<usize> {
    let values = shape.schemas().filter_map(|schema| schema.get(keyword)?.as_u64());
    values.max().and_then(|value| usize::try_from(value).ok())
}
