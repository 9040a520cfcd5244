//! What a migration won't do: the reason, the SQL to run by hand, and that this SQL works.

use migration::{Action, plan};
use pipeline::{Index, Table};

use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::database::{ONE_EVENT, TestDb, events, fresh, index, table, up};

/// One refusal, whose reason holds `reason`; nothing is applied; after the SQL by hand nothing is left to do.
async fn refused(t: &TestDb, tables: &[Table], reason: &str) {
    let before = t.catalog().await;
    let report = up(&t.db, tables).await.unwrap();
    let [refusal] = report.refusals.as_slice() else { panic!("{report:#?}") };
    assert!(refusal.reason.contains(reason), "{}", refusal.reason);
    assert!(report.applied.is_empty());
    assert_eq!(t.catalog().await, before, "a refused migration changed something");
    for sql in &refusal.by_hand {
        t.run(&sql.replace("/* a value */", "'7'")).await;
    }
    if !refusal.by_hand.is_empty() {
        let rest = up(&t.db, tables).await.unwrap();
        assert_eq!(rest.refusals, []);
        assert!(plan(&t.db, tables).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_changed_type() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, n bigint); INSERT INTO t VALUES (1, 5)").await;
    let declared = table("t", &["id integer", "n text null"], &["id"]);
    refused(&t, &[declared], "column n is bigint, declared text: declare it bigint").await;
    assert_eq!(t.texts("SELECT n::text FROM t").await, ["5"]);
}

#[tokio::test]
async fn one_refusal_holds_back_every_step() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, n bigint)").await;
    let declared = table("t", &["id integer", "n text null"], &["id"]);
    refused(&t, &[events(), declared], "declared text").await;
}

#[tokio::test]
async fn a_required_column_beside_rows() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    refused(&t, &[table("t", &["id integer", "n bigint"], &["id"])], "NOT NULL while the table has rows").await;
}

#[tokio::test]
async fn set_not_null_beside_rows() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, n bigint); INSERT INTO t VALUES (1)").await;
    refused(&t, &[table("t", &["id integer", "n bigint"], &["id"])], "declared NOT NULL").await;
}

#[tokio::test]
async fn an_undeclared_required_column() {
    let t = fresh().await;
    t.run(
        "CREATE DOMAIN counted AS integer DEFAULT 0;
         CREATE TABLE t (id integer PRIMARY KEY, must text NOT NULL, fine text NOT NULL DEFAULT '', free text,
            serial integer GENERATED ALWAYS AS IDENTITY, twice integer NOT NULL GENERATED ALWAYS AS (id * 2) STORED,
            domain counted NOT NULL)",
    )
    .await;
    refused(&t, &[table("t", &["id integer"], &["id"])], "column must is NOT NULL without a default").await;
    t.run("INSERT INTO t (id) VALUES (1)").await;
}

#[tokio::test]
async fn a_changed_primary_key() {
    let t = fresh().await;
    t.run("CREATE TABLE t (a integer NOT NULL, b integer NOT NULL, CONSTRAINT \"Old Key\" PRIMARY KEY (a))").await;
    let declared = table("t", &["a integer", "b integer"], &["b", "a"]);
    refused(&t, std::slice::from_ref(&declared), "its primary key is (a), declared (b, a)").await;
    // The order of a key's columns does not change what ON CONFLICT matches.
    let reordered = table("t", &["a integer", "b integer"], &["a", "b"]);
    assert!(plan(&t.db, &[reordered]).await.unwrap().is_empty());
    refused(&t, &[table("t", &["a integer", "b integer"], &[])], "none is declared").await;
}

#[tokio::test]
async fn a_primary_key_for_a_table_with_rows() {
    let t = fresh().await;
    t.run("CREATE TABLE t (a integer); INSERT INTO t VALUES (1)").await;
    refused(&t, &[table("t", &["a integer"], &["a"])], "several rows may have the same (a)").await;
}

#[tokio::test]
async fn a_generated_column() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, n integer GENERATED ALWAYS AS (id * 2) STORED)").await;
    refused(&t, &[table("t", &["id integer", "n integer null"], &["id"])], "accepts no value").await;
}

#[tokio::test]
async fn a_view_in_place_of_the_table() {
    let t = fresh().await;
    t.run("CREATE VIEW t AS SELECT 1 AS id; CREATE MATERIALIZED VIEW m AS SELECT 1 AS id; CREATE SEQUENCE s").await;
    for (name, what) in [("t", "is a view"), ("m", "is a materialized view"), ("s", "is a sequence")] {
        refused(&t, &[table(name, &["id integer"], &["id"])], what).await;
    }
}

#[tokio::test]
async fn an_index_of_our_name_that_is_something_else() {
    let t = fresh().await;
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    t.run("CREATE INDEX events__client_id__idx ON events (event_type)").await;
    refused(&t, &[Table { indexes: vec![index(&["client_id"])], ..events() }], "is defined differently").await;

    t.run("DROP TABLE events; CREATE TABLE events__event_type__idx (x int)").await;
    refused(&t, &[Table { indexes: vec![index(&["event_type"])], ..events() }], "used by another relation").await;
    t.run("CREATE TABLE events (event_id uuid PRIMARY KEY)").await;
    refused(&t, &[Table { indexes: vec![index(&["event_type"])], ..events() }], "used by another relation").await;
}

#[tokio::test]
async fn an_index_on_a_partitioned_table_with_rows() {
    let t = fresh().await;
    t.run(
        "CREATE TABLE t (id integer PRIMARY KEY, a text) PARTITION BY RANGE (id);
         CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (100); INSERT INTO t VALUES (1, 'a')",
    )
    .await;
    let declared = Table { indexes: vec![index(&["a"])], ..table("t", &["id integer", "a text null"], &["id"]) };
    refused(&t, &[declared], "on a partitioned table").await;
}

#[tokio::test]
async fn a_table_of_another_owner() {
    let t = fresh().await;
    let guest = t.as_role("owners_guest").await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY); GRANT ALL ON t TO owners_guest").await;
    let report = up(&guest, &[table("t", &["id integer", "n text null"], &["id"])]).await.unwrap();
    let reason = &report.refusals[0].reason;
    assert!(reason.contains("belongs to role runner"), "{reason}");
    assert_eq!(report.refusals[0].by_hand, [r#"ALTER TABLE "public"."t" ADD COLUMN "n" text"#]);
}

#[tokio::test]
async fn an_invalid_index_is_rebuilt() {
    let t = fresh().await;
    let unique = Index { unique: true, ..index(&["client_id"]) };
    let declared = [Table { indexes: vec![unique], ..events() }];
    up(&t.db, &[Table { indexes: Vec::new(), ..events() }]).await.unwrap();
    t.run(ONE_EVENT).await;
    t.run(ONE_EVENT).await;
    let build = "CREATE UNIQUE INDEX CONCURRENTLY events__client_id__key ON events (client_id)";
    // As a broken build leaves it, here because client_id is not unique.
    assert!(t.db.execute_unprepared(build).await.is_err());
    t.run("UPDATE events SET client_id = event_id::text").await;
    let rebuilt = up(&t.db, &declared).await.unwrap().applied;
    assert_eq!((rebuilt[0].action, rebuilt[0].sql.len(), rebuilt[0].in_transaction), (Action::RebuildIndex, 2, false));
    assert!(plan(&t.db, &declared).await.unwrap().is_empty());

    t.run("DROP INDEX events__client_id__key; UPDATE events SET client_id = 'same'").await;
    assert!(t.db.execute_unprepared(build).await.is_err());
    t.run("TRUNCATE events").await;
    let rebuilt = up(&t.db, &declared).await.unwrap().applied;
    assert_eq!((rebuilt[0].action, rebuilt[0].in_transaction), (Action::RebuildIndex, true));
    assert!(plan(&t.db, &declared).await.unwrap().is_empty());
}
