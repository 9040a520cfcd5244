//! Names that need quotes, and SQL that tries to get out of its place.

use migration::plan;
use pipeline::{Column, Index, Table, TableName, WhenNull};

use crate::database::{TestDb, down, fit, fresh, index, table, up};

const AWKWARD: [&str; 9] = ["select", "Order", "with space", "quo\"te", "semi;colon", "it's", "ümläut", "$1", "a.b?"];

fn awkward_table(schema: &str, name: &str) -> Table {
    let column = |name: &str| Column { name: name.into(), ty: "text".parse().unwrap(), when_null: WhenNull::Reject };
    Table {
        name: TableName { schema: Some(schema.into()), name: name.into() },
        columns: AWKWARD.iter().map(|name| column(name)).collect(),
        primary_key: AWKWARD[..2].iter().map(ToString::to_string).collect(),
        indexes: AWKWARD.iter().map(|name| index(&[*name])).collect(),
        declared_in: "pipelines/it's \"odd\".yaml".into(),
    }
}

async fn there_and_back(t: &TestDb, table: Table) {
    let tables = [table];
    let steps = up(&t.db, &tables).await.unwrap().applied.len();
    assert!(plan(&t.db, &tables).await.unwrap().is_empty());
    assert!(fit(&t.db, &tables).await.unwrap().misfits.is_empty());
    for _ in 0..steps {
        down(&t.db, None, false).await.unwrap().unwrap();
    }
    assert_eq!(plan(&t.db, &tables).await.unwrap().steps.len(), steps);
}

#[tokio::test]
async fn awkward_names_go_there_and_back() {
    let t = fresh().await;
    for name in AWKWARD {
        there_and_back(&t, awkward_table(name, name)).await;
    }
}

#[tokio::test]
async fn awkward_names_work_concurrently_too() {
    let t = fresh().await;
    let full = awkward_table("public", "quo\"te");
    up(&t.db, &[Table { indexes: Vec::new(), ..full.clone() }]).await.unwrap();
    t.run("INSERT INTO \"quo\"\"te\" VALUES ('1','2','3','4','5','6','7','8','9')").await;
    let report = up(&t.db, std::slice::from_ref(&full)).await.unwrap();
    assert!(report.applied.iter().all(|step| !step.in_transaction));
    assert!(plan(&t.db, &[full]).await.unwrap().is_empty());
}

#[tokio::test]
async fn names_of_63_bytes_go_there_and_back() {
    let t = fresh().await;
    let long = "x".repeat(63);
    let two_bytes = "é".repeat(31);
    for name in [&long, &two_bytes] {
        let mut declared = table(name, &[], &[]);
        for column in [&long, &two_bytes] {
            declared.columns.push(Column {
                name: column.clone(),
                ty: "text".parse().unwrap(),
                when_null: WhenNull::Store,
            });
            declared.indexes.push(index(&[column]));
            declared.indexes.push(Index { unique: true, ..index(&[column]) });
        }
        there_and_back(&t, declared).await;
    }
    let error = plan(&t.db, &[table(&"x".repeat(64), &["a text"], &[])]).await.unwrap_err().to_string();
    assert!(error.contains("64 bytes long; PostgreSQL allows 63"), "{error}");
}

#[tokio::test]
async fn a_predicate_carries_no_second_statement() {
    let t = fresh().await;
    t.run("CREATE TABLE precious (x int); CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)").await;
    for rows in [true, false] {
        if !rows {
            t.run("DELETE FROM t").await;
        }
        for predicate in
            ["id > 0; DROP TABLE precious", "id > 0; DROP TABLE precious; --", "id > 0); DROP TABLE precious; --"]
        {
            let evil = Index { predicate: Some(predicate.into()), ..index(&["id"]) };
            let declared = Table { indexes: vec![evil], ..table("t", &["id integer"], &["id"]) };
            up(&t.db, &[declared]).await.unwrap_err();
        }
    }
    assert_eq!(t.texts("SELECT to_regclass('precious')::text").await, ["precious"]);
    assert_eq!(t.texts("SELECT count(*)::text FROM pg_index WHERE NOT indisvalid").await, ["0"]);
    assert_eq!(t.texts("SELECT count(*)::text FROM runner_ledger").await, ["0"]);
}

#[tokio::test]
async fn unqualified_names_follow_the_search_path() {
    let t = fresh().await;
    t.run("CREATE SCHEMA mine").await;
    let options = sea_orm_migration::sea_orm::ConnectOptions::new(&t.url).set_schema_search_path("mine").to_owned();
    let db = sea_orm_migration::sea_orm::Database::connect(options).await.unwrap();
    let declared = [table("t", &["id integer"], &["id"])];
    let report = up(&db, &declared).await.unwrap();
    assert!(report.applied[0].sql[0].starts_with(r#"CREATE TABLE "mine"."t""#));
    assert_eq!(t.texts("SELECT schemaname::text FROM pg_tables WHERE tablename = 'runner_ledger'").await, ["mine"]);
    assert!(plan(&db, &declared).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_ledgers_own_names_are_reserved() {
    let t = fresh().await;
    let error = plan(&t.db, &[table("runner_ledger", &["x text"], &[])]).await.unwrap_err().to_string();
    assert!(error.contains("migration ledger"), "{error}");
}
