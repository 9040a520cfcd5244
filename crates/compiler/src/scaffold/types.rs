//! From the shape of a value to the type of its column.

use serde_json::Value;

use schema::{Field, Shape, Type};

/// Fields of a nested object that become columns of their own; one with more is kept whole.
const FEW: usize = 5;
/// 2^63, the least whole number that is too large; a bound of this very number is most often meant to be exclusive.
const BIGINT: f64 = 9_223_372_036_854_775_808.0;
/// Keywords whose number a value may be, or come close to.
const BOUNDS: [&str; 5] = ["const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/// The fields of an object that holds nothing but a few scalars.
pub(super) fn few_scalars<'s>(shape: &Shape<'s>) -> Option<Vec<&'s str>> {
    let only_objects = shape.types().iter().all(|(ty, _)| matches!(ty, Type::Object | Type::Null));
    let names = shape.field_names();
    let is_scalar = |name: &&str| matches!(shape.field(name), Field::Known { shape, .. } if scalar(&shape).is_some());
    (only_objects && (1..=FEW).contains(&names.len()) && names.iter().all(is_scalar)).then_some(names)
}

/// The type of the column that takes every value of a shape.
pub(super) fn column_type(shape: &Shape<'_>) -> String {
    let only_arrays = shape.types().iter().all(|(ty, _)| matches!(ty, Type::Array | Type::Null));
    let element = shape.items(None).filter(|_| only_arrays).and_then(|items| scalar(&items));
    match (scalar(shape), element) {
        (Some(ty), _) => ty.to_owned(),
        (None, Some(element)) => format!("{element}[]"),
        (None, None) => "jsonb".to_owned(),
    }
}

/// The type that takes every value of a shape, if all are scalars of one kind.
fn scalar(shape: &Shape<'_>) -> Option<&'static str> {
    let mut types = shape.types();
    types.retain(|(ty, _)| *ty != Type::Null);
    if types.is_empty() || shape.is_any() {
        return None;
    }
    let all = |wanted: &[Type]| types.iter().all(|(ty, _)| wanted.contains(ty));
    if all(&[Type::String]) {
        let formats: Vec<Option<&str>> = types.iter().map(|(_, format)| *format).collect();
        Some(text_type(&formats))
    } else if all(&[Type::Boolean]) {
        Some("boolean")
    } else if all(&[Type::Integer]) && !exceeds_bigint(shape) {
        Some("bigint")
    } else {
        all(&[Type::Integer, Type::Number]).then_some("numeric")
    }
}

/// Whether the schema names a whole number that is none of bigint, as a bound or as a value.
fn exceeds_bigint(shape: &Shape<'_>) -> bool {
    let beyond = |value: &Value| value.as_f64().is_some_and(|number| number.abs() > BIGINT);
    shape.schemas().any(|schema| {
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let bounds = BOUNDS.iter().filter_map(|key| schema.get(*key));
        bounds.chain(listed).any(beyond) || schema.get("format").is_some_and(|format| format == "uint64")
    })
}

/// `format: time` stays a text: its values carry an offset, and a column of type time takes none.
fn text_type(formats: &[Option<&str>]) -> &'static str {
    let all = |wanted: &[&str]| formats.iter().all(|format| format.is_some_and(|format| wanted.contains(&format)));
    let types: [(&[&str], &str); 5] = [
        (&["uuid"], "uuid"),
        (&["date-time"], "timestamptz"),
        (&["date"], "date"),
        (&["duration"], "interval"),
        (&["ipv4", "ipv6"], "inet"),
    ];
    types.iter().find(|(wanted, _)| all(wanted)).map_or("text", |(_, ty)| ty)
}
