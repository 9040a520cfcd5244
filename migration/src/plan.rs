//! The steps that a migration would apply.

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::catalog::{Survey, survey};
use crate::resolve::{Outcome, resolve};
use crate::{Action, Error, Refusal, Step};
use pipeline::Table;

/// The steps in the order they are applied, and the changes that are refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// The steps.
    pub steps: Vec<Step>,
    /// The refused changes. While there is one, no step is applied.
    pub refusals: Vec<Refusal>,
}

/// Compares the declarations with the live tables. Writes nothing, not even the ledger.
pub async fn plan(db: &DatabaseConnection, tables: &[Table]) -> Result<Plan, Error> {
    Ok(Plan::of(&survey(db, tables).await?))
}

impl Plan {
    pub(crate) fn of(survey: &Survey) -> Self {
        let mut plan = Self::default();
        for outcome in survey.tables.iter().flat_map(resolve) {
            match outcome {
                Outcome::Step(step) if plan.creates_schema_of(&step) => {}
                Outcome::Step(step) => plan.steps.push(step),
                Outcome::Refused(refusal) => plan.refusals.push(refusal),
            }
        }
        plan
    }

    /// Whether there is nothing to do and nothing refused.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.refusals.is_empty()
    }

    /// Whether the plan creates this step's schema already: two tables may need the same missing schema.
    fn creates_schema_of(&self, step: &Step) -> bool {
        step.action == Action::CreateSchema
            && self.steps.iter().any(|s| s.action == Action::CreateSchema && s.object == step.object)
    }
}
