//! The ways a value can be made, in the order they are tried.

use serde_json::Value;

use super::node::Node;
use schema::{Shape, Type, type_of};

/// Values of an `enum` that a template draws from.
const DRAWN: usize = 8;

/// A way to make the value of a place.
pub(super) enum Way<'s> {
    /// This very value: a constant, an example, a default.
    Literal(&'s Value),
    /// One of these, drawn anew for each event.
    Drawn(Vec<&'s Value>),
    /// Whatever this alternative allows, as this type.
    Typed(Shape<'s>, Type),
    /// The field is left out.
    Absent,
}

/// The ways of one alternative: constants, else the types it leaves; examples, defaults and bounds come last, but first
/// where nothing is known or a pattern is asked for.
pub(super) fn alternative<'s>(shape: &Shape<'s>) -> Vec<Way<'s>> {
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
pub(super) fn constants<'s>(shape: &Shape<'s>) -> Vec<&'s Value> {
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

pub(super) fn drawn(values: &[&Value]) -> Node {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    let helper = format!("{{{{random_choice {}}}}}", list.join(" "));
    if values[0].is_string() { Node::quoted(&helper) } else { Node::Scalar(helper) }
}
