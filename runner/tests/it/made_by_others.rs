//! Tables that others made: columns of other types than declared keep every value, or the message is dead-lettered alone.

use serde_json::json;

use crate::refusals::{ONE_TABLE, PIPELINE, event, letters, run};
use crate::stack::{Stack, attribute, shown};
use crate::tables::Tables;

/// Queues, tables made with this SQL, and a pipeline file with these tables and any event.
async fn with_live_tables(sql: &str, tables: &str) -> Stack {
    let stack = Stack::new().await;
    stack.execute(sql).await;
    stack.write("schemas/e.schema.json", "{}");
    let source = format!("source:\n  queue: {}\n  dlq: {}\n", stack.queue, stack.dlq);
    stack.write(PIPELINE, &format!("{source}schema: ../schemas/e.schema.json\ntables:\n{tables}"));
    stack
}

/// Each live column has another type than declared: its declared type, its live type, a value, what is stored as the
/// server writes it, a value that does not fit, and its SQLSTATE.
const COLUMNS: [(&str, &str, &str, &str, &str, &str); 15] = [
    ("text", "varchar(5)", "\"añbc \"", "añbc ", "\"abcdef\"", "22001"),
    ("text", "char(3)", "\"ab\"", "ab ", "\"abcd\"", "22001"),
    ("text", "citext", "\"AbC\"", "AbC", "", ""),
    ("text", "\"Mo\"\"od\"", "\"ok\"", "ok", "\"angry\"", "22P02"),
    ("text", "mood", "\"sad\"", "sad", "\"angry\"", "22P02"),
    ("text", "email", "\"a@b\"", "a@b", "\"ab\"", "23514"),
    ("text", "short_email", "\"a@b\"", "a@b", "\"abcdef@\"", "22001"),
    ("text", "json", "\"{\\\"b\\\": 1,  \\\"a\\\":1.10}\"", "{\"b\": 1,  \"a\":1.10}", "\"{\"", "22P02"),
    ("text", "bit(4)", "\"0101\"", "0101", "\"01011\"", "22026"),
    ("text[]", "varchar(3)[]", "[\"ab\",null,\"abc\"]", "{ab,NULL,abc}", "[\"abcd\"]", "22001"),
    ("numeric(12,2)", "numeric(20,4)", "1964.90", "1964.9000", "", ""),
    ("numeric(12,2)", "numeric(6,2)", "1964.90", "1964.90", "12345.00", "22003"),
    ("integer", "bigint", "-2147483648", "-2147483648", "", ""),
    ("bigint", "integer", "2147483647", "2147483647", "2147483648", "22003"),
    ("text[]", "\"Mo\"\"od\"[]", "[\"ok\",null,\"sad\"]", "{ok,NULL,sad}", "[\"ok\",\"angry\"]", "22P02"),
];

const TYPES: &str = r#"CREATE EXTENSION citext; CREATE TYPE "Mo""od" AS ENUM ('sad', 'ok'); CREATE DOMAIN mood AS "Mo""od";
    CREATE DOMAIN email AS text CHECK (VALUE LIKE '%@%'); CREATE DOMAIN short_email AS varchar(5) CHECK (VALUE LIKE '%@%');"#;

#[tokio::test]
async fn every_value_is_kept_and_what_does_not_fit_is_dead_lettered_alone() {
    let (mut live, mut declared) = (String::new(), String::new());
    for (at, (file, table, ..)) in COLUMNS.iter().enumerate() {
        live = format!("{live}, c{at} {table}");
        declared = format!("{declared}      c{at}: {file} null\n");
    }
    let stack = with_live_tables(
        &format!("{TYPES} CREATE TABLE e (id bigint PRIMARY KEY{live})"),
        &format!("  e:\n    primary_key: [id]\n    columns:\n      id: bigint\n{declared}"),
    )
    .await;
    let plan = stack.json(&["migrate", "plan", PIPELINE, "--format", "json"]);
    assert_eq!((&plan["steps"], &plan["refusals"]), (&json!([]), &json!([])), "{plan}");

    let mut bodies = Vec::new();
    let mut refused = Vec::new();
    for (at, (_, _, value, _, unfit, state)) in COLUMNS.iter().enumerate() {
        bodies.push(format!(r#"{{"id":{at},"c{at}":{value}}}"#));
        if !unfit.is_empty() {
            bodies.push(format!(r#"{{"id":{},"c{at}":{unfit}}}"#, 100 + at));
            refused.push(format!("{at} {state}"));
        }
    }
    stack.send(&stack.queue, &bodies).await;
    let summary = run(&stack).await;
    assert_eq!(summary["stored"], json!(COLUMNS.len()), "{summary}");

    for (at, (_, _, _, expected, ..)) in COLUMNS.iter().enumerate() {
        // As `char(3)` is padded: a cast to text would drop the blanks.
        let sql = format!("SELECT concat(c{at}) AS v FROM e WHERE id = {at}");
        assert_eq!(stack.rows(&sql).await, [json!({ "v": expected })], "c{at}");
    }
    let mut found = Vec::new();
    for letter in letters(&stack, refused.len()).await {
        let body: serde_json::Value = serde_json::from_str(letter.body().expect("a body")).expect("JSON");
        let reason: serde_json::Value = serde_json::from_str(attribute(&letter, "runner.reason")).expect("JSON");
        found.push(format!(
            "{} {}",
            body["id"].as_i64().expect("an id") - 100,
            reason["sqlstate"].as_str().expect("a state")
        ));
    }
    found.sort();
    refused.sort();
    assert_eq!(found, refused);
}

#[tokio::test]
async fn a_column_that_rounds_is_a_warning() {
    let stack = with_live_tables(
        "CREATE TABLE e (id bigint PRIMARY KEY, at timestamptz(3) NOT NULL)",
        "  e: {primary_key: [id], columns: {id: bigint, at: timestamptz}}\n",
    )
    .await;
    let warning =
        "table e: column at is timestamp(3) with time zone, declared timestamp with time zone: values are rounded";
    let output = stack.ends_with(0, &["run", PIPELINE, "--until-empty"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains(warning), "{}", shown(&output));
    let output = stack.ends_with(0, &["validate-config", PIPELINE, "--connect"]);
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(report.contains("warning[W0265]") && report.contains(warning), "{}", shown(&output));
}

/// Equal is what the live column considers equal.
#[tokio::test]
async fn a_key_is_compared_as_the_live_column_compares_it() {
    let sql = "CREATE EXTENSION citext; CREATE TABLE t (k citext PRIMARY KEY, v json NOT NULL)";
    let rest = "tables:\n  t: {primary_key: [k], on_conflict: update, columns: {k: text, v: text}}\n";
    let tables = Tables::made_by_others(sql, rest).await;
    let written = tables.store(&[r#"{"k":"A","v":"1"}"#, r#"{"k":"a","v":"2"}"#]).await.expect("it is stored");
    assert_eq!((written.rows(), written.duplicates()), (2, 1));
    assert_eq!(tables.stack.rows("SELECT k, v FROM t").await, [json!({"k": "a", "v": 2})]);
    assert!(tables.is_stored(r#"{"k":"A","v":"2"}"#).await && !tables.is_stored(r#"{"k":"A","v":"3"}"#).await);
}

/// A table's own primary key beside the unique key that the file declares, also below a view and in partitions.
#[tokio::test]
async fn a_unique_key_is_the_conflict_target_and_the_primary_key_stays_the_tables_own() {
    let table =
        "CREATE TABLE base (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, k text NOT NULL UNIQUE, v integer)";
    let partitions = "CREATE TABLE t (id uuid NOT NULL DEFAULT gen_random_uuid(), k text UNIQUE, v integer)
        PARTITION BY LIST (k); CREATE TABLE t_1 PARTITION OF t DEFAULT";
    for sql in [
        format!("{table}; ALTER TABLE base RENAME TO t"),
        format!("{table}; CREATE VIEW t AS SELECT id, k, v FROM base"),
        partitions.to_owned(),
    ] {
        let rest =
            "tables:\n  t: {primary_key: [k], on_conflict: update, version: v, columns: {k: text, v: integer}}\n";
        let tables = Tables::made_by_others(&sql, rest).await;
        tables.store(&[r#"{"k":"a","v":1}"#, r#"{"k":"b","v":1}"#]).await.expect(&sql);
        let ids = tables.stack.rows("SELECT id FROM t ORDER BY k").await;
        let written = tables.store(&[r#"{"k":"a","v":2}"#, r#"{"k":"b","v":0}"#]).await.expect(&sql);
        assert_eq!((written.rows(), written.duplicates()), (2, 1), "{sql}");
        assert_eq!(tables.stack.rows("SELECT id FROM t ORDER BY k").await, ids, "{sql}");
        assert_eq!(tables.stack.rows("SELECT v FROM t ORDER BY k").await, [json!({"v": 2}), json!({"v": 1})], "{sql}");
        assert!(tables.is_stored(r#"{"k":"a","v":2}"#).await, "{sql}");
    }
}

#[tokio::test]
async fn without_a_declared_key_rows_are_appended() {
    let sql = "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v integer NOT NULL)";
    let tables = Tables::made_by_others(sql, "tables:\n  t: {columns: {v: integer}}\n").await;
    for _ in 0..2 {
        let written = tables.store(&[r#"{"v":7}"#, r#"{"v":7}"#]).await.expect("it is stored");
        assert_eq!((written.rows(), written.duplicates()), (2, 0));
    }
    assert_eq!(tables.stack.scalar("SELECT count(DISTINCT id) FROM t WHERE v = 7").await, 4);
}

/// A role that may insert and read the declared columns, and no others, rejects one bad message and stores the others.
#[tokio::test]
async fn privileges_on_columns_are_enough_for_a_run() {
    let sql = "CREATE TABLE e (id bigint PRIMARY KEY, k integer CHECK (k < 9), secret text DEFAULT 'x')";
    let stack = with_live_tables(sql, "  e: {primary_key: [id], columns: {id: bigint, k: integer}}\n").await;
    let role = format!("w{}", stack.queue.replace('-', "_"));
    stack
        .execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'p'; GRANT INSERT (id, k), SELECT (id, k) ON e TO {role}"))
        .await;
    stack.send(&stack.queue, &[1, 2, 9].map(|k| event(k, k))).await;
    let mut command = stack.runner(&["run", PIPELINE, "--until-empty", "--format", "json"]);
    let output = command.env("DB_USER", &role).env("DB_PASSWORD", "p").output().expect("the binary starts");
    let summary: serde_json::Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", shown(&output)));
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(2), &json!(1)), "{}", shown(&output));
}

/// A trigger puts the rows into a table that inherits from this one: a redelivery meets its row there.
#[tokio::test]
async fn a_trigger_that_stores_the_rows_elsewhere_dead_letters_no_redelivery() {
    let stack = with_live_tables(
        "CREATE TABLE e (id bigint PRIMARY KEY, k bigint NOT NULL);
         CREATE TABLE e_2024 (LIKE e INCLUDING ALL) INHERITS (e);
         CREATE FUNCTION route() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN INSERT INTO e_2024 VALUES (NEW.*); RETURN NULL; END $$;
         CREATE TRIGGER route BEFORE INSERT ON e FOR EACH ROW EXECUTE FUNCTION route()",
        ONE_TABLE,
    )
    .await;
    for _ in 0..2 {
        stack.send(&stack.queue, &[event(1, 1)]).await;
        let summary = run(&stack).await;
        assert_eq!(summary["dead_lettered"], json!(0), "{summary}");
        assert_eq!(stack.count("e").await, 1);
    }
}
