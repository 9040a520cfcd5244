//! How a run writes to the live tables, and the reasons why it could not.

use std::path::{Path, PathBuf};

use sea_orm_migration::sea_orm::DatabaseConnection;
use serde::Serialize;

use crate::Error;
use crate::assignment::Assignment;
use crate::catalog::{READING, Surveyed, read_only, survey_in};
use crate::difference::{Difference, differences};
use crate::live::Kind;
use crate::resolve::{Outcome, resolve};
use crate::rights::missing_to_write;
use crate::transaction::Transaction;
use pipeline::{ColumnType, LiveTypes, Table, TableName, Target};

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

/// A column whose live type changes some values in silence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table {table}: column {column} is {live_type}, declared {declared}: {effect}")]
pub struct LossyColumn {
    /// The table as declared.
    pub table: TableName,
    /// The column.
    pub column: String,
    /// Its live type, as PostgreSQL prints it.
    pub live_type: String,
    /// Its declared type.
    pub declared: ColumnType,
    /// What happens to the values.
    pub effect: String,
    /// The pipeline file that declares it.
    pub declared_in: PathBuf,
}

/// How the rows of the pipelines fit the live tables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fit {
    /// The reasons why rows could not be stored; empty when every insert can succeed.
    pub misfits: Vec<Misfit>,
    /// Columns that change values in silence.
    pub lossy: Vec<LossyColumn>,
    /// The live types that differ from the declared ones, for each table that was given.
    pub live_types: Vec<LiveTypes>,
}

/// Compares the live tables with what the pipelines will write. Missing indexes, and columns that allow null where the file
/// does not, prevent no insert and are not reported.
pub async fn fit(db: &DatabaseConnection, targets: &[Target]) -> Result<Fit, Error> {
    let tables: Vec<Table> = targets.iter().map(|target| target.table.clone()).collect();
    let transaction = read_only(db).await?;
    let survey = survey_in(&transaction, &tables).await?;
    let mut fit = Fit::default();
    for surveyed in &survey.tables {
        fit.misfits.extend(of_table(surveyed));
        fit.lossy.extend(lossy_columns(surveyed));
    }
    for (home, target) in survey.homes.iter().zip(targets) {
        let of_home = survey.tables.iter().find(|surveyed| surveyed.declaration.home == *home);
        let types = of_home.map(live_types).unwrap_or_default();
        if let Some(surveyed) = of_home {
            fit.misfits.extend(missing_privileges(&transaction, surveyed, target, &types).await?);
        }
        fit.live_types.push(types);
    }
    transaction.rollback().await.map_err(Error::during(READING))?;
    Ok(fit)
}

fn live_types(surveyed: &Surveyed) -> LiveTypes {
    let mut types = LiveTypes::new();
    for column in surveyed.live.iter().flat_map(|live| &live.columns) {
        if let Assignment::Accepted { live_type: Some(ty), .. } = &column.assignment {
            types.insert(column.name.clone(), ty.clone());
        }
    }
    types
}

fn lossy_columns(surveyed: &Surveyed) -> Vec<LossyColumn> {
    let Surveyed { declaration, live: Some(live), .. } = surveyed else { return Vec::new() };
    let mut lossy = Vec::new();
    for declared in &declaration.columns {
        let Some(column) = live.column(&declared.value.name) else { continue };
        if let Assignment::Accepted { warning: Some(effect), .. } = &column.assignment {
            lossy.push(LossyColumn {
                table: declaration.declared.clone(),
                column: column.name.clone(),
                live_type: column.ty.clone(),
                declared: declared.value.ty,
                effect: effect.clone(),
                declared_in: declared.file.clone(),
            });
        }
    }
    lossy
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
        Difference::TypeDiffers(column, live, why) => {
            let (name, ty) = (column.value.name.as_str(), column.value.ty);
            (Some(name), format!("column {name} is {}, declared {ty}: {why}", live.ty), None)
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
            let problem = match declared {
                [] => format!("its primary key is ({is}), and none is declared"),
                _ => format!("its primary key is ({is}), and no unique index is on ({})", declared.join(", ")),
            };
            (None, problem, None)
        }
        Difference::DeferrableKey(index) => {
            let columns = index.columns.join(", ");
            (
                None,
                format!("its key {} ({columns}) is deferrable, which ON CONFLICT does not support", index.name),
                None,
            )
        }
        Difference::Rule(name) => {
            (None, format!("it has the rule {name}, which rewrites what is stored"), Some("make the rule a trigger"))
        }
        Difference::MissingSchema(_)
        | Difference::LiveNullable(_)
        | Difference::MissingIndex(_)
        | Difference::InvalidIndex(_)
        | Difference::IndexDiffers(_)
        | Difference::IndexNameTaken(_) => return None,
    })
}

/// The privileges that this role needs for a table that exists, and does not have.
async fn missing_privileges(
    db: &Transaction,
    surveyed: &Surveyed,
    target: &Target,
    types: &LiveTypes,
) -> Result<Option<Misfit>, Error> {
    if surveyed.live.as_ref().is_none_or(|live| matches!(live.kind, Kind::Other(_))) {
        return Ok(None);
    }
    let missing = missing_to_write(db, target, types).await?;
    Ok(missing.map(|missing| Misfit {
        table: target.table.name.clone(),
        column: None,
        problem: format!("this role does not have {}", missing.names()),
        fix: format!("run {}", missing.statements()),
        declared_in: target.table.declared_in.clone(),
    }))
}
