//! A database per test, and short words for what tests declare.

use std::sync::OnceLock;

use devstack::postgres::{Postgres, PostgresOptions};
use migration::{Entry, Error, Fit, LOCK_TIMEOUT, Report};
use pipeline::{Column, Index, IndexMethod, OnConflict, Table, TableName, Target, WhenNull};
use sea_orm_migration::sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

pub(crate) struct TestDb {
    pub(crate) db: DatabaseConnection,
    pub(crate) url: String,
}

static SERVER: OnceLock<Postgres> = OnceLock::new();

/// One server per test process; the first test starts it.
pub(crate) async fn fresh() -> TestDb {
    let new_database = || {
        let start = || Postgres::start(&PostgresOptions::default()).expect("a private PostgreSQL");
        SERVER.get_or_init(start).new_database().expect("a database")
    };
    let url = tokio::task::spawn_blocking(new_database).await.unwrap();
    TestDb { db: Database::connect(&url).await.unwrap(), url }
}

impl TestDb {
    pub(crate) async fn run(&self, sql: &str) {
        self.db.execute_unprepared(sql).await.unwrap();
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&self, sql: &str) -> Vec<String> {
        let statement = Statement::from_string(DbBackend::Postgres, sql);
        let rows = self.db.query_all_raw(statement).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// A second connection, by a new role without privileges. Roles belong to the whole server: `name` must be its own.
    pub(crate) async fn as_role(&self, name: &str) -> DatabaseConnection {
        self.run(&format!("CREATE ROLE {name} LOGIN PASSWORD 'secret'")).await;
        let (_, host) = self.url.split_once('@').unwrap();
        Database::connect(format!("postgres://{name}:secret@{host}")).await.unwrap()
    }

    /// Everything the catalog knows of relations, columns, constraints and indexes outside the system schemas.
    pub(crate) async fn catalog(&self) -> Vec<String> {
        self.texts(
            "SELECT concat_ws(' ', n.nspname, c.oid, c.relname, c.relkind, c.xmin, a.attname, a.attnotnull, a.xmin)
             FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid LEFT JOIN pg_attribute a ON a.attrelid = c.oid
             WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1",
        )
        .await
    }
}

pub(crate) async fn up(db: &DatabaseConnection, tables: &[Table]) -> Result<Report, Error> {
    migration::up(db, tables, LOCK_TIMEOUT).await
}

pub(crate) async fn down(
    db: &DatabaseConnection,
    only: Option<&[Table]>,
    allow_data_loss: bool,
) -> Result<Option<Entry>, Error> {
    migration::down(db, only, allow_data_loss, LOCK_TIMEOUT).await
}

/// `table("t", &["id uuid", "note text null"], &["id"])`
pub(crate) fn table(name: &str, columns: &[&str], primary_key: &[&str]) -> Table {
    Table {
        name: table_name(name),
        columns: columns.iter().map(|line| column(line)).collect(),
        primary_key: primary_key.iter().map(ToString::to_string).collect(),
        indexes: Vec::new(),
        declared_in: "pipelines/test.yaml".into(),
    }
}

fn table_name(name: &str) -> TableName {
    match name.split_once('.') {
        Some((schema, name)) => TableName { schema: Some(schema.into()), name: name.into() },
        None => TableName { schema: None, name: name.into() },
    }
}

fn column(line: &str) -> Column {
    let (name, rest) = line.split_once(' ').unwrap();
    let with_word = |word: WhenNull| Some((rest.strip_suffix(word.word())?.strip_suffix(' ')?, word));
    let found = with_word(WhenNull::Store).or_else(|| with_word(WhenNull::LeaveOut));
    let (ty, when_null) = found.unwrap_or((rest, WhenNull::Reject));
    Column { name: name.into(), ty: ty.parse().unwrap(), when_null }
}

pub(crate) fn index(columns: &[&str]) -> Index {
    Index {
        columns: columns.iter().map(ToString::to_string).collect(),
        using: IndexMethod::Btree,
        unique: false,
        predicate: None,
    }
}

/// The table the pipelines of the examples write.
pub(crate) fn events() -> Table {
    Table {
        indexes: vec![index(&["client_id"]), index(&["event_type"])],
        ..table(
            "events",
            &["event_id uuid", "client_id text", "event_type text", "timestamp timestamptz", "payload jsonb"],
            &["event_id"],
        )
    }
}

pub(crate) const ONE_EVENT: &str = "INSERT INTO events VALUES (gen_random_uuid(), 'c', 'e', now(), '{}')";

/// Compares the live tables with what pipelines write that ignore rows whose key is there.
pub(crate) async fn fit(db: &DatabaseConnection, tables: &[Table]) -> Result<Fit, Error> {
    let mut targets = Vec::new();
    for table in tables {
        targets.push(Target { table: table.clone(), on_conflict: OnConflict::Ignore, version: None });
    }
    migration::fit(db, &targets).await
}
