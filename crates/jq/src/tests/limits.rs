//! What would never end, or go too deep.

use serde_json::{Value, json};

use super::{eval, guarded, refused};
use crate::scope::NoMetadata;
use crate::{Context, EvalError, Expr};

#[test]
fn an_expression_without_end_is_stopped() {
    for expr in [
        "[repeat(1)]",
        "last(repeat(1))",
        "repeat(empty)",
        "[range(1e9)]",
        "last(range(1e18))",
        "[range(0; 1; 0)]",
        "\"x\" * 1e9",
        "\"x\" * 1000000000",
        "\"x\" * 99999999999999999999999",
        "reduce range(40) as $i (\"x\"; . + .)",
        "reduce range(60) as $i ([1]; . + .)",
        "reduce range(60) as $i (1; [., .])",
        "reduce range(60) as $i (1; [., .]) | tojson",
        "reduce range(60) as $i (1; {a: ., b: .}) == 1",
        "reduce range(100) as $i (9; . * .)",
        "reduce range(100000) as $i (0; [.])",
        "reduce range(100000) as $i (0; {a: .})",
        "until(false; .)",
        "[recurse(.)]",
        "last(recurse(.))",
        "[recurse([., .])] | length",
        "last(while(true; . ))",
        "[limit(1000000000; repeat(1))]",
        "[range(300)] | [combinations(3)]",
        "[range(100000)] as $a | reduce range(100000) as $i (0; last($a[]))",
        "[range(100000)] as $a | [$a[] | select(. as $x | $a | contains([$x]))]",
        "\"\\(\"a\" * 100000)\" | test(\"(a{100}){100}b\")",
        "(\"a\" * 100000) | [match(\"(a*)*b|a\"; \"g\")]",
        "(\"a b\" * 20000) | gsub(\"a.*c|a\"; \"\")",
        "(\"a\" * 60000) | test(\"((a{1000}){1000}){1000}\")",
        "[1, [range(1000)][] as $x | [range(1000)][] | tostring] | length",
        "def f(g): g | g; def h(g): f(f(f(f(f(g))))); last(h(h(h(h(.)))))",
        "[range(200000)] | sort_by(-.) | group_by(. % 7)",
        "reduce range(1000000) as $i (0; ., .)",
        "last(range(1e7) | tostring)",
        "[.[]?, range(1e6)] | tojson | fromjson | tojson | length | until(false; . + 1)",
        "path(last(repeat(.)))",
        "(.. |= (. , .)) | last(repeat(.))",
        "(\"ab\" * 2000000) | gsub(\"a\"; \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")",
        "try last(repeat(1)) catch 1",
        "(try last(repeat(1))) // 1",
        "label $x | last(repeat(1)) | break $x",
        "[limit(100000; repeat([range(1000)]))] | add",
        "first(range(1e9) | select(. < 0))",
        "isempty(range(1e9) | select(. < 0))",
        "any(range(1e9); . < 0)",
        "reduce range(1e9) as $i (0; . + 1)",
        "reduce range(64) as $i (\"\\\\\"; tojson)",
        "reduce range(64) as $i (\"\\\"\"; @text + @json)",
        "(\"a\" * 1000) | gsub(\"\"; \"b\" * 100000)",
        "(\"a\" * 3000) | until(false; ltrimstr(\"b\"))",
        "reduce range(400) as $i (7; . * . * .)",
        "[splits(\"\"; \"g\")] | last(repeat(.))",
    ] {
        let result = guarded(expr, || eval(expr, &json!("document")));
        assert!(matches!(result, Err(EvalError::Stopped { .. })), "{expr}: {result:?}");
        let next = guarded("the next expression", || eval("[.]", &json!(1)));
        assert_eq!(next, Ok(json!([1])));
    }
}

#[test]
fn a_dead_end_is_found_without_a_message() {
    let dead_end = |expr: &str| Expr::compile(expr).unwrap_or_else(|error| panic!("{expr}: {error}")).dead_end();
    for expr in [
        "[range(1e9)]",
        "\"x\" * 1e9",
        "1 | until(false; .)",
        "null | [recurse(.)]",
        "[limit(1e9; 0 | repeat(.))]",
        "reduce range(1e9) as $i (0; . + $i)",
        "reduce range(60) as $i (\"x\"; . + .)",
        "[foreach range(1e9) as $i (0; .)]",
        "last(range(1e18))",
        "any(range(1e9); . < 0)",
        "{a: [range(1e9)]}",
        "\"\\([range(1e9)])\"",
        "if true then last(range(1e9)) else 1 end",
        "[range(1e9)][0]",
        "(\"a\" * 60000) | test(\"((a{1000}){1000}){1000}\")",
        "(\"ab\" * 2000000) | gsub(\"a\"; \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")",
        "1 as $x | last($x | repeat(.))",
    ] {
        let found = guarded(expr, move || dead_end(expr));
        assert!(matches!(found, Some(EvalError::Stopped { .. })), "{expr}: {found:?}");
    }
    for (expr, expected) in [("1, 2", "several results"), ("error(\"x\")", "x"), ("\"a\" | unix", "cannot use")] {
        let message = dead_end(expr).expect(expr).to_string();
        assert!(message.contains(expected), "{expr}: {message}");
    }
    for expr in [
        "\"EUR\"",
        "1 + 2",
        "[1, 2] | add",
        "empty",
        "until(false; .)",
        "last(repeat(.))",
        "if .a then 1 else error(\"x\") end",
        ". as [$x] | error(\"x\")",
        "$sqs.message_id | unix",
        ".a | error(\"x\")",
        "{a, b: error}",
        "[.[] | error]",
    ] {
        assert_eq!(dead_end(expr), None, "{expr}");
    }
}

#[test]
fn recursion_without_end_is_refused_before_it_runs() {
    for expr in [
        "def f: f; f",
        "def f: 1 + f; f",
        "def f(g): f(g | . + 1); f(1)",
        "def f: def g: f; g; f",
        "[def f: .[]? | f; f]",
    ] {
        assert!(refused(expr).message.ends_with("calls itself"), "{expr}");
    }
}

#[test]
fn deep_values_and_deep_texts_do_not_overflow_the_stack() {
    let deep = (0..127).fold(json!(1), |inner, _| json!([inner]));
    for expr in ["[..] | length", "tojson | length", "flatten", "[paths] | length", "walk(.) | length", ". == ."] {
        let document = deep.clone();
        let result = guarded(expr, move || eval(expr, &document));
        assert!(result.is_ok(), "{expr}: {result:?}");
    }
    let nested = "reduce range(250) as $i (1; [.]) | [..] | length";
    assert_eq!(guarded(nested, || eval(nested, &Value::Null)), Ok(json!(251)));
    for text in [
        "[".repeat(4000) + &"]".repeat(4000),
        "(".repeat(4000) + "." + &")".repeat(4000),
        "-".repeat(4000) + "1",
        "1".to_owned() + &" + 1".repeat(2000),
        "1".to_owned() + &"|1".repeat(4000),
        "try ".repeat(2000) + "1",
        "\"\\(".repeat(2000) + "1" + &")\"".repeat(2000),
        ". as $x|".repeat(900) + "$x",
        "if 1 then ".repeat(600) + "1" + &" end".repeat(600),
        "x".repeat(100_000),
    ] {
        // Compiled or refused, run or stopped: but no abort.
        let name = text[..20.min(text.len())].to_owned();
        guarded(&name, move || {
            Expr::compile(&text)
                .map(|expr| expr.eval(&Context::new(&Value::Null, &Value::Null, &NoMetadata).scope()).is_ok())
        })
        .ok();
    }
}
