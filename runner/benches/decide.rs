//! What one message costs between the queue and the database: parse, validate, map; and what a large schema costs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::PathBuf;

use compiler::Compiled;
use compiler::config::{Environment, load};
use divan::Bencher;
use jq::{Context, Expr};
use pipeline::decide::{Decider, Schemas};
use pipeline::message::{Attribute, AttributeValue, Delivery, Metadata, Receipt, parse};
use pipeline::validate::{Options, Validator};
use pipeline::{ColumnMapping, Mapping, TableMapping, WhenNull};
use serde_json::{Value, json};

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
        when_null: WhenNull::Reject,
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

/// GitHub's webhooks: 224 kinds of event in one schema document of 630 KB.
fn github(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/families/github").join(file)
}

fn github_compiled() -> Compiled {
    compiler::compile(&load(&[github("pipeline.yaml")], &Environment::new())).expect("the pipeline file is right")
}

/// The largest sample up to 26,000 bytes: a pull request's comment.
fn github_delivery() -> Delivery {
    let file = std::fs::File::open(github("valid/examples.jsonl.gz")).expect("the samples are there");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("the samples are compressed text");
    let samples = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("a sample on a line"));
    let sized = samples.map(|sample| (sample["body"].to_string(), sample["attributes"].clone()));
    let (body, attributes) = sized.filter(|it| it.0.len() <= 26_000).max_by_key(|it| it.0.len()).expect("one is");
    let texts: BTreeMap<String, String> = serde_json::from_value(attributes).expect("texts by name");
    let attribute = |text| Attribute { data_type: "String".to_owned(), value: AttributeValue::Text(text) };
    let attributes = texts.into_iter().map(|(name, text)| (name, attribute(text))).collect();
    let metadata = Metadata { message_id: "m-1".to_owned(), attributes, ..Metadata::default() };
    Delivery { body, metadata, receipt: Receipt(String::new()) }
}

/// What `validate-config` does, from the files on disk.
#[divan::bench(sample_count = 20)]
fn large_schema_compile(bencher: Bencher) {
    bencher.bench(github_compiled);
}

#[divan::bench]
fn large_schema_decide_25_kb(bencher: Bencher) {
    let (compiled, delivery) = (github_compiled(), github_delivery());
    bencher.bench(|| compiled.pipelines[0].decider().decide(&delivery).expect("the event is valid"));
}

#[divan::bench]
fn large_schema_parse_25_kb(bencher: Bencher) {
    let delivery = github_delivery();
    bencher.bench(|| parse(&delivery.body).expect("the body is JSON"));
}
