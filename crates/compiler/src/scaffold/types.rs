//! From the shape of a value to the type of its column.

use serde_json::Value;

use schema::{Field, Shape, Type};

/// Fields of a nested object that become columns of their own; one with more is kept whole.
const FEW: usize = 5;
/// 2^63, the least whole number that is too large; a bound of this very number is most often meant to be exclusive.
const BIGINT: f64 = 9_223_372_036_854_775_808.0;
/// Keywords with a number that a value may have or approach.
const BOUNDS: [&str; 5] = ["const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"];

/// The fields of an object that holds nothing but a few scalars.
pub(super) fn few_scalars<'s>(shape: &Shape<'s>) -> Option<Vec<&'s str>> {
    let only_objects = shape.types().iter().all(|(ty, _)| matches!(ty, Type::Object | Type::Null));
    let names = shape.field_names();
    let few = (1..=FEW).contains(&names.len());
    (only_objects && few && names.iter().all(|name| is_scalar(&shape.field(name)))).then_some(names)
}

fn is_scalar(field: &Field<'_>) -> bool {
    matches!(field, Field::Known { shape, .. } if scalar(shape).is_some())
}

/// The type of a column that accepts every value of a shape.
pub(super) fn column_type(shape: &Shape<'_>) -> String {
    let only_arrays = shape.types().iter().all(|(ty, _)| matches!(ty, Type::Array | Type::Null));
    let element = shape.items(None).filter(|_| only_arrays).and_then(|items| scalar(&items));
    match (scalar(shape), element) {
        (Some(ty), _) => ty.to_owned(),
        (None, Some(element)) => format!("{element}[]"),
        (None, None) => "jsonb".to_owned(),
    }
}

/// The type that accepts every value of a shape, if all are scalars of one kind.
fn scalar(shape: &Shape<'_>) -> Option<&'static str> {
    let (mut types, mut formats) = (Vec::new(), Vec::new());
    for (ty, format) in shape.types() {
        if ty != Type::Null {
            types.push(ty);
            formats.push(format);
        }
    }
    if types.is_empty() || shape.is_any() {
        return None;
    }
    if types.iter().all(|ty| *ty == Type::String) {
        Some(text_type(&formats))
    } else if types.iter().all(|ty| *ty == Type::Boolean) {
        Some("boolean")
    } else if types.iter().all(|ty| *ty == Type::Integer) && !exceeds_bigint(shape) {
        Some("bigint")
    } else {
        types.iter().all(|ty| matches!(ty, Type::Integer | Type::Number)).then_some("numeric")
    }
}

/// Whether the schema names, as a bound or as a value, a whole number outside the range of bigint.
fn exceeds_bigint(shape: &Shape<'_>) -> bool {
    shape.schemas().any(|schema| {
        let listed = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
        let mut named = BOUNDS.iter().filter_map(|key| schema.get(*key)).chain(listed);
        let is_unsigned = schema.get("format").is_some_and(|format| format == "uint64");
        is_unsigned || named.any(|value| value.as_f64().is_some_and(|number| number.abs() > BIGINT))
    })
}

/// `format: time` stays a text: its values have an offset, which a column of type time does not accept.
fn text_type(formats: &[Option<&str>]) -> &'static str {
    let types: [(&[&str], &str); 5] = [
        (&["uuid"], "uuid"),
        (&["date-time"], "timestamptz"),
        (&["date"], "date"),
        (&["duration"], "interval"),
        (&["ipv4", "ipv6"], "inet"),
    ];
    for (wanted, ty) in types {
        if formats.iter().all(|format| format.is_some_and(|format| wanted.contains(&format))) {
            return ty;
        }
    }
    "text"
}
