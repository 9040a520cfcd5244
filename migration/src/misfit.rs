//! What keeps a run from writing to the live tables.

use std::path::PathBuf;

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::catalog::{Surveyed, survey};
use crate::difference::{Difference, differences};
use crate::{Error, Table, TableName, ddl};

/// One reason why rows for a table could not be stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("table {table} does not fit: {problem}")]
pub struct Misfit {
    /// The table as declared.
    pub table: TableName,
    /// The column, where one column is at fault.
    pub column: Option<String>,
    /// What is wrong, in words.
    pub problem: String,
    /// The command or SQL that fixes it.
    pub fix: String,
    /// The pipeline file whose declaration the table does not fit.
    #[serde(serialize_with = "crate::declared::path_as_text")]
    pub declared_in: PathBuf,
}

const MIGRATE: &str = "run `runner migrate`";

/// Compares the live tables with what the pipelines will write. Empty when every insert can succeed. Missing indexes,
/// and columns that allow null where the file does not, keep no row from being stored and are not reported.
pub async fn misfits(db: &DatabaseConnection, tables: &[Table]) -> Result<Vec<Misfit>, Error> {
    let survey = survey(db, tables).await?;
    Ok(survey.tables.iter().flat_map(of_table).collect())
}

fn of_table(surveyed: &Surveyed) -> Vec<Misfit> {
    let declaration = &surveyed.declaration;
    let misfit = |difference: &Difference<'_>| {
        let (column, problem, fix) = explain(difference)?;
        Some(Misfit {
            table: declaration.declared.clone(),
            column: column.map(str::to_owned),
            problem,
            fix: fix.to_owned(),
            declared_in: difference.file(declaration).to_owned(),
        })
    };
    let mut found: Vec<Misfit> = differences(surveyed).iter().filter_map(misfit).collect();
    found.extend(missing_privilege(surveyed));
    found
}

/// Column, problem and fix; `None` for a difference a run can live with.
fn explain<'a>(difference: &'a Difference<'_>) -> Option<(Option<&'a str>, String, &'static str)> {
    const REFUSED: &str = "run `runner migrate plan`, which prints the SQL to run by hand";
    Some(match difference {
        Difference::MissingTable => (None, "it does not exist".to_owned(), MIGRATE),
        Difference::NotATable(what) => (None, format!("it is {what}"), "write to a table, or rename one of the two"),
        Difference::MissingColumn(column) => {
            let name = column.value.name.as_str();
            (Some(name), format!("it has no column {name}"), MIGRATE)
        }
        Difference::TypeDiffers(column, live) => {
            let (name, ty) = (column.value.name.as_str(), column.value.ty);
            (Some(name), format!("column {name} is {}, declared {ty}", live.ty), REFUSED)
        }
        Difference::Generated(column) => {
            let name = column.value.name.as_str();
            (Some(name), format!("column {name} is generated and takes no value"), "leave the column out of the file")
        }
        Difference::LiveNotNull(column) => {
            let name = column.value.name.as_str();
            (Some(name), format!("column {name} is NOT NULL, declared null"), MIGRATE)
        }
        Difference::UndeclaredRequired(column) => {
            let name = column.name.as_str();
            (Some(name), format!("column {name} is NOT NULL without a default, and not declared"), REFUSED)
        }
        Difference::NoPrimaryKey(declared) => {
            let problem = format!("it has no primary key, declared ({})", declared.join(", "));
            (None, problem, MIGRATE)
        }
        Difference::PrimaryKeyDiffers(declared, live) => {
            let is = live.columns.join(", ");
            (None, format!("its primary key is ({is}), declared ({})", declared.join(", ")), REFUSED)
        }
        Difference::MissingSchema(_)
        | Difference::LiveNullable(_)
        | Difference::MissingIndex(_)
        | Difference::InvalidIndex(_)
        | Difference::IndexDiffers(_)
        | Difference::IndexNameTaken(_) => return None,
    })
}

/// ON CONFLICT reads the key's columns, so a table with a key needs SELECT as well.
fn missing_privilege(surveyed: &Surveyed) -> Option<Misfit> {
    let (declaration, live) = (&surveyed.declaration, surveyed.live.as_ref()?);
    let keyed = !declaration.primary_key.is_empty();
    let privileges = match (live.rights.insert, live.rights.select || !keyed) {
        (true, true) => return None,
        (false, true) => "INSERT",
        (true, false) => "SELECT",
        (false, false) => "INSERT, SELECT",
    };
    Some(Misfit {
        table: declaration.declared.clone(),
        column: None,
        problem: format!("this role lacks the privilege {privileges}"),
        fix: format!("GRANT {privileges} ON {} TO the role that runs the pipeline", ddl::table(&declaration.home)),
        declared_in: declaration.file.clone(),
    })
}
