//! From samples to a JSON Schema that accepts them all and requires no more than they show.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::KeyOrder;
use super::node::Node;
use pipeline::ColumnType;
use pipeline::cast::cast;
use pipeline::validate::{Options, Validator};
use schema::{Type, type_of};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// Formats that are inferred, each with the column type that has to accept its values as well.
const FORMATS: [(&str, &str); 4] =
    [("uuid", "uuid"), ("date-time", "timestamptz"), ("date", "date"), ("email", "text")];
/// Values within values that are described. One that is an object needs two levels of the
/// schema, and a schema of more than 128 levels is not read.
const DEEPEST: usize = 32;
/// Fields that distinguish kinds of events.
const DISCRIMINATORS: [&str; 4] = ["type", "event_type", "eventType", "kind"];

/// A format with what checks values of it.
struct Format {
    name: &'static str,
    column_type: ColumnType,
    validator: Validator,
}

impl Format {
    fn compile((name, column_type): (&'static str, &'static str)) -> Option<Self> {
        let validator = Validator::of(&json!({ "format": name }), Options::default()).ok()?;
        Some(Self { name, column_type: column_type.parse().ok()?, validator })
    }

    fn accepts(&self, value: &Value) -> bool {
        self.validator.is_valid(value) && cast(value, self.column_type).is_ok()
    }
}

/// Infers schemas; holds the validators of the formats.
pub(super) struct Inference<'a> {
    order: &'a KeyOrder,
    formats: Vec<Format>,
}

impl<'a> Inference<'a> {
    /// Fields come in this order.
    pub(super) fn new(order: &'a KeyOrder) -> Self {
        Self { order, formats: FORMATS.into_iter().filter_map(Format::compile).collect() }
    }

    /// The schema of a document of which these are samples.
    pub(super) fn document(&self, name: &str, samples: &[Value]) -> Node {
        let samples: Vec<&Value> = samples.iter().collect();
        let mut schema = vec![("$schema".to_owned(), Node::quoted(DRAFT)), ("title".to_owned(), Node::quoted(name))];
        schema.extend(self.fields(&samples, 0));
        Node::Object(schema)
    }

    /// The keywords. Each applies to its own type only, so several types need no `anyOf`.
    fn fields(&self, values: &[&Value], depth: usize) -> Vec<(String, Node)> {
        let mut fields = vec![("type".to_owned(), types(values))];
        if depth == DEEPEST {
            return fields;
        }
        let strings: Vec<&Value> = values.iter().copied().filter(|value| value.is_string()).collect();
        if let Some(format) = self.format(&strings) {
            fields.push(("format".to_owned(), Node::quoted(format)));
        }
        let objects: Vec<&Map<String, Value>> = values.iter().filter_map(|value| value.as_object()).collect();
        if !objects.is_empty() {
            self.object(&objects, depth, &mut fields);
        }
        let items: Vec<&Value> = values.iter().filter_map(|value| value.as_array()).flatten().collect();
        if !items.is_empty() {
            fields.push(("items".to_owned(), Node::Object(self.fields(&items, depth + 1))));
        }
        fields
    }

    /// The one format all strings have.
    fn format(&self, strings: &[&Value]) -> Option<&'static str> {
        let found = self.formats.iter().find(|format| strings.iter().all(|value| format.accepts(value)));
        found.filter(|_| !strings.is_empty()).map(|format| format.name)
    }

    fn object(&self, objects: &[&Map<String, Value>], depth: usize, fields: &mut Vec<(String, Node)>) {
        let names: BTreeSet<&str> = objects.iter().flat_map(|object| object.keys()).map(String::as_str).collect();
        let names = self.order.sorted(names.into_iter());
        let required = names.iter().filter(|name| objects.iter().all(|object| object.contains_key(**name)));
        let required: Vec<Node> = required.map(|name| Node::quoted(&super::node::escaped(name))).collect();
        if !required.is_empty() {
            fields.push(("required".to_owned(), Node::Array(required)));
        }
        let mut properties = Vec::new();
        for name in names {
            let values: Vec<&Value> = objects.iter().filter_map(|object| object.get(name)).collect();
            properties.push((name.to_owned(), self.property(name, &values, depth + 1)));
        }
        fields.push(("properties".to_owned(), Node::Object(properties)));
    }

    /// One value in every sample is most likely a constant, but samples can't prove it.
    fn property(&self, name: &str, values: &[&Value], depth: usize) -> Node {
        let mut fields = self.fields(values, depth);
        let same = values.len() > 1 && values.windows(2).all(|pair| pair[0] == pair[1]);
        if same && DISCRIMINATORS.contains(&name) {
            let comment = format!("{} in all {} samples: a const?", values[0], values.len());
            fields.push(("$comment".to_owned(), Node::quoted(&super::node::escaped(&comment))));
        }
        Node::Object(fields)
    }
}

/// `"string"`, or `["string", "null"]`; what is an integer here and a fraction there is a number.
fn types(values: &[&Value]) -> Node {
    let mut found: BTreeSet<Type> = values.iter().map(|value| type_of(value)).collect();
    if found.contains(&Type::Number) {
        found.remove(&Type::Integer);
    }
    let null = found.remove(&Type::Null).then_some(Type::Null);
    let mut names: Vec<Node> = found.into_iter().chain(null).map(|ty| Node::quoted(name(ty))).collect();
    if names.len() == 1 { names.remove(0) } else { Node::Array(names) }
}

/// As `type` writes it.
fn name(ty: Type) -> &'static str {
    match ty {
        Type::Null => "null",
        Type::Boolean => "boolean",
        Type::Integer => "integer",
        Type::Number => "number",
        Type::String => "string",
        Type::Array => "array",
        Type::Object => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer(text: &str) -> Value {
        let order = KeyOrder::of_values(text);
        let samples: Vec<Value> = serde_json::from_str(text).unwrap();
        serde_json::from_str(&Inference::new(&order).document("t", &samples).text(0)).unwrap()
    }

    #[test]
    fn what_all_samples_have_is_required_and_null_is_a_type_of_its_own() {
        let schema = infer(r#"[{"a": 1, "b": "x"}, {"a": 2.5, "c": null}, {"a": 3, "c": true}]"#);
        assert_eq!(schema["required"], json!(["a"]));
        assert_eq!(schema["properties"]["a"], json!({"type": "number"}));
        assert_eq!(schema["properties"]["b"], json!({"type": "string"}));
        assert_eq!(schema["properties"]["c"], json!({"type": ["boolean", "null"]}));
    }

    #[test]
    fn a_format_is_one_of_every_sample() {
        let schema = infer(
            r#"[{"a": "2024-01-01T00:00:00Z", "b": "2024-01-01", "c": "a@b.example", "d": "2024-01-01"},
                {"a": "2024-01-02T00:00:00+01:00", "b": "2024-01-02", "c": "c@d.example", "d": "soon"}]"#,
        );
        let format = |name: &str| schema["properties"][name]["format"].as_str().map(str::to_owned);
        assert_eq!(
            ["a", "b", "c", "d"].map(format),
            [Some("date-time"), Some("date"), Some("email"), None].map(|it| it.map(str::to_owned))
        );
    }

    #[test]
    fn nested_values_are_described_too() {
        let schema = infer(r#"[{"o": {"x": [{"n": 1}, {"n": 2, "m": "s"}]}}, {"o": {"x": []}}]"#);
        let items = &schema["properties"]["o"]["properties"]["x"]["items"];
        assert_eq!(items["required"], json!(["n"]));
        assert_eq!(items["properties"]["m"], json!({"type": "string"}));
        assert_eq!(infer(r#"[{"x": []}]"#)["properties"]["x"], json!({"type": "array"}));
    }

    #[test]
    fn a_constant_is_remarked_and_not_asserted() {
        let schema = infer(r#"[{"type": "ping", "x": 1}, {"type": "ping", "x": 1}]"#);
        let ping = &schema["properties"]["type"];
        assert!(ping.get("const").is_none() && ping["$comment"].as_str().unwrap().contains("\"ping\""));
        assert!(schema["properties"]["x"].get("$comment").is_none());
    }
}
