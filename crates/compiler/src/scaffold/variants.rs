//! The variants of a value, in the order in which they are tried.

use serde_json::Value;

use super::keywords::{constants, has_any};
use super::node::Node;
use schema::{Shape, Type, type_of};

/// Values of an `enum` that a template draws from.
const DRAWN: usize = 8;
/// The types in the order in which they are tried, those that show most first.
const TYPES: [Type; 7] =
    [Type::Object, Type::Array, Type::String, Type::Number, Type::Integer, Type::Boolean, Type::Null];

/// One of several values that a place of an event may have.
pub(super) enum Variant<'s> {
    /// This very value: a constant, an example, a default.
    Literal(&'s Value),
    /// One of these, drawn anew for each event.
    Drawn(Vec<&'s Value>),
    /// Whatever this alternative allows, as this type.
    Typed(Shape<'s>, Type),
    /// The field is left out.
    Absent,
}

impl Variant<'_> {
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Typed(_, Type::Null))
    }

    /// It has values inside.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::Typed(_, Type::Object | Type::Array))
    }
}

/// The variants of one alternative: constants, else the types it leaves; examples, defaults and bounds come last, but
/// first where nothing is known or a pattern has to be matched.
pub(super) fn of_alternative<'s>(shape: &Shape<'s>) -> Vec<Variant<'s>> {
    let types = shape.types();
    let mut listed = constants(shape);
    listed.retain(|value| types.iter().any(|(ty, _)| *ty == type_of(value)));
    if !listed.is_empty() {
        return of_constants(listed);
    }
    let mut examples: Vec<Variant<'s>> = shape.schemas().flat_map(examples).map(Variant::Literal).collect();
    let mut variants: Vec<Variant<'s>> = Vec::new();
    for ty in by_likelihood(shape, &types) {
        variants.push(Variant::Typed(shape.clone(), ty));
    }
    if shape.is_any() || has_any(shape.schemas(), &["pattern"]) {
        examples.append(&mut variants);
        return examples;
    }
    variants.append(&mut examples);
    variants
}

fn of_constants(listed: Vec<&Value>) -> Vec<Variant<'_>> {
    let mut variants = Vec::new();
    let drawn = drawable(&listed);
    if listed.len() > 1 && drawn.len() > 1 {
        variants.push(Variant::Drawn(drawn));
    }
    variants.extend(listed.into_iter().map(Variant::Literal));
    variants
}

/// Values that the schema itself names. A bound is the only number sure to be right where it exceeds what helpers draw.
fn examples(schema: &Value) -> impl Iterator<Item = &Value> {
    let listed = schema.get("examples").and_then(Value::as_array).into_iter().flatten();
    let named = ["example", "default", "minimum", "maximum"].into_iter().filter_map(|key| schema.get(key));
    listed.chain(named)
}

/// The types in the order in which they are tried: first those that a keyword is about.
fn by_likelihood(shape: &Shape<'_>, types: &[(Type, Option<&str>)]) -> Vec<Type> {
    let mut possible = TYPES.to_vec();
    possible.retain(|ty| types.iter().any(|(of, _)| of == ty));
    if shape.is_any() {
        // A schema that allows everything most often stands for a text.
        possible.sort_by_key(|ty| *ty != Type::String);
    }
    possible.sort_by_key(|ty| !has_any(shape.schemas(), keywords_about(*ty)));
    possible
}

fn keywords_about(ty: Type) -> &'static [&'static str] {
    match ty {
        Type::Object => &["properties", "required", "additionalProperties", "minProperties"],
        Type::Array => &["items", "prefixItems", "minItems", "contains"],
        Type::String => &["pattern", "format", "minLength", "maxLength"],
        Type::Integer | Type::Number => &["minimum", "maximum", "multipleOf"],
        Type::Boolean | Type::Null => &[],
    }
}

/// Values of one sort that a template can draw from.
fn drawable<'s>(values: &[&'s Value]) -> Vec<&'s Value> {
    let are_texts = values[0].is_string();
    let mut drawable = values.to_vec();
    drawable.retain(|value| value.is_string() == are_texts && is_plain(value));
    drawable.truncate(DRAWN);
    drawable
}

/// Whether a value can stand among the arguments of a helper.
fn is_plain(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains(['"', '\\', '{', '}']) && !text.contains(char::is_control),
        Value::Number(_) | Value::Bool(_) => true,
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// The helper that draws one of the values.
pub(super) fn drawn(values: &[&Value]) -> Node {
    let list: Vec<String> = values.iter().map(ToString::to_string).collect();
    let helper = format!("{{{{random_choice {}}}}}", list.join(" "));
    if values[0].is_string() { Node::quoted(&helper) } else { Node::Scalar(helper) }
}
