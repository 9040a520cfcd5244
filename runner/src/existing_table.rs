//! A table that others made, for `runner new --from-table`: read from the database, and checked as at the start of a run.

use std::path::Path;
use std::slice;
use std::sync::Arc;

use sea_orm::DatabaseConnection;

use crate::connection;
use crate::exit::Failure;
use compiler::diagnostic::closest;
use engine::sink::Server;
use migration::Refusal;
use pipeline::{ExistingTable, TableName};

/// Names that are listed, at most.
const LISTED: usize = 8;

/// Why no pipeline can fill a table.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Something about it has to be changed by hand first.
    #[error("table {}", .0.iter().map(|refusal| format!("{}: {}", refusal.table, refusal.reason)).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// All its columns are left to the table.
    #[error("table {0} has no column that events could fill")]
    NoColumns(TableName),
}

impl TableError {
    /// The SQL to run by hand, where there is some.
    pub fn help(&self) -> Option<String> {
        let Self::Refused(refusals) = self else { return None };
        let statements: Vec<&str> = refusals.iter().flat_map(|refusal| &refusal.by_hand).map(String::as_str).collect();
        (!statements.is_empty()).then(|| format!("run by hand: {}", statements.join("; ")))
    }
}

/// Reads the table; `file` is where the pipeline file will be.
pub(crate) fn read(server: &Arc<Server>, name: &str, file: &Path) -> Result<ExistingTable, Failure> {
    crate::runtime::start()?.block_on(async {
        let db = connection::open(server, 1).await?;
        checked(&db.orm(), name, file).await
    })
}

/// The table, if `migrate` has nothing to change in it, and `run` could write to it.
async fn checked(db: &DatabaseConnection, name: &str, file: &Path) -> Result<ExistingTable, Failure> {
    let table = migration::describe(db, &TableName::from(name)).await?;
    let target = table.target(file.to_owned());
    let refusals = migration::plan(db, slice::from_ref(&target.table)).await?.refusals;
    if !refusals.is_empty() {
        return Err(TableError::Refused(refusals).into());
    }
    if target.table.columns.is_empty() {
        return Err(TableError::NoColumns(table.name).into());
    }
    let fit = migration::fit(db, &[target]).await?;
    if !fit.misfits.is_empty() {
        return Err(Failure::Misfits(fit.misfits));
    }
    for lossy in fit.lossy {
        tracing::warn!("{lossy}");
    }
    Ok(table)
}

/// What may have been meant by the name of a table that does not exist: one of another schema, or one of a similar name.
pub(crate) fn meant(table: &TableName, others: &[TableName]) -> String {
    let same: Vec<String> = others.iter().filter(|other| other.name == table.name).map(ToString::to_string).collect();
    if !same.is_empty() {
        return format!("did you mean {}?", quoted(&same));
    }
    let names: Vec<String> = others.iter().map(ToString::to_string).collect();
    let own_names = others.iter().map(|other| other.name.as_str());
    let similar = closest(&table.to_string(), names.iter().map(String::as_str)).map(str::to_owned).or_else(|| {
        let name = closest(&table.name, own_names)?;
        others.iter().find(|other| other.name == name).map(ToString::to_string)
    });
    match similar {
        Some(name) => format!("did you mean `{name}`?"),
        None if names.is_empty() => "the database has no tables; is it the right one?".to_owned(),
        None if names.len() > LISTED => {
            format!("its tables are {} and {} more", quoted(&names[..LISTED]), names.len() - LISTED)
        }
        None => format!("its tables are {}", quoted(&names)),
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_table_leads_to_those_that_may_be_meant() {
        let others = ["orders", "sales.invoices", "shop.invoices"].map(TableName::from);
        for (written, expected) in [
            ("invoices", "did you mean `sales.invoices`, `shop.invoices`?"),
            ("sales.orders", "did you mean `orders`?"),
            ("Orders", "did you mean `orders`?"),
            ("sales.invoice", "did you mean `sales.invoices`?"),
            ("invoces", "did you mean `sales.invoices`?"),
            ("zebras", "its tables are `orders`, `sales.invoices`, `shop.invoices`"),
        ] {
            assert_eq!(meant(&written.into(), &others), expected, "{written}");
        }
        assert_eq!(meant(&"t".into(), &[]), "the database has no tables; is it the right one?");
        let many: Vec<TableName> = (0..9).map(|number| format!("log_{number}").as_str().into()).collect();
        assert!(meant(&"x".into(), &many).ends_with("`log_7` and 1 more"));
    }
}
