//! What becomes of a document by `for_each`, `when`, `skip` and `unwrap`.

use std::time::{Duration, Instant};

use jq::Expr;
use pipeline::decide::{Choice, Decider, Otherwise, Schemas};
use pipeline::message::{Attribute, AttributeValue, Code, Metadata, Rejection};
use pipeline::row::{Cell, Row, Rows};
use pipeline::validate::{Options, Validator};
use serde_json::json;

use crate::tables::{delivery, pipeline};

/// An S3 notification's records, as one row each.
const RECORDS: &str = "
tables:
  objects:
    for_each: .Records
    columns:
      event: text = $doc.id
      body: text = $body.id
      message: text = $sqs.message_id
      key: text = .s3.object.key | url_decode
      size: bigint = .s3.size
";

fn decider(rest: &str) -> Decider {
    pipeline(rest).decider().clone()
}

/// The rows of the first table.
fn rows(decider: &Decider, body: &str) -> Vec<Row> {
    let rows = decider.decide(&delivery(body)).unwrap_or_else(|rejection| panic!("{body}: {rejection:?}"));
    rows.tables.into_iter().next().expect("a table")
}

fn rejection(decider: &Decider, body: &str) -> Rejection {
    decider.decide(&delivery(body)).expect_err(body)
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn record(size: &str) -> String {
    format!(r#"{{"s3":{{"object":{{"key":"a+b%2F{size}"}},"size":{size}}}}}"#)
}

#[test]
fn each_element_becomes_a_row_that_sees_the_whole_event() {
    let body = format!(r#"{{"id":"e","Records":[{},{}]}}"#, record("1"), record("2"));
    let row = |key, size| vec![text("e"), text("e"), text("m-1"), text(key), Cell::Int8(size)];
    assert_eq!(rows(&decider(RECORDS), &body), [row("a b/1", 1), row("a b/2", 2)]);
}

#[test]
fn no_elements_are_no_rows_and_anything_but_an_array_is_an_error() {
    let decider = decider(RECORDS);
    for body in [r#"{"Records":[]}"#, r#"{"Records":null}"#, "{}", "null"] {
        let rows = decider.decide(&delivery(body)).expect(body);
        assert!(rows.is_empty() && rows.tables.len() == 1, "{body}");
    }
    for (body, found) in [(r#"{"Records":{"a":1}}"#, "an object"), (r#"{"Records":"x"}"#, "a string")] {
        let rejection = rejection(&decider, body);
        assert_eq!(
            (rejection.code, rejection.message),
            (Code::Mapping, format!("`for_each` gave {found}, not an array"))
        );
        assert_eq!(rejection.instance_path.as_deref(), Some("/Records"));
        assert_eq!(rejection.column.as_deref(), Some("objects"));
    }
    assert_eq!(rejection(&decider, "[]").code, Code::Mapping);
}

#[test]
fn a_failing_element_is_named_by_its_place() {
    let decider = decider(RECORDS);
    let bad = |record: &str| {
        let records = [record_of(0), record_of(1), record_of(2), record.to_owned()].join(",");
        rejection(&decider, &format!(r#"{{"id":"e","Records":[{records}]}}"#))
    };
    let failed = bad(r#"{"s3":{"object":{"key":"k"},"size":1.5}}"#);
    assert_eq!((failed.code, failed.instance_path.as_deref()), (Code::Cast, Some("/Records/3/s3/size")));
    assert_eq!(failed.column.as_deref(), Some("objects.size"));
    let failed = bad(r#"{"s3":{"object":{"key":"%"},"size":1}}"#);
    assert_eq!((failed.code, failed.instance_path.as_deref()), (Code::Mapping, Some("/Records/3/s3/object/key")));
    let failed = bad(r#"{"s3":{"object":{"key":"k"}}}"#);
    assert_eq!((failed.code, failed.instance_path.as_deref()), (Code::NotNull, Some("/Records/3/s3/size")));
    // What is looked up in the event itself keeps its own place.
    let failed = rejection(&decider, &format!(r#"{{"id":7,"Records":[{}]}}"#, record_of(0)));
    assert_eq!((failed.code, failed.instance_path.as_deref()), (Code::Cast, Some("/id")));
}

fn record_of(size: u32) -> String {
    record(&size.to_string())
}

#[test]
fn the_array_may_be_an_expression_and_an_array_of_arrays() {
    let nested = decider(
        "tables:\n  items:\n    for_each: '[.orders[] | .id as $id | .items[] | . + {order: $id}]'\n    columns:\n      \
         order: integer\n      item: jsonb = . | del(.order)\n",
    );
    let body =
        r#"{"orders":[{"id":1,"items":[{"sku":"a"},{"sku":"b"}]},{"id":2,"items":[]},{"id":3,"items":[{"p":1.10}]}]}"#;
    let row = |order, item: &str| vec![Cell::Int4(order), Cell::Literal(item.to_owned())];
    let expected = [row(1, r#"{"sku":"a"}"#), row(1, r#"{"sku":"b"}"#), row(3, r#"{"p":1.10}"#)];
    assert_eq!(rows(&nested, body), expected);
    let plain = decider(
        "tables:\n  t:\n    for_each: .\n    columns:\n      all: jsonb = .\n      first: integer null = .[0]\n",
    );
    assert_eq!(rows(&plain, "[[1,2],[3]]")[1], [Cell::Literal("[3]".to_owned()), Cell::Int4(3)]);
    assert_eq!(rejection(&plain, "[[1],[true]]").instance_path.as_deref(), Some("/1/0"));
}

#[test]
fn ten_thousand_elements_are_decided_in_no_time() {
    let records: Vec<_> = (0..10_000).map(record_of).collect();
    let body = format!(r#"{{"id":"e","Records":[{}]}}"#, records.join(","));
    let (decider, start) = (decider(RECORDS), Instant::now());
    let rows = rows(&decider, &body);
    assert_eq!((rows.len(), &rows[9_999][4]), (10_000, &Cell::Int8(9_999)));
    // Without optimization too; what grew with the square of the elements would take minutes.
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

#[test]
fn the_rows_of_a_message_are_bounded() {
    let decider =
        decider("tables:\n  t:\n    for_each: .n\n    columns:\n      n: integer = .\n      all: text = $doc.big\n");
    let body = |elements: usize| {
        let (elements, big) = (vec!["1"; elements].join(","), "x".repeat(1 << 20));
        format!(r#"{{"n":[{elements}],"big":"{big}"}}"#)
    };
    assert_eq!(rows(&decider, &body(63)).len(), 63);
    let rejection = rejection(&decider, &body(64));
    assert_eq!(rejection.code, Code::Budget);
    assert_eq!(rejection.message, "the message's rows take more than 64 MiB");
}

#[test]
fn the_steps_of_a_message_are_bounded() {
    // Each element's own are within an expression's budget.
    let decider = decider("tables:\n  t:\n    for_each: .\n    columns:\n      n: integer = last(range(50000))\n");
    let body = |elements: usize| format!("[{}]", vec!["1"; elements].join(","));
    assert_eq!(rows(&decider, &body(20)).len(), 20);
    let rejection = rejection(&decider, &body(10_000));
    assert_eq!(rejection.code, Code::Budget);
    assert!(rejection.message.contains("20,000,000 steps together"), "{}", rejection.message);
    // The next message starts anew.
    assert_eq!(rows(&decider, &body(20)).len(), 20);
}

#[test]
fn when_is_asked_for_each_row() {
    let decider = decider(
        "tables:\n  paid:\n    for_each: .items\n    when: .price > 0 and $doc.paid\n    columns:\n      sku: text\n  \
         refunds:\n    when: .refund\n    columns:\n      id: integer\n",
    );
    let decide = |body: &str| decider.decide(&delivery(body));
    let items = r#""items":[{"sku":"a","price":1},{"sku":"b","price":0},{"sku":"c","price":2}]"#;
    let rows = decide(&format!(r#"{{"id":1,"paid":true,"refund":true,{items}}}"#)).unwrap();
    assert_eq!(rows.tables, [vec![vec![text("a")], vec![text("c")]], vec![vec![Cell::Int4(1)]]]);
    // Null and a missing field are not true; a row that is not made is not looked at either.
    let rows = decide(&format!(r#"{{"id":"no number","paid":null,"refund":null,{items}}}"#)).unwrap();
    assert_eq!(rows, Rows { tables: vec![vec![], vec![]] });
    assert!(rows.is_empty());
    // A text is true to jq. Here it is an error, and the place is named.
    let rejection = decide(r#"{"refund":"yes"}"#).unwrap_err();
    assert_eq!((rejection.code, rejection.column.as_deref()), (Code::Mapping, Some("refunds")));
    assert_eq!(rejection.message, "`when`: `.refund` gave a string, not true or false");
    assert_eq!(rejection.instance_path.as_deref(), Some("/refund"));
}

#[test]
fn skip_is_asked_before_the_schema() {
    let decider = decider("skip: .Event == \"s3:TestEvent\"\ntables:\n  t:\n    columns:\n      id: integer\n");
    let decider = Decider { schemas: Schemas::one(validator(&json!({"required": ["id"]}))), ..decider };
    assert!(decider.decide(&delivery(r#"{"Event":"s3:TestEvent"}"#)).unwrap().is_empty());
    assert_eq!(rejection(&decider, r#"{"Event":"other"}"#).code, Code::Schema);
    assert_eq!(rows(&decider, r#"{"id":1}"#).len(), 1);
    let careless = self::decider("skip: .Event\ntables:\n  t:\n    columns:\n      id: integer\n");
    let rejection = rejection(&careless, r#"{"id":1,"Event":"x"}"#);
    assert_eq!(
        (rejection.code, &*rejection.message),
        (Code::Mapping, "`skip`: `.Event` gave a string, not true or false")
    );
    assert_eq!(rows(&careless, r#"{"id":1}"#).len(), 1, "null is not true");
}

fn validator(schema: &serde_json::Value) -> Validator {
    Validator::of(schema, Options::default()).expect("a schema")
}

#[test]
fn a_kind_without_a_schema_is_skipped_or_dead_lettered() {
    let base = decider("tables:\n  t:\n    columns:\n      id: integer\n");
    let with = |otherwise| Decider {
        schemas: Schemas {
            at: None,
            choice: Choice::ByValue {
                discriminator: Expr::compile("$sqs.attributes.kind // .kind").unwrap(),
                validators: [("a".to_owned(), validator(&json!({"required": ["id"]})))].into_iter().collect(),
                otherwise,
            },
        },
        ..base.clone()
    };
    let (skip, dlq) = (with(Otherwise::Skip), with(Otherwise::DeadLetter));
    assert!(skip.decide(&delivery(r#"{"kind":"b"}"#)).unwrap().is_empty());
    let no_schema = rejection(&dlq, r#"{"kind":"b"}"#);
    assert_eq!((no_schema.code, no_schema.message.contains("\"b\"")), (Code::NoSchema, true));
    for decider in [&skip, &dlq] {
        assert_eq!(rows(decider, r#"{"kind":"a","id":1}"#).len(), 1);
        assert_eq!(rejection(decider, r#"{"kind":"a"}"#).code, Code::Schema);
        // An event of no kind at all is never dropped.
        assert_eq!(rejection(decider, r#"{"id":1}"#).code, Code::NoSchema);
        let mut attributed = delivery(r#"{"id":1}"#);
        let kind = Attribute { data_type: "String".to_owned(), value: AttributeValue::Text("a".to_owned()) };
        attributed.metadata = Metadata { attributes: [("kind".to_owned(), kind)].into(), ..Metadata::default() };
        assert_eq!(decider.decide(&attributed).unwrap().tables, [[[Cell::Int4(1)]]]);
    }
}
