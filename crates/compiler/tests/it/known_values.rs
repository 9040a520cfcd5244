//! What the checks infer about a value where a condition, a kind or an alternative is known.

use std::io;
use std::path::Path;

use compiler::config::load::load_text;
use compiler::config::{Environment, Files};
use compiler::diagnostic::SourceText;

/// A schema of a closed object; `!` after a name requires it.
pub(crate) fn object(fields: &str) -> String {
    let names = fields.split(';').map(|field| field.split_once(':').unwrap());
    let (mut properties, mut required) = (Vec::new(), Vec::new());
    for (name, schema) in names {
        let plain = name.trim().trim_end_matches('!');
        properties.push(format!("\"{plain}\": {}", schema.trim()));
        required.extend(name.ends_with('!').then(|| format!("\"{plain}\"")));
    }
    format!(
        r#"{{"type": "object", "properties": {{{}}}, "required": [{}], "additionalProperties": false}}"#,
        properties.join(", "),
        required.join(", ")
    )
}

pub(crate) const S: &str = r#"{"type": "string"}"#;
pub(crate) const N: &str = r#"{"type": "number"}"#;
pub(crate) const I: &str = r#"{"type": "integer"}"#;

/// The codes for a table of a pipeline with this schema.
pub(crate) fn codes(schema: &str, table: &str) -> String {
    selected("schema: s.json", &[("s.json", schema)], table)
}

/// The same for a choice of schemas.
pub(crate) fn selected(choice: &str, files: &[(&str, &str)], table: &str) -> String {
    let pipeline = format!("source: {{ queue: a, dlq: b }}\n{choice}\ntables:\n  t:\n    primary_key: [pk]\n{table}");
    let read = |path: &Path, _: u64| {
        let found = files.iter().find(|(name, _)| path.to_str() == Some(name));
        found.map(|(_, text)| text.as_bytes().to_vec()).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    };
    let text = load_text(SourceText::new("p.yaml", &pipeline), &Environment::new(), &read);
    let problems = match compiler::compile(&Files { pipelines: vec![text], problems: Vec::new() }) {
        Ok(compiled) => compiled.warnings,
        Err(problems) => problems,
    };
    problems.iter().map(|problem| problem.code.id()).collect::<Vec<_>>().join(" ")
}

/// A table with these lines and columns, and a key of its own.
pub(crate) fn table(lines: &[(&str, &str)], columns: &[&str]) -> String {
    let lines: String = lines.iter().map(|(key, text)| format!("    {key}: {}\n", quoted(text))).collect();
    let columns = columns.iter().map(|column| {
        let (name, rest) = column.split_once(": ").unwrap();
        format!("      {name}: {}\n", quoted(rest))
    });
    format!("{lines}    columns:\n      pk: text = $sqs.message_id\n{}", columns.collect::<String>())
}

pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

pub(crate) fn column(schema: &str, column: &str) -> String {
    codes(schema, &table(&[], &[column]))
}

pub(crate) fn when(schema: &str, condition: &str, column: &str) -> String {
    codes(schema, &table(&[("when", condition)], &[column]))
}

pub(crate) fn each(schema: &str, elements: &str, columns: &[&str]) -> String {
    codes(schema, &table(&[("for_each", elements)], columns))
}

/// An array of these.
pub(crate) fn array(items: &str) -> String {
    format!(r#"{{"type": "array", "items": {items}}}"#)
}

#[test]
fn an_item_is_one_value_however_many_there_are() {
    let values = object(&format!("n!: {S}; v!: {N}"));
    let schema = object(&format!("id!: {S}; m!: {}", array(&values)));
    for elements in ["[.m[] | {n, v}]", "[.id as $id | .m[] | {n, v, i: $id}]", "[.m[] | .n as $n | {n: $n, v}]"] {
        assert_eq!(each(&schema, elements, &["n: text", "v: double precision"]), "", "{elements}");
        assert_eq!(each(&schema, elements, &["n: text null"]), "", "{elements}");
    }
    assert_eq!(each(&schema, "[.m | to_entries[] | {i: .key, n: .value.n}]", &["n: text"]), "");
    assert_eq!(column(&schema, "n: text = [.m[] | {n}][0].n"), "E0113", "there may be no item");
    assert_eq!(column(&schema, "n: text = .m[] | .n"), "E0113");
}

const PAYMENT: &str = r#"{"oneOf": [
    {"type": "object", "required": ["type", "last4"], "additionalProperties": false,
        "properties": {"type": {"const": "card"}, "last4": {"type": "string"}}},
    {"type": "object", "required": ["type", "iban"], "additionalProperties": false,
        "properties": {"type": {"const": "bank"}, "iban": {"type": "string"}}}]}"#;

#[test]
fn a_condition_narrows_the_values_inside_of_the_document() {
    let schema = object(&format!("pm!: {PAYMENT}"));
    for condition in [".pm.type == \"card\"", ".pm.type != \"bank\"", ".pm.last4 != null", ".pm | .type == \"card\""] {
        assert_eq!(when(&schema, condition, "l: text = .pm.last4"), "", "{condition}");
        assert_eq!(when(&schema, condition, "l: text null = .pm.iban"), "E0107", "{condition}");
    }
    assert_eq!(when(&schema, ".pm.type != \"card\"", "l: text = .pm.iban"), "");
    assert_eq!(when(&schema, ".pm.type == \"card\" or .pm.type == \"bank\"", "l: text = .pm.iban"), "W0257 E0113");
    let schema = object(&format!("items!: {}", array(PAYMENT)));
    for elements in [
        "[.items[] | select(.type == \"card\")]",
        ".items | map(select(.type == \"card\"))",
        "[.items[] | select(.last4 != null) | {last4}]",
    ] {
        assert_eq!(each(&schema, elements, &["l: text = .last4"]), "", "{elements}");
    }
}

#[test]
fn an_expression_is_checked_for_each_case_separately() {
    let issue = object(&format!("kind!: {{\"const\": \"issue\"}}; issue!: {}", object(&format!("number!: {I}"))));
    let pull = object(&format!("kind!: {{\"const\": \"pr\"}}; pull_request!: {}", object(&format!("number!: {I}"))));
    let choice = "schema: { discriminator: .kind, mapping: { issue: a.json, pr: b.json } }";
    let number = |column: &str| selected(choice, &[("a.json", &issue), ("b.json", &pull)], &table(&[], &[column]));
    assert_eq!(number("n: integer = .issue.number // .pull_request.number"), "");
    assert_eq!(number("n: integer = (.issue // .pull_request).number"), "");
    assert_eq!(number("n: integer = .issue.number"), "E0113");
    assert_eq!(number("n: text = if .kind == \"pr\" then \"p\" else .issue.number | tostring end"), "");
    let fields = format!(r#""properties": {{"email": {S}, "phone": {S}, "fax": {S}}}, "additionalProperties": false"#);
    let any =
        format!(r#"{{"type": "object", {fields}, "anyOf": [{{"required": ["email"]}}, {{"required": ["phone"]}}]}}"#);
    assert_eq!(column(&any, "c: text = .email // .phone"), "");
    assert_eq!(column(&any, "c: text = .email // .fax"), "E0113");
    assert_eq!(column(&any, "c: text = (.email // .phone) | ascii_downcase"), "");
    let schema = object(&format!("pm!: {PAYMENT}; pms!: {}", array(PAYMENT)));
    assert_eq!(column(&schema, "c: text = .pm.last4 // .pm.iban"), "");
    assert_eq!(each(&schema, "[.pms[]]", &["c: text = .last4 // .iban"]), "");
    assert_eq!(column(&schema, "c: text[] = .pms | map((.last4 // .iban) | ascii_downcase)"), "");
    assert_eq!(each(&schema, "[.pms[]]", &["c: text = .last4"]), "E0113");
}

#[test]
fn a_field_missing_from_one_form_of_a_value_may_be_absent() {
    let cust = object(&format!("email!: {S}"));
    let schema = object(&format!(
        "cust: {cust}; f!: {{\"type\": \"boolean\"}}; a!: {}; b!: {}",
        object(&format!("x!: {S}")),
        object(&format!("y!: {S}"))
    ));
    assert_eq!(column(&schema, "e: text = (.cust // {}).email"), "E0113");
    assert_eq!(column(&schema, "e: text = (.cust // {email: \"\"}).email"), "");
    assert_eq!(column(&schema, "e: text = (if .f then .a else .b end) | .x"), "E0113");
    assert_eq!(column(&schema, "e: text null = (if .f then .a else .b end) | .x"), "");
}

#[test]
fn a_condition_says_what_is_not_null() {
    let items = array(&object(&format!("sku!: {S}")));
    let schema = object(&format!("k: {S}; x: {S}; y: {S}; items!: {items}"));
    for (condition, columns) in [
        (".k == \"a\" or .k == \"b\"", "k: text"),
        ("(.items | length) > 0", "l: text = .items[0].sku"),
        (".items != []", "l: text = .items | first | .sku"),
        ("(.items | length) >= 2", "l: text = .items[1].sku"),
        ("(.x // \"\") != \"\"", "x: text"),
        ("(.x // \"\") == \"a\"", "x: text"),
        (".x != null or .y != null", "x: text = .x // .y"),
        ("(.x // .y) != null", "x: text = .x // .y"),
    ] {
        assert_eq!(when(&schema, condition, columns), "", "{condition}");
    }
    for (condition, columns) in [
        (".k == \"a\" or .x == \"b\"", "k: text"),
        ("(.items | length) >= 0", "l: text = .items[0].sku"),
        ("(.items | length) > 0", "l: text = .items[1].sku"),
        ("(.x // \"\") != \"a\"", "x: text"),
        (".x != null or .y != null", "x: text"),
        (".x != \"a\"", "x: text"),
    ] {
        assert_eq!(when(&schema, condition, columns), "E0113", "{condition}");
    }
}

#[test]
fn what_select_lets_through_is_known_of_the_elements() {
    let items = array(&object(&format!("sku: {S}; v: {N}")));
    let schema = object(&format!("items!: {items}"));
    for elements in [
        ".items | map(select(.sku != null))",
        "[.items[] | select(.sku)]",
        "[.items[] | select(.v > 0 and .sku != \"\" and .sku != null)]",
        "[.items[] | select(.sku != null)] | map(select(.v != 1))",
        "[.items[] | select(.sku != null)] | reverse",
    ] {
        assert_eq!(each(&schema, elements, &["sku: text"]), "", "{elements}");
    }
    assert_eq!(each(&schema, "[.items[] | select(.sku != null)]", &["v: numeric"]), "E0113");
    assert_eq!(each(&schema, "[.items[] | select(.sku != null or .v > 1)]", &["sku: text"]), "E0113");
}

#[test]
fn an_event_without_its_kind_is_never_mapped() {
    let part = |name: &str| format!(r#"{{"type": "object", "properties": {{"{name}": {{"type": "string"}}}}}}"#);
    let choice = "schema: { discriminator: .type, mapping: { a: a.json, b: b.json } }";
    let files = [("a.json", &*part("type")), ("b.json", &*part("type"))];
    assert_eq!(selected(choice, &files, &table(&[], &["type: text"])), "");
    let files = [("a.json", &*part("x")), ("b.json", &*part("x"))];
    assert_eq!(
        selected(choice, &files, &table(&[("when", ".type == \"a\" or .type == \"b\" and .x != \"\"")], &[])),
        ""
    );
}

#[test]
fn a_branch_knows_that_its_condition_does_not_hold() {
    let either = r#"{"oneOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]}"#;
    let (maybe, arrays) = (format!("{{\"anyOf\": [{S}, {{\"type\": \"null\"}}]}}"), array(S));
    let schema = object(&format!("created!: {either}; x!: {maybe}; y!: {{\"anyOf\": [{S}, {arrays}]}}"));
    for line in [
        "c: timestamptz = .created | if type == \"number\" then unix else . end",
        "c: text null = .x | if . != null then ascii_upcase else null end",
        "c: text null = .x | if . then ascii_upcase else null end",
        "c: text null = .x | if type == \"string\" then ascii_upcase else null end",
        "c: text null = .x | if . == null then . else ascii_upcase end",
    ] {
        assert_eq!(column(&schema, line), "", "{line}");
    }
    assert_eq!(column(&schema, "c: text null = .x | if . == null then ascii_upcase else . end"), "W0255");
    assert_eq!(each(&schema, "if (.y | type) == \"array\" then .y else [.y] end", &["c: text = ."]), "");
    let kinds = r#"{"type": "object", "oneOf": [
        {"required": ["type", "x"], "properties": {"type": {"const": "a"}, "x": {"type": "string"}}},
        {"required": ["type", "x"], "properties": {"type": {"const": "b"}, "x": {"type": "integer"}}}]}"#;
    assert_eq!(column(kinds, "c: text = if .type == \"a\" then .x else (.x | tostring) end"), "");
}

/// One alternative lists the field, the other lists none: there it may have any value.
#[test]
fn a_field_that_an_alternative_leaves_open_decides_no_condition() {
    let lists = r#"{"type": "object", "properties": {"a": {"enum": [null, false]}}, "required": ["a"]}"#;
    let either = |other: &str| format!(r#"{{"properties": {{"b": {{"anyOf": [{lists}, {other}]}}}}}}"#);
    let codes = |other| when(&either(other), ".b.a | not | not", "x: text null = $sqs.group_id");
    assert!(codes(lists).contains("W0257"));
    for open in [r#"{"type": "object"}"#, r#"{"type": "object", "properties": {"c": {"type": "string"}}}"#] {
        assert!(!codes(open).contains("W0257"), "{open}: {}", codes(open));
    }
}

#[test]
fn a_field_that_an_alternative_leaves_open_may_be_of_any_type() {
    let text = r#"{"type": "object", "properties": {"a": {"type": "string"}}}"#;
    let either = |other: &str| format!(r#"{{"properties": {{"b": {{"anyOf": [{text}, {other}]}}}}}}"#);
    assert_eq!(column(&either(text), "x: boolean null = .b.a"), "E0114");
    let pattern = r#"{"type": "object", "patternProperties": {"^a": {"type": "string"}}}"#;
    assert_eq!(column(&format!(r#"{{"properties": {{"b": {pattern}}}}}"#), "x: boolean null = .b.a"), "E0114");
    assert_eq!(column(&either(r#"{"type": "object"}"#), "x: boolean null = .b.a"), "");
}

/// `empty or true` is empty, which is not true.
#[test]
fn a_part_that_may_yield_nothing_leaves_the_condition_open() {
    let schema = r#"{"properties": {"a": {"type": ["string", "integer"]}}}"#;
    let codes = |condition| when(schema, condition, "x: text null = $sqs.group_id");
    assert!(!codes("(.a | strings | not) or [.a] == [.a]").contains("W0257"));
    assert!(!codes("(.a | strings | not) or ([1] | length) == 1").contains("W0257"));
    assert!(codes("([1] | length) == 1 or (.a | strings | not)").contains("W0257"));
    let schema = r#"{"properties": {"a": {"enum": [1, null, "x"]}}, "required": ["a"]}"#;
    let codes = |condition| when(schema, condition, "x: text null = $sqs.group_id");
    assert!(!codes("((.a?.b?).a | @base64) or .a").contains("W0257"));
}
