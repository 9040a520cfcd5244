//! Faults that come and go, or that hit some rows only: nothing is dead-lettered that is stored in the end.

use serde_json::json;

use crate::refusals::{ONE_TABLE, event, ready, run};
use crate::setups::{add_to_source, send};

/// Every fifth statement is slower than the server allows, whatever its rows are.
#[tokio::test]
async fn every_fifth_statement_is_too_slow() {
    let stack = ready(ONE_TABLE).await;
    add_to_source(&stack, &["batch: 20"]);
    stack
        .execute(
            "CREATE SEQUENCE statements; \
             CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('statements') % 5 = 0 THEN PERFORM pg_sleep(10); END IF; RETURN NULL; END $$; \
             CREATE TRIGGER t BEFORE INSERT ON e EXECUTE FUNCTION f(); \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET statement_timeout = 300', current_database()); END $$",
        )
        .await;
    send(&stack, 0..400).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(400), &json!(0)), "{summary}");
}

/// The pipeline file declares the child's table before its parent's: the parent's rows are written first all the same.
#[tokio::test]
async fn a_child_table_may_be_declared_before_its_parent() {
    let tables = "  child: {primary_key: [id], columns: {id: bigint, k: bigint}}\n  \
                  e: {primary_key: [id], columns: {id: bigint}}\n";
    let stack = ready(tables).await;
    stack.execute("ALTER TABLE child ADD FOREIGN KEY (id) REFERENCES e (id)").await;
    stack.send(&stack.queue, &(0..50).map(|id| event(id, 1)).collect::<Vec<_>>()).await;
    let summary = run(&stack).await;
    assert_eq!((&summary["stored"], &summary["dead_lettered"]), (&json!(50), &json!(0)), "{summary}");
    assert_eq!((stack.count("child").await, stack.count("e").await), (50, 50));
}
