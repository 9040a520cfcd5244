//! Applies a plan.

use std::time::Duration;

use sea_orm_migration::sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use serde::Serialize;

use crate::ledger::Ledger;
use crate::session::Session;
use crate::transaction::Transaction;
use crate::{Error, Plan, Refusal, Step, plan, rights};
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

/// Changes the live tables to match the declarations. Waits while another runner migrates the same database, no longer than
/// its patience lasts, and compares only once it has the lock. When a step fails, the steps before it stay applied and
/// recorded: the next run continues from there.
pub async fn up(db: &DatabaseConnection, tables: &[Table], patience: Duration) -> Result<Report, Error> {
    let session = Session::locked(db, patience).await?;
    let report = under_lock(&session, tables).await;
    session.close().await;
    report
}

async fn under_lock(session: &Session, tables: &[Table]) -> Result<Report, Error> {
    let Plan { steps, refusals } = plan(session.database().await?, tables).await?;
    settle_interrupted(session).await?;
    if steps.is_empty() || !refusals.is_empty() {
        return Ok(Report { applied: Vec::new(), refusals });
    }
    rights::check_to_apply(session.database().await?, &steps).await?;
    let ledger = Ledger::install(session.database().await?).await?;
    for step in &steps {
        apply(session, &ledger, step).await?;
        tracing::debug!(file = %step.declared_in.display(), "{}", step.summary);
    }
    Ok(Report { applied: steps, refusals })
}

async fn settle_interrupted(session: &Session) -> Result<(), Error> {
    let transaction = session.begin().await?;
    if let Some(ledger) = Ledger::find_readable(&transaction).await? {
        ledger.settle_interrupted(&transaction).await.map_err(Error::during(RECORDING))?;
    }
    transaction.commit().await.map_err(Error::during(RECORDING))
}

async fn apply(session: &Session, ledger: &Ledger, step: &Step) -> Result<(), Error> {
    if step.in_transaction {
        apply_in_transaction(session, ledger, step).await
    } else {
        apply_outside(session, ledger, step).await
    }
}

/// Applies a step in a transaction: the step and its record are committed together, or neither is.
async fn apply_in_transaction(session: &Session, ledger: &Ledger, step: &Step) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        let id = ledger.start(&transaction, step).await?;
        run(&transaction, &step.sql).await?;
        ledger.finish(&transaction, id).await
    };
    both.await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))
}

/// Builds an index outside a transaction. A build that fails leaves an invalid index, which would slow down every write,
/// so it is dropped at once. When even that is impossible, the next plan finds the index.
async fn apply_outside(session: &Session, ledger: &Ledger, step: &Step) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let id = ledger.start(&transaction, step).await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))?;
    tracing::info!("{}; the table has rows, so this can take a while", step.summary);
    if let Err(error) = run_alone(session, &step.sql).await {
        if let Err(left) = drop_failed_build(session, ledger, step, id).await {
            tracing::warn!(
                step = step.summary,
                "can't drop the invalid index that a failed build left; the next migration rebuilds it: {left}"
            );
        }
        return Err(during(step)(error));
    }
    let transaction = session.begin().await?;
    ledger.finish(&transaction, id).await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))
}

/// Drops the index and its record: still under the migration lock, and with the lock timeout of any other step.
async fn drop_failed_build(session: &Session, ledger: &Ledger, step: &Step, id: i64) -> Result<(), Error> {
    let transaction = session.begin().await?;
    let both = async {
        run(&transaction, std::slice::from_ref(&step.undo.sql)).await?;
        ledger.forget(&transaction, id).await
    };
    both.await.map_err(during(step))?;
    transaction.commit().await.map_err(during(step))
}

/// Runs each statement as a prepared one, so that PostgreSQL itself refuses a second statement inside an index predicate.
async fn run(db: &Transaction, statements: &[String]) -> Result<(), DbErr> {
    for sql in statements {
        db.execute_raw(Statement::from_string(DbBackend::Postgres, sql)).await?;
    }
    Ok(())
}

async fn run_alone(session: &Session, statements: &[String]) -> Result<(), DbErr> {
    for sql in statements {
        session.run_alone(sql).await?;
    }
    Ok(())
}

fn during(step: &Step) -> impl FnOnce(DbErr) -> Error {
    Error::during(format!("{} (from {})", step.summary, step.declared_in.display()))
}
