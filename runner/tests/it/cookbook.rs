//! docs/cookbook.md: each recipe compiles without a warning, its cases pass, and on a real queue and a real PostgreSQL
//! its messages become the rows that its cases expect.

use std::collections::BTreeSet;

use compiler::cases::{Case, Expected, ExpectedRow, compile as compile_cases};
use compiler::config::load::load_tests;
use compiler::config::{Environment, load};
use compiler::diagnostic::{Style, render};
use pipeline::Pipeline;
use pipeline::Table;
use pipeline::message::{Attribute, AttributeValue};
use serde_json::{Map, Value, json};

use crate::documents::{Block, blocks_in};
use crate::stack::Stack;

/// A test for each recipe, and the list of them.
macro_rules! recipes {
    ($($test:ident: $heading:literal,)*) => {
        const RECIPES: &[&str] = &[$($heading),*];
        $(
            #[tokio::test]
            async fn $test() {
                cook($heading).await;
            }
        )*
    };
}

recipes! {
    flat: "Flat events",
    nested: "Nested events",
    arrays: "Arrays of records",
    sns: "Amazon SNS",
    eventbridge: "Amazon EventBridge",
    gzip: "Base64 and gzip",
    kinds: "Many kinds in one queue",
    latest: "Latest state",
    epochs: "Epoch times",
    attributes: "Attributes as columns",
}

/// The blocks of the page that are files.
fn files() -> Vec<Block> {
    blocks_in("docs/cookbook.md", "yaml")
}

/// The path that a block's first line names.
fn path(file: &Block) -> &str {
    let path = file.text.lines().next().and_then(|line| line.strip_prefix("# "));
    path.unwrap_or_else(|| panic!("{}: a block does not name its file:\n{}", file.heading, file.text))
}

#[test]
fn there_is_a_recipe_for_each_kind_of_event_in_this_order() {
    let mut headings: Vec<_> = files().into_iter().map(|file| file.heading).collect();
    headings.dedup();
    assert_eq!(headings, RECIPES);
}

#[test]
fn all_recipes_fit_into_one_project() {
    let home = tempfile::tempdir().expect("a temporary folder");
    for file in files() {
        let to = home.path().join(path(&file));
        std::fs::create_dir_all(to.parent().expect("a folder")).expect("created");
        assert!(!to.exists(), "{} is there twice", path(&file));
        std::fs::write(to, file.text).expect("written");
    }
    match compiler::compile(&load(&[home.path().join("pipelines")], &Environment::new())) {
        Ok(compiled) => assert_eq!(render(&compiled.warnings, Style::Plain), ""),
        Err(problems) => panic!("{}", render(&problems, Style::Plain)),
    }
}

/// The recipe as a reader follows it.
async fn cook(heading: &str) -> Stack {
    let stack = Stack::new().await;
    let file = &*copied(&stack, heading);
    let checked = stack.ends_with(0, &["validate-config", file, "--deny-warnings"]);
    assert!(checked.stderr.is_empty(), "{}", String::from_utf8_lossy(&checked.stderr));
    stack.ends_with(0, &["test", file, "--require-cases"]);
    stack.ends_with(0, &["migrate", file]);
    let (pipeline, cases) = compiled(&stack, file);
    let sent = sent(&stack, cases).await;
    let summary = stack.json(&["run", file, "--until-empty", "--format", "json"]);
    counts(&summary, &sent);
    for at in 0..pipeline.targets().len() {
        stores(&stack, &pipeline.targets()[at].table, sent.iter().flat_map(|it| it.rows(at, &pipeline)).collect())
            .await;
    }
    stack
}

/// Copies the recipe's three files; gives the pipeline file.
fn copied(stack: &Stack, heading: &str) -> String {
    let files: Vec<_> = files().into_iter().filter(|file| file.heading == heading).collect();
    let paths: Vec<_> = files.iter().map(path).collect();
    let [pipeline, schema, cases] = paths[..] else { panic!("{heading} is not three files: {paths:?}") };
    assert!(schema.starts_with("schemas/"), "{schema}");
    assert_eq!(cases, pipeline.replace(".yaml", ".test.yaml"));
    for file in &files {
        stack.write(path(file), &file.text);
    }
    pipeline.to_owned()
}

fn compiled(stack: &Stack, file: &str) -> (Pipeline, Vec<Case>) {
    let paths = [stack.home.path().join(file)];
    let files = load(&paths, &Environment::new());
    let (tests, _) = load_tests(&paths, &files.pipelines);
    let pipeline = compiler::compile(&files).expect("it compiled before").pipelines.remove(0);
    let (cases, problems) = compile_cases(&pipeline, &tests[0]);
    assert_eq!(render(&problems, Style::Plain), "");
    (pipeline, cases)
}

/// A case, and the queue's id of its message.
struct Sent {
    case: Case,
    id: String,
}

async fn sent(stack: &Stack, cases: Vec<Case>) -> Vec<Sent> {
    let mut sent = Vec::new();
    for case in cases {
        let attributes = case.delivery.metadata.attributes.iter().map(|(name, value)| (name, text(value)));
        let id = stack.send_one(&case.delivery.body, attributes).await;
        sent.push(Sent { case, id });
    }
    sent
}

fn text(attribute: &Attribute) -> &String {
    match &attribute.value {
        AttributeValue::Text(text) => text,
        AttributeValue::Binary(_) => panic!("a case has only texts"),
    }
}

/// The run counted what the cases expect.
fn counts(summary: &Value, sent: &[Sent]) {
    let count = |wanted: fn(&Expected) -> bool| sent.iter().filter(|it| wanted(&it.case.expected)).count();
    let expected = json!([
        count(|it| matches!(it, Expected::Rows(_))),
        count(|it| matches!(it, Expected::Rejected(_))),
        count(|it| matches!(it, Expected::Skipped)),
    ]);
    assert_eq!(json!([summary["stored"], summary["dead_lettered"], summary["skipped"]]), expected, "{summary}");
}

impl Sent {
    /// The rows it has to make of a table, by column.
    fn rows(&self, at: usize, pipeline: &Pipeline) -> Vec<Map<String, Value>> {
        let Expected::Rows(tables) = &self.case.expected else { return Vec::new() };
        tables[at].iter().map(|row| self.row(row, &pipeline.targets()[at].table)).collect()
    }

    /// Where the case names its own id of the message, the queue has given another.
    fn row(&self, row: &ExpectedRow, table: &Table) -> Map<String, Value> {
        let named = self.case.delivery.metadata.message_id.as_str();
        let real = |value: &Value| if *value == *named { json!(self.id) } else { value.clone() };
        let cells = table.columns.iter().zip(row);
        cells.filter_map(|(column, cell)| Some((column.name.clone(), real(cell.as_ref()?)))).collect()
    }
}

/// The table has a row for each expected key, and each of its rows is an expected one.
async fn stores(stack: &Stack, table: &Table, expected: Vec<Map<String, Value>>) {
    let name = table.name.to_string();
    assert!(!expected.is_empty(), "some case fills {name}");
    let key = |row: &Map<String, Value>| json!(table.primary_key.iter().map(|name| &row[name]).collect::<Vec<_>>());
    let keys: BTreeSet<String> = expected.iter().map(|row| key(row).to_string()).collect();
    assert_eq!(usize::try_from(stack.count(&name).await), Ok(keys.len()), "rows of {name}");
    let any = expected.into_iter().map(|row| is(&name, row)).collect::<Vec<_>>().join(" OR ");
    let others = stack.rows(&format!("SELECT * FROM {name} AS stored WHERE NOT ({any})")).await;
    assert!(others.is_empty(), "{name} has rows that no case expects: {others:?}");
}

/// SQL: whether a row is this one. PostgreSQL reads the values itself, and shows both with all their digits.
fn is(table: &str, row: Map<String, Value>) -> String {
    let same = |name| format!("stored.\"{name}\"::text IS NOT DISTINCT FROM wanted.\"{name}\"::text");
    let same = row.keys().map(same).collect::<Vec<_>>().join(" AND ");
    let row = Value::from(row);
    format!("EXISTS (SELECT FROM json_populate_record(NULL::{table}, $row${row}$row$) AS wanted WHERE {same})")
}

#[tokio::test]
async fn an_older_state_that_arrives_late_changes_nothing() {
    let stack = cook("Latest state").await;
    let (_, cases) = compiled(&stack, "pipelines/devices.yaml");
    let older = cases.into_iter().filter(|case| case.name.starts_with("an older")).collect();
    assert_eq!(sent(&stack, older).await.len(), 1);
    stack.json(&["run", "pipelines/devices.yaml", "--until-empty", "--format", "json"]);
    assert_eq!(stack.rows("SELECT status FROM devices").await, [json!({ "status": "offline" })]);
}
