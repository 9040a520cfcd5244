//! Why `runner new --from-table` can't write a pipeline for a table, and what to do about it.

use compiler::diagnostic::closest;
use migration::Refusal;
use pipeline::TableName;

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

/// What may have been meant by the name of a table that does not exist: one of another schema, or one of a similar name.
pub(crate) fn tables_meant(table: &TableName, others: &[TableName]) -> String {
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
            assert_eq!(tables_meant(&written.into(), &others), expected, "{written}");
        }
        assert_eq!(tables_meant(&"t".into(), &[]), "the database has no tables; is it the right one?");
        let many: Vec<TableName> = (0..9).map(|number| format!("log_{number}").as_str().into()).collect();
        assert!(tables_meant(&"x".into(), &many).ends_with("`log_7` and 1 more"));
    }
}
