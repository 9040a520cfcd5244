//! From the shape of an event to the columns of a table.

use serde_json::Value;

use super::KeyOrder;
use super::column::Column;
use super::names::{Names, ends_with_word, is_id, snake_case};
use super::types::{column_type, few_scalars};
use jq::Expr;
use pipeline::WhenNull;
use schema::{Field, Shape, Type};

/// Above a key that is the queue's own message id.
const NO_FIELD: &str = "No field is sure to identify an event. If one does, name it here and drop the message id:\n\
                        an event that is sent twice is then stored once.";
/// Columns worth an index, at most.
const INDEXED: usize = 4;

/// Types of what identifies something.
const IDS: [&str; 4] = ["uuid", "text", "bigint", "numeric"];

/// The columns of a table, and what identifies a row of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Columns {
    /// In the order of the fields.
    pub(super) list: Vec<Column>,
    /// The columns that are the primary key; none, where rows are appended.
    pub(super) key: Vec<String>,
    /// What stands above the key, in one or more lines.
    pub(super) about_key: String,
    /// Columns of the table that are left to it, each with the reason.
    pub(super) left_out: Vec<String>,
    /// The table does not exist yet, so that it can be given indexes.
    pub(super) is_new: bool,
}

impl Columns {
    /// One column for each field of an event; `name` is the pipeline's.
    pub(super) fn of(event: &Shape<'_>, order: &KeyOrder, name: &str) -> Self {
        let mut columns = Collector { order, names: Names::default(), list: Vec::new() };
        for field in order.sorted(event.field_names().into_iter()) {
            columns.field(event, field);
        }
        if columns.list.is_empty() {
            columns.add("event", "jsonb".to_owned(), false, ".");
        }
        match key(&columns.list, name) {
            Some(key) => Self::new(columns.list, key, ""),
            None => columns.with_message_id(),
        }
    }

    /// Those of a table that is still to be created.
    fn new(list: Vec<Column>, key: String, about_key: &str) -> Self {
        Self { list, key: vec![key], about_key: about_key.to_owned(), left_out: Vec::new(), is_new: true }
    }

    /// The whole event in one column.
    pub(super) fn whole() -> Self {
        let mut columns = Collector { order: &KeyOrder::default(), names: Names::default(), list: Vec::new() };
        columns.add("event", "jsonb".to_owned(), false, ".");
        columns.with_message_id()
    }

    /// Adjusts the columns to what samples show and a schema does not.
    pub(super) fn compare(mut self, samples: &[Value]) -> Self {
        for column in &mut self.list {
            column.widen(samples);
            let time = column.as_time(samples).filter(|_| column.ty == "bigint");
            column.comment = time.map(|line| format!("a time? {line}"));
        }
        self
    }

    /// Columns people search by, for the suggestion of indexes.
    pub(super) fn searched(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for column in &self.list {
            if self.is_new && !self.key.contains(&column.name) && is_searched(column) && names.len() < INDEXED {
                names.push(&column.name);
            }
        }
        names
    }
}

struct Collector<'a> {
    order: &'a KeyOrder,
    names: Names,
    list: Vec<Column>,
}

impl Collector<'_> {
    /// A field of the event: one column, or one for each scalar inside it.
    fn field(&mut self, event: &Shape<'_>, name: &str) {
        let Field::Known { shape, optional } = event.field(name) else {
            return;
        };
        let path = Expr::field(name).text().to_owned();
        let nullable = optional || shape.may_be(Type::Null);
        match few_scalars(&shape) {
            None => self.add(name, column_type(&shape), nullable, &path),
            Some(inner) => {
                for inner in self.order.sorted(inner.into_iter()) {
                    self.inner(&shape, name, inner, nullable);
                }
            }
        }
    }

    fn inner(&mut self, outer: &Shape<'_>, name: &str, inner: &str, outer_nullable: bool) {
        if let Field::Known { shape, optional } = outer.field(inner) {
            let path = format!("{}{}", Expr::field(name).text(), Expr::field(inner).text());
            let nullable = outer_nullable || optional || shape.may_be(Type::Null);
            self.add(&format!("{name}_{inner}"), column_type(&shape), nullable, &path);
        }
    }

    fn add(&mut self, field: &str, ty: String, nullable: bool, path: &str) {
        let name = self.names.column(field);
        let default = Expr::field(&name).text() == path;
        let when_null = if nullable { WhenNull::Store } else { WhenNull::Reject };
        self.list.push(Column { name, ty, when_null, expr: (!default).then(|| path.to_owned()), comment: None });
    }

    /// The queue's message id identifies a delivery, and so a row, where no field of the event is sure to do so.
    fn with_message_id(mut self) -> Columns {
        self.add("message_id", "text".to_owned(), false, "$sqs.message_id");
        let key = self.list.last().expect("it was just added").name.clone();
        Columns::new(self.list, key, NO_FIELD)
    }
}

/// Whether people are likely to search by a column: an id, a kind, a state, a time.
fn is_searched(column: &Column) -> bool {
    let name = column.name.as_str();
    let has_word = is_id(name) || name == "kind" || ["type", "status"].iter().any(|word| ends_with_word(name, word));
    (has_word && IDS.contains(&column.ty.as_str())) || column.ty == "timestamptz"
}

/// A required field with the name of an event's identifier.
fn key(columns: &[Column], pipeline: &str) -> Option<String> {
    let own = snake_case(pipeline);
    let singular = own.strip_suffix('s').unwrap_or(&own);
    let names = ["id", "event_id", "uuid", "event_uuid", &format!("{own}_id"), &format!("{singular}_id")];
    for name in names {
        for column in columns {
            if column.name == name && !column.when_null.accepts_null() && IDS.contains(&column.ty.as_str()) {
                return Some(column.name.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lines(schema: &Value, name: &str) -> (Vec<String>, String) {
        let columns = Columns::of(&Shape::of_value(schema), &KeyOrder::default(), name);
        let line = |column: &Column| format!("{}: {}", column.name, column.line());
        (columns.list.iter().map(line).collect(), columns.key.join(", "))
    }

    #[test]
    fn scalars_have_their_type_and_the_rest_is_jsonb() {
        let schema = json!({"required": ["a", "b", "c", "d", "e", "f", "g"], "properties": {
            "a": {"type": "string", "format": "date-time"}, "b": {"type": "integer"}, "c": {"type": "number"},
            "d": {"type": ["boolean", "null"]}, "e": {"type": "array", "items": {"type": "string", "format": "uuid"}},
            "f": {"type": ["string", "integer"]}, "g": true, "h": {"oneOf": [{"format": "ipv4", "type": "string"},
            {"format": "ipv6", "type": "string"}]}, "i": {"type": "string", "format": "time"}}});
        let expected = [
            "a: timestamptz",
            "b: bigint",
            "c: numeric",
            "d: boolean null",
            "e: uuid[]",
            "f: jsonb",
            "g: jsonb null",
            "h: inet null",
            "i: text null",
            "message_id: text = $sqs.message_id",
        ];
        assert_eq!(lines(&schema, "t").0, expected);
    }

    #[test]
    fn a_few_scalars_inside_an_object_become_columns() {
        let person = json!({"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "e-mail": {"type": "string"}}});
        let deep = json!({"type": "object", "properties": {"x": {"type": "object"}}});
        let schema = json!({"required": ["who", "deep"], "properties": {"who": person, "by": person, "deep": deep}});
        let expected = [
            "by_e_mail: text null = .by.\"e-mail\"",
            "by_id: bigint null = .by.id",
            "deep: jsonb",
            "who_e_mail: text null = .who.\"e-mail\"",
            "who_id: bigint = .who.id",
            "message_id: text = $sqs.message_id",
        ];
        assert_eq!(lines(&schema, "t").0, expected);
    }

    #[test]
    fn a_required_id_is_the_key() {
        let schema = |required: &[&str]| {
            json!({"required": required, "properties": {"order_id": {"type": "string"}, "id": {"type": "string"},
                "message_id": {"type": "integer"}}})
        };
        assert_eq!(lines(&schema(&["order_id", "id"]), "orders").1, "id");
        assert_eq!(lines(&schema(&["order_id"]), "orders").1, "order_id");
        assert_eq!(lines(&schema(&["order_id"]), "invoices").1, "message_id_2");
    }

    #[test]
    fn a_whole_number_the_schema_puts_beyond_bigint_is_numeric() {
        for (keywords, expected) in [
            (json!({"maximum": 18_446_744_073_709_551_615_u64}), "a: numeric"),
            (json!({"exclusiveMinimum": 1e30}), "a: numeric"),
            (json!({"format": "uint64"}), "a: numeric"),
            (json!({"enum": [1, 18_446_744_073_709_551_615_u64]}), "a: numeric"),
            (json!({"const": -1e20}), "a: numeric"),
            (json!({"minimum": i64::MIN, "maximum": i64::MAX, "format": "int64"}), "a: bigint"),
        ] {
            let mut schema = json!({"required": ["a"], "properties": {"a": keywords}});
            schema["properties"]["a"]["type"] = "integer".into();
            assert_eq!(lines(&schema, "t").0[0], expected, "{schema}");
        }
    }

    #[test]
    fn an_event_without_fields_is_kept_whole() {
        assert_eq!(
            lines(&json!({"type": "object"}), "t").0,
            ["event: jsonb = .", "message_id: text = $sqs.message_id"]
        );
    }
}
