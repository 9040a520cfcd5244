//! Applies a plan.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::session::Session;
use crate::{Error, Plan, Refusal, Step, ledger, plan};
use pipeline::Table;

/// What a migration did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps, in the order they were applied. Empty when all was up to date, and when something was refused.
    pub applied: Vec<Step>,
    /// What stood in the way. While there is one, nothing is applied.
    pub refusals: Vec<Refusal>,
}

/// Brings the live tables to what is declared. Waits while another runner migrates the same database, and compares
/// again once it has the lock. A step that fails leaves those before it applied and recorded: running again goes on
/// from there.
pub async fn up(db: &DatabaseConnection, tables: &[Table]) -> Result<Report, Error> {
    let session = Session::locked(db).await?;
    let report = under_lock(&session, tables).await;
    session.close().await;
    report
}

async fn under_lock(session: &Session, tables: &[Table]) -> Result<Report, Error> {
    let db = session.connection().await?;
    let Plan { steps, refusals } = plan(db, tables).await?;
    let keeping = || Error::during("keeping the migration ledger");
    if ledger::readable(db).await.map_err(keeping())? {
        ledger::settle_interrupted(db).await.map_err(keeping())?;
    }
    if steps.is_empty() || !refusals.is_empty() {
        return Ok(Report { applied: Vec::new(), refusals });
    }
    ledger::install(db).await.map_err(keeping())?;
    for step in &steps {
        apply(session, step).await?;
        tracing::debug!(file = %step.declared_in.display(), "{}", step.summary);
    }
    Ok(Report { applied: steps, refusals })
}

async fn apply(session: &Session, step: &Step) -> Result<(), Error> {
    if step.in_transaction { apply_in_transaction(session, step).await } else { apply_outside(session, step).await }
}

/// The step and its record are committed together, or neither is.
async fn apply_in_transaction(session: &Session, step: &Step) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        let id = ledger::start(&transaction, step).await?;
        run(&transaction, &step.sql).await?;
        ledger::finish(&transaction, id).await
    };
    both.await.map_err(doing(step))?;
    transaction.commit().await.map_err(doing(step))
}

/// A build that fails leaves an invalid index behind, which every write would keep paying for: drop it at once. When even
/// that is impossible, the next plan finds it.
async fn apply_outside(session: &Session, step: &Step) -> Result<(), Error> {
    let db = session.connection().await?;
    let id = ledger::start(db, step).await.map_err(doing(step))?;
    tracing::info!("{}; the table has rows, so this can take a while", step.summary);
    if let Err(error) = run(db, &step.sql).await {
        if let Err(left) = sweep(session, step, id).await {
            tracing::warn!(step = step.summary, "a failed index build is not swept away yet: {left}");
        }
        return Err(doing(step)(error));
    }
    ledger::finish(db, id).await.map_err(doing(step))
}

/// Under the lock still, and waiting no longer for the table than any step does.
async fn sweep(session: &Session, step: &Step, id: i64) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        run(&transaction, std::slice::from_ref(&step.undo.sql)).await?;
        ledger::forget(&transaction, id).await
    };
    both.await.map_err(doing(step))?;
    transaction.commit().await.map_err(doing(step))
}

/// Prepared, so that PostgreSQL itself refuses a second statement riding along in an index predicate.
async fn run(db: &impl ConnectionTrait, statements: &[String]) -> Result<(), DbErr> {
    for sql in statements {
        db.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}

fn doing(step: &Step) -> impl FnOnce(DbErr) -> Error {
    Error::during(format!("{} (from {})", step.summary, step.declared_in.display()))
}
