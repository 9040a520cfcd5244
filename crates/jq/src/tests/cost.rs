//! What an expression takes is what it is charged: no more, and no less.

use serde_json::{Value, json};

use super::{Limit, eval, guarded, on, zipped};
use crate::EvalError;

fn limit(expr: &str, document: &Value) -> Option<Limit> {
    let (text, document) = (expr.to_owned(), document.clone());
    match guarded(expr, move || eval(&text, &document)) {
        Err(EvalError::Stopped { limit, .. }) => Some(limit),
        _ => None,
    }
}

#[test]
fn small_objects_count_with_all_they_take() {
    let text = format!("[{}1]", "{\"a\":1},".repeat(500_000));
    assert_eq!(limit(". | gunzip | fromjson", &json!(zipped(text.as_bytes()))), Some(Limit::Bytes));
    for expr in [
        // Shared in memory, but each on its own in the result.
        "reduce range(17) as $i ([{a: 1}]; . + .)",
        "reduce range(16) as $i ([{a: {b: {c: 1}}}]; . + .)",
        "(\"[\" + \"{\\\"a\\\":1},\" * 400000 + \"1]\") | fromjson | length",
        "(\"[\" + \"1.5,\" * 900000 + \"1]\") | fromjson | length",
        "(\"<\" * 12000000) | @html | length",
    ] {
        assert_eq!(limit(expr, &json!("document")), Some(Limit::Bytes), "{expr}");
    }
}

#[test]
fn values_count_as_long_as_they_live() {
    for expr in [
        "last(range(20) | \"a\" * 5000000 == \"\")",
        "reduce range(20) as $i (\"\"; \"a\" * 5000000) == \"\"",
        "last(range(80000) | {a: [.]} | .a)",
    ] {
        assert!(eval(expr, &json!("document")).is_ok(), "{expr}");
    }
}

/// One of each family of functions: a step of theirs may read megabytes.
#[test]
fn functions_pay_for_what_they_read() {
    let text = "(\"a\" * 9000000) as $x | ";
    let items = "[limit(100000; repeat(65))] as $x | ";
    let fields = "(reduce range(10000) as $i ({}; . + {\"k\\($i)\": 1})) as $x | ";
    let long = "(\"1\" * 900 | tonumber | . * . | . * . | . * . | . * .) as $x | ";
    let decimal = "(\"1.\" + \"1\" * 9000000 | tonumber) as $x | ";
    let keys = "(\"a\" * 1000000) as $x | (\"a\" * 1000000) as $y | {($x): 1} as $o | ";
    for (given, work) in [
        (text, "$x | startswith($x)"),
        (text, "$x | endswith($x)"),
        (text, "$x | ltrimstr($x)"),
        (text, "$x | rtrimstr($x)"),
        (text, "$x + \" \" | trim"),
        ("(\" \" * 9000000) as $x | ", "$x | trim"),
        (text, "$x | indices($x[:1000])"),
        (text, "$x | contains(\"b\")"),
        (text, "$x | length"),
        (text, "$x | tojson"),
        (text, "$x | sha256"),
        (text, "$x == ($x + \"\")"),
        (text, "$x | test(\"b\")"),
        (items, "$x | sort"),
        (items, "$x | reverse"),
        (items, "$x | implode"),
        (items, "$x | index(0)"),
        (items, "$x | .[:-1]"),
        (items, "$x | .[0] = 1"),
        (fields, "$x | .k1 = 1"),
        (fields, "$x + {a: 1}"),
        (fields, "$x | tojson"),
        (keys, "$o[$y]"),
        (keys, "$o | has($y)"),
        (long, "$x | sqrt"),
        (long, "$x | tostring"),
        (decimal, "$x | sqrt"),
        (decimal, "$x < 1.5"),
        (decimal, "[$x] < [1.5]"),
        (decimal, "$x | length"),
        (decimal, "$x | todate?"),
    ] {
        let expr = format!("{given} last(range(300000) | {work})");
        assert_eq!(limit(&expr, &json!("document")), Some(Limit::Steps), "{expr}");
    }
}

#[test]
fn a_search_takes_linear_time() {
    let expr = "(\"a\" * 6000000) | indices((\"a\" * 3000000) + \"b\") | length";
    assert_eq!(guarded(expr, || eval(expr, &json!("document"))), Ok(json!(0)));
    assert_eq!(on("\"ééaéé\"", ". | indices(\"é\")"), json!([0, 1, 3, 4]));
    assert_eq!(on("\"aabaabaa\"", ". | indices(\"aabaa\")"), json!([0, 3]));
    assert_eq!(on("[1, 2, 1, 2, 1]", ". | indices([1, 2, 1])"), json!([0, 2]));
    assert_eq!(on("[[1], [1]]", ". | indices([[1]])"), json!([0, 1]));
    assert_eq!(on("[1]", ". | indices([])"), Value::Null);
}

#[test]
fn ordinary_work_on_a_large_message_is_within_the_limits() {
    let fields: serde_json::Map<_, _> = (0..3000).map(|i| (format!("key{i:04}"), json!(i))).collect();
    let document = json!({"kv": fields, "txt": "abcd ".repeat(45_000)});
    for (expr, expected) in [
        (".kv | with_entries(select(.value > 0)) | length", json!(2999)),
        ("[range(3000)] | map({key: tostring, value: .}) | from_entries | length", json!(3000)),
        ("reduce range(3000) as $i ({}; .[\"k\\($i)\"] = $i) | length", json!(3000)),
        (".txt | gsub(\" \"; \"_\") | length", json!(225_000)),
        (".txt | gsub(\"\\\\s+\"; \"\") | length", json!(180_000)),
        (".txt | gsub(\"(?<last>d) \"; .last) | length", json!(180_000)),
    ] {
        assert_eq!(eval(expr, &document), Ok(expected), "{expr}");
    }
}

#[test]
fn a_change_is_charged_by_what_it_changes() {
    for expr in [
        "reduce range(20000) as $i ([range(20000)]; .[$i] = 1) | length",
        "reduce range(20000) as $i ([range(1000)]; .[0] = [$i]) | length",
        "reduce range(20000) as $i ({a: 1}; .a = [[$i]] | .a = 1) | length",
        // Each is put into the next one and taken out of it again.
        "reduce range(1000) as $i ({}; {prev: .} | del(.prev.prev)) | tojson | length",
        "reduce range(1000) as $i ([]; [., 1] | .[0] = 0) | length",
    ] {
        assert!(eval(expr, &json!("document")).is_ok(), "{expr}");
    }
}

#[test]
fn sub_and_match_are_those_of_jq() {
    for (expr, expected) in [
        ("[sub(\"(?<x>[a-z])\"; \"<\\(.x)>\", \"!\")]", json!(["<a>é b", "!é b"])),
        ("[gsub(\"[ab]\"; \"1\", \"2\")]", json!(["1é 1", "1é 2", "2é 1", "2é 2"])),
        ("gsub(\"\"; \"-\")", json!("-a-é- -b-")),
        ("sub(\"B\"; \"c\"; \"i\")", json!("aé c")),
        ("[gsub(\"a\"; empty)]", json!([])),
        ("[match(\"é (?<n>b)\").captures[]]", json!([{"offset": 3, "length": 1, "string": "b", "name": "n"}])),
        ("[match(\"((a)|é)*\").captures[].offset]", json!([1, 0])),
        ("[splits(\" |é\")]", json!(["a", "", "b"])),
    ] {
        assert_eq!(on("\"aé b\"", &format!(". | {expr}")), expected, "{expr}");
    }
    for wrong in ["sub(\"(\"; \"\")", "sub(\"a\"; 1)", "test(\"a\"; \"q\")"] {
        assert!(matches!(eval(wrong, &json!("a")), Err(EvalError::Failed { .. })), "{wrong}");
    }
}

#[test]
fn implode_refuses_what_is_not_a_character() {
    assert_eq!(on("[97, 233, 128512, 0, -195, -169]", ". | implode"), json!("aé😀\0é"));
    for wrong in ["[-9223372036854775808]", "[1114112]", "[1.5]", "[\"a\"]"] {
        let document = serde_json::from_str(wrong).unwrap();
        let error = eval(". | implode", &document).unwrap_err().to_string();
        assert!(error.contains("cannot use"), "{wrong}: {error}");
    }
}
