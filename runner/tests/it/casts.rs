//! Casts against PostgreSQL's own: whatever runner accepts, the server accepts too, and both mean the same value.

use migration::ColumnType;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use runner::map::cast::cast;
use runner::row::Cell;
use sea_orm::sqlx::{self, PgPool};
use serde_json::{Value, json};

use crate::stack::Stack;

/// Generated values of each type.
const CASES: usize = 400;

/// The value as PostgreSQL itself makes it of the JSON text, `v` being that text as jsonb.
fn by_postgres(ty: &str) -> String {
    match ty.strip_suffix("[]") {
        Some("jsonb") => "ARRAY(SELECT nullif(e, 'null') FROM jsonb_array_elements(v) e)".to_owned(),
        Some(element) => {
            format!("ARRAY(SELECT {} FROM jsonb_array_elements_text(v) e)", scalar_by_postgres(element, "e"))
        }
        None if ty == "jsonb" => "v".to_owned(),
        None => scalar_by_postgres(ty, "(v #>> '{}')"),
    }
}

/// Whole numbers go by numeric, for runner takes `7.0` and `7e0`, which an integer's own input function does not.
fn scalar_by_postgres(ty: &str, text: &str) -> String {
    match ty {
        "smallint" | "integer" | "bigint" => format!("{text}::numeric::{ty}"),
        "bytea" => format!("decode({text}, 'base64')"),
        ty => format!("{text}::{ty}"),
    }
}

/// A cell's text as the server reads it when it is written.
fn written(ty: &str) -> String {
    match ty {
        "timestamptz" => "timestamptz '2000-01-01 00:00:00Z' + (t || ' microseconds')::interval".to_owned(),
        ty => format!("t::{ty}"),
    }
}

fn cell_text(cell: Cell) -> Option<String> {
    Some(match cell {
        Cell::Null => return None,
        Cell::Bool(boolean) => boolean.to_string(),
        Cell::Int2(integer) => integer.to_string(),
        Cell::Int4(integer) => integer.to_string(),
        Cell::Int8(integer) | Cell::Timestamptz(integer) => integer.to_string(),
        Cell::Float4(float) => format!("{float:e}"),
        Cell::Float8(float) => format!("{float:e}"),
        Cell::Uuid(bytes) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        Cell::Text(text) | Cell::Literal(text) => text,
    })
}

/// Strings that are nearly a value of the type, or exactly one.
fn text_of(ty: &str) -> BoxedStrategy<String> {
    let pattern = match ty {
        "uuid" => "[0-9a-fA-F]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}",
        "timestamptz" => {
            "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-6][0-9](\\.[0-9]{1,9})?(Z|z|[+-][01][0-9]:[0-5][0-9])"
        }
        "date" => "[0-9]{4}-(0[0-9]|1[0-3])-[0-3][0-9]",
        "time" => "[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\\.[0-9]{1,9})?)?",
        "interval" => {
            "P([0-9]{1,9}Y)?([0-9]{1,9}M)?([0-9]{1,9}W)?([0-9]{1,9}D)?(T([0-9]{1,9}H)?([0-9]{1,9}M)?([0-9]{1,9}(\\.[0-9]{1,9})?S)?)?"
        }
        "inet" => {
            "([0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}|([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|::[0-9a-f]{0,4}|[0-9a-f]{1,4}::([0-9a-f]{1,4}:){1,3}[0-9a-f]{1,4}|::ffff:[0-9]{1,2}\\.[0-9]{1,3}\\.1\\.2)(/[0-9]{1,3})?"
        }
        "bytea" => "([A-Za-z0-9+/]{4}){0,6}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
        _ => "\\PC{0,20}",
    };
    pattern.boxed()
}

/// The JSON text of a number: short and long, whole and not, small and huge.
fn number() -> BoxedStrategy<String> {
    prop_oneof![
        "-?(0|[1-9][0-9]{0,4})",
        "-?(0|[1-9][0-9]{0,19})(\\.[0-9]{1,6})?",
        "-?(0|[1-9][0-9]{0,40})(\\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?",
        "-?[1-9](\\.[0-9]{1,17})?[eE][+-]?[0-9]{1,3}",
        "-?[0-9]\\.0{1,3}",
    ]
    // The oracle reads numbers by way of jsonb, whose numeric has no negative zero.
    .prop_filter("no negative zero", |text| !(text.starts_with('-') && text.parse() == Ok(-0.0)))
    .boxed()
}

/// Values worth trying on a scalar type, as JSON texts.
fn scalar(ty: &str) -> BoxedStrategy<String> {
    let quote = |text: String| Value::from(text).to_string();
    let noise = prop_oneof![Just("null"), Just("true"), Just("false"), Just("\"\""), Just("\"now\""), Just("\"NaN\"")];
    let noise = noise.prop_map(str::to_owned);
    match ty {
        "boolean" => prop_oneof![Just("true".to_owned()), Just("false".to_owned()), noise].boxed(),
        "smallint" | "integer" | "bigint" | "real" | "double precision" => numeric(noise.boxed()),
        numeric_type if numeric_type.starts_with("numeric") => numeric(noise.boxed()),
        "jsonb" => prop_oneof![6 => document(), 1 => noise].boxed(),
        ty => prop_oneof![9 => text_of(ty).prop_map(quote), 1 => noise, 1 => "\\PC{0,12}".prop_map(quote)].boxed(),
    }
}

fn numeric(noise: BoxedStrategy<String>) -> BoxedStrategy<String> {
    prop_oneof![6 => number(), 2 => number().prop_map(|number| format!("\"{number}\"")), 1 => noise].boxed()
}

fn document() -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        number(),
        "\\PC{0,10}".prop_map(|text| Value::from(text).to_string()),
        Just("null".to_owned()),
        Just("true".to_owned())
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let field = ("\\PC{1,5}", inner.clone()).prop_map(|(name, value)| format!("{}:{value}", json!(name)));
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(field, 0..4).prop_map(|fields| format!("{{{}}}", fields.join(",")))
        ]
    })
    .boxed()
}

fn values(ty: &str) -> BoxedStrategy<String> {
    match ty.strip_suffix("[]") {
        Some(element) => {
            prop::collection::vec(scalar(element), 0..4).prop_map(|items| format!("[{}]", items.join(","))).boxed()
        }
        None => scalar(ty),
    }
}

/// What runner accepts of generated values: the JSON text and the text of the cell.
fn accepted(ty: &str) -> Vec<(String, String)> {
    let column: ColumnType = ty.parse().expect("a column type");
    let mut runner = TestRunner::default();
    let strategy = values(ty);
    let generated = (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a value").current());
    generated
        .filter_map(|json| {
            let value: Value = serde_json::from_str(&json).ok()?;
            cell_text(cast(&value, column).ok()?).map(|cell| (json, cell))
        })
        .collect()
}

/// Both texts of every pair after the server's casts; an error is its SQLSTATE.
async fn compare(pool: &PgPool, ty: &str, pairs: &[(String, String)]) -> Vec<(String, String)> {
    let query = "SELECT cast_or_error($2, p ->> 1, NULL), cast_or_error($3, NULL, p ->> 0) \
                 FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS e(p, n) ORDER BY n";
    let pairs: Vec<_> = pairs.iter().map(|(json, cell)| [json, cell]).collect();
    sqlx::query_as(query)
        .bind(json!(pairs).to_string())
        .bind(written(ty))
        .bind(by_postgres(ty))
        .fetch_all(pool)
        .await
        .expect("the comparison runs")
}

const CAST_OR_ERROR: &str = "
CREATE FUNCTION cast_or_error(expression text, cell text, source text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT (%s)::text FROM (SELECT $1 AS t, $2::jsonb AS v) AS i', expression) INTO result USING cell, source;
  RETURN result;
EXCEPTION WHEN others THEN RETURN 'error ' || SQLSTATE;
END $$";

#[tokio::test(flavor = "multi_thread")]
async fn casts_agree_with_the_server() {
    let stack = Stack::without_queues().await;
    let mut connection = stack.pool.acquire().await.expect("a connection");
    sqlx::query(CAST_OR_ERROR).execute(&mut *connection).await.expect("the function is created");
    drop(connection);
    let scalars = ColumnType::names().map(str::to_owned);
    let types = scalars.chain(["numeric(12,4)".to_owned(), "numeric(3,3)".to_owned()]);
    for scalar in types {
        for ty in [format!("{scalar}[]"), scalar] {
            let pairs = accepted(&ty);
            assert!(pairs.len() > CASES / 20, "{ty}: only {} of {CASES} values accepted", pairs.len());
            for ((json, cell), (ours, theirs)) in pairs.iter().zip(compare(&stack.pool, &ty, &pairs).await) {
                assert!(!ours.starts_with("error "), "{ty}: {json} became {cell}, the server says {ours}");
                assert_eq!(ours, theirs, "{ty}: {json} became {cell}");
            }
        }
    }
}
