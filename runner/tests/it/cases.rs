//! `runner test` as a user runs it: the examples' own cases, cases that fail, test files that are wrong, and the document.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::documents::{Block, blocks};
use crate::stack::repository;

fn runner_in(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
    command.arg("test").args(args).current_dir(folder).env_clear();
    command.output().expect("the binary was built for this test")
}

/// In the package's folder, so that the snapshots name no machine's folders.
fn runner(args: &[&str]) -> Output {
    runner_in(Path::new(env!("CARGO_MANIFEST_DIR")), args)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../cases");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn every_example_has_cases_and_they_pass() {
    let output = runner(&["../pipelines", "--require-cases", "--format", "json"]);
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(output.status.code(), Some(0), "{result:#}\n{}", text(&output.stderr));
    assert!(result["ok"].as_u64() >= Some(25) && result["without_cases"] == serde_json::json!([]), "{result:#}");
}

#[test]
fn cases_that_fail_are_shown_with_what_differs_and_what_came() {
    let output = runner(&["tests/cases/failing"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "error: 8 cases failed\n");
    snapshot("failing", &text(&output.stdout));
}

#[test]
fn json_has_every_case_uncut() {
    let output = runner(&["tests/cases/failing", "--format", "json", "--filter", "shop / values differ"]);
    assert_eq!(output.status.code(), Some(1));
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&result["failed"], &result["left_out"]), (&1.into(), &10.into()));
    let case = &result["cases"][0];
    assert_eq!((&case["line"], &case["outcome"]), (&25.into(), &"1 row of orders".into()));
    let last = case["differences"].as_array().expect("a list").last().expect("differences");
    assert_eq!(last["at"], "orders row 1, raw at /note/text");
    assert!(last["expected"].as_str().expect("a text").len() > 150);
}

#[test]
fn json_has_every_difference_and_every_row() {
    let output = runner(&["tests/cases/failing", "--format", "json", "--filter", "many more came"]);
    let result: Value = serde_json::from_slice(&output.stdout).expect("one object");
    let case = &result["cases"][0];
    assert_eq!(case["differences"].as_array().map(Vec::len), Some(22));
    let written = case["came"].as_str().expect("a text");
    assert!(written.ends_with("- sku: \"v\"\n") && !written.contains("more row"), "{written}");
}

#[test]
fn a_wrong_test_file_is_reported_like_a_wrong_pipeline_file() {
    let output = runner(&["tests/cases/broken"]);
    assert_eq!(output.status.code(), Some(78), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty());
    snapshot("broken", &text(&output.stderr));
}

#[test]
fn a_test_file_without_a_pipeline_is_an_error() {
    for path in ["tests/cases/lone", "tests/cases/lone/gone.test.yaml"] {
        let output = runner(&[path]);
        assert_eq!(output.status.code(), Some(78));
        assert!(text(&output.stderr).contains("gone.yaml"), "{}", text(&output.stderr));
    }
    assert!(text(&runner(&["tests/cases/lone"]).stderr).contains("error[E0170]"));
}

#[test]
fn a_pipeline_without_cases_fails_only_when_they_are_required() {
    let allowed = runner(&["tests/cases/untested"]);
    assert_eq!(allowed.status.code(), Some(0));
    assert_eq!(text(&allowed.stdout), "tests/cases/untested/idle.yaml: no cases\n\n0 cases: 0 ok, 0 failed\n");
    let required = runner(&["tests/cases/untested", "--require-cases"]);
    assert_eq!(required.status.code(), Some(1));
    assert_eq!(text(&required.stderr), "error: no cases for tests/cases/untested/idle.yaml\n");
}

#[test]
fn a_filter_that_leaves_nothing_is_wrong_usage() {
    let output = runner(&["../pipelines", "--filter", "zebra"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("no case contains `zebra`"), "{}", text(&output.stderr));
}

#[test]
fn a_test_file_stands_for_its_pipeline() {
    let output = runner(&["../pipelines/readings.test.yaml"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).starts_with("../pipelines/readings.yaml\n  ok "), "{}", text(&output.stdout));
}

/// The name in a block's first line, the block, and the output that follows it where the document shows one.
fn documented() -> Vec<(String, String, Option<String>)> {
    let blocks = blocks("docs/testing.md");
    let examples = blocks.iter().enumerate().filter(|(_, block)| block.language == "yaml");
    examples
        .map(|(at, Block { text, .. })| {
            let name = text.strip_prefix("# pipelines/").and_then(|text| text.split(".test.yaml").next());
            let output = blocks.get(at + 1).filter(|next| next.language == "text").map(|next| next.text.clone());
            (name.expect("a block names its file").to_owned(), text.clone(), output)
        })
        .collect()
}

const HEARTBEATS: &str = "source: { queue: h, dlq: h-dlq }\nskip: .type == \"heartbeat\"\n\
    schema: ../schemas/transaction.schema.json\ntables: { t: { primary_key: [event_id], columns: { event_id: uuid } } }\n";

#[test]
fn every_example_of_the_document_does_what_it_says() {
    let examples = documented();
    assert!(examples.len() >= 6, "only {} examples", examples.len());
    for (name, block, shown) in examples {
        let home = tempfile::tempdir().expect("a temporary folder");
        for folder in ["pipelines", "schemas"] {
            crate::stack::copy(&repository().join(folder), &home.path().join(folder));
        }
        let file = |ending: &str| home.path().join(format!("pipelines/{name}.{ending}"));
        std::fs::write(file("test.yaml"), &block).expect("written");
        if name == "heartbeats" {
            std::fs::write(file("yaml"), HEARTBEATS).expect("written");
        }
        let output = runner_in(home.path(), &[&format!("pipelines/{name}.yaml")]);
        let stdout = text(&output.stdout);
        let report = format!("{block}\n{stdout}\n{}", text(&output.stderr));
        match shown {
            None => assert_eq!(output.status.code(), Some(0), "{report}"),
            Some(shown) => {
                assert_eq!(output.status.code(), Some(1), "{report}");
                assert_eq!(stdout, shown);
            }
        }
    }
}
