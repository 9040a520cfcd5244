//! `runner new`: what it writes passes `validate-config` without a warning, and runs.

mod any;
mod hard;
mod samples;
mod shapes;
mod unsendable;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::stack::{repository, shown};
use shapes::{SAMPLES, schemas};

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
    let suggested = text.replace("    # indexes:", "    indexes:").replace("bigint  # a time? ", "");
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

/// One case that is stored and one that is rejected, both of which hold.
fn has_cases(folder: &Path, name: &str) {
    let text = read(folder, &format!("pipelines/{name}.test.yaml"));
    let output = runner(folder, &["test", &format!("pipelines/{name}.yaml"), "--format", "json"]);
    assert!(output.status.success(), "{}\n{text}", shown(&output));
    let cases: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(cases[0]["rows"].is_object() && cases[1]["rejected"]["code"].is_string(), "{text}");
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
                    runner test pipelines/pings.yaml\n  runner dev pipelines/pings.yaml\n  \
                    runner migrate up pipelines/pings.yaml\n  runner run pipelines/pings.yaml\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    let output = succeeds(folder.path(), &["new", "pongs", "--from-sample", "s.json", "--format", "json"]);
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(
        (&result["files"][0], result["next"].as_array().map(Vec::len)),
        (&json!("pipelines/pongs.yaml"), Some(5))
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
        String::from_utf8_lossy(&output.stderr).contains("these files exist already: pipelines/x.test.yaml"),
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
        ("--from-sample", "[[{\"id\": 1}]]", "an array, not an object\n  help: "),
        ("--from-sample", "{\"id\": 1} 2", "an integer, not an object\n  help: "),
        ("--from-sample", "{\"id\": 1}\n{\"id\": \n", "f.json is not a sample: EOF while parsing a value at line 3"),
        ("--from-sample", "{}\n{\"id\": 1, \"id\": 2}", "is not a sample: document 2: the key \"id\" is written twice"),
        ("--from-sample", "[]", "f.json is not a sample: it is empty"),
        ("--from-sample", "\n", "f.json is not a sample: it is empty"),
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

#[test]
fn a_number_that_is_a_time_in_every_sample_is_remarked() {
    let lines = SAMPLES.iter().find(|(name, _)| *name == "readings").expect("a sample").1;
    let folder = made("readings", "--from-sample", "s.json", lines);
    let text = read(folder.path(), "pipelines/readings.yaml");
    assert!(text.contains("      ts: bigint  # a time? timestamptz = .ts | unix_ms\n"), "{text}");
}
