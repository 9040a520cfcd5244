//! docs/pipeline-file.md says what is so.

use migration::ColumnType;
use runner::map::Expr;
use runner::producer::{Generator, Template};
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
            serde_json::from_str::<serde_json::Value>(&event).unwrap();
        }
    }
}
