//! Any samples at all make a pipeline that is right.

use std::path::Path;

use compiler::config::parse_cases;
use compiler::diagnostic::{SourceText, Style, render};
use compiler::scaffold::{Origin, Request, scaffold};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Field names of every sort.
fn field() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{1,8}(_id|_at|-type)?",
        "[A-Za-z ]{0,12}",
        "\\PC{0,12}",
        "[\"'{}#:$\\\\\\-\\.\\t\u{7f}\u{85}\u{2028}]{1,4}",
        Just("id".to_owned()),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e9..1e9_f64).prop_map(Value::from),
        field().prop_map(Value::from),
        Just(json!("2024-02-29T12:00:00Z")),
        Just(json!("00112233-4455-6677-8899-aabbccddeeff")),
    ]
}

fn sample() -> impl Strategy<Value = Value> {
    let value = scalar().prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(field(), inner, 0..5).prop_map(|map| json!(map)),
        ]
    });
    prop::collection::btree_map(field(), value, 0..8).prop_map(|map| json!(map))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_samples_make_a_pipeline_that_is_right(samples in prop::collection::vec(sample(), 1..4)) {
        let text = samples.iter().map(Value::to_string).collect::<Vec<_>>().join("\n");
        let origin = Origin::Samples(samples, text.clone());
        let request = Request { name: "any", folder: Path::new("."), origin };
        let nothing = |path: &Path, _| Err(std::io::Error::other(format!("{} was read", path.display())));
        let made = scaffold(&request, &nothing).map_err(|error| TestCaseError::fail(format!("{error:?}\n{text}")))?;
        let (_, pipeline) = &made.files[0];
        prop_assert!(made.warnings.is_empty(), "{}\n{pipeline}\n{text}", render(&made.warnings, Style::Plain));
        prop_assert!(made.refused.is_none(), "{:?}\n{text}", made.refused);
        let (_, cases) = made.files.iter().find(|(path, _)| path.ends_with("any.test.yaml")).expect("it was made");
        let (read, problems) = parse_cases(&SourceText::new("any.test.yaml", cases));
        prop_assert!(problems.is_empty(), "{}\n{cases}", render(&problems, Style::Plain));
        prop_assert_eq!(read.len(), 2);
    }
}
