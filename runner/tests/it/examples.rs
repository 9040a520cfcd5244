//! Every pipeline file that ships with the repository compiles, without a warning.

use std::path::PathBuf;

use runner::config::{Environment, load};
use runner::diagnostic::{Style, render};
use runner::plan::{Compiled, compile};

fn compiled(path: &str, env: &Environment) -> Compiled {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    match compile(&load(&[path], env)) {
        Ok(compiled) => compiled,
        Err(problems) => panic!("{}", render(&problems, Style::Plain)),
    }
}

#[test]
fn every_example_compiles() {
    let compiled = compiled("pipelines", &Environment::new());
    assert_eq!(render(&compiled.warnings, Style::Plain), "");
    let names: Vec<&str> = compiled.pipelines.iter().map(runner::plan::Pipeline::name).collect();
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
    let columns: Vec<String> = table.columns.iter().map(|c| format!("{} {} {}", c.name, c.ty, c.nullable)).collect();
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
