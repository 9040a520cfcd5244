//! The least that each command needs: actions on queues and privileges in the database. Pure, but for what
//! [`Needs::read_live`] asks the database.

mod policy;
mod queues;

use std::collections::BTreeMap;

use sea_orm::DatabaseConnection;

use crate::connection::{tables, targets};
use migration::Grant;
use pipeline::Pipeline;

pub(crate) use policy::policy;
pub(crate) use queues::QueueActions;

/// A command that needs permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Command {
    /// Receive, store and dead-letter
    Run,
    /// Create tables
    Migrate,
    /// Send sample events
    Produce,
    /// List, show, redrive and purge dead letters
    Dlq,
    /// Check queues and tables, with --connect
    ValidateConfig,
}

impl Command {
    /// As it is typed.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Migrate => "migrate",
            Self::Produce => "produce",
            Self::Dlq => "dlq",
            Self::ValidateConfig => "validate-config",
        }
    }

    /// Whether it compares or writes the tables' rows.
    fn uses_tables(self) -> bool {
        matches!(self, Self::Run | Self::ValidateConfig)
    }
}

/// The default schema of a database that nobody has changed.
const DEFAULT_SCHEMA: &str = "public";

/// What commands need for pipelines.
#[derive(Debug)]
pub(crate) struct Needs {
    pub(crate) queues: Vec<QueueActions>,
    pub(crate) grants: Vec<Grant>,
}

impl Needs {
    /// As far as the pipeline files show it.
    pub(crate) fn of_files(commands: &[Command], pipelines: &[&Pipeline]) -> Self {
        let mut grants = Vec::new();
        for command in commands {
            if command.uses_tables() {
                grants.extend(targets(pipelines.iter().copied()).iter().flat_map(migration::to_write));
            }
            if *command == Command::Migrate {
                grants.extend(migration::to_create(&tables(pipelines.iter().copied()), DEFAULT_SCHEMA));
            }
        }
        Self { queues: queues::merged(commands, pipelines), grants: merged(grants) }
    }

    /// The same, with the privileges that the live tables show: those for what the files do not name, and for a migration
    /// those for the steps that are missing.
    pub(crate) async fn read_live(
        self,
        commands: &[Command],
        pipelines: &[&Pipeline],
        db: &DatabaseConnection,
    ) -> Result<Self, migration::Error> {
        let mut grants = Vec::new();
        for command in commands {
            if command.uses_tables() {
                grants.extend(migration::needed_to_write(db, &targets(pipelines.iter().copied())).await?);
            }
            if *command == Command::Migrate {
                let plan = migration::plan(db, &tables(pipelines.iter().copied())).await?;
                grants.extend(migration::needed_to_apply(db, &plan.steps).await?);
            }
        }
        Ok(Self { grants: merged(grants), ..self })
    }
}

/// One grant for each object and privilege, with the columns of all pipelines.
fn merged(grants: Vec<Grant>) -> Vec<Grant> {
    let mut merged = BTreeMap::new();
    for Grant { object, privilege, columns } in grants {
        let all: &mut Vec<String> = merged.entry((object, privilege)).or_default();
        for column in columns {
            if !all.contains(&column) {
                all.push(column);
            }
        }
    }
    merged.into_iter().map(|((object, privilege), columns)| Grant { object, privilege, columns }).collect()
}
