//! Several pipeline files at once: what no two of them can share.

use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::{Diagnostic, SourceText};

/// Compiles pipeline files that differ in path and queue alone, and gives what is reported.
fn problems(files: &[(&str, &str)]) -> Vec<Diagnostic> {
    let read = |path: &Path, _: u64| match path.file_name().and_then(|name| name.to_str()) {
        Some("s.json") => Ok(br#"{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}"#.to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let one = |(path, queue): &(&str, &str)| {
        let text = format!(
            "source: {{ queue: '{queue}', dlq: dead }}\nschema: s.json\ntables:\n  t:\n    primary_key: [id]\n    \
             columns: {{ id: text }}\n"
        );
        load_text(SourceText::new(path, &text), &Environment::new(), &read)
    };
    match compiler::compile(&Files { pipelines: files.iter().map(one).collect(), problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    }
}

fn codes(files: &[(&str, &str)]) -> Vec<&'static str> {
    problems(files).iter().map(|problem| problem.code.id()).collect()
}

#[test]
fn files_with_their_own_queues_are_fine() {
    assert_eq!(codes(&[("a.yaml", "a"), ("b.yaml", "b"), ("x/c.yaml", "c")]), [""; 0]);
}

#[test]
fn a_queue_has_one_pipeline() {
    let found = problems(&[("a.yaml", "orders"), ("b.yaml", "orders")]);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code.id(), "E0130");
    assert_eq!(found[0].place.as_ref().unwrap().file(), Path::new("b.yaml"));
    assert_eq!(found[0].related[0].0.file(), Path::new("a.yaml"));
}

#[test]
fn a_queue_under_another_spelling_is_the_same() {
    let arn = "arn:aws:sqs:eu-west-1:123456789012:orders";
    let elsewhere = "arn:aws:sqs:eu-west-2:123456789012:orders";
    assert_eq!(codes(&[("a.yaml", "orders"), ("b.yaml", arn)]), ["E0130"]);
    assert_eq!(codes(&[("a.yaml", arn), ("b.yaml", elsewhere)]), [""; 0]);
}

#[test]
fn a_name_has_one_pipeline() {
    assert_eq!(codes(&[("a/orders.yaml", "a"), ("b/orders.yml", "b")]), ["E0131"]);
}
