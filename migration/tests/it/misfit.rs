//! What keeps a run from writing.

use pipeline::{OnConflict, Table, Target, WhenNull};

use crate::database::{TestDb, events, fit, fresh, table, up};

async fn found(t: &TestDb, table: Table) -> Vec<String> {
    let all = fit(&t.db, &[table]).await.unwrap().misfits;
    assert!(all.iter().all(|misfit| !misfit.fix.is_empty() && misfit.declared_in.ends_with("test.yaml")));
    all.iter().map(|misfit| format!("{}: {}", misfit.column.as_deref().unwrap_or("-"), misfit.problem)).collect()
}

#[tokio::test]
async fn a_migrated_table_fits() {
    let t = fresh().await;
    assert_eq!(found(&t, events()).await, ["-: it does not exist"]);
    up(&t.db, &[events()]).await.unwrap();
    assert_eq!(found(&t, events()).await, [""; 0]);
}

#[tokio::test]
async fn everything_wrong_is_told_at_once() {
    let t = fresh().await;
    t.run(
        "CREATE TABLE events (event_id date, client_id text NOT NULL, event_type text NOT NULL,
            payload jsonb GENERATED ALWAYS AS ('{}') STORED, must text NOT NULL)",
    )
    .await;
    let mut declared = events();
    declared.columns[1].when_null = WhenNull::Store;
    let expected = [
        "event_id: column event_id is date, declared uuid: PostgreSQL assigns no uuid to date",
        "client_id: column client_id is NOT NULL, declared null",
        "timestamp: it has no column timestamp",
        "payload: column payload is generated and accepts no value",
        "must: column must is NOT NULL without a default, and not declared",
        "-: it has no primary key, declared (event_id)",
    ];
    assert_eq!(found(&t, declared).await, expected);
}

async fn fixes(t: &TestDb, table: Table) -> Vec<String> {
    fit(&t.db, &[table]).await.unwrap().misfits.into_iter().map(|misfit| misfit.fix).collect()
}

#[tokio::test]
async fn the_fix_is_what_migrate_would_do() {
    const UP: &str = "run `runner migrate up pipelines/test.yaml`";
    const PLAN: &str = "run `runner migrate plan pipelines/test.yaml`, which prints the SQL to run by hand";
    let t = fresh().await;
    let declared = || table("t", &["id integer", "n bigint"], &["id"]);
    assert_eq!(fixes(&t, declared()).await, [UP]);
    t.run("CREATE TABLE t (id integer PRIMARY KEY)").await;
    assert_eq!(fixes(&t, declared()).await, [UP]);
    t.run("INSERT INTO t VALUES (1)").await;
    assert_eq!(fixes(&t, declared()).await, [PLAN]);
    t.run("ALTER TABLE t ADD COLUMN n date").await;
    assert_eq!(fixes(&t, declared()).await, [PLAN]);
    // A column that could be added, held back by one whose type changed.
    let wider = table("t", &["id integer", "n bigint null", "more text null"], &["id"]);
    assert_eq!(fixes(&t, wider).await, [PLAN, PLAN]);
}

#[tokio::test]
async fn what_keeps_no_row_out_is_no_misfit() {
    let t = fresh().await;
    // No index, a column too many, and null allowed where the file does not.
    t.run("CREATE TABLE events (event_id uuid PRIMARY KEY, client_id text, event_type text, timestamp timestamptz, payload jsonb, extra text)").await;
    assert_eq!(found(&t, events()).await, [""; 0]);
}

#[tokio::test]
async fn another_key_a_view_and_a_missing_schema() {
    let t = fresh().await;
    t.run("CREATE TABLE t (a uuid PRIMARY KEY, b uuid NOT NULL); CREATE VIEW v AS SELECT 1").await;
    assert_eq!(
        found(&t, table("t", &["a uuid", "b uuid"], &["b"])).await,
        ["-: its primary key is (a), and no unique index is on (b)"]
    );
    assert_eq!(found(&t, table("v", &["a uuid"], &[])).await, ["-: it is a view that takes no inserts by itself"]);
    assert_eq!(found(&t, table("nowhere.t", &["a uuid"], &[])).await, ["-: it does not exist"]);
}

#[tokio::test]
async fn missing_privileges() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    let writer = t.as_role("misfit_writer").await;
    let all = fit(&writer, &[events()]).await.unwrap().misfits;
    let columns = "(event_id, client_id, event_type, timestamp, payload)";
    assert_eq!(
        all[0].to_string(),
        format!(
            "table events does not fit: this role does not have INSERT {columns} on table public.events, \
             SELECT {columns} on table public.events"
        )
    );
    let all_columns = r#"("event_id", "client_id", "event_type", "timestamp", "payload")"#;
    let grant = |privilege| format!(r#"GRANT {privilege} {all_columns} ON "public"."events" TO "misfit_writer""#);
    let (insert, select) = (grant("INSERT"), grant("SELECT"));
    assert_eq!(all[0].fix, format!("run {insert}; {select}"));
    t.run(&format!("{insert}; {select}")).await;
    assert!(fit(&writer, &[events()]).await.unwrap().misfits.is_empty());
    t.run(r#"REVOKE SELECT ("payload") ON events FROM misfit_writer"#).await;
    let all = fit(&writer, &[events()]).await.unwrap().misfits;
    assert_eq!(all[0].problem, "this role does not have SELECT (payload) on table public.events");
}

/// What only the live table shows: the sequence of a column that no file declares, the schema of a type, an update.
#[tokio::test]
async fn privileges_beyond_the_table() {
    let t = fresh().await;
    t.run(
        "CREATE SCHEMA kinds; CREATE TYPE kinds.mood AS ENUM ('sad');
         CREATE TABLE t (n serial, a text PRIMARY KEY, m kinds.mood, i bigint GENERATED ALWAYS AS IDENTITY)",
    )
    .await;
    let writer = t.as_role("misfit_updater").await;
    let table = table("t", &["a text", "m text null"], &["a"]);
    let target = Target { table, on_conflict: OnConflict::Update, version: None };
    let grants = migration::needed_to_write(&t.db, std::slice::from_ref(&target)).await.unwrap();
    let statements: Vec<String> = grants.iter().map(|grant| grant.statement("misfit_updater")).collect();
    assert_eq!(
        statements,
        [
            r#"GRANT USAGE ON SCHEMA "public" TO "misfit_updater""#,
            r#"GRANT INSERT ("a", "m") ON "public"."t" TO "misfit_updater""#,
            r#"GRANT SELECT ("a", "m") ON "public"."t" TO "misfit_updater""#,
            r#"GRANT UPDATE ("m") ON "public"."t" TO "misfit_updater""#,
            r#"GRANT USAGE ON SEQUENCE "public"."t_n_seq" TO "misfit_updater""#,
            r#"GRANT USAGE ON SCHEMA "kinds" TO "misfit_updater""#,
        ]
    );
    t.run("REVOKE USAGE ON SCHEMA public FROM PUBLIC").await;
    t.run(&statements.join("; ")).await;
    let problems = async || -> Vec<String> {
        let fit = migration::fit(&writer, std::slice::from_ref(&target)).await.unwrap();
        fit.misfits.into_iter().map(|misfit| misfit.problem).collect()
    };
    assert_eq!(problems().await, [""; 0]);
    for (grant, statement) in grants.iter().zip(&statements).skip(1) {
        t.run(&statement.replacen("GRANT", "REVOKE", 1).replacen(" TO ", " FROM ", 1)).await;
        assert_eq!(problems().await, [format!("this role does not have {grant}")]);
        t.run(statement).await;
    }
}
