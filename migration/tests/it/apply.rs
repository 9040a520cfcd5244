//! Every step, as PostgreSQL takes it.

use migration::{Action, State, plan, status};
use pipeline::{Index, IndexMethod, Table};

use crate::database::{ONE_EVENT, TestDb, events, fresh, index, table, up};

/// Applies, and checks that a second time finds nothing to do.
async fn applied(t: &TestDb, tables: &[Table]) -> Vec<Action> {
    let report = up(&t.db, tables).await.unwrap();
    assert_eq!(report.refusals, []);
    assert!(plan(&t.db, tables).await.unwrap().is_empty());
    let again = up(&t.db, tables).await.unwrap();
    assert!(again.applied.is_empty() && again.refusals.is_empty());
    report.applied.iter().map(|step| step.action).collect()
}

#[tokio::test]
async fn a_new_database_gets_tables_indexes_and_a_ledger() {
    let t = fresh().await;
    let actions = applied(&t, &[events()]).await;
    assert_eq!(actions, [Action::CreateTable, Action::CreateIndex, Action::CreateIndex]);
    t.run(ONE_EVENT).await;
    let recorded = t
        .texts(
            "SELECT concat_ws('|', id, action, schema_name, table_name, object, loses, declared_in, runner_version,
                applied_at > now() - interval '1 minute', undone_at) FROM runner_ledger ORDER BY id",
        )
        .await;
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        recorded,
        [
            format!("1|create_table|public|events|rows|pipelines/test.yaml|{version}|t"),
            format!("2|create_index|public|events|events__client_id__idx|nothing|pipelines/test.yaml|{version}|t"),
            format!("3|create_index|public|events|events__event_type__idx|nothing|pipelines/test.yaml|{version}|t"),
        ]
    );
    assert_eq!(t.texts("SELECT version::text FROM runner_migrations").await, ["m0001_create_ledger"]);
}

#[tokio::test]
async fn plan_runs_nothing() {
    let t = fresh().await;
    t.run("CREATE TABLE other (x int); CREATE TABLE events (event_id uuid PRIMARY KEY)").await;
    let before = t.catalog().await;
    let tables = [events(), table("new_schema.x", &["a text"], &[])];
    let planned = plan(&t.db, &tables).await.unwrap();
    assert_eq!(planned.steps.len(), 8);
    status(&t.db, &tables).await.unwrap();
    crate::database::fit(&t.db, &tables).await.unwrap();
    assert_eq!(t.catalog().await, before);
}

#[tokio::test]
async fn what_is_planned_is_what_is_applied() {
    let t = fresh().await;
    let planned = plan(&t.db, &[events()]).await.unwrap();
    let report = up(&t.db, &[events()]).await.unwrap();
    assert_eq!(planned.steps, report.applied);
}

#[tokio::test]
async fn a_missing_schema_is_created_once() {
    let t = fresh().await;
    let tables = [table("billing.invoices", &["id uuid"], &["id"]), table("billing.payments", &["id uuid"], &["id"])];
    let actions = applied(&t, &tables).await;
    assert_eq!(actions, [Action::CreateSchema, Action::CreateTable, Action::CreateTable]);
    t.run("INSERT INTO billing.payments VALUES (gen_random_uuid())").await;
}

#[tokio::test]
async fn a_nullable_column_is_added_beside_rows() {
    let t = fresh().await;
    up(&t.db, &[table("t", &["id integer"], &["id"])]).await.unwrap();
    t.run("INSERT INTO t VALUES (1)").await;
    let wider = table("t", &["id integer", "note text null"], &["id"]);
    assert_eq!(applied(&t, &[wider]).await, [Action::AddColumn]);
    assert_eq!(t.texts("SELECT coalesce(note, 'null') FROM t").await, ["null"]);
}

#[tokio::test]
async fn an_empty_table_takes_a_required_column_a_key_and_not_null() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer, a text)").await;
    let declared = table("t", &["id integer", "a text", "b text"], &["id"]);
    let actions = applied(&t, &[declared]).await;
    assert_eq!(actions, [Action::SetNotNull, Action::AddColumn, Action::AddPrimaryKey]);
    let not_null = t
        .texts("SELECT attname::text FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 AND attnotnull ORDER BY attnum")
        .await;
    assert_eq!(not_null, ["id", "a", "b"]);
}

#[tokio::test]
async fn declaring_null_widens_the_column() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, a text NOT NULL); INSERT INTO t VALUES (1, 'a')").await;
    assert_eq!(applied(&t, &[table("t", &["id integer", "a text null"], &["id"])]).await, [Action::DropNotNull]);
    t.run("INSERT INTO t VALUES (2, NULL)").await;
}

/// All five methods, unique and partial, on a table with and without rows.
#[tokio::test]
async fn every_kind_of_index_is_built() {
    for rows in [0, 100] {
        let t = fresh().await;
        let columns = ["id integer", "a text", "doc jsonb", "at timestamptz", "ip inet"];
        let mut declared = table("t", &columns, &["id"]);
        up(&t.db, std::slice::from_ref(&declared)).await.unwrap();
        t.run(&format!("INSERT INTO t SELECT n, n::text, '{{}}', now(), '::1' FROM generate_series(1, {rows}) n"))
            .await;
        let using = |method, columns: &[&str]| Index { using: method, ..index(columns) };
        declared.indexes = vec![
            index(&["a", "at"]),
            using(IndexMethod::Hash, &["a"]),
            using(IndexMethod::Gin, &["doc"]),
            using(IndexMethod::Brin, &["at"]),
            Index { unique: true, ..index(&["a"]) },
            Index { predicate: Some("doc ? 'x' AND a <> 'a''b'".into()), ..index(&["at"]) },
            Index { predicate: Some("doc ? 'y'".into()), ..index(&["at"]) },
        ];
        let planned = plan(&t.db, std::slice::from_ref(&declared)).await.unwrap();
        assert!(planned.steps.iter().all(|step| step.in_transaction == (rows == 0)));
        assert!(planned.steps.iter().all(|step| step.sql[0].contains("CONCURRENTLY") == (rows > 0)));
        assert_eq!(applied(&t, &[declared]).await, [Action::CreateIndex; 7]);
        let invalid = t.texts("SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid").await;
        assert_eq!(invalid, [""; 0]);
    }
}

#[tokio::test]
async fn gist_is_built_where_the_type_has_an_operator_class() {
    let t = fresh().await;
    t.run("CREATE TABLE t (id integer PRIMARY KEY, span int4range)").await;
    // No declared type has a default GiST operator class, so PostgreSQL's own answer is what the user reads.
    let gist = Index { using: IndexMethod::Gist, ..index(&["id"]) };
    let declared = Table { indexes: vec![gist], ..table("t", &["id integer"], &["id"]) };
    let error = up(&t.db, &[declared]).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("no default operator class") && source.contains("42704"), "{source}");
}

#[tokio::test]
async fn an_equal_index_made_by_hand_serves() {
    let t = fresh().await;
    let plain = Table { indexes: Vec::new(), ..events() };
    up(&t.db, &[plain]).await.unwrap();
    t.run("CREATE INDEX by_hand ON events (client_id); CREATE INDEX other_order ON events (event_type DESC)").await;
    let report = up(&t.db, &[events()]).await.unwrap();
    let made: Vec<_> = report.applied.iter().filter_map(|step| step.object.as_deref()).collect();
    assert_eq!(made, ["events__event_type__idx"]);
}

#[tokio::test]
async fn two_files_may_declare_one_table() {
    let t = fresh().await;
    let mut one = table("t", &["id uuid", "a text null"], &["id"]);
    let mut two = table("public.t", &["id uuid", "b text null"], &["id"]);
    one.indexes = vec![index(&["a"])];
    two.indexes = vec![index(&["b"])];
    two.declared_in = "pipelines/two.yaml".into();
    let report = up(&t.db, &[one.clone(), two.clone()]).await.unwrap();
    let from: Vec<_> = report.applied.iter().map(|step| step.declared_in.to_str().unwrap()).collect();
    assert_eq!(from, ["pipelines/test.yaml", "pipelines/test.yaml", "pipelines/two.yaml"]);
    assert!(plan(&t.db, &[two.clone(), one.clone()]).await.unwrap().is_empty());

    two.columns[0].ty = "text".parse().unwrap();
    let error = plan(&t.db, &[one, two]).await.unwrap_err().to_string();
    assert!(error.contains("id is uuid and text") && error.contains("pipelines/two.yaml"), "{error}");
}

#[tokio::test]
async fn status_tells_each_table_its_undeclared_columns_and_the_ledger() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    t.run("ALTER TABLE events ADD COLUMN extra text; CREATE TABLE odd (id date PRIMARY KEY)").await;
    let tables = [events(), table("odd", &["id uuid"], &["id"]), table("new", &["id uuid"], &["id"])];
    let found = status(&t.db, &tables).await.unwrap();
    let states: Vec<State> = found.tables.iter().map(|table| table.state).collect();
    assert_eq!(states, [State::UpToDate, State::Refused, State::Pending]);
    assert_eq!(found.tables[0].undeclared, ["extra"]);
    assert_eq!(found.applied.len(), 3);
    assert!(found.applied[0].applied_at.ends_with('Z'));
}

#[tokio::test]
async fn a_role_that_may_only_read_finds_nothing_to_do() {
    let t = fresh().await;
    up(&t.db, &[events()]).await.unwrap();
    let reader = t.as_role("reader").await;
    t.run("GRANT SELECT ON events TO reader").await;
    assert!(up(&reader, &[events()]).await.unwrap().applied.is_empty());
}
