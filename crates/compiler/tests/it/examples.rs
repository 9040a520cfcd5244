//! Every pipeline file that ships with the repository compiles, without a warning.

use std::path::PathBuf;

use compiler::Compiled;
use compiler::config::{Environment, load};
use compiler::diagnostic::{Style, render};

fn compiled(path: &str, env: &Environment) -> Compiled {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    match compiler::compile(&load(&[path], env)) {
        Ok(compiled) => compiled,
        Err(problems) => panic!("{}", render(&problems, Style::Plain)),
    }
}

#[test]
fn every_example_compiles() {
    let compiled = compiled("pipelines", &Environment::new());
    assert_eq!(render(&compiled.warnings, Style::Plain), "");
    let names: Vec<&str> = compiled.pipelines.iter().map(pipeline::Pipeline::name).collect();
    assert!(["orders", "readings", "transactions"].iter().all(|name| names.contains(name)));
}

#[test]
fn the_simple_example_has_the_columns_and_defaults_it_promises() {
    let env = Environment::from([("SQS_QUEUE_NAME".to_owned(), "incoming".to_owned())]);
    let compiled = compiled("pipelines/transactions.yaml", &env);
    let pipeline = &compiled.pipelines[0];
    assert_eq!(pipeline.source().queue.to_string(), "incoming");
    assert_eq!(pipeline.source().dlq.to_string(), "transactions-dlq");
    let table = &pipeline.targets()[0].table;
    let columns: Vec<String> =
        table.columns.iter().map(|c| format!("{} {} {}", c.name, c.ty, c.when_null.accepts_null())).collect();
    assert_eq!(
        columns,
        [
            "event_id uuid false",
            "client_id text false",
            "event_type text false",
            "timestamp timestamp with time zone false",
            "payload jsonb false"
        ]
    );
    assert_eq!(table.primary_key, ["event_id"]);
    assert_eq!(table.indexes.len(), 3);
    assert!(pipeline.producer().is_some());
}

#[test]
fn references_are_found_beside_the_file_whatever_ids_say() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "order.json",
        r#"{"$id": "https://example.com/a/order", "type": "object", "required": ["id", "total"], "properties": {
            "id": {"$ref": "parts/id.json#/$defs/id"}, "total": {"$ref": "money.json"}}, "additionalProperties": false}"#,
    );
    std::fs::create_dir(folder.path().join("parts")).unwrap();
    write("parts/id.json", r#"{"$defs": {"id": {"type": "string", "format": "uuid"}}}"#);
    write("money.json", r#"{"$id": "https://example.com/a/money.json", "type": "number"}"#);
    write(
        "p.yaml",
        "source: { queue: a, dlq: b }\nschema: order.json\ntables:\n  t:\n    primary_key: [id]\n    columns:\n      \
         id: uuid\n      total: numeric(12,2)\n",
    );
    let compiled = compiler::compile(&load(&[folder.path().join("p.yaml")], &Environment::new()));
    match compiled {
        Ok(compiled) => assert_eq!(render(&compiled.warnings, Style::Plain), ""),
        Err(problems) => panic!("{}", render(&problems, Style::Plain)),
    }
}

#[test]
fn two_files_that_declare_one_table_differently_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("s.json"), r#"{"type": "object", "required": ["id"], "properties": {"id": {}}}"#)
        .unwrap();
    for (name, ty) in [("a.yaml", "uuid"), ("b.yaml", "text")] {
        let text = format!(
            "source: {{ queue: {ty}, dlq: b }}\nschema: s.json\ntables:\n  t:\n    primary_key: [id]\n    columns: {{ id: {ty} }}\n"
        );
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let problems = compiler::compile(&load(&[folder.path().to_owned()], &Environment::new())).unwrap_err();
    assert_eq!(problems.len(), 1);
    let report = render(&problems, Style::Plain);
    assert!(report.contains("E0125") && report.contains("b.yaml:4:3") && report.contains("a.yaml:4:3"), "{report}");
}
