//! The JSON Schema of the events that fill a table.

use super::node::{Node, escaped};
use pipeline::column_type::{Strings, Verdict};
use pipeline::{ColumnType, ExistingColumn, ExistingTable, ScalarType};

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
type Field = (String, Node);

/// Digits that a float keeps. Validators that compute with floats would refuse some multiples of a smaller step.
const FLOAT_DIGITS: u16 = 15;

/// An object with one field for each column that is declared.
pub(super) fn document(name: &str, table: &ExistingTable) -> Node {
    let (mut required, mut properties) = (Vec::new(), Vec::new());
    for column in &table.columns {
        let Some(ty) = column.declared_type() else { continue };
        let accepts_null = table.when_null(column).accepts_null();
        if !accepts_null {
            required.push(text(&column.name));
        }
        properties.push((column.name.clone(), property(column, ty, accepts_null)));
    }
    let mut fields = vec![field("$schema", text(DRAFT)), field("title", text(name)), field("type", text("object"))];
    if !required.is_empty() {
        fields.push(field("required", Node::Array(required)));
    }
    fields.push(field("properties", Node::Object(properties)));
    Node::Object(fields)
}

fn property(column: &ExistingColumn, ty: ColumnType, accepts_null: bool) -> Node {
    match ty {
        ColumnType::Scalar(scalar) => value(column, scalar, accepts_null),
        ColumnType::Array(scalar) => {
            let items = field("items", value(column, scalar, false));
            Node::Object(vec![types(&["array"], accepts_null), items])
        }
    }
}

/// The values that a column's type accepts, as its row in the table of types describes them.
fn value(column: &ExistingColumn, scalar: ScalarType, accepts_null: bool) -> Node {
    let accepts = &scalar.definition().accepts;
    if accepts.nested == Verdict::Yes {
        return any(accepts_null);
    }
    let (name, keywords) = if accepts.boolean == Verdict::Yes {
        ("boolean", Vec::new())
    } else if matches!(accepts.integer, Verdict::No(_)) {
        ("string", string(column, &accepts.string, accepts_null))
    } else {
        number(scalar)
    };
    Node::Object(std::iter::once(types(&[name], accepts_null)).chain(keywords).collect())
}

/// Any JSON value, but null only where it is accepted.
fn any(accepts_null: bool) -> Node {
    if accepts_null {
        return Node::Scalar("true".to_owned());
    }
    Node::Object(vec![types(&["object", "array", "string", "number", "boolean"], false)])
}

fn types(names: &[&str], accepts_null: bool) -> Field {
    let mut names: Vec<Node> = names.iter().chain(accepts_null.then_some(&"null")).map(|name| text(name)).collect();
    field("type", if names.len() == 1 { names.remove(0) } else { Node::Array(names) })
}

fn string(column: &ExistingColumn, strings: &Strings, accepts_null: bool) -> Vec<Field> {
    let mut keywords = Vec::new();
    match strings {
        Strings::All(_) => {
            keywords.extend(column.max_length.map(|length| field("maxLength", Node::Scalar(length.to_string()))));
            if !column.labels.is_empty() {
                let null = accepts_null.then(|| Node::Scalar("null".to_owned()));
                let labels = column.labels.iter().map(|label| text(label)).chain(null);
                keywords.push(field("enum", Node::Array(labels.collect())));
            }
        }
        Strings::Form { formats: [format], .. } => keywords.push(field("format", text(format))),
        Strings::Form { formats, pattern, .. } => {
            keywords.extend(pattern.map(|pattern| field("pattern", text(pattern))));
            let formats: Vec<Node> =
                formats.iter().map(|name| Node::Object(vec![field("format", text(name))])).collect();
            if !formats.is_empty() {
                keywords.push(field("anyOf", Node::Array(formats)));
            }
        }
    }
    keywords
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the bounds of bigint are the nearest floats, and are cut to an i64"
)]
fn number(scalar: ScalarType) -> (&'static str, Vec<Field>) {
    if let Some((least, greatest)) = scalar.definition().whole_numbers {
        return ("integer", bounds(&(least as i64).to_string(), &(greatest as i64).to_string()));
    }
    let Some((precision, scale)) = scalar.limits() else {
        return ("number", Vec::new());
    };
    let name = if scale == 0 { "integer" } else { "number" };
    if precision > FLOAT_DIGITS {
        return (name, Vec::new());
    }
    let greatest = decimal(&"9".repeat(usize::from(precision - scale)), &"9".repeat(usize::from(scale)));
    let mut keywords = bounds(&format!("-{greatest}"), &greatest);
    if scale > 0 {
        let step = decimal("", &format!("{:0>width$}", 1, width = usize::from(scale)));
        keywords.push(field("multipleOf", Node::Scalar(step)));
    }
    (name, keywords)
}

fn bounds(least: &str, greatest: &str) -> Vec<Field> {
    vec![field("minimum", Node::Scalar(least.to_owned())), field("maximum", Node::Scalar(greatest.to_owned()))]
}

/// A number of digits before and after the point.
fn decimal(whole: &str, fraction: &str) -> String {
    let whole = if whole.is_empty() { "0" } else { whole };
    if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }
}

fn field(name: &str, value: Node) -> Field {
    (name.to_owned(), value)
}

fn text(text: &str) -> Node {
    Node::quoted(&escaped(text))
}

#[cfg(test)]
mod tests {
    use pipeline::ColumnDefault;
    use serde_json::{Value, json};

    use super::*;

    fn column(ty: &str, max_length: Option<i32>, labels: &[&str]) -> ExistingColumn {
        ExistingColumn {
            name: "c".to_owned(),
            live_type: String::new(),
            ty: ty.parse().ok(),
            nullable: false,
            default: ColumnDefault::None,
            max_length,
            labels: labels.iter().map(ToString::to_string).collect(),
        }
    }

    fn schema(column: &ExistingColumn, accepts_null: bool) -> Value {
        let node = property(column, column.ty.expect("a type"), accepts_null);
        serde_json::from_str(&node.text(0)).expect("JSON")
    }

    #[test]
    fn each_type_has_the_schema_of_its_values() {
        for (ty, expected) in [
            ("text", json!({"type": "string"})),
            ("boolean", json!({"type": "boolean"})),
            ("smallint", json!({"type": "integer", "minimum": -32_768, "maximum": 32_767})),
            ("bigint", json!({"type": "integer", "minimum": i64::MIN, "maximum": i64::MAX})),
            ("numeric", json!({"type": "number"})),
            ("numeric(20,4)", json!({"type": "number"})),
            ("numeric(5)", json!({"type": "integer", "minimum": -99_999, "maximum": 99_999})),
            ("real", json!({"type": "number"})),
            ("uuid", json!({"type": "string", "format": "uuid"})),
            ("timestamptz", json!({"type": "string", "format": "date-time"})),
            ("inet", json!({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})),
            ("date[]", json!({"type": "array", "items": {"type": "string", "format": "date"}})),
            ("jsonb", json!({"type": ["object", "array", "string", "number", "boolean"]})),
        ] {
            assert_eq!(schema(&column(ty, None, &[]), false), expected, "{ty}");
        }
        let digits = property(&column("numeric(4,2)", None, &[]), "numeric(4,2)".parse().unwrap(), false).text(0);
        assert_eq!(digits, r#"{ "type": "number", "minimum": -99.99, "maximum": 99.99, "multipleOf": 0.01 }"#);
    }

    #[test]
    fn a_column_that_accepts_null_has_null_beside_its_values() {
        for (column, expected) in [
            (column("text", Some(3), &[]), json!({"type": ["string", "null"], "maxLength": 3})),
            (column("text", None, &["a", "b"]), json!({"type": ["string", "null"], "enum": ["a", "b", null]})),
            (
                column("text[]", None, &["a"]),
                json!({"type": ["array", "null"], "items": {"type": "string", "enum": ["a"]}}),
            ),
            (column("jsonb", None, &[]), json!(true)),
        ] {
            assert_eq!(schema(&column, true), expected);
        }
    }
}
