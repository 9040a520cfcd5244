//! The reasons why a run could not write to the live tables.

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
    /// The column, where the reason is one column.
    pub column: Option<String>,
    /// What is wrong, in one line.
    pub problem: String,
    /// The command or SQL that fixes it.
    pub fix: String,
    /// The pipeline file whose declaration the table does not fit.
    #[serde(serialize_with = "pipeline::path_as_text")]
    pub declared_in: PathBuf,
}

/// Compares the live tables with what the pipelines will write. Empty when every insert can succeed. Missing indexes,
/// and columns that allow null where the file does not, prevent no insert and are not reported.
pub async fn misfits(db: &DatabaseConnection, tables: &[Table]) -> Result<Vec<Misfit>, Error> {
    let survey = survey(db, tables).await?;
    Ok(survey.tables.iter().flat_map(of_table).collect())
}

fn of_table(surveyed: &Surveyed) -> Vec<Misfit> {
    let declaration = &surveyed.declaration;
    // While one change is refused, `migrate up` applies nothing.
    let refused = resolve(surveyed).iter().any(|outcome| matches!(outcome, Outcome::Refused(_)));
    let mut found = Vec::new();
    for difference in differences(surveyed) {
        let Some((column, problem, fix)) = explain(&difference) else { continue };
        let declared_in = difference.file(declaration).to_owned();
        found.push(Misfit {
            table: declaration.declared.clone(),
            column: column.map(str::to_owned),
            problem,
            fix: fix.map_or_else(|| migrate(&declared_in, refused), str::to_owned),
            declared_in,
        });
    }
    found.extend(missing_privilege(surveyed));
    found
}

/// The command that changes the table to match `file`, or that prints what has to be done by hand first.
fn migrate(file: &Path, refused: bool) -> String {
    let file = file.display();
    if refused {
        format!("run `runner migrate plan {file}`, which prints the SQL to run by hand")
    } else {
        format!("run `runner migrate up {file}`")
    }
}

/// Column, problem and fix; the fix is `None` where a migration fixes it. `None` for a difference that prevents no insert.
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
                format!("column {name} is generated and accepts no value"),
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

/// The privileges that this role needs and does not have. ON CONFLICT reads the key's columns, so a table with a key needs
/// SELECT as well.
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
        problem: format!("this role does not have the privilege {privileges}"),
        fix: format!("GRANT {privileges} ON {} TO the role that runs the pipeline", ddl::table(&declaration.home)),
        declared_in: declaration.file.clone(),
    })
}
