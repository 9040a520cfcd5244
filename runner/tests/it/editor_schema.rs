//! The pipeline file's own JSON Schema agrees with what reads pipeline files.

use std::fs;
use std::process::Command;

use compiler::config::{Environment, load, parse};
use compiler::diagnostic::{Code, SourceText};
use pipeline::validate::{Options, Validator};
use serde_json::{Value, json};

use crate::stack::{pipeline_files, repository, shown};

/// Where it is committed.
const FILE: &str = "schemas/pipeline.schema.json";

fn schema() -> Value {
    let text = fs::read_to_string(repository().join(FILE)).expect("the schema is committed");
    serde_json::from_str(&text).expect("JSON")
}

fn validator() -> Validator {
    Validator::of(&schema(), Options::default()).expect("it is a JSON Schema")
}

#[test]
fn what_is_committed_is_what_the_command_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_runner")).arg("schema").output().expect("the binary starts");
    assert!(output.status.success(), "{}", shown(&output));
    let committed = fs::read_to_string(repository().join(FILE)).unwrap_or_default();
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(committed == printed, "write it anew: `runner schema > {FILE}`\n{printed}");
}

#[test]
fn every_example_keeps_to_it() {
    let validator = validator();
    for path in pipeline_files("pipelines") {
        let value: Value = serde_yaml::from_str(&fs::read_to_string(&path).expect("UTF-8")).expect("YAML");
        validator.check(&value).unwrap_or_else(|rejection| panic!("{}: {rejection:?}", path.display()));
    }
}

/// The structure of a file is wrong for the reader if and only if it is for the schema, save what the compiler finds and
/// a schema can tell as well.
#[test]
fn it_judges_the_structure_as_the_reader_does() {
    const STRUCTURE: [Code; 3] = [Code::UnknownKey, Code::MissingKey, Code::WrongKind];
    const REPORTED: [Code; 4] = [Code::MissingKey, Code::BadValue, Code::SchemaChoice, Code::ColumnLine];
    let validator = validator();
    let (mut right, mut wrong) = (0, 0);
    for path in pipeline_files("crates/compiler/tests/broken") {
        let text = fs::read_to_string(&path).unwrap_or_default();
        // What is no YAML for serde either has no structure to judge.
        let Ok(value) = serde_yaml::from_str::<Value>(&text) else {
            continue;
        };
        let (_, problems) = parse(&SourceText::new(&path, &text), &Environment::new());
        // What a variable stands for is not in the file.
        if problems.iter().any(|problem| problem.code == Code::Interpolation) {
            continue;
        }
        let structure = problems.iter().any(|problem| STRUCTURE.contains(&problem.code));
        if structure {
            assert!(!validator.is_valid(&value), "{}: {problems:#?}", path.display());
            wrong += 1;
        } else if problems.is_empty() {
            let compiled = compiler::compile(&load(std::slice::from_ref(&path), &Environment::new()));
            let is_reported =
                compiled.is_err_and(|problems| problems.iter().any(|problem| REPORTED.contains(&problem.code)));
            let verdict = validator.check(&value);
            assert!(verdict.is_ok() || is_reported, "{}: {verdict:?}", path.display());
            right += usize::from(verdict.is_ok());
        }
    }
    assert!(right >= 20 && wrong >= 3, "{right} right, {wrong} wrong");
}

#[test]
fn variables_may_stand_for_numbers_and_words() {
    let validator = validator();
    let file = |pollers: Value, on_conflict: &str| {
        json!({"source": {"queue": "a", "dlq": "b", "pollers": pollers}, "schema": "s.json",
            "tables": {"t": {"on_conflict": on_conflict, "columns": {"a": "text"}}}})
    };
    assert!(validator.is_valid(&file(json!(4), "update")));
    assert!(validator.is_valid(&file(json!("${POLLERS:-4}"), "${WAY}")));
    let mut number = file(json!(4), "update");
    number["source"]["queue"] = json!(12345);
    assert!(validator.is_valid(&number), "a number is a name where a name is asked for");
    assert!(!validator.is_valid(&file(json!("many"), "update")));
    assert!(!validator.is_valid(&file(json!(4), "replace")));
}

/// A file that is right, with one part of it replaced.
fn with(pointer: &str, value: &Value) -> Value {
    let mut file = json!({"source": {"queue": "a", "dlq": "b"}, "schema": "s.json",
        "tables": {"t": {"columns": {"a": "text"}}}, "producer": {"every": "1s", "templates": ["t.json.hbs"]}});
    *file.pointer_mut(pointer).expect("it is there") = value.clone();
    file
}

#[test]
fn keys_that_exclude_or_need_each_other_are_told() {
    let validator = validator();
    let kinds = json!({"a": "a.json"});
    for (right, pointer, value) in [
        (true, "/producer", json!({"rate": "5/s", "templates": ["a"]})),
        (true, "/producer", json!({"templates": ["a"]})),
        (false, "/producer", json!({"rate": "5/s", "every": "1s", "templates": ["a"]})),
        (false, "/producer/templates", json!([])),
        (true, "/schema", json!({"file": "a.json", "at": ".a"})),
        (true, "/schema", json!({"mapping": kinds, "discriminator": ".type", "otherwise": "skip"})),
        (true, "/schema", json!({"files": "*.json", "discriminator": ".type"})),
        (false, "/schema", json!({"at": ".a"})),
        (false, "/schema", json!({"file": "a.json", "discriminator": ".type"})),
        (false, "/schema", json!({"mapping": kinds})),
        (false, "/schema", json!({"mapping": {}, "discriminator": ".type"})),
        (false, "/schema", json!({"mapping": kinds, "files": "*.json", "discriminator": ".type"})),
        (false, "/schema", json!({"mapping": kinds, "file": "a.json", "discriminator": ".type"})),
        (false, "/tables", json!({})),
        (false, "/tables/t/columns", json!({})),
    ] {
        assert_eq!(validator.is_valid(&with(pointer, &value)), right, "{pointer}: {value}");
    }
}

/// As the reader does, but for expressions.
#[test]
fn a_column_line_begins_with_a_type() {
    let validator = validator();
    for line in [
        "text",
        " text null = .a",
        "double  precision NULL=.a",
        "numeric(12, 2)[] null",
        "numeric ( 5 )",
        "uuid []",
        "jsonb = .a == .b",
        "timestamptz = .at | unix",
    ] {
        assert!(validator.is_valid(&with("/tables/t/columns/a", &json!(line))), "{line}");
    }
    for line in
        ["txt", "text not null", "TEXT", "varchar(3)", "numeric()", "text(3)", "textnull", "= .a", "", "text .a"]
    {
        assert!(!validator.is_valid(&with("/tables/t/columns/a", &json!(line))), "{line}");
    }
}

/// Every key says in a sentence what it is for.
#[test]
fn every_key_is_described() {
    fn check(schema: &Value, at: &str) {
        let properties = schema["properties"].as_object().into_iter().flatten();
        // One that is `false` is a key that has no place beside another.
        for (name, property) in properties.filter(|(_, property)| property.is_object()) {
            let description = property["description"].as_str().unwrap_or_default();
            assert!(description.len() > 10 && description.ends_with('.'), "{at}/{name}: {description:?}");
        }
        match schema {
            Value::Object(fields) => fields.iter().for_each(|(key, inner)| check(inner, &format!("{at}/{key}"))),
            Value::Array(items) => items.iter().for_each(|inner| check(inner, at)),
            _ => {}
        }
    }
    check(&schema(), "");
}
