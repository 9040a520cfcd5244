//! From the shape of an event to a template that renders such events.

use serde_json::Value;

use super::choices::Choices;
use super::node::Node;
use super::{KeyOrder, number, string};
use crate::plan::shape::{Field, Shape, Type, type_of};

/// Objects within objects of which optional fields are given too.
const OPTIONAL_DEPTH: usize = 4;
/// Beyond it only a schema that never ends would still ask for more.
const MAX_DEPTH: usize = 16;
/// Scalars of an event, beyond which optional fields are left out.
const MANY: usize = 300;
/// Alternatives of one place that are tried.
const ALTERNATIVES: usize = 24;
/// Values of an `enum` that a template draws from.
const DRAWN: usize = 8;

/// A way to make the value of a place.
enum Way<'s> {
    /// This very value: a constant, an example, a default.
    Literal(&'s Value),
    /// One of these, drawn anew for each event.
    Drawn(Vec<&'s Value>),
    /// Whatever this alternative allows, as this type.
    Typed(Shape<'s>, Type),
    /// The field is left out.
    Absent,
}

/// Writes templates of one schema.
pub(super) struct Writer<'a> {
    order: &'a KeyOrder,
    choices: &'a mut Choices,
    scalars: usize,
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
    let mut writer = Writer { order, choices, scalars: 0 };
    writer.value(shape, place).unwrap_or(Node::Object(Vec::new()))
}

impl<'s> Writer<'_> {
    /// `None` for a field that is left out.
    fn value(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Option<Node> {
        self.scalars += 1;
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
        if place.depth >= MAX_DEPTH {
            ways.retain(|way| !matches!(way, Way::Typed(_, Type::Object | Type::Array)));
        }
        let far = place.depth > OPTIONAL_DEPTH || self.scalars > MANY;
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
            Type::Object => self.object(shape, place),
            Type::Array => self.array(shape, &schemas, place),
            Type::String => Node::quoted(&string::template(&schemas, place.name)),
            Type::Integer => Node::Scalar(number::integer(&schemas, place.name)),
            Type::Number => Node::Scalar(number::decimal(&schemas)),
            Type::Boolean => Node::Scalar("{{random_choice true false}}".to_owned()),
            Type::Null => Node::Scalar("null".to_owned()),
        }
    }

    fn object(&mut self, shape: &Shape<'s>, place: Place<'_>) -> Node {
        let mut names = shape.field_names();
        let required = shape.schemas().filter_map(|schema| schema.get("required")?.as_array()).flatten();
        names.extend(required.filter_map(Value::as_str));
        names.sort_unstable();
        names.dedup();
        let least = bound(shape.schemas(), "minProperties").unwrap_or(0);
        let missing = usize::try_from(least).unwrap_or(0).saturating_sub(names.len()).min(DRAWN);
        let extra: Vec<String> = (1..=missing).map(|number| format!("property_{number}")).collect();
        let mut fields = Vec::new();
        for name in self.order.sorted(names.into_iter()).into_iter().chain(extra.iter().map(String::as_str)) {
            let value = match shape.field(name) {
                Field::Known { shape, optional } => {
                    let pointer = format!("{}/{}", place.pointer, name.replace('~', "~0").replace('/', "~1"));
                    let optional = optional && !extra.iter().any(|extra| extra == name);
                    let inner = Place { pointer: &pointer, name, depth: place.depth + 1, optional, distinct: None };
                    self.value(&shape, inner)
                }
                Field::Closed | Field::NoObject => None,
                Field::NotListed | Field::Open => Some(Node::quoted("any")),
            };
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        Node::Object(fields)
    }

    /// One item, or as many as there have to be.
    fn array(&mut self, shape: &Shape<'s>, schemas: &[&Value], place: Place<'_>) -> Node {
        let least = bound(schemas.iter().copied(), "minItems").unwrap_or(0);
        let most = schemas.iter().filter_map(|schema| schema.get("maxItems")?.as_u64()).min().unwrap_or(u64::MAX);
        let wanted = if place.depth > OPTIONAL_DEPTH { least } else { least.max(1) };
        let count = usize::try_from(wanted.min(most)).unwrap_or(0).min(MANY);
        let unique = schemas.iter().any(|schema| schema.get("uniqueItems") == Some(&Value::Bool(true)));
        let items = (0..count).filter_map(|index| {
            let pointer = format!("{}/{index}", place.pointer);
            let distinct = (unique && count > 1).then_some(index);
            let inner = Place { pointer: &pointer, name: "", depth: place.depth + 1, optional: false, distinct };
            match shape.items(Some(index)) {
                Some(item) => self.value(&item, inner),
                None => Some(Node::quoted(&format!("item {}", index + 1))),
            }
        });
        Node::Array(items.collect())
    }
}

/// The ways of one alternative: constants, else the types it leaves; examples, defaults and bounds come last, but first
/// where nothing is known or a pattern is asked for.
fn alternative<'s>(shape: &Shape<'s>) -> Vec<Way<'s>> {
    let types = shape.types();
    let listed: Vec<&Value> =
        constants(shape).into_iter().filter(|value| types.iter().any(|(ty, _)| *ty == type_of(value))).collect();
    if !listed.is_empty() {
        let draw = (listed.len() > 1).then(|| drawable(&listed)).filter(|values| values.len() > 1).map(Way::Drawn);
        return draw.into_iter().chain(listed.into_iter().map(Way::Literal)).collect();
    }
    let examples = || shape.schemas().flat_map(examples).map(Way::Literal);
    let obscure = shape.is_any() || shape.schemas().any(|schema| schema.get("pattern").is_some());
    let ways = likely(shape, &types).into_iter().map(|ty| Way::Typed(shape.clone(), ty));
    if obscure { examples().chain(ways).collect() } else { ways.chain(examples()).collect() }
}

/// The values every `const` and `enum` of a conjunction allows.
fn constants<'s>(shape: &Shape<'s>) -> Vec<&'s Value> {
    let mut lists = shape.schemas().filter_map(|schema| match schema.get("const") {
        Some(value) => Some(vec![value]),
        None => Some(schema.get("enum")?.as_array()?.iter().collect()),
    });
    let first = lists.next().unwrap_or_default();
    lists.fold(first, |kept: Vec<&Value>, list| kept.into_iter().filter(|value| list.contains(value)).collect())
}

/// Values the schema itself names. A bound is the only number known to be right where it exceeds what helpers draw.
fn examples(schema: &Value) -> impl Iterator<Item = &Value> {
    let listed = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    let named = ["example", "default", "minimum", "maximum"].into_iter().filter_map(|key| schema.get(key));
    listed.chain(named)
}

/// The types in the order they are tried: what the keywords speak of first, then what says most.
fn likely(shape: &Shape<'_>, types: &[(Type, Option<&str>)]) -> Vec<Type> {
    let has = |keywords: &[&str]| shape.schemas().any(|schema| keywords.iter().any(|key| schema.get(*key).is_some()));
    let spoken = |ty: Type| match ty {
        Type::Object => has(&["properties", "required", "additionalProperties", "minProperties"]),
        Type::Array => has(&["items", "prefixItems", "minItems", "contains"]),
        Type::String => has(&["pattern", "format", "minLength", "maxLength"]),
        Type::Integer | Type::Number => has(&["minimum", "maximum", "multipleOf"]),
        Type::Boolean | Type::Null => false,
    };
    let order = [Type::Object, Type::Array, Type::String, Type::Number, Type::Integer, Type::Boolean, Type::Null];
    let mut left: Vec<Type> = order.into_iter().filter(|ty| types.iter().any(|(of, _)| of == ty)).collect();
    if shape.is_any() {
        // Of a value about which nothing is said, a text says it best.
        left.sort_by_key(|ty| *ty != Type::String);
    }
    left.sort_by_key(|ty| !spoken(*ty));
    left
}

/// Values of one sort that a template can draw from.
fn drawable<'s>(values: &[&'s Value]) -> Vec<&'s Value> {
    let plain = |value: &Value| match value {
        Value::String(text) => !text.contains(['"', '\\', '{', '}']) && !text.contains(char::is_control),
        Value::Number(_) | Value::Bool(_) => true,
        _ => false,
    };
    let same = |value: &Value| value.is_string() == values[0].is_string();
    values.iter().copied().filter(|value| plain(value) && same(value)).take(DRAWN).collect()
}

fn drawn(values: &[&Value]) -> Node {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    let helper = format!("{{{{random_choice {}}}}}", list.join(" "));
    if values[0].is_string() { Node::quoted(&helper) } else { Node::Scalar(helper) }
}

fn bound<'v>(schemas: impl Iterator<Item = &'v Value>, keyword: &str) -> Option<u64> {
    schemas.filter_map(|schema| schema.get(keyword)?.as_u64()).max()
}
