//! Casts against PostgreSQL's own: whatever runner accepts, the server accepts too, and both mean the same value.

mod values;

use compiler::cases::value;
use pipeline::ColumnType;
use pipeline::cast::cast;
use pipeline::row::Cell;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sea_orm::sqlx::{self, PgPool};
use serde_json::{Value, json};

use crate::stack::Stack;
use values::{EDGES, values};

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
        // Days apart: all microseconds at once are too many for an interval of PostgreSQL 14.
        "timestamptz" => "(timestamp '2000-01-01' + make_interval(days => (t::bigint / 86400000000)::integer) \
             + t::bigint % 86400000000 * interval '1 microsecond') AT TIME ZONE 'UTC'"
            .to_owned(),
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
        Cell::Uuid(bytes) => bytes.map(|byte| format!("{byte:02x}")).concat(),
        Cell::Text(text) | Cell::Literal(text) => text,
    })
}

/// What runner accepts of generated values: the JSON text and the text of the cell.
fn accepted(ty: &str) -> Vec<(String, String)> {
    let mut runner = TestRunner::default();
    let strategy = values(ty);
    let generated = (0..CASES).map(|_| strategy.new_tree(&mut runner).expect("a value").current());
    generated.filter_map(|json| pair(ty, &json)).collect()
}

fn pair(ty: &str, json: &str) -> Option<(String, String)> {
    let value: Value = serde_json::from_str(json).ok()?;
    let cell = cast(&value, ty.parse().expect("a column type")).ok()?;
    cell_text(cell).map(|cell| (json.to_owned(), cell))
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
CREATE FUNCTION cast_or_error(expression text, cell text, source text) RETURNS text LANGUAGE plpgsql
SET intervalstyle = iso_8601 SET timezone = 'UTC' AS $$
DECLARE result text;
BEGIN
  EXECUTE format('SELECT (%s)::text FROM (SELECT $1 AS t, $2::jsonb AS v) AS i', expression) INTO result USING cell, source;
  RETURN result;
EXCEPTION WHEN others THEN RETURN 'error ' || SQLSTATE;
END $$";

async fn stack() -> Stack {
    let stack = Stack::without_queues().await;
    sqlx::query(CAST_OR_ERROR).execute(&stack.pool).await.expect("the function is created");
    stack
}

/// Every type, its arrays, and numerics with limits.
fn types() -> impl Iterator<Item = String> {
    let scalars = ColumnType::names().map(str::to_owned);
    let scalars = scalars.chain(["numeric(12,4)".to_owned(), "numeric(3,3)".to_owned()]);
    scalars.flat_map(|scalar| [format!("{scalar}[]"), scalar])
}

#[tokio::test(flavor = "multi_thread")]
async fn casts_agree_with_the_server() {
    let stack = stack().await;
    for ty in types() {
        let pairs = accepted(&ty);
        assert!(pairs.len() > CASES / 20, "{ty}: only {} of {CASES} values accepted", pairs.len());
        for ((json, cell), (ours, theirs)) in pairs.iter().zip(compare(&stack.pool, &ty, &pairs).await) {
            assert!(!ours.starts_with("error "), "{ty}: {json} became {cell}, the server says {ours}");
            assert_eq!(ours, theirs, "{ty}: {json} became {cell}");
        }
    }
}

/// The stored value as the server writes it in JSON.
fn stored(ty: &str) -> String {
    match ty {
        "bytea" => "to_json(encode(t::bytea, 'base64'))".to_owned(),
        "bytea[]" => "to_json(ARRAY(SELECT encode(e, 'base64') FROM unnest(t::bytea[]) e))".to_owned(),
        ty => format!("to_json({})", written(ty)),
    }
}

/// What a column shows of a JSON text; `None` where it does not take it.
fn shown(ty: &str, json: &str) -> Option<Value> {
    let column: ColumnType = ty.parse().expect("a column type");
    cast(&serde_json::from_str(json).expect("JSON"), column).ok().map(|cell| value(&cell, column))
}

/// `runner test` compares values as PostgreSQL stores them: what came is shown like what the server makes of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_cell_is_shown_as_the_server_stores_it() {
    let stack = stack().await;
    for ty in types() {
        let mut pairs = accepted(&ty);
        pairs.extend(EDGES.iter().filter(|(edge, _)| *edge == ty).map(|(_, json)| pair(&ty, json).expect("taken")));
        let cells: Vec<_> = pairs.iter().map(|(_, cell)| cell.as_str()).collect();
        let query =
            "SELECT cast_or_error($2, cell, NULL) FROM unnest($1::text[]) WITH ORDINALITY AS e(cell, n) ORDER BY n";
        let query = sqlx::query_scalar(query).bind(cells).bind(stored(&ty));
        let server: Vec<String> = query.fetch_all(&stack.pool).await.expect("the query runs");
        let mut taken = 0;
        for ((json, _), server) in pairs.iter().zip(server) {
            // The server also writes what runner does not take: hours of ten digits.
            let Some(theirs) = shown(&ty, &server) else { continue };
            assert_eq!(shown(&ty, json), Some(theirs), "{ty}: {json}, stored as {server}");
            taken += 1;
        }
        assert!(taken > pairs.len() / 2, "{ty}: only {taken} of {} taken back", pairs.len());
    }
}
