//! From a JSON text to what PostgreSQL gives back as text: kept as it is written, or rejected with its own code.

use pipeline::message::Code;

use crate::stack::Stack;
use crate::tables::Tables;

/// Type, expression after the field, the field's JSON text, and what is stored.
type Kept = (&'static str, &'static str, &'static str, &'static str);

const EPOCHS: [Kept; 21] = [
    ("timestamptz", "unix", "0", "1970-01-01 00:00:00"),
    ("timestamptz", "unix", "-0", "1970-01-01 00:00:00"),
    ("timestamptz", "unix", "-1", "1969-12-31 23:59:59"),
    ("timestamptz", "unix", "-0.000001", "1969-12-31 23:59:59.999999"),
    ("timestamptz", "unix", "1700000000.123456", "2023-11-14 22:13:20.123456"),
    ("timestamptz", "unix", "\"1700000000.5\"", "2023-11-14 22:13:20.5"),
    ("timestamptz", "unix", "1.7e9", "2023-11-14 22:13:20"),
    ("timestamptz", "unix", "253402300799.999999", "9999-12-31 23:59:59.999999"),
    ("timestamptz", "unix", "-62135596800", "0001-01-01 00:00:00"),
    ("timestamptz", "unix_ms", "1700000000123", "2023-11-14 22:13:20.123"),
    ("timestamptz", "unix_ms", "\"-1\"", "1969-12-31 23:59:59.999"),
    ("timestamptz", "unix_ms", "1700000000123.456", "2023-11-14 22:13:20.123456"),
    ("timestamptz", "unix_us", "1700000000123456", "2023-11-14 22:13:20.123456"),
    ("timestamptz", "unix_us", "-1", "1969-12-31 23:59:59.999999"),
    // Above 2^53: a float would have moved the last digits.
    ("timestamptz", "unix_ns", "1700000000123457000", "2023-11-14 22:13:20.123457"),
    ("timestamptz", "unix_us", "9007199254740993", "2255-06-05 23:47:34.740993"),
    ("timestamptz", "unix_ns", "\"9223372036854775000\"", "2262-04-11 23:47:16.854775"),
    ("timestamptz", "", "\"9999-12-31T23:59:59.999999Z\"", "9999-12-31 23:59:59.999999"),
    ("timestamptz", "", "\"0001-01-01T00:00:00Z\"", "0001-01-01 00:00:00"),
    ("timestamptz", "", "\"2024-02-29t23:59:59+14:00\"", "2024-02-29 09:59:59"),
    ("timestamptz[]", "", "[\"9999-12-31T23:59:59Z\",null]", "{\"9999-12-31 23:59:59+00\",NULL}"),
];

const TEXTS: [Kept; 25] = [
    ("numeric", "", "\"1.10\"", "1.10"),
    ("uuid", "", "\"00112233445566778899AABBCCDDEEFF\"", "00112233-4455-6677-8899-aabbccddeeff"),
    ("inet", "", "\"10.0.0.1/8\"", "10.0.0.1/8"),
    ("inet", "", "\"2001:DB8::1\"", "2001:db8::1/128"),
    ("date", "", "\"2024-02-29\"", "2024-02-29"),
    ("date", "", "\"9999-12-31\"", "9999-12-31"),
    ("time", "", "\"23:59:59.999999\"", "23:59:59.999999"),
    ("interval", "", "\"P1DT2H\"", "1 day 02:00:00"),
    ("interval", "", "\"PT0.000001S\"", "00:00:00.000001"),
    ("interval", "", "\"PT999999999H999999999M999999999.999999S\"", "1016944443:25:39.999999"),
    ("bytea", "", "\"AP8=\"", "\\x00ff"),
    ("bytea", "", "\"\"", "\\x"),
    ("bytea", "", "\"\\\\x00FF\"", "\\x00ff"),
    ("bytea", "unhex", "\"00ffA0\"", "\\x00ffa0"),
    ("bytea[]", "", "[\"AP8=\",null,\"\\\\x01\"]", "{\"\\\\x00ff\",NULL,\"\\\\x01\"}"),
    ("text", "url_decode", "\"a+b%2Fc%C3%A9\"", "a b/cé"),
    ("text", "sha256", "\"\"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("text", "", "\"\\ud83d\\ude00 \\u0001\\uffff\\\\\"", "😀 \u{1}\u{ffff}\\"),
    ("text", "", "\"\"", ""),
    ("text[]", "", "[]", "{}"),
    (
        "text[]",
        "",
        "[\"a\\\"b\",\"c\\\\d\",null,\"NULL\",\"\",\"{,}\",\"é 😀\",\" \\n\"]",
        "{\"a\\\"b\",\"c\\\\d\",NULL,\"NULL\",\"\",\"{,}\",\"é 😀\",\" \n\"}",
    ),
    (
        "numeric[]",
        "",
        "[1.10,\"2.20\",null,123456789012345678901234567890]",
        "{1.10,2.20,NULL,123456789012345678901234567890}",
    ),
    ("boolean[]", "", "[true,false,null]", "{t,f,NULL}"),
    ("date[]", "", "[\"2024-02-29\"]", "{2024-02-29}"),
    ("jsonb[]", "", "[{\"a\":[1.10,\"\\\\\"]},null,[null]]", "{\"{\\\"a\\\": [1.10, \\\"\\\\\\\\\\\"]}\",NULL,[null]}"),
];

const NUMBERS: [Kept; 15] = [
    ("numeric", "", "123456789012345678901234567890.10", "123456789012345678901234567890.10"),
    ("numeric", "", "1.10", "1.10"),
    (
        "jsonb",
        "",
        "[123456789012345678901234567890,1.10,1.0,0.10]",
        "[123456789012345678901234567890, 1.10, 1.0, 0.10]",
    ),
    (
        "jsonb",
        "[.] | .[0]",
        "{\"n\":1.10,\"big\":123456789012345678901234567890}",
        "{\"n\": 1.10, \"big\": 123456789012345678901234567890}",
    ),
    ("text", "tojson", "1.10", "1.10"),
    ("text", "tostring", "123456789012345678901234567890", "123456789012345678901234567890"),
    // PostgreSQL's numeric has no negative zero: it is the same number.
    ("numeric", "", "-0", "0"),
    ("jsonb", "", "[-0,-0.0]", "[0, 0.0]"),
    ("double precision", "", "-0.0", "-0"),
    ("bigint", "", "-0", "0"),
    ("bigint", "", "9007199254740993", "9007199254740993"),
    ("bigint", "", "9223372036854775807", "9223372036854775807"),
    ("double precision", "", "1.7976931348623157e308", "1.7976931348623157e+308"),
    ("double precision", "", "5e-324", "5e-324"),
    ("real", "", "16777216", "1.6777216e+07"),
];

/// Each case is a message that fills its own column and leaves the others null.
async fn stored(cases: &[Kept]) -> (Tables, Vec<String>) {
    let columns: Vec<_> = cases
        .iter()
        .enumerate()
        .map(|(at, (ty, expr, ..))| {
            let pipe = if expr.is_empty() { String::new() } else { format!(" | {expr}") };
            format!("      c{at}: '{ty} null = .c{at}{pipe}'\n")
        })
        .collect();
    let tables = Tables::new(&format!("tables:\n  t:\n    columns:\n      at: integer\n{}", columns.concat())).await;
    let bodies: Vec<_> =
        cases.iter().enumerate().map(|(at, (_, _, json, _))| format!(r#"{{"at":{at},"c{at}":{json}}}"#)).collect();
    tables.store(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await.expect("all are stored");
    let mut read = Vec::new();
    for (at, (ty, ..)) in cases.iter().enumerate() {
        let value = if *ty == "timestamptz" { format!("(c{at} AT TIME ZONE 'UTC')") } else { format!("c{at}") };
        read.push(text(&tables.stack, &format!("SELECT {value}::text FROM t WHERE at = {at}")).await);
    }
    (tables, read)
}

async fn text(stack: &Stack, sql: &str) -> String {
    use sea_orm::sqlx::{AssertSqlSafe, query_scalar};
    let mut connection = stack.pool.acquire().await.expect("a connection");
    sea_orm::sqlx::raw_sql("SET timezone = 'UTC'").execute(&mut *connection).await.expect("it is set");
    query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *connection).await.expect("a text")
}

async fn kept(cases: &[Kept]) {
    let (_tables, read) = stored(cases).await;
    for ((ty, expr, json, expected), found) in cases.iter().zip(read) {
        assert_eq!(found, *expected, "{ty}: {json} | {expr}");
    }
}

#[tokio::test]
async fn epochs_are_exact() {
    kept(&EPOCHS).await;
}

#[tokio::test]
async fn texts_become_what_they_mean() {
    kept(&TEXTS).await;
}

#[tokio::test]
async fn numbers_keep_their_digits() {
    kept(&NUMBERS).await;
}

#[tokio::test]
async fn documents_are_stored_as_deep_and_as_large_as_they_come() {
    let tables = Tables::new(
        "tables:\n  t:\n    columns:\n      deep: jsonb = .deep\n      again: text = .deep | tojson\n      big: numeric = .big\n      small: numeric = .small\n      \
         whole: jsonb = .\n",
    )
    .await;
    let deep = "[".repeat(120) + "{\"n\":1.10}" + &"]".repeat(120);
    tables.store(&[&format!(r#"{{"deep":{deep},"big":1e400,"small":1e-400}}"#)]).await.expect("it is stored");
    let spaced = deep.replace(':', ": ");
    assert_eq!(text(&tables.stack, "SELECT deep::text FROM t").await, spaced);
    assert_eq!(text(&tables.stack, "SELECT again FROM t").await, deep);
    let places = format!("0.{}1", "0".repeat(399));
    assert_eq!(text(&tables.stack, "SELECT small::text FROM t").await, places);
    let digits = "1".to_owned() + &"0".repeat(400);
    assert_eq!(text(&tables.stack, "SELECT big::text FROM t").await, digits);
    assert_eq!(text(&tables.stack, "SELECT whole->>'big' FROM t").await, digits);
}

#[tokio::test]
async fn what_can_not_be_kept_is_rejected_with_its_code() {
    let types = [
        "text",
        "text[]",
        "jsonb",
        "numeric",
        "bigint",
        "double precision",
        "real",
        "timestamptz",
        "bytea",
        "numeric(6,2)",
        "uuid",
    ];
    let column = |(at, ty): (usize, &&str)| format!("      c{at}: {ty} null\n");
    let columns: String = types.iter().enumerate().map(column).collect();
    let rest = format!(
        "{columns}      s: timestamptz null = .s | unix\n      ms: timestamptz null = .ms | unix_ms\n      hex: bytea null = .hex | unhex\n"
    );
    let pipeline = crate::tables::pipeline(&format!("tables:\n  t:\n    columns:\n{rest}"));
    let field = |name: &str| match types.iter().position(|ty| *ty == name) {
        Some(at) => format!("c{at}"),
        None => name.to_owned(),
    };
    for (name, json, code) in [
        ("text", r#""a\u0000b""#, Code::NotStorable),
        ("text[]", r#"["a","b\u0000"]"#, Code::NotStorable),
        ("jsonb", r#"{"k":"a\u0000"}"#, Code::NotStorable),
        ("jsonb", r#"{"a\u0000":1}"#, Code::NotStorable),
        ("jsonb", r#"[[["\u0000"]]]"#, Code::NotStorable),
        ("jsonb", "1e200000", Code::NotStorable),
        ("jsonb", "[1e-20000]", Code::NotStorable),
        ("numeric", "1e200000", Code::NotStorable),
        ("numeric", "1e999999999999", Code::Cast),
        ("numeric", r#""NaN""#, Code::Cast),
        ("numeric", r#""Infinity""#, Code::Cast),
        ("numeric(6,2)", "1.005", Code::Cast),
        ("numeric(6,2)", "10000", Code::Cast),
        ("double precision", "1e400", Code::Cast),
        ("double precision", "1e-400", Code::Cast),
        ("double precision", r#""NaN""#, Code::Cast),
        ("double precision", r#""-Infinity""#, Code::Cast),
        ("real", "1e39", Code::Cast),
        ("bigint", "9223372036854775808", Code::Cast),
        ("bigint", "1.5", Code::Cast),
        ("bigint", "true", Code::Cast),
        ("text", "7", Code::Cast),
        ("text[]", r#"[["a"]]"#, Code::Cast),
        ("text[]", r#""a""#, Code::Cast),
        ("bytea", r#""AP8""#, Code::Cast),
        ("bytea", r#""\\x0""#, Code::Cast),
        ("uuid", r#""00112233""#, Code::Cast),
        ("timestamptz", r#""now""#, Code::Cast),
        ("timestamptz", r#""infinity""#, Code::Cast),
        ("timestamptz", r#""2023-02-29T00:00:00Z""#, Code::Cast),
        ("timestamptz", r#""9999-12-31T23:59:59.9999999Z""#, Code::Cast),
        ("timestamptz", r#""9999-12-31T23:59:59-01:00""#, Code::Cast),
        ("timestamptz", r#""0001-01-01T00:00:00+01:00""#, Code::Cast),
        ("timestamptz", "1700000000", Code::Cast),
        ("s", "253402300800", Code::Mapping),
        ("s", "-62135596801", Code::Mapping),
        ("s", "1700000000.1234567891", Code::Mapping),
        ("ms", "1e300", Code::Mapping),
        ("hex", r#""0g""#, Code::Mapping),
        ("text", r#""\ud800""#, Code::NotJson),
        ("text", r#""\udc00\ud800""#, Code::NotJson),
        ("jsonb", r#"{"a":1,"a":1}"#, Code::NotJson),
        ("jsonb", r#"{"a":1,"\u0061":1}"#, Code::NotJson),
        ("numeric", "NaN", Code::NotJson),
        ("numeric", "-Infinity", Code::NotJson),
        ("numeric", "01", Code::NotJson),
        ("text", "\"\t\"", Code::NotJson),
    ] {
        let body = format!(r#"{{"{}":{json}}}"#, field(name));
        let rejection = pipeline.decider().decide(&crate::tables::delivery(&body)).expect_err(&body);
        assert_eq!(rejection.code, code, "{body}: {}", rejection.message);
    }
    for body in ["", " \n", "\u{feff}{}", "{} {}", "{}x", "nul", "[1,]", &"[".repeat(200)] {
        let rejection = pipeline.decider().decide(&crate::tables::delivery(body)).expect_err(body);
        assert_eq!(rejection.code, Code::NotJson, "{body}: {}", rejection.message);
    }
}
