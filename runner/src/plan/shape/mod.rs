//! What a JSON Schema says about the values at one place, read without running it.
//!
//! A place is a union of alternatives (`anyOf`, `oneOf`, `if`), each a conjunction of schemas (`allOf`, `$ref`). What a
//! schema leaves open counts as possible, and what can't be followed says nothing, so that no error is reported
//! that a document could prove wrong.

mod expand;
mod field;
mod possible;

pub(crate) use crate::map::cast::JsonType as Type;

use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::config::SchemaFiles;

pub(crate) use field::Field;
pub(super) use possible::{Keywords, Known, Possible};

/// A schema and the file it stands in; no file for the built-in ones.
#[derive(Debug, Clone, Copy)]
pub(super) struct Located<'s> {
    value: &'s Value,
    file: Option<&'s Path>,
}

/// Schemas that all hold.
type Conjunction<'s> = Vec<Located<'s>>;

/// The values at one place: those of any alternative. None at all: no value is possible.
#[derive(Debug, Clone)]
pub(crate) struct Shape<'s> {
    files: Option<&'s SchemaFiles>,
    alternatives: Vec<Conjunction<'s>>,
}

/// The built-in schemas, for values that no schema file describes.
static BUILT_IN: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "null": {"type": "null"},
        "boolean": {"type": "boolean"},
        "integer": {"type": "integer"},
        "number of a text": {"type": "integer", "format": "text"},
        "number": {"type": "number"},
        "string": {"type": "string"},
        "date-time": {"type": "string", "format": "date-time"},
        "uuid": {"type": "string", "format": "uuid"},
        "time of day": {"type": "string", "pattern": "^[0-9]"},
        "byte": {"type": "string", "format": "byte"},
        "date": {"type": "string", "format": "date"},
        "array": {"type": "array"},
        "strings": {"type": "array", "items": {"type": "string"}},
        "some strings": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "integers": {"type": "array", "items": {"type": "integer"}},
        "scalar": {"type": ["null", "boolean", "number", "string"]},
        "iterable": {"type": ["array", "object"]},
        "no boolean": {"type": ["null", "number", "string", "array", "object"]},
        "no number": {"type": ["null", "boolean", "string", "array", "object"]},
        "no string": {"type": ["null", "boolean", "number", "array", "object"]},
        "no array": {"type": ["null", "boolean", "number", "string", "object"]},
        "no object": {"type": ["null", "boolean", "number", "string", "array"]},
        "value": {"type": ["boolean", "number", "string", "array", "object"]},
        "object": {"type": "object"},
        "$sqs": sqs(&json!(["string", "null"])),
        "$sqs of a FIFO queue": sqs(&json!("string")),
        "the SNS envelope": sns(),
    })
});

/// What the queue says about a message; only a FIFO queue gives each one a group and a deduplication id.
fn sqs(fifo: &Value) -> Value {
    // The sender promises the form of these; a pattern, if only an empty one, keeps anybody from asking for more.
    let free = json!({"type": "string", "pattern": ""});
    json!({
        "type": "object",
        "properties": {
            "message_id": free,
            "sent_at": {"type": "string", "format": "date-time"},
            "received_at": {"type": "string", "format": "date-time"},
            "receive_count": {"type": "integer"},
            "group_id": {"type": fifo},
            "dedup_id": {"type": fifo},
            "attributes": {"type": "object", "additionalProperties": free}
        },
        "required": ["message_id", "sent_at", "received_at", "receive_count", "group_id", "dedup_id", "attributes"],
        "additionalProperties": false
    })
}

/// What SNS puts around a message.
fn sns() -> Value {
    json!({
        "type": "object",
        "properties": {
            "Type": {"type": "string"},
            "MessageId": {"type": "string", "format": "uuid"},
            "TopicArn": {"type": "string"},
            "Subject": {"type": ["string", "null"]},
            "Message": {"type": "string"},
            "Timestamp": {"type": "string", "format": "date-time"},
            "SignatureVersion": {"type": "string"},
            "Signature": {"type": "string"},
            "SigningCertURL": {"type": "string"},
            "UnsubscribeURL": {"type": "string"},
            "MessageAttributes": {"type": "object", "additionalProperties": {
                "type": "object",
                "properties": {"Type": {"type": "string"}, "Value": {"type": "string"}},
                "required": ["Type", "Value"]
            }}
        },
        "required": ["Type", "MessageId", "TopicArn", "Message", "Timestamp"]
    })
}

const ALL_TYPES: [Type; 7] =
    [Type::Null, Type::Boolean, Type::Integer, Type::Number, Type::String, Type::Array, Type::Object];

impl<'s> Shape<'s> {
    /// The shape of the events that one of the schemas is about, by its index.
    pub(crate) fn of_part(files: &'s SchemaFiles, part: usize) -> Option<Self> {
        let (path, value) = files.whole(part)?;
        Some(Self::expanded(Some(files), Located { value, file: Some(path) }))
    }

    /// The shape of a built-in schema, by its name.
    pub(super) fn named(name: &'static str) -> Self {
        let value = BUILT_IN.get(name).unwrap_or(&Value::Bool(true));
        Self::expanded(None, Located { value, file: Some(Path::new(name)) })
    }

    /// The shape of a schema that refers to no file.
    #[cfg(test)]
    pub(crate) fn of_value(value: &'s Value) -> Self {
        Self::expanded(None, Located { value, file: None })
    }

    fn expanded(files: Option<&'s SchemaFiles>, schema: Located<'s>) -> Self {
        Self { files, alternatives: expand::alternatives(files, schema) }
    }

    /// Every type a value may have, with the `format` its schema gives it.
    pub(crate) fn types(&self) -> Vec<(Type, Option<&'s str>)> {
        let mut found: Vec<(Type, Option<&str>)> = Vec::new();
        for conjunction in &self.alternatives {
            let format = conjunction.iter().find_map(|schema| schema.value.get("format")?.as_str());
            let format = format.filter(|_| self.asserts_formats());
            for ty in types(conjunction) {
                let format = format.filter(|_| ty == Type::String);
                if !found.contains(&(ty, format)) {
                    found.push((ty, format));
                }
            }
        }
        found
    }

    /// Whether a string keeps to its `format`; those of the built-in schemas always do.
    fn asserts_formats(&self) -> bool {
        self.files.is_none_or(|files| !files.formats_ignored)
    }

    /// Whether nothing at all is said about the type.
    pub(crate) fn is_any(&self) -> bool {
        self.alternatives.iter().any(|conjunction| types(conjunction).len() == ALL_TYPES.len())
    }

    /// Whether a value may be of this type.
    pub(crate) fn may_be(&self, ty: Type) -> bool {
        self.alternatives.iter().any(|conjunction| types(conjunction).contains(&ty))
    }

    /// Each alternative as a shape of its own.
    pub(crate) fn alternatives(&self) -> impl Iterator<Item = Self> {
        let one = |conjunction: &Conjunction<'s>| Self { files: self.files, alternatives: vec![conjunction.clone()] };
        self.alternatives.iter().map(one)
    }

    /// Whether every alternative of the other is one of these.
    pub(super) fn has(&self, other: &Self) -> bool {
        let same = |left: &Conjunction<'_>, right: &Conjunction<'_>| {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| std::ptr::eq(left.value, right.value))
        };
        other.alternatives.iter().all(|wanted| self.alternatives.iter().any(|known| same(known, wanted)))
    }

    /// The schemas of all alternatives; those of one alternative all hold.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = &'s Value> {
        self.alternatives.iter().flatten().map(|schema| schema.value)
    }

    /// Values of either shape.
    #[must_use]
    pub(super) fn or(mut self, other: Self) -> Self {
        self.files = self.files.or(other.files);
        self.alternatives.extend(other.alternatives);
        self
    }

    /// The values that `const` and `enum` leave; `None` when any alternative has neither.
    pub(super) fn constants(&self) -> Option<Vec<&'s Value>> {
        let one = |conjunction: &Conjunction<'s>| conjunction.iter().find_map(|schema| constants(schema.value));
        let lists: Option<Vec<_>> = self.alternatives.iter().map(one).collect();
        Some(lists?.into_iter().flatten().collect())
    }

    /// A `minItems` that every alternative has.
    pub(super) fn least_items(&self) -> u64 {
        let least = |conjunction: &Conjunction<'_>| {
            conjunction.iter().filter_map(|schema| schema.value.get("minItems")?.as_u64()).max().unwrap_or(0)
        };
        self.alternatives.iter().map(least).min().unwrap_or(0)
    }

    /// A `maxItems` that every alternative has.
    pub(super) fn most_items(&self) -> Option<u64> {
        let most = |conjunction: &Conjunction<'_>| {
            conjunction.iter().filter_map(|schema| schema.value.get("maxItems")?.as_u64()).min()
        };
        self.alternatives.iter().map(most).collect::<Option<Vec<_>>>()?.into_iter().max()
    }

    /// Values that both allow.
    #[must_use]
    pub(crate) fn and(&self, other: &Self) -> Self {
        let pairs = self.alternatives.iter().flat_map(|left| other.alternatives.iter().map(move |right| (left, right)));
        let joined = pairs.map(|(left, right)| left.iter().chain(right).copied().collect());
        let files = self.files.or(other.files);
        Self { files, alternatives: joined.filter(possible::is_possible).collect() }
    }
}

/// The types a conjunction leaves.
fn types(conjunction: &Conjunction<'_>) -> Vec<Type> {
    let mut left = ALL_TYPES.to_vec();
    for schema in conjunction {
        if let Some(named) = schema.value.get("type") {
            let allowed = named_types(named);
            left.retain(|ty| allowed.contains(ty));
        }
        if let Some(values) = constants(schema.value) {
            left.retain(|ty| values.iter().any(|value| type_of(value) == *ty));
        }
        if schema.value.get("multipleOf").is_some_and(Value::is_u64) {
            left.retain(|ty| *ty != Type::Number);
        }
    }
    left
}

fn named_types(named: &Value) -> Vec<Type> {
    let one = |name: &Value| match name.as_str() {
        Some("null") => vec![Type::Null],
        Some("boolean") => vec![Type::Boolean],
        Some("integer") => vec![Type::Integer],
        Some("number") => vec![Type::Integer, Type::Number],
        Some("string") => vec![Type::String],
        Some("array") => vec![Type::Array],
        Some("object") => vec![Type::Object],
        _ => Vec::new(),
    };
    match named {
        Value::Array(list) => list.iter().flat_map(one).collect(),
        single => one(single),
    }
}

/// The values of `const` or `enum`.
fn constants(schema: &Value) -> Option<&[Value]> {
    if let Some(value) = schema.get("const") {
        return Some(std::slice::from_ref(value));
    }
    schema.get("enum")?.as_array().map(Vec::as_slice)
}

/// The narrowest type of a value.
pub(crate) fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::Null,
        Value::Bool(_) => Type::Boolean,
        Value::Number(number) => {
            let text = number.to_string();
            let whole = !text.contains(['.', 'e', 'E']) || number.as_f64().is_some_and(|n| n.fract() == 0.0);
            if whole { Type::Integer } else { Type::Number }
        }
        Value::String(_) => Type::String,
        Value::Array(_) => Type::Array,
        Value::Object(_) => Type::Object,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types_of(schema: &Value) -> Vec<Type> {
        let mut types: Vec<Type> = Shape::of_value(schema).types().into_iter().map(|(ty, _)| ty).collect();
        types.sort();
        types.dedup();
        types
    }

    #[test]
    fn types_come_from_type_const_enum_and_their_combinations() {
        use Type::{Integer, Null, Number, String};
        assert_eq!(types_of(&json!({"type": ["string", "null"]})), [Null, String]);
        assert_eq!(types_of(&json!({"type": "number"})), [Integer, Number]);
        assert_eq!(types_of(&json!({"type": "number", "multipleOf": 1})), [Integer]);
        assert_eq!(types_of(&json!({"enum": [1, "a", null]})), [Null, Integer, String]);
        assert_eq!(types_of(&json!({"const": 1.5})), [Number]);
        assert_eq!(types_of(&json!({"anyOf": [{"type": "null"}, {"type": "string"}]})), [Null, String]);
        assert_eq!(types_of(&json!({"allOf": [{"type": ["null", "string"]}, {"type": "string"}]})), [String]);
        assert_eq!(types_of(&json!({"type": "string", "allOf": [{"type": "null"}]})), []);
        assert_eq!(types_of(&json!(true)).len(), 7);
        assert_eq!(types_of(&json!(false)), []);
    }

    #[test]
    fn formats_belong_to_their_own_alternative() {
        let schema = json!({"oneOf": [{"type": "string", "format": "uuid"}, {"type": "integer"}]});
        let types = Shape::of_value(&schema).types();
        assert_eq!(types, [(Type::String, Some("uuid")), (Type::Integer, None)]);
    }
}
