//! `down`.

use migration::{Error, State, plan, status};
use pipeline::{Table, TableName};

use crate::database::{ONE_EVENT, down, events, fresh, index, table, up};

#[tokio::test]
async fn every_step_is_undone_in_turn() {
    let t = fresh().await;
    t.run("CREATE TABLE old (id integer, a text NOT NULL, b text)").await;
    let before = t
        .texts("SELECT attname || attnotnull FROM pg_attribute WHERE attrelid = 'old'::regclass ORDER BY attnum")
        .await;
    let old = table("old", &["id integer", "a text null", "b text", "c text"], &["id"]);
    let new = Table { indexes: vec![index(&["x"])], ..table("fresh_schema.new", &["x uuid"], &["x"]) };
    let report = up(&t.db, &[old, new]).await.unwrap();
    assert_eq!(report.applied.len(), 7);
    for step in report.applied.iter().rev() {
        let undone = down(&t.db, None, false).await.unwrap().unwrap();
        assert_eq!(undone.summary, step.summary);
    }
    assert_eq!(down(&t.db, None, false).await.unwrap(), None);
    let after = t.texts("SELECT attname || attnotnull FROM pg_attribute WHERE attrelid = 'old'::regclass AND NOT attisdropped ORDER BY attnum").await;
    // Dropping a primary key leaves NOT NULL on its columns, in PostgreSQL 15 as in 18.
    assert_eq!(after, before.iter().map(|c| c.replace("idfalse", "idtrue")).collect::<Vec<_>>());
    assert_eq!(t.texts("SELECT nspname::text FROM pg_namespace WHERE nspname = 'fresh_schema'").await, [""; 0]);
    assert_eq!(t.texts("SELECT count(*)::text FROM runner_ledger WHERE undone_at IS NOT NULL").await, ["7"]);
}

#[tokio::test]
async fn nothing_was_ever_applied() {
    let t = fresh().await;
    let before = t.catalog().await;
    assert_eq!(down(&t.db, None, true).await.unwrap(), None);
    assert_eq!(t.catalog().await, before);
}

#[tokio::test]
async fn rows_are_not_lost_unless_allowed() {
    let t = fresh().await;
    let events = Table { indexes: Vec::new(), ..events() };
    up(&t.db, std::slice::from_ref(&events)).await.unwrap();
    t.run(ONE_EVENT).await;
    let error = down(&t.db, None, false).await.unwrap_err();
    assert!(matches!(error, Error::DataLoss { .. }));
    assert_eq!(
        error.to_string(),
        "undoing `create table events` would lose the rows of table public.events; allow it with --allow-data-loss"
    );
    assert_eq!(t.texts("SELECT count(*)::text FROM events").await, ["1"]);
    assert_eq!(status(&t.db, std::slice::from_ref(&events)).await.unwrap().tables[0].state, State::UpToDate);
    assert_eq!(down(&t.db, None, true).await.unwrap().unwrap().summary, "create table events");
    assert_eq!(plan(&t.db, &[events]).await.unwrap().steps.len(), 1);
}

#[tokio::test]
async fn values_are_not_lost_unless_allowed() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY)").await;
    let wider = table("t", &["id integer", "note text null"], &["id"]);
    up(&t.db, &[wider]).await.unwrap();
    t.run("INSERT INTO t VALUES (1, NULL), (2, 'kept')").await;
    let error = down(&t.db, None, false).await.unwrap_err().to_string();
    assert!(error.contains("the values of column note of table public.t"), "{error}");
    t.run("DELETE FROM t WHERE note IS NOT NULL").await;
    // Rows without a value in it lose nothing.
    assert!(down(&t.db, None, false).await.unwrap().is_some());
    assert_eq!(t.texts("SELECT count(*)::text FROM t").await, ["1"]);
}

#[tokio::test]
async fn row_level_security_hides_no_row_from_the_check() {
    let t = fresh().await;
    let owner = t.as_role("rls_owner").await;
    t.run("GRANT CREATE ON SCHEMA public TO rls_owner").await;
    let declared = [table("t", &["id integer"], &["id"])];
    up(&owner, &declared).await.unwrap();
    t.run("INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY").await;
    let error = down(&owner, None, false).await.unwrap_err();
    assert!(matches!(error, Error::PermissionDenied { .. }), "{error:?}");
    assert_eq!(t.texts("SELECT count(*)::text FROM t").await, ["1"]);
}

#[tokio::test]
async fn what_was_dropped_by_hand_is_undone_without_complaint() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    t.run("DROP TABLE events").await;
    for _ in 0..3 {
        assert!(down(&t.db, None, false).await.unwrap().is_some());
    }
    assert_eq!(down(&t.db, None, false).await.unwrap(), None);
}

#[tokio::test]
async fn an_undo_that_fails_changes_nothing() {
    let t = fresh().await;
    let events = Table { indexes: Vec::new(), ..events() };
    up(&t.db, std::slice::from_ref(&events)).await.unwrap();
    t.run("CREATE VIEW uses AS SELECT * FROM events").await;
    let error = down(&t.db, None, false).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("view uses depends on"), "{source}");
    assert_eq!(status(&t.db, &[events]).await.unwrap().applied.len(), 1);
}

#[tokio::test]
async fn only_the_named_tables_are_looked_at() {
    let t = fresh().await;
    let [one, two] = ["one", "two"].map(|name| table(name, &["id integer"], &["id"]));
    up(&t.db, &[one.clone(), two]).await.unwrap();
    let qualified = Table { name: TableName { schema: Some("public".into()), ..one.name.clone() }, ..one };
    let only = [qualified];
    assert_eq!(down(&t.db, Some(&only), false).await.unwrap().unwrap().summary, "create table one");
    assert_eq!(down(&t.db, Some(&only), false).await.unwrap(), None);
    assert_eq!(down(&t.db, None, false).await.unwrap().unwrap().summary, "create table two");
}
