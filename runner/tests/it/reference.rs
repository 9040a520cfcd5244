//! docs/pipeline-file.md says what is so.

use std::fs;
use std::path::Path;

use migration::ColumnType;
use runner::map::Expr;
use runner::producer::{Generator, Template};
use serde_yaml::Value;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The code blocks of one language, in their order.
fn blocks(language: &str) -> Vec<String> {
    let text = read("docs/pipeline-file.md");
    let opening = format!("```{language}\n");
    let blocks = text.split(&opening).skip(1);
    blocks.map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

fn yaml(text: &str) -> Value {
    serde_yaml::from_str(text).unwrap()
}

#[test]
fn the_first_example_is_the_file_that_ships() {
    assert_eq!(yaml(&blocks("yaml")[0]), yaml(&read("pipelines/transactions.yaml")));
}

#[test]
fn every_yaml_block_is_yaml() {
    assert!(blocks("yaml").iter().all(|block| yaml(block).is_mapping()));
}

#[test]
fn every_column_type_is_listed() {
    let text = read("docs/pipeline-file.md");
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
        assert!(read("docs/pipeline-file.md").contains(&format!("`{name}`")), "{name}");
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
            serde_json::from_str::<serde_json::Value>(&event).unwrap();
        }
    }
}
