//! Texts as deep, wide or circular as they can be: the compiler reports them soon.

use crate::fuzz::pipeline_file::{SCHEMAS, TEMPLATE, check};

/// A column with a deep expression: parsers that recurse must be kept from it.
fn column(expr: &str) -> String {
    format!(
        "source: {{ queue: a, dlq: b }}\nschema: s.json\ntables:\n  t:\n    primary_key: [id]\n    columns:\n      \
         id: text\n      x: \"jsonb null = {expr}\"\n"
    )
}

#[test]
fn deep_expressions_are_reported_not_recursed_into() {
    let many = 100_000;
    for expr in [
        "(".repeat(many),
        "[".repeat(many),
        "{a:".repeat(many),
        "-".repeat(many),
        "try ".repeat(many),
        "if ".repeat(many),
        format!(".a{}", " | .a".repeat(many)),
        format!(".a{}", "[.a".repeat(many)),
        format!("1{}", " + 1".repeat(many)),
        format!("1{}", " // 1".repeat(many)),
        ".a?".to_owned() + &"?".repeat(many),
        "def f: ".repeat(many),
        "\\\\(".repeat(many),
    ] {
        check(&column(&expr), SCHEMAS[0], TEMPLATE);
    }
}

#[test]
fn deep_and_wide_yaml_ends_soon() {
    let many = 100_000;
    for yaml in [
        "[".repeat(many),
        "{".repeat(many),
        "{a: ".repeat(many),
        "- ".repeat(many),
        "? ".repeat(many),
        "&a ".repeat(many),
        "a: ".repeat(many),
        "'".repeat(many),
        "|\n".repeat(many),
        (0..many).map(|n| format!("k{n}: v\n")).collect::<Vec<_>>().concat(),
        (0..10_000).map(|n| format!("{}k: \n", " ".repeat(n.min(90)))).collect::<Vec<_>>().concat(),
        format!("tables: {{ t: {{ columns: {{ {} }} }} }}", "x: [], ".repeat(1_000)),
        "x: [], ".repeat(1_000),
    ] {
        check(&yaml, SCHEMAS[0], TEMPLATE);
    }
}

#[test]
fn schemas_that_refer_to_themselves_end_soon() {
    let wide = (0..12).map(|n| format!(r##"{{"anyOf": [{{"$ref": "#/$defs/a"}}, {{"title": "{n}"}}]}}"##));
    let wide = wide.collect::<Vec<_>>().join(",");
    for schema in [
        r##"{"$ref": "#"}"##.to_owned(),
        r##"{"properties": {"a": {"$ref": "#"}}, "allOf": [{"$ref": "#"}]}"##.to_owned(),
        r#"{"$ref": "s.json"}"#.to_owned(),
        format!(r##"{{"$defs": {{"a": {{"anyOf": [{{"$ref": "#"}}, {{"type": "string"}}]}}}}, "allOf": [{wide}]}}"##),
    ] {
        check(&column(".a.a.a.b | .c"), &schema, TEMPLATE);
    }
}
