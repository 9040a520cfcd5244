//! `runner validate-config` as a user runs it: what it prints where, and its exit code.

use std::process::{Command, Output};

use serde_json::Value;

fn validate(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner"))
        .arg("validate-config")
        .args(args)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .output()
        .expect("the binary was built for this test")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

#[test]
fn right_files_are_listed_on_stdout() {
    let output = validate(&["../pipelines"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let stdout = text(&output.stdout);
    assert!(stdout.contains("transactions.yaml: ok"), "{stdout}");
    assert!(stdout.contains("table events: 5 columns, key (event_id), 3 indexes"), "{stdout}");
}

#[test]
fn wrong_files_exit_78_with_the_report_on_stderr() {
    let output = validate(&["../crates/compiler/tests/broken/no_such_field.yaml"]);
    assert_eq!(output.status.code(), Some(78));
    let stderr = text(&output.stderr);
    assert!(stderr.contains("error[E0107]: no such field: `.customer.emial`"), "{stderr}");
    assert!(stderr.contains("../crates/compiler/tests/broken/no_such_field.yaml:9:36"), "{stderr}");
    assert!(stderr.ends_with("3 errors\n"), "{stderr}");
    assert!(output.stdout.is_empty() && !stderr.contains('\u{1b}'));
}

#[test]
fn json_is_one_object_on_stdout() {
    let output = validate(&[
        "--format",
        "json",
        "../crates/compiler/tests/broken/no_such_field.yaml",
        "../pipelines/readings.yaml",
    ]);
    assert_eq!(output.status.code(), Some(78));
    let result: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let first = &result["diagnostics"][0];
    assert_eq!(first["code"], "E0107");
    assert_eq!((&first["line"], &first["column"], &first["end_column"]), (&8.into(), &23.into(), &29.into()));
}

#[test]
fn warnings_fail_only_when_denied() {
    let file = "../crates/compiler/tests/broken/no_primary_key_warning.yaml";
    let allowed = validate(&[file]);
    assert_eq!(allowed.status.code(), Some(0));
    assert!(text(&allowed.stderr).contains("warning[W0201]"));
    assert_eq!(validate(&["--deny-warnings", file]).status.code(), Some(78));
}

#[test]
fn a_folder_without_pipelines_and_a_missing_file_say_so() {
    for (path, code) in [("src", "E0127"), ("pipelines/none.yaml", "E0101")] {
        let output = validate(&[path]);
        assert_eq!(output.status.code(), Some(78));
        assert!(text(&output.stderr).contains(code), "{}", text(&output.stderr));
    }
}

/// The files are right; what they name is not there. All of it is reported at once, in either format.
#[tokio::test]
async fn connect_tells_every_queue_and_table_that_is_not_there() {
    let stack = crate::stack::Stack::without_queues().await;
    let command = ["validate-config", "--connect", "pipelines/transactions.yaml"];
    let output = stack.ends_with(78, &command);
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    for words in ["error[E0128]", "error[E0129]", &stack.queue, &stack.dlq, "runner migrate", "3 errors", "= help:"] {
        assert!(report.contains(words), "no `{words}` in\n{report}");
    }
    stack.create_queues(&[]).await;
    stack.ends_with(0, &["migrate", "pipelines/transactions.yaml"]);
    stack.ends_with(0, &command);
    stack.execute("ALTER TABLE events DROP COLUMN payload").await;
    let output = stack.ends_with(78, &[&command[..], &["--format", "json"]].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(json["diagnostics"][0]["code"], "E0129", "{json}");
}
