//! The state of every declared table, and the steps applied so far.

use std::path::PathBuf;

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::catalog::{Surveyed, read_only, survey};
use crate::difference::undeclared;
use crate::ledger::Ledger;
use crate::resolve::{Outcome, resolve};
use crate::{Entry, Error, Refusal, Step};
use pipeline::{Table, TableName};

/// The state of all declared tables.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// In the order the files declare them.
    pub tables: Vec<TableStatus>,
    /// The ledger: the steps applied and not undone, oldest first.
    pub applied: Vec<Entry>,
}

/// The state of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TableStatus {
    /// The table as declared.
    pub table: TableName,
    /// Its state in one word.
    pub state: State,
    /// The steps that `up` would apply.
    pub steps: Vec<Step>,
    /// The changes that `up` refuses.
    pub refusals: Vec<Refusal>,
    /// Live columns that no file declares. They are left alone.
    pub undeclared: Vec<String>,
    /// The first file that declares it.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// A table's state in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The live table matches what the files declare.
    UpToDate,
    /// `up` would change it.
    Pending,
    /// `up` refuses to change it.
    Refused,
}

const READING: &str = "reading the migration ledger";

/// Compares the declarations with the live tables and reads the ledger. Writes nothing.
pub async fn status(db: &DatabaseConnection, tables: &[Table]) -> Result<Status, Error> {
    let survey = survey(db, tables).await?;
    Ok(Status { tables: survey.tables.iter().map(TableStatus::of).collect(), applied: applied(db).await? })
}

async fn applied(db: &DatabaseConnection) -> Result<Vec<Entry>, Error> {
    let transaction = read_only(db).await?;
    match Ledger::find(&transaction).await? {
        Some(ledger) => ledger.entries(&transaction).await.map_err(Error::during(READING)),
        None => Ok(Vec::new()),
    }
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
