//! Where every declared table stands, and what was applied to get there.

use std::path::PathBuf;

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::catalog::{Surveyed, read_only, survey};
use crate::difference::undeclared;
use crate::resolve::{Outcome, resolve};
use crate::{Entry, Error, Refusal, Step, ledger};
use pipeline::{Table, TableName};

/// The state of all declared tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In the order the files declare them.
    pub tables: Vec<TableStatus>,
    /// The ledger: what was applied and not undone, oldest first.
    pub applied: Vec<Entry>,
}

/// The state of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// As declared.
    pub table: TableName,
    /// In one word.
    pub state: State,
    /// What `up` would do.
    pub steps: Vec<Step>,
    /// What `up` refuses to do.
    pub refusals: Vec<Refusal>,
    /// Live columns no file declares; they are left alone.
    pub undeclared: Vec<String>,
    /// The first file that declares it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// A table's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The live table is what the files declare.
    UpToDate,
    /// `up` would bring it there.
    Pending,
    /// `up` refuses.
    Refused,
}

/// Reads only, as [`plan`](crate::plan) does.
pub async fn status(db: &DatabaseConnection, tables: &[Table]) -> Result<Status, Error> {
    let survey = survey(db, tables).await?;
    Ok(Status { tables: survey.tables.iter().map(TableStatus::of).collect(), applied: applied(db).await? })
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<Entry>, Error> {
    let reading = || Error::during("reading the migration ledger");
    let transaction = read_only(db).await?;
    if !ledger::exists(&transaction).await.map_err(reading())? {
        return Ok(Vec::new());
    }
    ledger::entries(&transaction).await.map_err(reading())
}

impl TableStatus {
    fn of(surveyed: &Surveyed) -> Self {
        let (mut steps, mut refusals) = (Vec::new(), Vec::new());
        for outcome in resolve(surveyed) {
            match outcome {
                Outcome::Step(step) => steps.push(step),
                Outcome::Refused(refusal) => refusals.push(refusal),
            }
        }
        let declaration = &surveyed.declaration;
        let live = surveyed.live.iter();
        Self {
            table: declaration.declared.clone(),
            state: State::of(&steps, &refusals),
            undeclared: live.flat_map(|live| undeclared(declaration, live)).map(|c| c.name.clone()).collect(),
            declared_in: declaration.file.clone(),
            steps,
            refusals,
        }
    }
}

impl State {
    fn of(steps: &[Step], refusals: &[Refusal]) -> Self {
        match (steps, refusals) {
            ([], []) => Self::UpToDate,
            (_, []) => Self::Pending,
            _ => Self::Refused,
        }
    }
}
