//! Expressions as a pipeline file writes them, and the ones that must not hurt.

mod cost;
mod limits;

use std::io::Write;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Limit;
use crate::{Context, EvalError, Expr, ExprError, SqsMetadata};

/// A queue that gives a message an id.
struct Queue;

impl SqsMetadata for Queue {
    fn sqs(&self) -> Value {
        json!({"message_id": "m-1"})
    }
}

fn eval(expr: &str, document: &Value) -> Result<Value, EvalError> {
    let context = Context::new(document, document, &Queue);
    let scope = context.scope();
    let expr = Expr::compile(expr).unwrap_or_else(|error| panic!("{expr}: {error}"));
    expr.eval(&scope).map(std::borrow::Cow::into_owned)
}

fn on(json: &str, expr: &str) -> Value {
    let document = serde_json::from_str(json).unwrap();
    eval(expr, &document).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(expr: &str) -> ExprError {
    Expr::compile(expr).expect_err(expr)
}

#[test]
fn jq_as_events_need_it() {
    let doc = r#"{"a": {"Email": "A@B.C"}, "n": 3, "tags": ["x", "y"], "items": [{"q": 2, "p": 1.5}, {"q": 1, "p": 4}], "s": "a,b", "nul": null}"#;
    for (expr, expected) in [
        (".a.Email | lower", json!("a@b.c")),
        (".a.Email | ascii_downcase", json!("a@b.c")),
        ("(.a.Email | ascii_downcase)", json!("a@b.c")),
        (" ( .a | .Email ) ", json!("A@B.C")),
        (".nul | lower", Value::Null),
        (".gone // \"none\"", json!("none")),
        (".tags | join(\"-\")", json!("x-y")),
        (".tags[]? | select(. == \"y\")", json!("y")),
        ("[.items[] | .q * .p] | add", json!(7.0)),
        (".items | length", json!(2)),
        ("[.items[].q] | max", json!(2)),
        (".s | split(\",\")", json!(["a", "b"])),
        (".s | test(\"^[a-z],\")", json!(true)),
        (".s | sub(\",\"; \"+\")", json!("a+b")),
        ("(.s * 5000) | gsub(\"[^a-z]+\"; \"\") | length", json!(10_000)),
        ("if .n > 2 then \"many\" else \"few\" end", json!("many")),
        (".n | tostring", json!("3")),
        ("\"\\(.n)/\\(.s)\"", json!("3/a,b")),
        ("\"x\\(.tags)\"", json!("x[\"x\",\"y\"]")),
        (".a | keys", json!(["Email"])),
        (".a | to_entries", json!([{"key": "Email", "value": "A@B.C"}])),
        (".tags | index(\"y\")", json!(1)),
        (".tags[1:]", json!(["y"])),
        ("has(\"nul\")", json!(true)),
        (".a.Email = 1 | .a", json!({"Email": 1})),
        (".a.b.c |= 5 | .a.b", json!({"c": 5})),
        ("del(.a.Email) | .a", json!({})),
        ("[.. | numbers] | length", json!(5)),
        ("[paths] | length", json!(15)),
        ("reduce .items[] as $i (0; . + $i.q)", json!(3)),
        ("try error(\"x\") catch .", json!("x")),
        ("empty", Value::Null),
        ("$sqs.message_id | upper", json!("M-1")),
        ("$body.n + 1", json!(4)),
        ("[limit(3; repeat(1))]", json!([1, 1, 1])),
        (".s | @base64", json!("YSxi")),
        ("[.s | scan(\"[a-z]\")]", json!(["a", "b"])),
        ("{a: .n, \"b\": .s}", json!({"a": 3, "b": "a,b"})),
        (".tags | contains([\"x\"])", json!(true)),
        ("\"2024-01-02T03:04:05Z\" | fromdate", json!(1_704_164_645)),
        ("\"b\" | IN(\"a\", \"b\")", json!(true)),
        ("IN(1, 2; 3, 4)", json!(false)),
        ("[{\"k\": 1, \"v\": 2}, {\"k\": \"x\"}] | INDEX(.k)", json!({"1": {"k": 1, "v": 2}, "x": {"k": "x"}})),
        ("[{\"a\": [1]}, 2] | [leaf_paths]", json!([[0, "a", 0], [1]])),
        ("[1, [2]] | map(toarray)", json!([[1], [2]])),
        ("\"xax\" | trimstr(\"x\")", json!("a")),
        (".items | group_by(.q) | map(length)", json!([1, 1])),
        (".items | map(select(.q > 1)) | .[0].p", json!(1.5)),
        ("[.tags[] | ascii_upcase] | unique | first", json!("X")),
        (". as {n: $n} | $n", json!(3)),
        ("def f(x): x + 1; f(.n)", json!(4)),
        (".s | ltrimstr(\"a\")", json!(",b")),
        ("walk(if . == 3 then 4 else . end) | .n", json!(4)),
        (".tags | tojson | fromjson", json!(["x", "y"])),
        ("[.tags, .tags] | flatten | length", json!(4)),
        (".n | type", json!("number")),
        (".s | explode | implode", json!("a,b")),
        ("first(.items[] | select(.q == 1)) | .p", json!(4)),
        ("label $out | .n, break $out", json!(3)),
        ("reduce range(20000) as $i ([]; . + [$i]) | length", json!(20_000)),
        ("reduce range(20000) as $i (\"\"; . + \"x\") | length", json!(20_000)),
    ] {
        assert_eq!(on(doc, expr).to_string(), expected.to_string(), "{expr}");
    }
}

#[test]
fn numbers_keep_their_digits_unless_calculated_with() {
    let doc = r#"{"n": 123456789012345678901234567890, "d": 1.10}"#;
    assert_eq!(on(doc, "(.n, .gone) // 1 | tostring"), json!("123456789012345678901234567890"));
    assert_eq!(on(doc, "[.d]").to_string(), "[1.10]");
    assert_eq!(on(doc, ".n + 1").to_string(), "123456789012345678901234567891");
    assert_eq!(on(r#""1.10""#, ". | tonumber").to_string(), "1.10");
}

#[test]
fn epochs_are_exact() {
    for (json, expr, expected) in [
        ("1700000000", ". | unix", "2023-11-14T22:13:20Z"),
        ("\"1700000000.123456\"", ". | unix", "2023-11-14T22:13:20.123456Z"),
        ("1700000000.123456789", ". | unix", "2023-11-14T22:13:20.123456789Z"),
        ("1700000000123", ". | unix_ms", "2023-11-14T22:13:20.123Z"),
        ("1.700000000123e12", ". | unix_ms", "2023-11-14T22:13:20.123Z"),
        ("1700000000123456", ". | unix_us", "2023-11-14T22:13:20.123456Z"),
        ("1700000000123456789", ". | unix_ns", "2023-11-14T22:13:20.123456789Z"),
        ("-1", ". | unix", "1969-12-31T23:59:59Z"),
    ] {
        assert_eq!(on(json, expr), json!(expected), "{json} {expr}");
    }
    assert_eq!(on("null", ". | unix_ms"), Value::Null);
    for json in ["\"now\"", "1e30", "true", "1.0000000001", "\" 1\""] {
        let document = serde_json::from_str(json).unwrap();
        assert!(matches!(eval(". | unix", &document), Err(EvalError::Failed { .. })), "{json}");
    }
}

#[test]
fn text_functions() {
    assert_eq!(on("\"a+b%2Fc%C3%A9\"", ". | url_decode"), json!("a b/cé"));
    assert_eq!(on("\"abc\"", ". | sha256"), json!("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
    assert_eq!(on("\"é\"", ". | upper"), json!("É"));
    for wrong in ["\"%4\" | url_decode", "\"%ff\" | url_decode", "\"%zz\" | url_decode", "1 | lower"] {
        assert!(eval(wrong, &Value::Null).is_err(), "{wrong}");
    }
}

#[test]
fn errors_and_several_results_are_failures() {
    let doc = json!({"s": "text", "l": [1, 2]});
    assert!(matches!(eval(".l[]", &doc), Err(EvalError::Several { .. })));
    assert!(matches!(eval(".l[0], error(\"x\")", &doc), Err(EvalError::Failed { .. })));
    let error = eval(".s.x | lower", &doc).unwrap_err();
    assert!(error.to_string().contains("can't look up `x` in a string"), "{error}");
    let error = eval("error(\"no \" + .s)", &doc).unwrap_err();
    assert_eq!(error.to_string(), "`error(\"no \" + .s)`: no text");
    let long = json!({"s": "x".repeat(10_000)});
    for expr in ["error(.s)", ".s | tonumber", ". + 1", ".s.x | lower", "[.s] | .a", "error(.)"] {
        let error = eval(expr, &long).unwrap_err();
        assert!(error.to_string().len() < 300, "{expr}: {}", error.to_string().len());
    }
}

#[test]
fn what_is_not_json_is_not_a_result() {
    for expr in [
        "nan",
        "infinite",
        "1 / 0",
        "[infinite]",
        "\"/w==\" | @base64d",
        "[-255] | implode",
        "nan | tostring",
        "infinite | tojson",
    ] {
        let result = eval(expr, &Value::Null);
        assert!(matches!(result, Err(EvalError::Stopped { limit: Limit::NotJson, .. })), "{expr}: {result:?}");
    }
}

#[test]
fn what_reads_the_machine_is_left_out() {
    for expr in [
        "env",
        "env.HOME",
        "$ENV",
        "$ENV.HOME",
        "now",
        "input",
        "[inputs]",
        "debug",
        "stderr",
        "halt",
        "halt_error",
        "localtime",
        "0 | strflocaltime(\"%Y\")",
        "input_filename",
        "debug_empty",
        "halt(1)",
        "import \"a\" as a; 1",
        "include \"a\"; 1",
    ] {
        let message = refused(expr).message;
        assert!(message.contains("left out") || message.ends_with("not for expressions"), "{expr}: {message}");
    }
}

#[test]
fn errors_have_a_place_and_a_hint() {
    let place = |expr: &str| {
        let error = refused(expr);
        (expr[error.span.clone()].to_owned(), error.help)
    };
    let (at, help) = place(".detail-type");
    assert_eq!(at, "detail-type");
    assert!(help.unwrap().contains(".\"detail-type\""));
    assert_eq!(place("[.a.x-amz-id]").0, "x-amz");
    assert_eq!(place(".a | lowr").0, "lowr");
    assert_eq!(place("customer_id").1.as_deref(), Some("a field is written `.customer_id`"));
    assert_eq!(place(".a | @csv"), ("@csv".to_owned(), None));
    assert_eq!(place(".a | $nope").0, "$nope");
    assert_eq!(place(".a | )").0, ")");
    assert_eq!(place(".a |").0, "");
    place(".a | (");
    place("\"abc");
    assert_eq!(place(".a & .b").0, "&");
    place("");
    place("def f: f; f");
    assert_eq!(place("test(1; 2; 3)").0, "test");
    Expr::compile(".a - .b").unwrap();
    Expr::compile(".a - length").unwrap();
    Expr::compile(".a-1").unwrap();
}

#[test]
fn a_path_with_functions_after_it_is_recognized() {
    let text = ".customer.emial | lower | sha256";
    let expr = Expr::compile(text).unwrap();
    let (path, functions) = expr.pipeline().unwrap();
    assert_eq!(&text[path.span.clone()], ".customer.emial");
    assert_eq!(&text[path.segments[1].span.clone()], "emial");
    assert_eq!(functions, ["lower", "sha256"]);
    assert!(Expr::compile(".a | .b + 1").unwrap().pipeline().is_none());
    assert!(Expr::compile(".a[] | lower").unwrap().pipeline().is_none());
}

/// Runs with a hang guard: the assertion is about the result, never about the time.
fn guarded<T: Send + 'static>(name: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = mpsc::channel();
    thread::spawn(move || done.send(run()));
    result.recv_timeout(Duration::from_mins(2)).unwrap_or_else(|_| panic!("{name} hangs or crashed"))
}

/// Base64 of gzip.
fn zipped(bytes: &[u8]) -> String {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    STANDARD.encode(encoder.finish().unwrap())
}

fn message(expr: &str, document: &Value) -> String {
    eval(expr, document).expect_err(expr).to_string()
}

#[test]
fn gunzip_takes_what_producers_make() {
    let text = r#"{"a":"é\u0000","n":1.10}"#;
    assert_eq!(eval(". | gunzip", &json!(zipped(text.as_bytes()))), Ok(json!(text)));
    assert_eq!(eval(". | gunzip | fromjson | .n | tojson", &json!(zipped(text.as_bytes()))), Ok(json!("1.10")));
    assert_eq!(eval(". | gunzip", &json!(zipped(b""))), Ok(json!("")));
    assert_eq!(eval(". | gunzip", &Value::Null), Ok(Value::Null));
    let (first, second) = (STANDARD.decode(zipped(b"a")).unwrap(), STANDARD.decode(zipped(b"b")).unwrap());
    assert_eq!(eval(". | gunzip", &json!(STANDARD.encode([first, second].concat()))), Ok(json!("ab")));
}

#[test]
fn gunzip_refuses_what_is_broken_and_never_makes_more_than_the_budget() {
    let zip = zipped(b"some text that is long enough to be cut");
    let bytes = STANDARD.decode(&zip).unwrap();
    let mut wrong_sum = bytes.clone();
    let sum = wrong_sum.len() - 5;
    wrong_sum[sum] ^= 1;
    let followed = [&bytes[..], b"more"].concat();
    for (input, expected) in [
        (json!("no base64!"), "not base64"),
        (json!(STANDARD.encode("plain")), "not gzip"),
        (json!(STANDARD.encode(&bytes[..bytes.len() - 9])), "not gzip"),
        (json!(STANDARD.encode(wrong_sum)), "not gzip"),
        (json!(STANDARD.encode(followed)), "not gzip"),
        (json!(""), "not gzip"),
        (json!(zipped(&[0xff, 0xfe])), "not UTF-8"),
        (json!(7), "cannot use 7 as string"),
    ] {
        let message = message(". | gunzip", &input);
        assert!(message.contains(expected), "{input}: {message}");
    }
    // A thousandfold: 100 KiB that stand for 100 MiB.
    let bomb = json!(zipped(&vec![0; 100 << 20]));
    let stopped = eval(". | gunzip", &bomb);
    assert!(matches!(stopped, Err(EvalError::Stopped { limit: Limit::Bytes, .. })), "{stopped:?}");
    assert!(eval("try gunzip catch 1", &bomb).is_err(), "no `try` goes on after a stop");
}

#[test]
fn bytes_are_never_replaced_in_silence() {
    assert_eq!(on("\"00fFa0\"", ". | unhex"), json!("\\x00ffa0"));
    assert_eq!(on("\"\"", ". | unhex"), json!("\\x"));
    assert_eq!(on("null", ". | unhex"), Value::Null);
    for wrong in ["0", "0x00", "0g", "00 00", "é"] {
        assert!(message(". | unhex", &json!(wrong)).contains("hexadecimal"), "{wrong}");
    }
    assert_eq!(on("\"w6k=\"", ". | @base64d"), json!("é"));
    for wrong in ["\"/w==\" | @base64d", "\"%ff\" | @urid", "[55296] | implode"] {
        assert!(eval(wrong, &Value::Null).is_err(), "{wrong}");
    }
}

#[test]
fn fromjson_is_as_strict_as_a_body() {
    assert_eq!(on("\" {\\\"n\\\": 1.10} \"", ". | fromjson").to_string(), r#"{"n":1.10}"#);
    for (text, expected) in [
        (r#"{"a":1,"a":2}"#, "written twice"),
        ("\u{feff}1", "byte order mark"),
        ("1 2", "trailing"),
        ("", "the text is empty"),
        ("NaN", "expected"),
        ("\"\\ud800\"", "hex escape"),
    ] {
        let message = message(". | fromjson", &json!(text));
        assert!(message.contains(expected), "{text}: {message}");
    }
    assert!(eval(". | tonumber", &json!("1 2")).is_err());
}

#[test]
fn functions_of_time_keep_every_digit() {
    for (json, expr, expected) in [
        ("1700000000.123457", ". | todate", "\"2023-11-14T22:13:20.123457Z\""),
        ("1700000000.000001", ". | todate | fromdate", "1700000000.000001"),
        ("-0.5", ". | todate", "\"1969-12-31T23:59:59.5Z\""),
        ("1", ". / 3 | todate", "\"1970-01-01T00:00:00.333333333Z\""),
        ("1700000000123", ". / 1000 | todate", "\"2023-11-14T22:13:20.123Z\""),
        ("\"2023-11-14T22:13:20.123456789Z\"", ". | fromdate", "1700000000.123456789"),
        ("\"2023-11-14T23:13:20+01:00\"", ". | fromdate", "1700000000"),
        ("\"1969-12-31T23:59:59.75Z\"", ". | fromdate", "-0.25"),
        ("\"9999-12-31T23:59:59Z\"", ". | fromdate", "253402300799"),
        ("\"9999-12-31T23:59:59Z\"", ". | fromdate | todate", "\"9999-12-31T23:59:59Z\""),
        ("\"1960-01-01 00:00\"", ". | strptime(\"%Y-%m-%d %H:%M\") | mktime", "-315619200"),
        ("\"22:13:20.60 2023-11-14\"", ". | strptime(\"%H:%M:%S%.f %Y-%m-%d\") | mktime", "1700000000.6"),
        ("\"14.11.2023 22:13\"", ". | strptime(\"%d.%m.%Y %H:%M\") | mktime | todate", "\"2023-11-14T22:13:00Z\""),
        ("\"2023-11-14\"", ". | strptime(\"%Y-%m-%d\") | mktime", "1699920000"),
        ("\"14/Nov/2023:23:13:20 +0100\"", ". | strptime(\"%d/%b/%Y:%H:%M:%S %z\") | mktime", "1700000000"),
        ("\"22:13:20.5 2023-11-14\"", ". | strptime(\"%H:%M:%S%.f %Y-%m-%d\") | mktime", "1700000000.5"),
        ("1700000000.25", ". | gmtime", "[2023,10,14,22,13,20.25,2,317]"),
        ("1700000000.25", ". | gmtime | mktime", "1700000000.25"),
        ("1700000000", ". | strftime(\"%Y-%m-%d %H:%M:%S\")", "\"2023-11-14 22:13:20\""),
        ("1700000000", ". | gmtime | strftime(\"%A, %j\")", "\"Tuesday, 318\""),
    ] {
        assert_eq!(on(json, expr).to_string(), expected, "{json} {expr}");
    }
}

#[test]
fn a_time_that_does_not_exist_is_an_error_and_never_another_time() {
    for (json, expr) in [
        ("9999999999999", ". | gmtime"),
        ("99999999999999999999", ". | todate"),
        ("1e300", ". | strftime(\"%Y\")"),
        ("[2023, 12, 1, 0, 0, 0]", ". | mktime"),
        ("[2023, 127, 1, 0, 0, 0]", ". | mktime"),
        ("[2023, 1, 29.5, 0, 0, 0]", ". | mktime"),
        ("[2023, 1, 1, 0, 0, -1]", ". | mktime"),
        ("[2023, 1, 1]", ". | mktime"),
        ("\"2023-02-30\"", ". | strptime(\"%Y-%m-%d\")"),
        ("\"now\"", ". | fromdate"),
        ("\"2023-11-14\"", ". | fromdate"),
        ("\"2016-12-31T23:59:60Z\"", ". | fromdate"),
        ("\"20161231T235960.5+0000\"", ". | fromdate"),
        ("\"2016-12-31 23:59:60\"", ". | strptime(\"%Y-%m-%d %H:%M:%S\")"),
        ("\"60:59:23 1960-12-31\"", ". | strptime(\"%S:%M:%H %Y-%m-%d\")"),
        ("null", ". | todate"),
    ] {
        let document = serde_json::from_str(json).unwrap();
        assert!(matches!(eval(expr, &document), Err(EvalError::Failed { .. })), "{json} {expr}");
    }
}
