//! A role with exactly the printed privileges works. If one is missing, the error names it.

use serde_json::{Value, json};

use super::{as_role, create_role, printed, revoked, role, statements};
use crate::refusals::{PIPELINE, event};
use crate::setups::with_fifo_names;
use crate::stack::{Stack, shown};

const RUN: [&str; 7] = ["run", PIPELINE, "--until-empty", "--start-timeout", "0s", "--format", "json"];

/// Each kind of pipeline: its tables, and SQL that runs once they are made.
const KINDS: [(&str, &str, &str); 6] = [
    ("ignore", "  shop.e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n", ""),
    (
        "update",
        "  shop.e: {primary_key: [id], on_conflict: update, version: k, columns: {id: bigint, k: bigint}}\n",
        "",
    ),
    ("error", "  shop.e: {primary_key: [id], on_conflict: error, columns: {id: bigint, k: bigint}}\n", ""),
    ("no key", "  shop.e: {columns: {id: bigint, k: bigint}}\n", ""),
    (
        "references",
        "  shop.child: {primary_key: [id], columns: {id: bigint, k: bigint}}\n  \
         shop.e: {primary_key: [id], columns: {id: bigint, k: bigint}}\n",
        "; ALTER TABLE shop.child ADD FOREIGN KEY (id) REFERENCES shop.e (id)",
    ),
    (
        "other columns",
        "  shop.e: {primary_key: [id], columns: {id: bigint, k: bigint, mood: text null}}\n",
        "; CREATE SCHEMA kinds; CREATE TYPE kinds.mood AS ENUM ('sad', 'ok'); ALTER TABLE shop.e ADD COLUMN n serial, \
         ALTER COLUMN mood TYPE kinds.mood USING mood::kinds.mood",
    ),
];

async fn stack_of(kind: &str, tables: &str, sql: &str) -> Stack {
    let stack = Stack::without_queues().await;
    let stack = if kind == "update" { with_fifo_names(stack) } else { stack };
    let fifo = [(aws_sdk_sqs::types::QueueAttributeName::FifoQueue, "true")];
    stack.create_queues(if kind == "update" { &fifo } else { &[] }).await;
    stack.write("schemas/e.schema.json", "{}");
    let source = format!("source:\n  queue: {}\n  dlq: {}\n", stack.queue, stack.dlq);
    stack.write(PIPELINE, &format!("{source}schema: ../schemas/e.schema.json\ntables:\n{tables}"));
    stack.ends_with(0, &["migrate", "up", PIPELINE]);
    stack.execute(&format!("ALTER TABLE shop.e ADD CHECK (k < 9){sql}")).await;
    stack
}

/// Stores two messages, one of them twice, and dead-letters one that the table refuses.
async fn works(kind: &str, stack: &Stack) {
    let bodies = [event(1, 1), event(2, 1), event(1, 1), event(3, 9)];
    // A FIFO queue delivers the same body once.
    let stored = if kind == "update" { 2 } else { 3 };
    if kind == "update" {
        crate::refusals::send_fifo(stack, &bodies.map(|body| ("a", body))).await;
    } else {
        stack.send(&stack.queue, &bodies).await;
    }
    let output = as_role(stack, &RUN);
    assert_eq!(output.status.code(), Some(0), "{kind}\n{}", shown(&output));
    let summary: Value = serde_json::from_slice(&output.stdout).expect("a summary");
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(stored), &json!(1)), "{kind}: {summary}");
}

/// Takes each statement back, and gives it again. A privilege that PUBLIC has anyway would show.
async fn each_is_needed(name: &str, stack: &Stack, statements: &[String], args: &[&str]) {
    for statement in statements {
        stack.execute(&revoked(statement)).await;
        let output = as_role(stack, args);
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{name} without {statement}\n{}", shown(&output));
        assert!(report.contains(statement.as_str()), "{name} without {statement}\n{report}");
        stack.execute(statement).await;
    }
}

#[tokio::test]
async fn a_run_needs_each_of_the_printed_privileges_and_no_other() {
    for (kind, tables, sql) in KINDS {
        let stack = stack_of(kind, tables, sql).await;
        create_role(&stack).await;
        let more: &[&str] = if kind == "other columns" { &["--connect"] } else { &[] };
        let statements = statements(&printed(&stack, "run", more));
        // What psql would run.
        let script = ["permissions", PIPELINE, "--role", &role(&stack), "--format", "sql"];
        let output = stack.ends_with(0, &[&script, more].concat());
        stack.execute(&String::from_utf8_lossy(&output.stdout)).await;
        each_is_needed(kind, &stack, &statements, &RUN).await;
        let check = as_role(&stack, &["validate-config", PIPELINE, "--connect"]);
        assert_eq!(check.status.code(), Some(0), "{kind}\n{}", shown(&check));
        if kind != "error" {
            works(kind, &stack).await;
        }
    }
}

#[tokio::test]
async fn a_migration_needs_each_of_the_printed_privileges_and_no_other() {
    let tables = "  shop.e: {primary_key: [id], columns: {id: bigint}, indexes: [{columns: [id]}]}\n  \
                  e: {columns: {id: bigint}}\n";
    let stack = Stack::without_queues().await;
    stack.write("schemas/e.schema.json", "{}");
    let head = "source: {queue: a, dlq: b}\nschema: ../schemas/e.schema.json\ntables:\n";
    stack.write(PIPELINE, &format!("{head}{tables}"));
    stack.execute("CREATE SCHEMA shop").await;
    create_role(&stack).await;
    let all = statements(&printed(&stack, "migrate", &[]));
    assert_eq!(all, statements(&printed(&stack, "migrate", &["--connect"])), "the schemas are there");
    stack.execute(&all.join("; ")).await;
    let needed: Vec<String> = all.iter().filter(|one| !one.contains("USAGE ON SCHEMA \"public\"")).cloned().collect();
    assert_eq!(needed.len() + 1, all.len(), "{all:?}");
    each_is_needed("up", &stack, &needed, &["migrate", "up", PIPELINE]).await;
    // Without it the role has no default schema at all.
    stack.execute(&format!("REVOKE USAGE ON SCHEMA public FROM \"{}\"", role(&stack))).await;
    let output = as_role(&stack, &["migrate", "up", PIPELINE]);
    assert!(shown(&output).contains("grant USAGE on its schema"), "{}", shown(&output));
    stack.execute(&all.join("; ")).await;
    for action in ["plan", "up", "status", "down"] {
        let output = as_role(&stack, &["migrate", action, PIPELINE]);
        assert_eq!(output.status.code(), Some(0), "{action}\n{}", shown(&output));
    }
    // One step is missing again, and the ledger is somebody else's.
    stack.execute("ALTER TABLE runner_ledger OWNER TO CURRENT_USER").await;
    stack.execute("ALTER TABLE runner_migrations OWNER TO CURRENT_USER").await;
    let all = statements(&printed(&stack, "migrate", &["--connect"]));
    assert_eq!(all.iter().filter(|one| one.contains("runner_ledger")).count(), 4, "{all:?}");
    stack.execute(&all.join("; ")).await;
    let needed: Vec<String> = all.into_iter().filter(|one| !one.contains("USAGE ON SCHEMA \"public\"")).collect();
    each_is_needed("up", &stack, &needed, &["migrate", "up", PIPELINE]).await;
    let output = as_role(&stack, &["migrate", "up", PIPELINE]);
    assert!(shown(&output).contains("1 step applied"), "{}", shown(&output));
}

/// A schema that is missing is created where the role may.
#[tokio::test]
async fn a_missing_schema_needs_a_privilege_on_the_database() {
    let stack = Stack::without_queues().await;
    stack.write("schemas/e.schema.json", "{}");
    let head = "source: {queue: a, dlq: b}\nschema: ../schemas/e.schema.json\ntables:\n";
    stack.write(PIPELINE, &format!("{head}  \"sh\\\"op.e\": {{columns: {{id: bigint}}}}\n"));
    create_role(&stack).await;
    let all = statements(&printed(&stack, "migrate", &["--connect"]));
    assert!(all[0].starts_with("GRANT CREATE ON DATABASE "), "{all:?}");
    stack.execute(&all.join("; ")).await;
    each_is_needed("up", &stack, &all[..1], &["migrate", "up", PIPELINE]).await;
    let output = as_role(&stack, &["migrate", "up", PIPELINE]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

#[tokio::test]
async fn pipelines_that_share_a_table_share_its_grants() {
    let stack = stack_of("ignore", KINDS[0].1, "").await;
    let text = std::fs::read_to_string(stack.home.path().join(PIPELINE)).expect("the file");
    let upsert = "primary_key: [id], on_conflict: update, version: k";
    stack.write("pipelines/f.yaml", &text.replace(&stack.queue, "f").replace("primary_key: [id]", upsert));
    let args = ["permissions", PIPELINE, "pipelines/f.yaml", "--role", "r", "--format", "json"];
    let grant = |what: &str| format!("GRANT {what} TO \"r\"");
    let expected = [
        grant(r#"USAGE ON SCHEMA "shop""#),
        grant(r#"INSERT ("id", "k") ON "shop"."e""#),
        grant(r#"SELECT ("id", "k") ON "shop"."e""#),
        grant(r#"UPDATE ("k") ON "shop"."e""#),
    ];
    assert_eq!(statements(&stack.json(&args)), expected);
    let nothing = stack.ends_with(0, &["permissions", PIPELINE, "--command", "dlq", "--format", "sql"]);
    assert!(shown(&nothing).contains("-- no privileges are needed"), "{}", shown(&nothing));
}
