//! Applies a plan.

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::session::Session;
use crate::{Error, Plan, Refusal, Step, ledger, plan, rights};
use pipeline::Table;

/// What a migration did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The steps, in the order they were applied. Empty when everything was up to date, or when a change was refused.
    pub applied: Vec<Step>,
    /// The refused changes. While there is one, nothing is applied.
    pub refusals: Vec<Refusal>,
}

const RECORDING: &str = "updating the migration ledger";

/// Changes the live tables to match the declarations. Waits while another runner migrates the same database, and compares
/// only once it has the lock. When a step fails, the steps before it stay applied and recorded: the next run continues
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
    if ledger::readable(db).await.map_err(Error::during(RECORDING))? {
        ledger::settle_interrupted(db).await.map_err(Error::during(RECORDING))?;
    }
    if steps.is_empty() || !refusals.is_empty() {
        return Ok(Report { applied: Vec::new(), refusals });
    }
    rights::check_to_apply(db, &steps).await?;
    ledger::install(db).await.map_err(Error::during(RECORDING))?;
    for step in &steps {
        apply(session, step).await?;
        tracing::debug!(file = %step.declared_in.display(), "{}", step.summary);
    }
    Ok(Report { applied: steps, refusals })
}

async fn apply(session: &Session, step: &Step) -> Result<(), Error> {
    if step.in_transaction { apply_in_transaction(session, step).await } else { apply_outside(session, step).await }
}

/// Applies a step in a transaction: the step and its record are committed together, or neither is.
async fn apply_in_transaction(session: &Session, step: &Step) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        let id = ledger::start(&transaction, step).await?;
        run(&transaction, &step.sql).await?;
        ledger::finish(&transaction, id).await
    };
    both.await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))
}

/// Builds an index outside a transaction. A build that fails leaves an invalid index, which would slow down every write,
/// so it is dropped at once. When even that is impossible, the next plan finds the index.
async fn apply_outside(session: &Session, step: &Step) -> Result<(), Error> {
    let db = session.connection().await?;
    let id = ledger::start(db, step).await.map_err(during(step))?;
    tracing::info!("{}; the table has rows, so this can take a while", step.summary);
    if let Err(error) = run(db, &step.sql).await {
        if let Err(left) = drop_failed_build(session, step, id).await {
            tracing::warn!(
                step = step.summary,
                "can't drop the invalid index that a failed build left; the next migration rebuilds it: {left}"
            );
        }
        return Err(during(step)(error));
    }
    ledger::finish(db, id).await.map_err(during(step))
}

/// Drops the index and its record: still under the migration lock, and with the lock timeout of any other step.
async fn drop_failed_build(session: &Session, step: &Step, id: i64) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        run(&transaction, std::slice::from_ref(&step.undo.sql)).await?;
        ledger::forget(&transaction, id).await
    };
    both.await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))
}

/// Runs each statement as a prepared one, so that PostgreSQL itself refuses a second statement inside an index predicate.
async fn run(db: &impl ConnectionTrait, statements: &[String]) -> Result<(), DbErr> {
    for sql in statements {
        db.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}

fn during(step: &Step) -> impl FnOnce(DbErr) -> Error {
    Error::during(format!("{} (from {})", step.summary, step.declared_in.display()))
}
