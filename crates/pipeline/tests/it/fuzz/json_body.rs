//! Any body is decided within the budget, and as the validator without a budget decides it.

use std::time::{Duration, Instant};

use jq::Expr;
use jsonschema::PatternOptions;
use pipeline::decide::{Decider, Schemas};
use pipeline::message::{Code, Delivery, Metadata, Receipt, Rejection};
use pipeline::validate::{Options, Validator};
use pipeline::{ColumnMapping, Mapping, TableMapping, WhenNull};
use proptest::prelude::*;
use serde_json::Value;

use super::schema::{document, root};

/// A guard against work that the budget does not count, not a measure of speed.
const FOREVER: Duration = Duration::from_mins(1);

/// As for the validator with a budget: a pattern that goes back further matches nothing.
const MOST_BACKTRACKING: usize = 100_000;

fn decider(schema: &Value) -> Option<Decider> {
    let options = Options { assert_formats: false, ..Options::default() };
    let schemas = Schemas::one(Validator::of(schema, options).ok()?);
    let expr = Expr::compile(". | length").expect("an expression");
    let ty = "jsonb".parse().expect("a type");
    let column = ColumnMapping { name: "c".to_owned(), ty, when_null: WhenNull::Store, expr };
    let table = TableMapping { name: "t".to_owned(), for_each: None, when: None, columns: vec![column] };
    Some(Decider { unwrap: None, skip: None, schemas, mapping: Mapping { tables: vec![table] } })
}

fn plain(schema: &Value) -> jsonschema::Validator {
    let patterns = PatternOptions::fancy_regex().backtrack_limit(MOST_BACKTRACKING);
    let options = jsonschema::options().offline().with_pattern_options(patterns).should_validate_formats(false);
    options.build(schema).expect("it compiles with a budget, too")
}

/// What the schema says of a body; `None` where the budget ended the check.
fn verdict(decider: &Decider, body: &str) -> Option<Result<(), Rejection>> {
    let started = Instant::now();
    let delivery = Delivery { body: body.to_owned(), metadata: Metadata::default(), receipt: Receipt("r".to_owned()) };
    let outcome = decider.decide(&delivery);
    assert!(started.elapsed() < FOREVER, "it took {:?}", started.elapsed());
    match outcome {
        Ok(_) => Some(Ok(())),
        // Deeper than a body may be, or too costly.
        Err(rejection) if matches!(rejection.code, Code::NotJson | Code::Budget) => None,
        // The document is valid; its length can't be stored.
        Err(rejection) if rejection.code != Code::Schema => Some(Ok(())),
        Err(rejection) => {
            assert!(rejection.message.len() < 1000, "{rejection:?}");
            Some(Err(rejection))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_body_is_decided_as_without_a_budget(
        schema in root(),
        documents in proptest::collection::vec(document(), 4),
    ) {
        let Some(decider) = decider(&schema) else { return Ok(()) };
        let plain = plain(&schema);
        for document in &documents {
            let Some(verdict) = verdict(&decider, &document.to_string()) else { continue };
            prop_assert_eq!(verdict.is_ok(), plain.is_valid(document), "{:?}: {}", verdict, document);
            let Err(rejection) = verdict else { continue };
            let place = rejection.instance_path.as_deref().unwrap_or_default();
            prop_assert!(document.pointer(place).is_some(), "{:?} is not in {}", place, document);
        }
    }
}
