//! `runner new`: what it writes passes `validate-config` without a warning, and runs.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use proptest::prelude::*;
use runner::diagnostic::{Style, render};
use runner::scaffold::{Origin, Request, scaffold};
use serde_json::{Value, json};

use crate::stack::{repository, shown};

/// Schemas of different shapes, by the name of the pipeline.
fn schemas() -> Vec<(&'static str, Value)> {
    vec![
        (
            "flat",
            json!({"type": "object", "required": ["id", "n", "ok", "at"], "additionalProperties": false, "properties": {
                "id": {"type": "string", "format": "uuid"}, "n": {"type": "integer", "minimum": 5, "maximum": 6},
                "ok": {"type": "boolean"}, "at": {"type": "string", "format": "date-time"},
                "price": {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}}}),
        ),
        (
            "nested-draft-07",
            json!({"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
                "required": ["customer", "deep", "lines"],
                "definitions": {"id": {"type": "string", "pattern": "^C-[0-9]{6}$"},
                    "line": {"type": "object", "required": ["sku"], "properties": {"sku": {"$ref": "#/definitions/id"},
                        "sub": {"type": "array", "items": {"$ref": "#/definitions/line"}}}}},
                "properties": {"customer": {"type": "object", "required": ["id"], "properties": {
                        "id": {"$ref": "#/definitions/id"}, "email": {"type": ["string", "null"], "format": "email"}}},
                    "deep": {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "object"}}}}},
                    "lines": {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/line"}}}}),
        ),
        (
            "arrays",
            json!({"type": "object", "properties": {"tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
                "kinds": {"type": "array", "minItems": 3, "uniqueItems": true, "items": {"enum": ["a", "b", "c"]}},
                "ids": {"type": ["array", "null"], "items": {"type": "string", "format": "uuid"}},
                "pair": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "items": false},
                "grid": {"type": "array", "items": {"type": "array", "items": {"type": "number"}}}, "none": {"type": "array", "maxItems": 0}}}),
        ),
        (
            "formats",
            json!({"type": "object", "required": ["a", "b", "c", "d", "e", "f", "g", "h"], "properties": {
                "a": {"format": "ipv4", "type": "string"}, "b": {"format": "ipv6", "type": "string"},
                "c": {"format": "date", "type": "string"}, "d": {"format": "time", "type": "string"},
                "e": {"format": "duration", "type": "string"}, "f": {"format": "uri", "type": "string"},
                "g": {"format": "hostname", "type": "string"}, "h": {"format": "email", "type": "string"}}}),
        ),
        (
            "enums",
            json!({"type": "object", "required": ["type", "level", "mixed", "only", "nothing"], "properties": {
                "type": {"const": "order \"{{placed}}\""}, "level": {"enum": [1, 2, 3]}, "mixed": {"enum": ["x", 1, null]},
                "only": {"enum": ["it's {so}"]}, "nothing": {"type": "null"}}}),
        ),
        (
            "kinds",
            json!({"oneOf": [
                {"type": "object", "required": ["kind", "id", "amount"], "additionalProperties": false,
                    "properties": {"kind": {"const": "paid"}, "id": {"type": "string"}, "amount": {"type": "number"}}},
                {"type": "object", "required": ["kind", "id", "why"], "additionalProperties": false,
                    "properties": {"kind": {"const": "failed"}, "id": {"type": "string"}, "why": {"type": "string"}}}]}),
        ),
        (
            "conditions",
            json!({"type": "object", "required": ["method", "total"], "properties": {
                "method": {"enum": ["card", "cash"]}, "total": {"type": "string", "pattern": "^[0-9]+\\.[0-9]{2}$"}},
                "if": {"properties": {"method": {"const": "card"}}}, "then": {"required": ["card"],
                    "properties": {"card": {"type": "string", "minLength": 4, "maxLength": 4}}},
                "else": {"properties": {"card": false}}}),
        ),
        (
            "odd_names",
            json!({"type": "object", "required": ["detail-type", "größe", "order", "xmin", "null"], "properties": {
                "detail-type": {"type": "string"}, "größe": {"type": "integer"}, "order": {"type": "integer"},
                "xmin": {"type": "string"}, "null": {"type": "string"}, "a: b #c": {"type": "string"}, "it's \"q\"": {"type": "string"},
                "{{x}}": {"type": "string"}, "${HOME}": {"type": "string"}, "message_id": {"type": "integer"}, "": {"type": "boolean"},
                "a.b/c~d": {"type": "object", "required": ["x y"], "properties": {"x y": {"type": "number"}}},
                "camelCase": {"type": "string"}, "camel_case": {"type": "string"}, "back\\slash": {"const": "C:\\"}}}),
        ),
        ("empty", json!({"type": "object"})),
        ("anything", json!({"required": ["payload"], "properties": {"payload": true, "more": {}}})),
        (
            "maps",
            json!({"type": "object", "required": ["labels", "id"], "minProperties": 3, "additionalProperties": {"type": "integer"},
                "properties": {"id": {"type": "integer", "minimum": 9_007_199_254_740_993_u64},
                    "labels": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "string"}}}}),
        ),
        (
            "look_ahead",
            json!({"type": "object", "required": ["code", "step"], "properties": {
                "code": {"type": "string", "pattern": "^(?!0)[A-F]{2}$", "examples": ["AB"]},
                "step": {"type": "number", "multipleOf": 0.05, "minimum": 10}}}),
        ),
        (
            "all-of",
            json!({"allOf": [{"type": "object", "required": ["id"], "properties": {"id": {"type": "string", "maxLength": 5}}},
                {"required": ["n"], "properties": {"id": {"minLength": 5}, "n": {"minimum": 3, "type": "integer"}}}]}),
        ),
    ]
}

/// Samples of different shapes; the last ones are JSON Lines.
const SAMPLES: [(&str, &str); 5] = [
    (
        "webhooks",
        r#"{"id": "evt_1NG8Du2eZvKYlo2C", "type": "charge.succeeded", "created": 1680064028, "livemode": false,
            "data": {"object": {"id": "ch_3MmlLrLkdIwHu7ix", "amount": 100.50, "tags": ["a", "b"], "note": null}}}"#,
    ),
    ("bare", "{}"),
    (
        "readings",
        "{\"device\": \"d-1\", \"ts\": 1700000000123, \"value\": 1, \"ok\": true, \"at\": \"2024-01-02T03:04:05Z\"}\n\
         {\"device\": \"d-2\", \"ts\": 1700000000456, \"value\": 2.5, \"ok\": null, \"at\": \"2024-01-02T03:04:06+01:00\"}\n\
         {\"device\": \"d-3\", \"ts\": 1700000000789, \"value\": 1e3, \"extra\": [1, 2.5], \"at\": \"2024-01-02T03:04:07Z\"}\n",
    ),
    (
        "mixed",
        "{\"order_id\": \"6f9619ff-8b86-4d01-b42d-00cf4fc964ff\", \"x\": 1, \"list\": [{\"a\": 1}], \"day\": \"2024-01-02\"}\n\
         {\"order_id\": \"7f9619ff-8b86-4d01-b42d-00cf4fc964ff\", \"x\": \"one\", \"list\": [], \"day\": \"2024-01-03\"}\n",
    ),
    (
        "envelopes",
        r#"{"detail-type": "Order Placed", "source": "shop", "version": "0", "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
            "time": "2015-10-08T16:53:06Z", "resources": [], "detail": {"größe": 3, "text": "{{no helper}} \\"}}"#,
    ),
];

fn runner(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.args(args).current_dir(folder).env_clear().stdin(Stdio::null());
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.output().expect("the binary starts")
}

fn succeeds(folder: &Path, args: &[&str]) -> Output {
    let output = runner(folder, args);
    assert!(output.status.success(), "runner {args:?}\n{}", shown(&output));
    output
}

/// A folder with one file in it, and the pipeline made of it.
fn made(name: &str, option: &str, file: &str, text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join(file), text).expect("the file is written");
    let output = succeeds(folder.path(), &["new", name, option, file]);
    assert!(output.stderr.is_empty(), "{name}: {}", shown(&output));
    folder
}

fn read(folder: &Path, path: &str) -> String {
    fs::read_to_string(folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What was written is right to the last warning, its suggestions included.
fn is_right(folder: &Path, name: &str) {
    let pipeline = format!("pipelines/{name}.yaml");
    let output = runner(folder, &["validate-config", "--deny-warnings", &pipeline]);
    let text = read(folder, &pipeline);
    let template = read(folder, &format!("pipelines/{name}.json.hbs"));
    assert!(output.status.success(), "{}\n{text}\n{template}", shown(&output));
    let suggested = text.replace("    # indexes:", "    indexes:");
    fs::write(folder.join(&pipeline), suggested).expect("the file is written");
    succeeds(folder, &["validate-config", "--deny-warnings", &pipeline]);
    fs::write(folder.join(&pipeline), text).expect("the file is written");
}

fn runs(folder: &Path, name: &str) {
    let pipeline = format!("pipelines/{name}.yaml");
    let output = succeeds(folder, &["dev", &pipeline, "--count", "20", "--format", "json"]);
    let summary: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(20), &json!(0)), "{name}: {summary}");
}

#[test]
fn pipelines_from_schemas_are_right() {
    for (name, schema) in schemas() {
        let folder = made(name, "--from-schema", "my schema.json", &format!("{schema:#}"));
        is_right(folder.path(), name);
        has_cases(folder.path(), name);
    }
}

#[test]
fn pipelines_from_samples_are_right() {
    for (name, text) in SAMPLES {
        let folder = made(name, "--from-sample", "sample.json", text);
        is_right(folder.path(), name);
        has_cases(folder.path(), name);
    }
}

#[test]
fn pipelines_from_schemas_run() {
    let known = ["arrays", "enums", "flat", "formats", "kinds", "nested-draft-07", "odd_names"];
    for (name, schema) in schemas().into_iter().filter(|(name, _)| known.contains(name)) {
        runs(made(name, "--from-schema", "s.json", &schema.to_string()).path(), name);
    }
}

#[test]
fn pipelines_from_samples_run() {
    for (name, text) in SAMPLES.into_iter().filter(|(name, _)| *name != "mixed") {
        runs(made(name, "--from-sample", "s.json", text).path(), name);
    }
}

/// One case that is stored and one that is rejected.
fn has_cases(folder: &Path, name: &str) {
    let text = read(folder, &format!("pipelines/{name}.test.yaml"));
    let cases: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let pipeline: Value = serde_yaml::from_str(&read(folder, &format!("pipelines/{name}.yaml"))).expect("YAML");
    let (table, declared) = pipeline["tables"].as_object().and_then(|tables| tables.iter().next()).expect("a table");
    let row = cases[0]["rows"][table][0].as_object().expect("a row");
    let columns = declared["columns"].as_object().expect("columns");
    let own = columns.iter().filter(|(_, line)| !line.as_str().expect("a line").contains("$sqs")).map(|(name, _)| name);
    assert_eq!(row.keys().collect::<Vec<_>>(), own.collect::<Vec<_>>(), "{text}");
    assert!(cases[1]["rejected"]["code"].is_string(), "{text}");
}

#[test]
fn a_part_of_a_document_with_files_it_refers_to() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in ["contracts/common", "app"] {
        fs::create_dir_all(folder.path().join(path)).expect("a folder");
    }
    let all = json!({"definitions": {"order": {"type": "object", "required": ["total"], "properties": {"total": {"$ref": "common/money.json"}}}}});
    fs::write(folder.path().join("contracts/all.json"), all.to_string()).expect("written");
    let money = json!({"type": "object", "required": ["amount"], "properties": {"amount": {"type": "number"}, "unit": {"type": "string"}}});
    fs::write(folder.path().join("contracts/common/money.json"), money.to_string()).expect("written");
    succeeds(
        folder.path(),
        &["new", "orders", "--from-schema", "contracts/all.json#/definitions/order", "--into", "app"],
    );
    let text = read(folder.path(), "app/pipelines/orders.yaml");
    assert!(text.contains("schema: ../../contracts/all.json#/definitions/order\n"), "{text}");
    assert!(text.contains("total_amount: numeric = .total.amount\n"), "{text}");
    is_right(&folder.path().join("app"), "orders");
}

#[test]
fn the_shipped_schemas_need_nothing_else() {
    for name in ["order", "reading", "transaction"] {
        let folder = tempfile::tempdir().expect("a folder");
        let schema = repository().join(format!("schemas/{name}.schema.json"));
        succeeds(folder.path(), &["new", name, "--from-schema", schema.to_str().expect("UTF-8")]);
        is_right(folder.path(), name);
    }
}

#[test]
fn it_tells_what_it_wrote_and_what_comes_next() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("s.json"), r#"{"id": 1}"#).expect("written");
    let output = succeeds(folder.path(), &["new", "pings", "--from-sample", "s.json"]);
    let expected = "wrote pipelines/pings.yaml\nwrote pipelines/pings.json.hbs\nwrote pipelines/pings.test.yaml\n\
                    wrote schemas/pings.schema.json\n\nnext:\n  runner validate-config pipelines/pings.yaml\n  \
                    runner dev pipelines/pings.yaml\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let output = succeeds(folder.path(), &["new", "pongs", "--from-sample", "s.json", "--format", "json"]);
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(
        (&result["files"][0], result["next"].as_array().map(Vec::len)),
        (&json!("pipelines/pongs.yaml"), Some(2))
    );
}

#[test]
fn nothing_is_overwritten_and_then_nothing_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("pipelines")).expect("a folder");
    fs::write(folder.path().join("pipelines/x.test.yaml"), "mine").expect("written");
    fs::write(folder.path().join("s.json"), r#"{"id": 1}"#).expect("written");
    let output = runner(folder.path(), &["new", "x", "--from-sample", "s.json"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("already there: pipelines/x.test.yaml"),
        "{}",
        shown(&output)
    );
    assert_eq!(read(folder.path(), "pipelines/x.test.yaml"), "mine");
    assert!(!folder.path().join("pipelines/x.yaml").exists() && !folder.path().join("schemas").exists());
}

#[test]
fn what_no_pipeline_can_be_made_of_is_refused_with_a_reason() {
    let refused = |name: &str, option: &str, text: &str, code: i32| {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("f.json"), text).expect("written");
        let output = runner(folder.path(), &["new", name, option, "f.json"]);
        assert_eq!(output.status.code(), Some(code), "{text}\n{}", shown(&output));
        assert!(!folder.path().join("pipelines").exists(), "{text}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    for (option, text, expected) in [
        ("--from-sample", "[{\"id\": 1}]", "an array, not an object\n  help: "),
        ("--from-sample", "{\"id\": 1}\n{\"id\": \n", "f.json is no sample: line 2: EOF"),
        ("--from-sample", "{\"id\": 1, \"id\": 2}", "is no sample: "),
        ("--from-sample", "\n", "f.json is no sample: it is empty"),
        (
            "--from-schema",
            "{\"type\": \"array\", \"items\": {\"type\": \"object\"}}",
            "an event is an array, not an object",
        ),
        ("--from-schema", "{\"type\": \"strin\"}", "error[E0119]"),
        ("--from-schema", "{\"$ref\": \"missing.json\"}", "missing.json"),
    ] {
        let stderr = refused("x", option, text, 78);
        assert!(stderr.contains(expected), "{text}: {stderr}");
    }
    assert!(refused("a/b", "--from-sample", "{}", 2).contains("a name is 1 to 60 letters"));
    let both = runner(repository(), &["new", "x", "--from-sample", "a", "--from-schema", "b"]);
    assert_eq!(both.status.code(), Some(2), "{}", shown(&both));
}

/// A schema whose events only a person can write is no reason to write nothing.
#[test]
fn a_template_that_cannot_be_right_is_written_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let schema = r#"{"type": "object", "required": ["code"], "properties": {"code": {"type": "string", "pattern": "^(?=.*[0-9])(?=.*[A-Z]).{4}$"}}}"#;
    fs::write(folder.path().join("s.json"), schema).expect("written");
    let output = succeeds(folder.path(), &["new", "codes", "--from-schema", "s.json"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("pipelines/codes.json.hbs") && stderr.contains("`/code`"), "{stderr}");
    assert!(read(folder.path(), "pipelines/codes.json.hbs").contains("\"code\""));
}

/// Field names of every sort.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(_id|_at|-type)?",
        "[A-Za-z ]{0,12}",
        "\\PC{0,12}",
        "[\"'{}#:$\\\\\\-\\.\\t\u{7f}\u{85}\u{2028}]{1,4}",
        Just("id".to_owned()),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        field().prop_map(Value::from),
        Just(json!("2024-02-29T12:00:00Z")),
        Just(json!("00112233-4455-6677-8899-aabbccddeeff")),
    ]
}

fn sample() -> impl Strategy<Value = Value> {
    let value = scalar().prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(field(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map(field(), value, 0..8).prop_map(|map| json!(map))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_samples_make_a_pipeline_that_is_right(samples in prop::collection::vec(sample(), 1..4)) {
        let text = samples.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let origin = Origin::Samples(samples, text.clone());
        let request = Request { name: "any", folder: Path::new("."), origin };
        let nothing = |path: &Path, _| Err(std::io::Error::other(format!("{} was read", path.display())));
        let made = scaffold(&request, &nothing).map_err(|error| TestCaseError::fail(format!("{error:?}\n{text}")))?;
        let (_, pipeline) = &made.files[0];
        prop_assert!(made.problems.is_empty(), "{}\n{pipeline}\n{text}", render(&made.problems, Style::Plain));
        let (_, cases) = made.files.iter().find(|(path, _)| path.ends_with("any.test.yaml")).expect("it was made");
        let cases: Value = serde_yaml::from_str(cases).map_err(|error| TestCaseError::fail(format!("{error}\n{cases}")))?;
        prop_assert_eq!(cases.as_array().map(Vec::len), Some(2));
    }
}
