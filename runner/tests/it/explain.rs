//! `runner explain` as a user runs it: a pipeline in words, and a message's way through it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const INBOX: &str = "tests/explain/inbox.yaml";

/// In the package's folder, so that the snapshots name no machine's folders.
fn explain(args: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("explain")
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built for this test");
    child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("the message is read");
    child.wait_with_output().expect("it ends")
}

fn human(args: &[&str], stdin: &str) -> String {
    let output = explain(args, stdin);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    for line in text.lines() {
        assert!(line.chars().count() <= 120, "too long: {line}");
    }
    text
}

/// What `human` says of the message alone.
fn steps(path: &str, body: &str) -> String {
    let text = human(&[path, "--message", "-"], body);
    text.split_once("\nthe message: ").expect("the message follows the pipeline").1.to_owned()
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../explain");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

fn transaction() -> String {
    crate::stack::transaction(7)
}

fn order(id: &str, total: &str, quantity: &str) -> String {
    let lines = format!(r#"[{{"sku": "a", "quantity": {quantity}}}, {{"sku": "b", "quantity": 0}}]"#);
    let customer = r#"{"email": "Ada@Example.com", "names": ["Ada", "", "Lovelace"]}"#;
    format!(
        r#"{{"detail": {{"type": "order", "id": "{id}", "revision": 1, "total": {total}, "customer": {customer}, "lines": {lines}}}}}"#
    )
}

const ID: &str = "7c9e6679-7425-40de-944b-e07fc1f90ae7";

#[test]
fn the_simple_pipeline_and_a_message_of_it() {
    snapshot("transactions", &human(&["../pipelines/transactions.yaml", "--message", "-"], &transaction()));
}

#[test]
fn nested_events_and_what_the_schema_says_of_them() {
    snapshot("orders", &human(&["../pipelines/orders.yaml"], ""));
}

#[test]
fn an_envelope_two_kinds_and_two_tables() {
    let args = [INBOX, "--message", "-", "--attribute", "source=web"];
    snapshot("inbox", &human(&args, &order(ID, "\"12.5\"", "2")));
}

#[test]
fn nothing_of_others_is_wider_than_a_terminal() {
    for name in ["eiffel", "github", "s3", "ses", "stix"] {
        human(&[&format!("tests/families/{name}/pipeline.yaml")], "");
    }
}

#[test]
fn json_has_everything_uncut() {
    let args = [INBOX, "--message", "-", "--attribute", "source=web", "--format", "json"];
    let output = explain(&args, &order(ID, "12.50", "2"));
    let json: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(json["schema"]["kinds"][0], json!({"values": ["order"], "schema": "tests/explain/order.schema.json"}));
    let column = &json["tables"][0]["columns"][4];
    assert!(column["expression"].as_str().expect("a text").ends_with("else . end"), "{column}");
    assert_eq!(json["tables"][1]["columns"][2]["schema"], "integer, required");
    let rows = &json["message"]["rows"];
    assert_eq!(rows["shop.lines"], json!([{"order_id": ID, "sku": "a", "quantity": 2, "source": "web"}]));
    assert_eq!(rows["shop.orders"][0]["email"], "ada@example.com");
    snapshot("inbox_json", &format!("{json:#}"));
}

#[test]
fn each_step_that_rejects_ends_the_way() {
    let bodies = [
        ("no JSON", "{\"detail\":".to_owned()),
        ("no envelope", "{}".to_owned()),
        ("not skip's true or false", r#"{"detail": {"ping": 1}}"#.to_owned()),
        ("no kind", r#"{"detail": {}}"#.to_owned()),
        ("not valid", r#"{"detail": {"type": "visit"}}"#.to_owned()),
        ("no amount", order(ID, "\"much\"", "1")),
        ("a quantity too large", order(ID, "1", "40000")),
        ("a character that is none", order(ID, "1", "1").replace("\"a\"", "\"\\u0000\"")),
    ];
    let ways = bodies.map(|(name, body)| format!("# {name}\n{}\n", steps(INBOX, &body)));
    snapshot("rejected", &ways.concat());
}

#[test]
fn what_is_dropped_says_why() {
    let skipped = steps(INBOX, r#"{"detail": {"ping": true}}"#);
    assert!(skipped.starts_with("skipped\n") && skipped.contains("skip    yes: dropped"), "{skipped}");
    let unknown = steps(INBOX, r#"{"detail": {"type": "like"}}"#);
    assert!(unknown.starts_with("skipped\n") && unknown.contains("none for like: dropped"), "{unknown}");
}

#[test]
fn the_rejection_is_the_one_of_the_dead_letter() {
    let output =
        explain(&["../pipelines/orders.yaml", "--message", "-", "--format", "json"], r#"{"status": "placed"}"#);
    assert_eq!(output.status.code(), Some(0));
    let json: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let rejection = &json["message"]["rejection"];
    assert_eq!((&rejection["code"], &rejection["stage"]), (&"schema".into(), &"validate".into()));
    assert_eq!((&rejection["instance_path"], &rejection["keyword"]), (&"".into(), &"required".into()));
    assert!(json["message"].get("rows").is_none());
}

#[test]
fn a_message_may_stand_in_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("event.json");
    std::fs::write(&path, transaction()).expect("written");
    let text = human(&["../pipelines/transactions.yaml", "--message", path.to_str().expect("UTF-8")], "");
    assert!(text.contains("the message: 1 row of events"), "{text}");
    let missing = explain(&["../pipelines/transactions.yaml", "--message", "none.json"], "");
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("can't read the message from none.json"));
}

#[test]
fn a_folder_and_a_wrong_file_are_told_apart() {
    let folder = explain(&["../pipelines"], "");
    assert_eq!(folder.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&folder.stderr).contains("name one pipeline file"));
    assert_eq!(explain(&["../crates/compiler/tests/broken/no_such_field.yaml"], "").status.code(), Some(78));
}
