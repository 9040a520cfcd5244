//! Any text is an expression or an error at a place inside it, and an expression has a value or an error for any document.
//!
//! What the checks call certain of an expression is compared with its values in `compile::infer::fuzz`.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use jq::{Context, Expr};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::config;
use super::edit::{TOKENS, edited, edits};
use super::pipeline_file::{pipelines, text_of};
use compiler::sample_metadata;

/// A guard against work that the budget does not count, not a measure of speed: a million steps take less than a second.
const FOREVER: Duration = Duration::from_mins(1);

/// Every expression of the repository's pipeline files that is written on one line.
fn examples() -> &'static [&'static str] {
    static EXAMPLES: OnceLock<Vec<&'static str>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let lines = pipelines().into_iter().flat_map(|path| text_of(path).lines());
        let expressions = lines.filter_map(|line| {
            let line = line.trim().trim_matches('\'');
            let column = line.split_once(" = ").map(|(_, expression)| expression);
            let keyed = ["when: ", "skip: ", "for_each: ", "discriminator: "];
            column.or_else(|| keyed.iter().find_map(|key| line.strip_prefix(key)))
        });
        expressions.collect()
    })
}

fn documents() -> [Value; 4] {
    let text = "a".repeat(3000);
    [
        Value::Null,
        json!({"a": [1, 2.5, -1e300], "b": {"a": "x", "detail": {"a": null}}, "id": "00-11", "type": "a", "items": [{}]}),
        json!([[[["deep"]]], 9_007_199_254_740_993_u64, "2024-02-29T12:00:00Z", text]),
        json!((0..300).map(|n| json!({"a": n, "key": n.to_string()})).collect::<Vec<_>>()),
    ]
}

/// Compiles a text, and evaluates what is an expression.
fn check(text: &str) {
    let started = Instant::now();
    match Expr::compile(text) {
        Ok(expr) => evaluate(&expr),
        Err(error) => {
            assert!(text.get(error.span.clone()).is_some(), "{:?} is not inside {text:?}", error.span);
            assert!(!error.message.contains("the parser can't read"), "the parser panicked");
        }
    }
    assert!(started.elapsed() < FOREVER, "it took {:?}", started.elapsed());
}

fn evaluate(expr: &Expr) {
    let dead_end = expr.dead_end();
    let metadata = sample_metadata(&[("a".to_owned(), "b".to_owned())].into());
    for document in documents() {
        let context = Context::new(&document, &document, &metadata);
        let scope = context.scope();
        match expr.eval(&scope) {
            Ok(value) => {
                assert_eq!(dead_end, None, "it has a value: {value}");
                let text = value.to_string();
                assert_eq!(jq::reread(&text).expect("a value is JSON").to_string(), text);
            }
            Err(error) => assert!(!error.to_string().ends_with("the interpreter failed"), "the interpreter panicked"),
        }
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn edited_examples(text in select(examples()), edits in edits(4)) {
        check(&edited(text, &edits));
    }

    #[test]
    fn joined_examples(parts in proptest::collection::vec(select(examples()), 2..5), word in select(&TOKENS[..])) {
        check(&parts.join(word));
        check(&parts.iter().map(|part| format!("({part})")).collect::<Vec<_>>().join(" | "));
    }

    #[test]
    fn any_text(text in "[.|$(){}\\[\\]\",:;?/+*%=<>\\\\ a-f0-9@#-]{0,40}") {
        check(&text);
    }
}
