//! What samples may look like, and what their values ask of the columns.

use super::{has_cases, is_right, made, read};

/// The line of a column.
fn column<'t>(pipeline: &'t str, name: &str) -> &'t str {
    let found = pipeline.lines().find_map(|line| line.trim_start().strip_prefix(name)?.strip_prefix(": "));
    found.unwrap_or_else(|| panic!("{name}: {pipeline}"))
}

#[test]
fn documents_follow_one_another_or_stand_in_one_array() {
    for text in [
        "{\n  \"id\": \"a\"\n}\n\n{\n  \"id\": \"b\",\n  \"total\": 1\n}\n",
        "{\"id\": \"a\"} {\"id\": \"b\", \"total\": 1}",
        "[{\"id\": \"a\"}, {\"id\": \"b\", \"total\": 1}]",
        "[{\"id\": \"a\"}]\n[{\"id\": \"b\", \"total\": 1}]",
    ] {
        let folder = made("ev", "--from-sample", "s.json", text);
        let pipeline = read(folder.path(), "pipelines/ev.yaml");
        assert_eq!((column(&pipeline, "id"), column(&pipeline, "total")), ("text", "bigint null"), "{text}");
    }
}

/// Whole numbers of 64 bits without a sign are common ids.
#[test]
fn a_number_beyond_bigint_is_numeric() {
    let sample = r#"{"id": 9223372036854775808, "total": 12345678901234567890123456789, "v": [1, 99999999999999999999],
        "o": {"account_id": 18446744073709551615}, "least": -9223372036854775808}"#;
    let folder = made("ev", "--from-sample", "s.json", sample);
    let pipeline = read(folder.path(), "pipelines/ev.yaml");
    for (name, line) in [
        ("id", "numeric"),
        ("total", "numeric"),
        ("v", "numeric[]"),
        ("o_account_id", "numeric = .o.account_id"),
        ("least", "bigint"),
        ("primary_key", "[id]"),
    ] {
        assert_eq!(column(&pipeline, name), line, "{pipeline}");
    }
    let template = read(folder.path(), "pipelines/ev.json.hbs");
    assert!(template.contains(r#""id": 9{{random_int 100000000000000000 999999999999999999}}"#), "{template}");
    is_right(folder.path(), "ev");
    has_cases(folder.path(), "ev");
}

#[test]
fn a_sample_of_many_levels_is_described_as_far_as_a_schema_is_read() {
    for (open, close) in [("{\"a\":", "}"), ("[", "]")] {
        let sample = format!("{{\"id\": 1, \"deep\": {}1{}}}", open.repeat(100), close.repeat(100));
        is_right(made("ev", "--from-sample", "s.json", &sample).path(), "ev");
    }
}

#[test]
fn the_template_is_made_of_a_sample_that_can_be_stored() {
    let folder = made("ev", "--from-sample", "s.json", r#"{"note": "a\u0000b"} {"note": "ab"}"#);
    assert_eq!(read(folder.path(), "pipelines/ev.json.hbs"), "{ \"note\": \"ab\" }\n");
}
