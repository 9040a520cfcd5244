//! `runner new --from-table`: what it writes for a table made by others fills that table, and changes nothing in it.

use std::process::Output;

use serde_json::{Value, json};

use crate::stack::{Stack, shown};

const NAME: &str = "purchases";
const FILE: &str = "pipelines/purchases.yaml";

/// A column of each sort of type, default and key.
const TABLE: &str = r#"CREATE EXTENSION citext; CREATE SCHEMA sales; CREATE TYPE sales.state AS ENUM ('open', 'it''s paid');
    CREATE DOMAIN sales.code AS varchar(8) NOT NULL; CREATE DOMAIN sales.ratio AS numeric(5,4);
    CREATE TABLE sales.purchases (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        "Order, Number" varchar(12) NOT NULL UNIQUE,
        state sales.state NOT NULL, states sales.state[], code sales.code, ratio sales.ratio, email citext,
        total numeric(12,2) NOT NULL, total_with_tax numeric GENERATED ALWAYS AS (total * 1.2) STORED,
        tags varchar(20)[] NOT NULL DEFAULT '{}', scores integer[], details jsonb NOT NULL, raw json,
        quantity smallint NOT NULL DEFAULT 1, big bigint, weight real, exact double precision,
        active boolean NOT NULL DEFAULT true, placed_at timestamptz NOT NULL DEFAULT now(), made_at timestamp(3),
        day date, opens time, lasts interval, address inet, network cidr, picture bytea, ref uuid DEFAULT gen_random_uuid(),
        label name, fixed char(3), document xml, number serial NOT NULL, note text)"#;

async fn with_table(sql: &str) -> Stack {
    let stack = Stack::new().await;
    stack.execute(sql).await;
    stack
}

fn read(stack: &Stack, path: &str) -> String {
    std::fs::read_to_string(stack.home.path().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Runs the binary with the queues of the pipeline that was made.
fn ends_with(stack: &Stack, code: i32, args: &[&str]) -> Output {
    let mut command = stack.runner(args);
    command.env("PURCHASES_QUEUE_NAME", &stack.queue).env("PURCHASES_DLQ_QUEUE_NAME", &stack.dlq);
    let output = command.output().expect("the binary starts");
    assert_eq!(output.status.code(), Some(code), "runner {args:?}\n{}", shown(&output));
    output
}

/// Makes the pipeline; gives its file.
fn made(stack: &Stack, table: &str) -> String {
    ends_with(stack, 0, &["new", NAME, "--from-table", table]);
    read(stack, FILE)
}

/// What was made has no error, its cases hold, and the table is as it declares it.
fn fits(stack: &Stack) {
    ends_with(stack, 0, &["validate-config", FILE, "--connect"]);
    ends_with(stack, 0, &["test", FILE]);
    let plan = stack.json(&["migrate", "plan", FILE, "--format", "json"]);
    assert_eq!((&plan["steps"], &plan["refusals"]), (&json!([]), &json!([])), "{plan}");
}

fn summary(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{}", shown(output)))
}

fn stores(stack: &Stack, count: u32) {
    let output = ends_with(stack, 0, &["run", FILE, "--until-empty", "--format", "json"]);
    assert_eq!(summary(&output)["stored"], json!(count), "{}", shown(&output));
}

#[tokio::test]
async fn each_column_is_declared_as_the_table_has_it() {
    let stack = with_table(TABLE).await;
    let text = made(&stack, "sales.purchases");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../from_table");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!("pipeline", text);
        insta::assert_snapshot!("schema", read(&stack, "schemas/purchases.schema.json"));
        insta::assert_snapshot!("template", read(&stack, "pipelines/purchases.json.hbs"));
    });
    fits(&stack);
}

#[tokio::test]
async fn produced_events_become_rows() {
    let stack = with_table(&TABLE.replace("network cidr, ", "")).await;
    made(&stack, "sales.purchases");
    ends_with(&stack, 0, &["produce", FILE, "--count", "20", "--rate", "max"]);
    stores(&stack, 20);
    assert_eq!(stack.count("sales.purchases").await, 20);
    let output = ends_with(&stack, 0, &["dev", FILE, "--count", "20", "--format", "json"]);
    assert_eq!(summary(&output)["stored"], json!(20), "{}", shown(&output));
}

#[tokio::test]
async fn an_event_becomes_the_row_that_it_describes() {
    let stack = with_table(TABLE).await;
    made(&stack, "sales.purchases");
    let event = json!({
        "Order, Number": "A-1", "state": "it's paid", "states": ["open"], "code": "c", "ratio": 0.5, "email": "A@b.example",
        "total": 19.90, "details": [1.1], "raw": {"b": 1}, "made_at": "2026-01-02T03:04:05.678Z", "network": "10.0.0.0/8",
        "opens": "08:30", "address": "::1", "scores": [1, 2], "fixed": "abc", "document": "<a/>", "label": "l",
    });
    stack.send(&stack.queue, &[event.to_string(), event.to_string()]).await;
    stores(&stack, 2);
    let sql = r#"SELECT id, "Order, Number" AS no, state, states, code, ratio, email, total, total_with_tax AS tax, tags, scores,
        details, raw, quantity, active, opens, address, network, fixed, document, label, number, note, ref IS NOT NULL AS has_ref
        FROM sales.purchases"#;
    // As text, in which numbers keep their digits.
    let expected = r#"{"id": 1, "no": "A-1", "state": "it's paid", "states": ["open"], "code": "c", "ratio": 0.5000,
        "email": "A@b.example", "total": 19.90, "tax": 23.880, "tags": [], "scores": [1, 2], "details": [1.1], "raw": {"b": 1},
        "quantity": 1, "active": true, "opens": "08:30:00", "address": "::1", "network": "10.0.0.0/8", "fixed": "abc",
        "document": "<a/>", "label": "l", "number": 1, "note": null, "has_ref": true}"#;
    let expected: Value = serde_json::from_str(expected).expect("JSON");
    assert_eq!(stack.rows(sql).await, [expected]);
}

/// Which key a table has, and what stands above it.
#[tokio::test]
async fn the_key_is_one_that_events_bring() {
    for (columns, key, about) in [
        ("a text, b integer, note text, PRIMARY KEY (b, a)", "primary_key: [b, a]", "# The table's primary key."),
        ("id serial PRIMARY KEY, a text NOT NULL, UNIQUE (a)", "primary_key: [a]", "the primary key is (id)."),
        ("a uuid PRIMARY KEY DEFAULT gen_random_uuid(), b text", "primary_key: [a]", "the DEFAULT of a is not used."),
        (
            "a uuid PRIMARY KEY DEFAULT gen_random_uuid(), b text NOT NULL UNIQUE",
            "primary_key: [b]",
            "the primary key is (a).",
        ),
        ("a text NOT NULL UNIQUE, b text", "primary_key: [a]", "which has no primary key."),
        (
            "id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, a text UNIQUE",
            "    columns:",
            "So rows are appended",
        ),
        ("a text NOT NULL, b text", "    columns:", "So rows are appended"),
    ] {
        let stack = with_table(&format!("CREATE TABLE purchases ({columns})")).await;
        let text = made(&stack, "purchases");
        assert!(text.contains(key) && text.contains(about), "{columns}\n{text}");
        assert_eq!(text.contains("primary_key:"), key.starts_with("primary_key:"), "{columns}\n{text}");
        fits(&stack);
        ends_with(&stack, 0, &["produce", FILE, "--count", "3", "--rate", "max"]);
        stores(&stack, 3);
    }
}

/// An index that is unique for some rows only, or for an expression, is not a key; nor is one that is not yet valid.
#[tokio::test]
async fn a_partial_index_is_not_a_key() {
    let stack = with_table(
        "CREATE TABLE purchases (a text NOT NULL, b text NOT NULL);
         CREATE UNIQUE INDEX ON purchases (a) WHERE b > ''; CREATE UNIQUE INDEX ON purchases (lower(a))",
    )
    .await;
    assert!(!made(&stack, "purchases").contains("primary_key:"));
    fits(&stack);
}

#[tokio::test]
async fn a_view_and_partitions_are_filled_like_a_table() {
    let tables = "CREATE TABLE parts (id integer, at date NOT NULL, n integer NOT NULL DEFAULT 3, PRIMARY KEY (id, at))
            PARTITION BY RANGE (at);
        CREATE TABLE parts_all PARTITION OF parts DEFAULT;
        CREATE VIEW seen AS SELECT id, at, n, n + 1 AS next FROM parts;";
    for table in ["parts", "seen"] {
        let stack = with_table(tables).await;
        let text = made(&stack, table);
        assert!(text.contains("primary_key: [id, at]") && text.contains("n: integer optional"), "{text}");
        fits(&stack);
        stack.send(&stack.queue, &[json!({"id": 1, "at": "2026-01-02"}).to_string()]).await;
        stores(&stack, 1);
        assert_eq!(stack.rows("SELECT id, n FROM parts").await, [json!({"id": 1, "n": 3})]);
    }
}

/// The command fails with this code, its report contains this, and nothing is written.
fn is_refused(stack: &Stack, args: &[&str], code: i32, expected: &[&str]) {
    let output = ends_with(stack, code, &[&["new", NAME], args].concat());
    let report = String::from_utf8_lossy(&output.stderr);
    for part in expected {
        assert!(report.contains(part), "{part}\n{}", shown(&output));
    }
    assert!(!stack.home.path().join(FILE).exists() && output.stdout.is_empty(), "{}", shown(&output));
}

#[tokio::test]
async fn a_table_that_is_missing_leads_to_those_that_are_there() {
    let stack =
        with_table("CREATE SCHEMA sales; CREATE TABLE sales.purchases (a text); CREATE TABLE invoices (a text)").await;
    for (table, expected) in [
        ("purchases", "help: did you mean `sales.purchases`?"),
        ("shop.purchases", "help: did you mean `sales.purchases`?"),
        ("invoice", "help: did you mean `invoices`?"),
        ("zebra", "help: its tables are `invoices`, `sales.purchases`"),
    ] {
        let missing = format!("error: this database has no table {table}");
        is_refused(&stack, &["--from-table", table], 1, &[&missing, expected]);
    }
}

#[tokio::test]
async fn a_table_that_no_pipeline_can_fill_is_refused_with_the_reason() {
    for (sql, expected) in [
        (
            "CREATE TABLE purchases (a text CONSTRAINT late PRIMARY KEY DEFERRABLE)",
            &["table purchases: its key late (a) is deferrable", "help: run by hand: ALTER TABLE"][..],
        ),
        (
            "CREATE TABLE purchases (a text PRIMARY KEY); CREATE TABLE log (a text);
             CREATE RULE twice AS ON INSERT TO purchases DO ALSO INSERT INTO log VALUES (new.a)",
            &["table purchases: it has the rule twice, which rewrites what is stored"],
        ),
        (
            "CREATE TABLE t (a text); CREATE VIEW purchases AS SELECT DISTINCT a FROM t",
            &["purchases is a view that takes no inserts by itself"],
        ),
        ("CREATE TABLE t (a text); CREATE MATERIALIZED VIEW purchases AS SELECT a FROM t", &["is a materialized view"]),
        (
            "CREATE TABLE purchases (a text, b \"char\" NOT NULL)",
            &["column b is NOT NULL without a default and not declared"],
        ),
        (
            "CREATE TABLE purchases (id bigint GENERATED ALWAYS AS IDENTITY)",
            &["table purchases has no column that events could fill"],
        ),
    ] {
        let stack = with_table(sql).await;
        is_refused(&stack, &["--from-table", "purchases"], 1, expected);
    }
}

#[tokio::test]
async fn a_role_that_may_not_insert_is_refused_with_the_grant() {
    let stack = with_table("CREATE TABLE purchases (a text PRIMARY KEY)").await;
    stack.execute(&format!("CREATE ROLE \"{}\" LOGIN PASSWORD 'p'", stack.queue)).await;
    let mut command = stack.runner(&["new", NAME, "--from-table", "purchases"]);
    let output = command.env("DB_USER", &stack.queue).env("DB_PASSWORD", "p").output().expect("the binary starts");
    let report = String::from_utf8_lossy(&output.stderr);
    let expected = "table purchases does not fit: this role does not have INSERT (a) on table public.purchases";
    assert!(report.contains(expected) && report.contains("help: run GRANT INSERT"), "{}", shown(&output));
    assert!(output.status.code() == Some(1) && !stack.home.path().join(FILE).exists(), "{}", shown(&output));
}

/// Names of others with comments, quotes and templates, and types with line breaks: each stays what it is in the files.
#[tokio::test]
async fn hostile_names_stay_names() {
    let stack = with_table(
        r#"CREATE TYPE "a
b: # ${HOME} '" AS ENUM ('{{x}}', '"'); CREATE TABLE "t: # '{{x}}" ("id: #'" text PRIMARY KEY,
        "{{state}}" "a
b: # ${HOME} '" NOT NULL, "- & #x" integer GENERATED ALWAYS AS IDENTITY)"#,
    )
    .await;
    made(&stack, "t: # '{{x}}");
    fits(&stack);
    ends_with(&stack, 0, &["produce", FILE, "--count", "5", "--rate", "max"]);
    stores(&stack, 5);
}

#[tokio::test]
async fn the_command_line_names_one_origin_and_a_database_that_answers() {
    let stack = with_table("CREATE TABLE purchases (a text PRIMARY KEY)").await;
    is_refused(&stack, &[], 2, &["--from-schema"]);
    is_refused(&stack, &["--from-table", "t", "--from-sample", "s.json"], 2, &["cannot be used with"]);
    is_refused(&stack, &["--from-table", "t", "--from-schema", "s.json"], 2, &["cannot be used with"]);
    let nobody = ["--from-table", "purchases", "--database-url", "postgres://u@127.0.0.1:1/db"];
    is_refused(&stack, &nobody, 1, &["error: can't connect to PostgreSQL at postgres://u@127.0.0.1:1/db"]);
    let output = ends_with(&stack, 0, &["new", NAME, "--from-table", "purchases", "--format", "json"]);
    let next = ["validate-config", "test", "dev", "run"].map(|command| format!("runner {command} {FILE}"));
    assert_eq!(summary(&output)["next"], json!(next));
}
