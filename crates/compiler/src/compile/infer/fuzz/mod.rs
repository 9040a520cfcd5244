//! What the checks call certain of an expression is never contradicted by its value for a valid document.

mod grammar;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use jq::{Context, EvalError, Expr};
use pipeline::{ColumnMapping, Mapping, TableMapping, WhenNull};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;

use super::fact::{Holds, Step, same};
use super::{DOCUMENT, Fact, Origin, Roots, Yield, facts, infer};
use crate::config::load::load_text;
use crate::config::{Environment, Files};
use crate::diagnostic::{Code, Diagnostic, SourceText};
use crate::sample_metadata;
use grammar::{condition, document, expression, schema};
use schema::{Shape, Type, type_of};

/// A guard against work that the budget does not count, not a measure of speed: a million steps take less than a second.
const FOREVER: Duration = Duration::from_mins(1);

/// A schema, and some documents that keep to it.
fn schema_and_documents() -> impl Strategy<Value = (Value, Vec<Value>)> {
    schema().prop_flat_map(|schema| {
        let documents = proptest::collection::vec(document(&schema), 4);
        (Just(schema), documents)
    })
}

/// The value of an expression for a document.
fn value(expr: &Expr, document: &Value) -> Result<Value, EvalError> {
    let started = Instant::now();
    let metadata = sample_metadata(&[("x".to_owned(), "y".to_owned())].into());
    let context = Context::new(document, document, &metadata);
    let result = expr.eval(&context.scope()).map(std::borrow::Cow::into_owned);
    assert!(started.elapsed() < FOREVER, "it took {:?}", started.elapsed());
    if let Err(error) = &result {
        assert!(!error.to_string().ends_with("the interpreter failed"), "the interpreter panicked");
    }
    result
}

/// Whether a value is of one of the types that were inferred.
fn is_of(value: &Value, types: &[(Type, Option<&str>)]) -> bool {
    let ty = type_of(value);
    types.iter().any(|(known, _)| *known == ty || (ty == Type::Integer && *known == Type::Number))
}

/// Whether what is certain holds for a document; true where it is not about the document.
fn holds(fact: &Fact, document: &Value) -> bool {
    match fact {
        Fact::At(place, holds) => place.root != DOCUMENT || holds_at(holds, at(document, place)),
        Fact::Either(left, right) => {
            [left, right].into_iter().any(|side| side.iter().all(|fact| holds(fact, document)))
        }
    }
}

fn at<'d>(document: &'d Value, place: &Origin) -> Option<&'d Value> {
    let mut value = document;
    for step in &place.steps {
        value = match step {
            Step::Field(name) => value.get(name)?,
            Step::Index(index) => {
                let items = value.as_array()?;
                let index = if *index < 0 { index + i64::try_from(items.len()).ok()? } else { *index };
                items.get(usize::try_from(index).ok()?)?
            }
        };
    }
    Some(value)
}

fn holds_at(holds: &Holds, found: Option<&Value>) -> bool {
    let value = found.unwrap_or(&Value::Null);
    match holds {
        Holds::NotNull => !value.is_null(),
        Holds::Present => found.is_some(),
        Holds::Is(name) => Shape::named(name).may_be(type_of(value)),
        Holds::OneOf(values) => values.iter().any(|one| same(one, value)),
        Holds::Not(other) => !same(other, value),
        Holds::Starts(start) => value.as_str().is_some_and(|text| text.starts_with(start)),
        Holds::Ends(end) => value.as_str().is_some_and(|text| text.ends_with(end)),
        Holds::Least(least) => value.as_array().is_none_or(|items| items.len() as u64 >= *least),
    }
}

/// What is reported for a pipeline with these lines in its table.
fn reported(schema: &Value, lines: &str) -> Vec<Diagnostic> {
    let pipeline =
        format!("source: {{ queue: a, dlq: b }}\nschema: s.json\ntables:\n  t:\n    primary_key: [pk]\n{lines}");
    let schema = schema.to_string();
    let read = |path: &Path, _: u64| match path.to_str() {
        Some("s.json") => Ok(schema.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let text = load_text(SourceText::new("p.yaml", &pipeline), &Environment::new(), &read);
    match crate::compile(&Files { pipelines: vec![text], problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Types that take whole values of one kind; numbers that happen to be whole are a matter of their own.
const COLUMNS: [&str; 9] =
    ["text", "boolean", "uuid", "date", "timestamptz", "numeric", "double precision", "text[]", "inet"];

/// Whether it is stored as NULL, which fits every column, or as an array of nothing else.
fn is_null(value: &Value) -> bool {
    value.is_null() || value.as_array().is_some_and(|items| items.iter().all(is_null))
}

/// Whether a column of this type gets a value for a document.
fn stores(ty: &str, expr: &Expr, document: &Value) -> bool {
    let ty = ty.parse().expect("a type");
    let column = ColumnMapping { name: "c".to_owned(), ty, when_null: WhenNull::Store, expr: expr.clone() };
    let table = TableMapping { name: "t".to_owned(), for_each: None, when: None, columns: vec![column] };
    let metadata = sample_metadata(&[("x".to_owned(), "y".to_owned())].into());
    let stored = Mapping { tables: vec![table] }.rows(&Context::new(document, document, &metadata));
    stored.is_ok() && !is_null(&value(expr, document).expect("it was stored"))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expression_is_of_its_types((schema, documents) in schema_and_documents(), text in expression()) {
        let Ok(expr) = Expr::compile(&text) else { return Ok(()) };
        let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
        let (inferred, findings) = infer(&text, &roots, &[], "s.json");
        for finding in &findings {
            prop_assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
        }
        let dead_end = expr.dead_end();
        for document in &documents {
            let Ok(value) = value(&expr, document) else { continue };
            prop_assert_eq!(&dead_end, &None, "it has the value {}", value);
            let several = inferred.many.as_ref().is_some_and(|many| many.always);
            prop_assert!(!several || inferred.nothing.is_some(), "one value for {}: {}", document, value);
            let types = inferred.types().filter(|_| findings.is_empty());
            let known = types.as_ref().is_none_or(|types| value.is_null() || is_of(&value, types));
            prop_assert!(known, "{} for {}, inferred {:?}", value, document, types);
        }
    }

    #[test]
    fn expression_facts_hold((schema, documents) in schema_and_documents(), text in condition()) {
        let Ok(expr) = Expr::compile(&text) else { return Ok(()) };
        let roots = Roots::new(Yield::shape(Shape::of_value(&schema)), None, false);
        for document in &documents {
            let Ok(value) = value(&expr, document) else { continue };
            let truth = !matches!(value, Value::Null | Value::Bool(false));
            for fact in facts(&text, &roots, truth) {
                prop_assert!(holds(&fact, document), "{:?} where it is {}, for {}", fact, value, document);
            }
        }
    }

    #[test]
    fn expression_that_is_constant_has_one_truth((schema, documents) in schema_and_documents(), text in condition()) {
        let Ok(expr) = Expr::compile(&text) else { return Ok(()) };
        let lines = format!("    when: {}\n    columns: {{ pk: text = $sqs.message_id }}\n", quoted(&text));
        let constant = reported(&schema, &lines).into_iter().find(|problem| problem.code == Code::ConstantCondition);
        let Some(problem) = constant else { return Ok(()) };
        let always = problem.message.contains("is true");
        for document in &documents {
            let Ok(value) = value(&expr, document) else { continue };
            let truth = !matches!(value, Value::Null | Value::Bool(false));
            prop_assert_eq!(truth, always, "{} for {}", value, document);
        }
    }

    #[test]
    fn expression_that_never_fits_is_never_stored(
        (schema, documents) in schema_and_documents(),
        text in expression(),
        ty in select(&COLUMNS[..]),
    ) {
        let Ok(expr) = Expr::compile(&text) else { return Ok(()) };
        let column = quoted(&format!("{ty} null = {text}"));
        let lines = format!("    columns:\n      pk: text = $sqs.message_id\n      x: {column}\n");
        let problems = reported(&schema, &lines);
        let Some(problem) = problems.iter().find(|problem| problem.code == Code::TypeMismatch) else { return Ok(()) };
        // A part that fails is caught or not reached; only a mismatch of the column itself is about the whole.
        let whole = problem.message.contains("column `x`");
        for document in documents.iter().filter(|_| whole) {
            prop_assert!(!stores(ty, &expr, document), "{} is stored for {}", problem.message, document);
        }
    }
}
