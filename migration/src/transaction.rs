//! A transaction as every statement of a migration runs in one, which works through a connection pooler too.

use sea_orm_migration::async_trait;
use sea_orm_migration::sea_orm::sqlx::{self, AssertSqlSafe, Postgres};
use sea_orm_migration::sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, Values,
};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Mutex;

/// A transaction whose statements have no name.
///
/// A pooler in transaction mode gives each transaction the server connection that is free. Nothing may be left on it: no
/// setting but `SET LOCAL`, and no prepared statement, which the driver's next one with the same number would meet.
pub(crate) struct Transaction(Mutex<sqlx::Transaction<'static, Postgres>>);

impl Transaction {
    /// Begins with this SQL, a `BEGIN` that may have further statements behind it: they arrive with it.
    pub(crate) async fn begin(db: &DatabaseConnection, sql: &'static str) -> Result<Self, DbErr> {
        let begun = db.get_postgres_connection_pool().begin_with(sql).await;
        begun.map(|transaction| Self(Mutex::new(transaction))).map_err(failed)
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.0.into_inner().commit().await.map_err(failed)
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.0.into_inner().rollback().await.map_err(failed)
    }

    /// Does some work behind a savepoint and takes it back, so that an error in it ends nothing else.
    pub(crate) async fn aside<T>(
        &self,
        work: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<Result<T, DbErr>, DbErr> {
        self.execute_unprepared("SAVEPOINT aside").await?;
        let done = work.await;
        self.execute_unprepared("ROLLBACK TO SAVEPOINT aside; RELEASE SAVEPOINT aside").await?;
        Ok(done)
    }
}

#[async_trait::async_trait]
impl ConnectionTrait for Transaction {
    fn get_database_backend(&self) -> DbBackend {
        DbBackend::Postgres
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        let query = unnamed(&statement);
        query.execute(&mut **self.0.lock().await).await.map(ExecResult::from).map_err(failed)
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        query.execute(&mut **self.0.lock().await).await.map(ExecResult::from).map_err(failed)
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        let query = unnamed(&statement);
        let row = query.fetch_optional(&mut **self.0.lock().await).await.map_err(failed)?;
        Ok(row.map(QueryResult::from))
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let query = unnamed(&statement);
        let rows = query.fetch_all(&mut **self.0.lock().await).await.map_err(failed)?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}

/// A query that the server prepares without a name, which the next one replaces.
fn unnamed(statement: &Statement) -> sqlx::query::Query<'_, Postgres, SqlxValues> {
    let values = statement.values.clone().unwrap_or(Values(Vec::new()));
    sqlx::query_with(AssertSqlSafe(statement.sql.as_str()), SqlxValues(values)).persistent(false)
}

pub(crate) fn failed(error: sqlx::Error) -> DbErr {
    DbErr::Exec(RuntimeErr::SqlxError(error.into()))
}
