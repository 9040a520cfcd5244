//! What one message costs between the queue and the database: parse, validate, map.

use divan::Bencher;
use runner::decide::{Decider, Schemas};
use runner::map::{ColumnMapping, Context, Expr, Mapping, TableMapping};
use runner::message::{Delivery, Metadata, Receipt, parse};
use runner::validate::{Options, Validator};
use serde_json::json;

/// 415 bytes, as the transactions example has them.
const BODY: &str = r#"{"event_id":"7f0c0f5e-3e0f-4f3e-9d6b-0d6f0a1b2c3d","client_id":"client-000042","event_type":"transaction.approved","timestamp":"2024-05-17T12:34:56.789Z","payload":{"transaction_id":"txn-00000000001234567","amount":1964.90,"currency":"EUR","merchant":{"name":"Corner Shop","category":"5411","country":"DE"},"card":{"last4":"4242","brand":"visa"},"approved":true,"risk_score":0.12,"tags":["online","first-order"],"note":null}}"#;

/// Paths alone.
const PATHS: [(&str, &str, &str); 6] = [
    ("event_id", "uuid", ".event_id"),
    ("client_id", "text", ".client_id"),
    ("event_type", "text", ".event_type"),
    ("timestamp", "timestamptz", ".timestamp"),
    ("amount", "numeric(12,2)", ".payload.amount"),
    ("payload", "jsonb", ".payload"),
];

/// Two of them by jq on one value.
const ONE_VALUE: [(&str, &str, &str); 6] = [
    ("event_id", "uuid", ".event_id"),
    ("client_id", "text", ".client_id | lower"),
    ("event_type", "text", ".event_type | lower"),
    ("timestamp", "timestamptz", ".timestamp"),
    ("amount", "numeric(12,2)", ".payload.amount"),
    ("payload", "jsonb", ".payload"),
];

/// Two of them by jq on the whole document.
const WHOLE_DOCUMENT: [(&str, &str, &str); 6] = [
    ("event_id", "uuid", ".event_id"),
    ("client_id", "text", ".client_id // .payload.client_id"),
    ("event_type", "text", "if .payload.approved then .event_type else \"declined\" end"),
    ("timestamp", "timestamptz", ".timestamp"),
    ("amount", "numeric(12,2)", ".payload.amount"),
    ("payload", "jsonb", ".payload"),
];

fn main() {
    divan::main();
}

fn mapping(columns: &[(&str, &str, &str)]) -> Mapping {
    let columns = columns.iter().map(|(name, ty, expr)| ColumnMapping {
        name: (*name).to_owned(),
        ty: ty.parse().expect("a type"),
        nullable: false,
        expr: Expr::compile(expr).expect("an expression"),
    });
    let table = TableMapping { name: "events".to_owned(), for_each: None, when: None, columns: columns.collect() };
    Mapping { tables: vec![table] }
}

fn validator() -> Validator {
    let schema = json!({
        "type": "object",
        "required": ["event_id", "client_id", "event_type", "timestamp", "payload"],
        "additionalProperties": false,
        "properties": {
            "event_id": { "type": "string", "format": "uuid" },
            "client_id": { "type": "string", "minLength": 1 },
            "event_type": { "type": "string" },
            "timestamp": { "type": "string", "format": "date-time" },
            "payload": { "type": "object" },
        },
    });
    Validator::of(&schema, Options::default()).expect("a schema")
}

fn delivery() -> Delivery {
    let metadata = Metadata { message_id: "m-1".to_owned(), sent_at: Some(1_700_000_000_000), ..Metadata::default() };
    Delivery { body: BODY.to_owned(), metadata, receipt: Receipt(String::new()) }
}

fn decided(bencher: Bencher, columns: &[(&str, &str, &str)]) {
    let schemas = Schemas::one(validator());
    let decider = Decider { unwrap: None, skip: None, schemas, mapping: mapping(columns) };
    let delivery = delivery();
    bencher.bench(|| decider.decide(&delivery).expect("the event is valid"));
}

#[divan::bench]
fn decide_paths(bencher: Bencher) {
    decided(bencher, &PATHS);
}

#[divan::bench]
fn decide_jq_on_one_value(bencher: Bencher) {
    decided(bencher, &ONE_VALUE);
}

#[divan::bench]
fn decide_jq_on_the_document(bencher: Bencher) {
    decided(bencher, &WHOLE_DOCUMENT);
}

#[divan::bench]
fn step_parse(bencher: Bencher) {
    bencher.bench(|| parse(BODY).expect("the body is JSON"));
}

/// What `serde_json` takes by itself, without looking for keys written twice.
#[divan::bench]
fn step_parse_by_serde_json(bencher: Bencher) {
    bencher.bench(|| serde_json::from_str::<serde_json::Value>(BODY).expect("the body is JSON"));
}

#[divan::bench]
fn step_validate(bencher: Bencher) {
    let (validator, document) = (validator(), parse(BODY).expect("the body is JSON"));
    bencher.bench(|| validator.check(&document).is_ok());
}

#[divan::bench]
fn step_map_paths(bencher: Bencher) {
    let (mapping, document, delivery) = (mapping(&PATHS), parse(BODY).expect("the body is JSON"), delivery());
    bencher.bench(|| mapping.rows(&Context::new(&document, &document, &delivery.metadata)).expect("the event maps"));
}

#[divan::bench]
fn compile_jq(bencher: Bencher) {
    bencher.bench(|| Expr::compile(".customer.email | lower").expect("an expression"));
}

/// What an expression costs that has no end: its whole budget.
#[divan::bench(args = ["last(repeat(1))", "reduce range(60) as $i (1; [., .]) | tojson", "[range(1e9)]", "(\"ab\" * 2000) | [match(\"a.*c|a\"; \"g\")]"], sample_count = 10)]
fn stopped(bencher: Bencher, expr: &str) {
    let (expr, document, delivery) = (Expr::compile(expr).expect("an expression"), json!({}), delivery());
    bencher.bench(|| expr.eval(&Context::new(&document, &document, &delivery.metadata).scope()).is_err());
}
