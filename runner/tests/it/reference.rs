//! docs/pipeline-file.md says what is so.

use std::collections::BTreeSet;

use jq::Expr;
use pipeline::ColumnType;
use pipeline::producer::{Generator, Template};
use serde_json::{Map, Value as Json};
use serde_yaml::Value;

use crate::documents::{blocks_in, page};

const PAGE: &str = "docs/pipeline-file.md";

/// The code blocks of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    blocks_in(PAGE, language).into_iter().map(|block| block.text).collect()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn the_first_example_is_the_file_that_ships() {
    assert_eq!(yaml(&blocks("yaml")[0]), yaml(&page("pipelines/transactions.yaml")));
}

#[test]
fn every_yaml_block_is_yaml() {
    assert!(blocks("yaml").iter().all(|block| yaml(block).is_mapping()));
}

/// The keys that a JSON Schema lists, and the words that it allows for their values.
fn keys_and_words(schema: &Json, found: &mut BTreeSet<String>) {
    let Json::Object(fields) = schema else {
        return schema.as_array().into_iter().flatten().for_each(|inner| keys_and_words(inner, found));
    };
    found.extend(fields.get("properties").and_then(Json::as_object).into_iter().flat_map(Map::keys).cloned());
    let words = fields.get("enum").and_then(Json::as_array).into_iter().flatten().chain(fields.get("const"));
    found.extend(words.filter_map(Json::as_str).map(str::to_owned));
    fields.values().for_each(|inner| keys_and_words(inner, found));
}

/// The first column of the tables that list keys.
fn listed_keys(text: &str) -> BTreeSet<&str> {
    let tables = text.split("\n| key | meaning | default |\n").skip(1).filter_map(|rest| rest.split("\n\n").next());
    let rows = tables.flat_map(|table| table.lines().skip(1));
    rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next()).collect()
}

#[test]
fn the_keys_are_those_that_are_read() {
    let schema = serde_json::from_str(&page("schemas/pipeline.schema.json")).expect("JSON");
    let mut read = BTreeSet::new();
    keys_and_words(&schema, &mut read);
    assert!(read.len() > 40, "{read:?}");
    let text = page(PAGE);
    let unsaid: Vec<_> = read.iter().filter(|word| !text.contains(&format!("`{word}`"))).collect();
    assert!(unsaid.is_empty(), "{PAGE} does not say what these are: {unsaid:?}");
    let listed = listed_keys(&text);
    assert!(listed.len() > 20, "{listed:?}");
    let unread: Vec<_> = listed.into_iter().filter(|key| !read.contains(*key)).collect();
    assert!(unread.is_empty(), "{PAGE} lists keys that nothing reads: {unread:?}");
}

#[test]
fn every_column_type_is_listed() {
    let text = page(PAGE);
    for name in ColumnType::names() {
        assert!(text.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_expression_compiles() {
    let mut expressions = 0;
    for block in blocks("yaml") {
        for line in block.lines() {
            let Some((_, expression)) = line.split_once(" = ") else {
                continue;
            };
            Expr::compile(expression).unwrap_or_else(|error| panic!("{line}: {error}"));
            expressions += 1;
        }
    }
    assert!(expressions >= 5, "{expressions}");
}

#[test]
fn every_function_is_one() {
    for name in ["unix", "unix_ms", "unix_us", "unix_ns", "lower", "upper", "url_decode", "sha256", "unhex", "gunzip"] {
        assert!(page(PAGE).contains(&format!("`{name}`")), "{name}");
        Expr::compile(&format!(".a | {name}")).unwrap();
    }
    for name in ["env", "$ENV", "input", "inputs", "debug", "stderr", "halt", "now", "localtime"] {
        assert!(Expr::compile(name).is_err(), "{name} is documented as left out");
    }
}

#[test]
fn every_template_renders_to_json() {
    let mut generator = Generator::seeded(1);
    for text in blocks("handlebars") {
        let template = Template::compile("docs", &text).unwrap();
        for _ in 0..20 {
            let event = template.render(&mut generator).unwrap();
            serde_json::from_str::<Json>(&event).unwrap();
        }
    }
}
