//! What keeps a run from writing to the live tables.

use std::path::{Path, PathBuf};

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::catalog::{Surveyed, survey};
use crate::difference::{Difference, differences};
use crate::resolve::{Outcome, resolve};
use crate::{Error, ddl};
use pipeline::{Table, TableName};

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
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// Compares the live tables with what the pipelines will write. Empty when every insert can succeed. Missing indexes,
/// and columns that allow null where the file does not, keep no row from being stored and are not reported.
pub async fn misfits(db: &DatabaseConnection, tables: &[Table]) -> Result<Vec<Misfit>, Error> {
    let survey = survey(db, tables).await?;
    Ok(survey.tables.iter().flat_map(of_table).collect())
}

fn of_table(surveyed: &Surveyed) -> Vec<Misfit> {
    let declaration = &surveyed.declaration;
    // One refusal holds back every step.
    let refused = resolve(surveyed).iter().any(|outcome| matches!(outcome, Outcome::Refused(_)));
    let misfit = |difference: &Difference<'_>| {
        let (column, problem, fix) = explain(difference)?;
        let declared_in = difference.file(declaration).to_owned();
        Some(Misfit {
            table: declaration.declared.clone(),
            column: column.map(str::to_owned),
            problem,
            fix: fix.map_or_else(|| migrate(&declared_in, refused), str::to_owned),
            declared_in,
        })
    };
    let mut found: Vec<Misfit> = differences(surveyed).iter().filter_map(misfit).collect();
    found.extend(missing_privilege(surveyed));
    found
}

/// The command that brings the table to what `file` declares, or that says what has to be done by hand first.
fn migrate(file: &Path, refused: bool) -> String {
    let file = file.display();
    if refused {
        format!("run `runner migrate plan {file}`, which prints the SQL to run by hand")
    } else {
        format!("run `runner migrate up {file}`")
    }
}

/// Column, problem and fix, `None` where that is a migration; no answer for a difference a run can live with.
fn explain<'a>(difference: &'a Difference<'_>) -> Option<(Option<&'a str>, String, Option<&'static str>)> {
    Some(match difference {
        Difference::MissingTable => (None, "it does not exist".to_owned(), None),
        Difference::NotATable(what) => {
            (None, format!("it is {what}"), Some("write to a table, or rename one of the two"))
        }
        Difference::MissingColumn(column) => {
            let name = column.value.name.as_str();
            (Some(name), format!("it has no column {name}"), None)
        }
        Difference::TypeDiffers(column, live) => {
            let (name, ty) = (column.value.name.as_str(), column.value.ty);
            (Some(name), format!("column {name} is {}, declared {ty}", live.ty), None)
        }
        Difference::Generated(column) => {
            let name = column.value.name.as_str();
            (
                Some(name),
                format!("column {name} is generated and takes no value"),
                Some("leave the column out of the file"),
            )
        }
        Difference::LiveNotNull(column) => {
            let name = column.value.name.as_str();
            (Some(name), format!("column {name} is NOT NULL, declared null"), None)
        }
        Difference::UndeclaredRequired(column) => {
            let name = column.name.as_str();
            (Some(name), format!("column {name} is NOT NULL without a default, and not declared"), None)
        }
        Difference::NoPrimaryKey(declared) => {
            let problem = format!("it has no primary key, declared ({})", declared.join(", "));
            (None, problem, None)
        }
        Difference::PrimaryKeyDiffers(declared, live) => {
            let is = live.columns.join(", ");
            (None, format!("its primary key is ({is}), declared ({})", declared.join(", ")), None)
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
