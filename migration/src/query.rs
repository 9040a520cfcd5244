//! How a SELECT, INSERT or UPDATE is run: in a transaction, which a pooler does not divide. Values travel as parameters,
//! never as part of the text.

use crate::transaction::Transaction;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr, QueryResult, Statement, Value};

/// Runs a query and gives its first row.
pub(crate) async fn one<const N: usize>(
    db: &Transaction,
    sql: &str,
    values: [Value; N],
) -> Result<Option<QueryResult>, DbErr> {
    db.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await
}

/// Runs a query and gives all its rows.
pub(crate) async fn all<const N: usize>(
    db: &Transaction,
    sql: &str,
    values: [Value; N],
) -> Result<Vec<QueryResult>, DbErr> {
    db.query_all_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await
}
