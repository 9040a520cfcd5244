//! From the shape of an event to a template that renders such events.

use serde_json::Value;

use super::choices::Choices;
use super::node::Node;
use super::object::ObjectField;
use super::variants::{Variant, drawn, of_alternative};
use super::{KeyOrder, array, number, object, string};
use crate::config::child_pointer;
use schema::{Shape, Type};

/// Objects within objects of which optional fields are given too.
const OPTIONAL_DEPTH: usize = 4;
/// Values within values: a message has no more levels. Only a schema that never ends would still ask for more.
const MAX_DEPTH: usize = 100;
/// Values of an event, beyond which the schema is assumed never to end.
const ENDLESS: usize = 2_000;
/// Values of an event, beyond which optional fields are left out.
const MANY: usize = 300;
/// Alternatives of one place that are tried.
const ALTERNATIVES: usize = 24;

/// Writes templates of one schema.
struct Writer<'a> {
    order: &'a KeyOrder,
    choices: &'a mut Choices,
    values: usize,
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    pointer: &'p str,
    name: &'p str,
    depth: usize,
    /// It may be left out.
    optional: bool,
    /// Its index among items that have to differ.
    distinct: Option<usize>,
}

/// The template for an event of a shape.
pub(super) fn event(shape: &Shape<'_>, order: &KeyOrder, choices: &mut Choices) -> Node {
    let place = Place { pointer: "", name: "", depth: 0, optional: false, distinct: None };
    let mut writer = Writer { order, choices, values: 0 };
    writer.value(shape, place).unwrap_or(Node::Object(Vec::new()))
}

impl<'s> Writer<'_> {
    /// `None` for a field that is left out.
    fn value(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Option<Node> {
        self.values += 1;
        let variants = self.variants(shape, place);
        // Of items that have to differ, each has another one of the values that could be drawn.
        let shift = match (variants.first(), place.distinct) {
            (Some(Variant::Drawn(_)), Some(index)) => index + 1,
            _ => 0,
        };
        let chosen = self.choices.choose(place.pointer, variants.len()) + shift;
        match variants.get(chosen.min(variants.len().saturating_sub(1))) {
            Some(Variant::Absent) => None,
            Some(Variant::Literal(value)) => Some(Node::literal(value, self.order)),
            Some(Variant::Drawn(values)) => Some(drawn(values)),
            Some(Variant::Typed(alternative, ty)) => Some(self.typed(alternative, *ty, place)),
            // The schema allows no value at all here.
            None => (!place.optional).then(|| Node::Scalar("null".to_owned())),
        }
    }

    /// The variants in the order in which they are tried.
    fn variants(&self, shape: &Shape<'s>, place: Place<'_>) -> Vec<Variant<'s>> {
        let mut variants: Vec<Variant<'s>> = Vec::new();
        for alternative in shape.alternatives().take(ALTERNATIVES) {
            variants.extend(of_alternative(&alternative));
        }
        if place.optional {
            // Null shows less of an event than any other value.
            variants.sort_by_key(Variant::is_null);
        }
        if place.depth >= MAX_DEPTH || self.values > ENDLESS {
            variants.retain(|variant| !variant.is_nested());
        }
        let far = place.depth > OPTIONAL_DEPTH || self.values > MANY;
        match place.optional {
            true if far => variants.insert(0, Variant::Absent),
            true => variants.push(Variant::Absent),
            false => {}
        }
        variants
    }

    fn typed(&mut self, shape: &Shape<'s>, ty: Type, place: Place<'_>) -> Node {
        let schemas: Vec<&Value> = shape.schemas().collect();
        match ty {
            Type::Object => self.object(shape, place),
            Type::Array => self.array(shape, place),
            Type::String => Node::quoted(&string::template(&schemas, place.name, place.distinct.unwrap_or(0))),
            Type::Integer => Node::Scalar(number::integer(&schemas, place.name, place.distinct)),
            Type::Number => Node::Scalar(number::decimal(&schemas, place.distinct)),
            Type::Boolean => Node::Scalar(boolean(place.distinct)),
            Type::Null => Node::Scalar("null".to_owned()),
        }
    }

    fn object(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Node {
        let mut fields = Vec::new();
        for ObjectField { name, shape, optional } in object::fields(shape, self.order) {
            let pointer = child_pointer(place.pointer, &name);
            let inner = Place { pointer: &pointer, name: &name, depth: place.depth + 1, optional, distinct: None };
            let value = match shape {
                Some(shape) => self.value(&shape, inner),
                None => Some(Node::quoted("any")),
            };
            fields.extend(value.map(|value| (name, value)));
        }
        Node::Object(fields)
    }

    fn array(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Node {
        let shapes = array::items(shape, place.depth > OPTIONAL_DEPTH);
        let must_differ = shapes.len() > 1 && array::must_differ(shape);
        let mut items = Vec::new();
        for (index, item) in shapes.iter().enumerate() {
            let pointer = format!("{}/{index}", place.pointer);
            let distinct = must_differ.then_some(index);
            let inner = Place { pointer: &pointer, name: "", depth: place.depth + 1, optional: false, distinct };
            match item {
                Some(item) => items.extend(self.value(item, inner)),
                None => items.push(Node::quoted(&format!("item {}", index + 1))),
            }
        }
        Node::Array(items)
    }
}

fn boolean(distinct: Option<usize>) -> String {
    distinct.map_or_else(|| "{{random_choice true false}}".to_owned(), |index| (index % 2 == 0).to_string())
}
