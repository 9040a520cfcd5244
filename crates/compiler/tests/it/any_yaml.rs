//! The compiler reports, and never panics or hangs, whatever the files hold.

use std::io;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::{SourceText, Style, records, render};

const PIPELINES: [&str; 5] = [
    include_str!("../../../../pipelines/transactions.yaml"),
    include_str!("../../../../pipelines/orders.yaml"),
    include_str!("../../../../pipelines/readings.yaml"),
    include_str!("../broken/types.yaml"),
    include_str!("../broken/wrong_kinds.yaml"),
];

const SCHEMAS: [&str; 3] = [
    include_str!("../../../../schemas/order.schema.json"),
    include_str!("../../../../schemas/reading.schema.json"),
    include_str!("../broken/schemas/order.schema.json"),
];

const TEMPLATE: &str = include_str!("../../../../pipelines/order_placed.json.hbs");

/// Texts that mean something to one of the parsers.
const TOKENS: [&str; 60] = [
    ": ",
    " #",
    "- ",
    "\n",
    "\n  ",
    "\t",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    "|",
    ">",
    "&a ",
    "*a",
    "!x ",
    "---\n",
    "...",
    "~",
    "null",
    "true",
    "? ",
    "<<: ",
    ",",
    "${",
    "${A}",
    "${A:-",
    "$${",
    "}",
    "= ",
    " = .",
    ".a",
    "..",
    "[0]",
    "[]",
    "(",
    ")",
    "//",
    " | ",
    "unix_ms",
    "if . then",
    " end",
    "\\(",
    "\u{feff}",
    "\u{0}",
    "é",
    "\u{1f600}",
    "\r",
    "\u{85}",
    "source",
    "tables",
    "numeric(",
    "[]",
    "{{",
    "}}",
    "{{#each",
    "\"$ref\": \"#\"",
    "99999999999999999999",
    "-",
];

/// Compiles a pipeline file whose schema and templates are the given texts, and renders the report.
fn check(pipeline: &str, schema: &str, template: &str) {
    let read = |path: &Path, _: u64| match path.extension().and_then(|ending| ending.to_str()) {
        Some("json") => Ok(schema.as_bytes().to_vec()),
        Some("hbs") => Ok(template.as_bytes().to_vec()),
        _ => Err(io::Error::from(io::ErrorKind::NotFound)),
    };
    let source: Arc<SourceText> = SourceText::new("pipelines/p.yaml", pipeline);
    let text = load_text(source, &Environment::new(), &read);
    let files = Files { pipelines: vec![text], problems: Vec::new() };
    let problems = match compiler::compile(&files) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => {
            assert!(problems.iter().any(compiler::diagnostic::Diagnostic::is_error));
            problems
        }
    };
    let _ = (render(&problems, Style::Plain), records(&problems));
}

/// One slip of an editor.
#[derive(Debug, Clone)]
enum Edit {
    Delete(Index, usize),
    Insert(Index, &'static str),
    Copy(Index, Index, usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    prop_oneof![
        (any::<Index>(), 1..30_usize).prop_map(|(at, length)| Edit::Delete(at, length)),
        (any::<Index>(), select(&TOKENS[..])).prop_map(|(at, token)| Edit::Insert(at, token)),
        (any::<Index>(), any::<Index>(), 1..60_usize).prop_map(|(from, to, length)| Edit::Copy(from, to, length)),
    ]
}

fn edited(text: &str, edits: &[Edit]) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for edit in edits {
        let at = |index: &Index| index.index(chars.len() + 1);
        match edit {
            Edit::Delete(index, length) => {
                let start = at(index);
                let end = (start + length).min(chars.len());
                chars.drain(start..end);
            }
            Edit::Insert(index, token) => {
                let start = at(index);
                chars.splice(start..start, token.chars());
            }
            Edit::Copy(from, to, length) => {
                let (start, to) = (at(from), at(to));
                let copied: Vec<char> = chars[start..(start + length).min(chars.len())].to_vec();
                chars.splice(to..to, copied);
            }
        }
    }
    chars.into_iter().collect()
}

/// A tree in flow style whose keys and values are words the compiler knows.
fn tree() -> impl Strategy<Value = String> {
    const WORDS: [&str; 40] = [
        "source",
        "queue",
        "dlq",
        "schema",
        "tables",
        "columns",
        "primary_key",
        "indexes",
        "producer",
        "templates",
        "every",
        "rate",
        "file",
        "inline",
        "weight",
        "using",
        "where",
        "unique",
        "pollers",
        "wait",
        "batch",
        "in_flight",
        "on_conflict",
        "id",
        "text",
        "uuid null",
        "jsonb = .",
        "numeric(1,2) = .a | unix",
        "timestamptz",
        "x.json",
        "x.hbs",
        "15s",
        "0",
        "7",
        "~",
        "true",
        "gin",
        "update",
        "${A:-b}",
        "orders",
    ];
    let leaf = select(&WORDS[..]).prop_map(|word| format!("'{word}'"));
    leaf.prop_recursive(6, 60, 6, |inner| {
        let pair = (select(&WORDS[..]), inner.clone()).prop_map(|(key, value)| format!("{key}: {value}"));
        prop_oneof![
            proptest::collection::vec(pair, 0..6).prop_map(|pairs| format!("{{{}}}", pairs.join(", "))),
            proptest::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2048, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check(&String::from_utf8_lossy(&bytes), SCHEMAS[0], TEMPLATE);
    }

    #[test]
    fn any_tokens(tokens in proptest::collection::vec(select(&TOKENS[..]), 0..60)) {
        check(&tokens.concat(), SCHEMAS[0], TEMPLATE);
    }

    #[test]
    fn edited_pipelines(text in select(&PIPELINES[..]), schema in select(&SCHEMAS[..]), edits in proptest::collection::vec(edit(), 1..8)) {
        check(&edited(text, &edits), schema, TEMPLATE);
    }

    #[test]
    fn edited_schemas_and_templates(
        text in select(&PIPELINES[..]),
        schema in select(&SCHEMAS[..]),
        edits in proptest::collection::vec(edit(), 1..4),
        slips in proptest::collection::vec(edit(), 0..3),
    ) {
        check(text, &edited(schema, &edits), &edited(TEMPLATE, &slips));
    }

    #[test]
    fn any_tree(tree in tree()) {
        check(&tree, SCHEMAS[0], TEMPLATE);
    }
}

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
