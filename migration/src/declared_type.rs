//! Which type a pipeline file declares for a live column. Nothing here lists types, as nothing does in
//! [`assignment`](crate::assignment): the catalog shows what PostgreSQL makes of the live type's values.

use sea_orm_migration::sea_orm::DbErr;

use crate::assignment::{Assignment, LIVE, assignment};
use crate::query::{all, one};
use crate::transaction::Transaction;
use pipeline::{ColumnType, ScalarType};

/// What the catalog has about the type below a column's domains and array.
pub(crate) struct Declarable {
    /// The type to declare; `None` where the column keeps the values of none.
    pub(crate) ty: Option<ColumnType>,
    /// Characters of a text, at most.
    pub(crate) max_length: Option<i32>,
    /// The values of an enum, in its order.
    pub(crate) labels: Vec<String>,
}

const FORM: &str =
    "SELECT live.arrays, format_type(t.oid, live.modifier) AS exact, format_type(t.oid, NULL) AS printed,
        CASE WHEN t.oid IN ('varchar'::regtype, 'bpchar'::regtype) AND live.modifier >= 4
            THEN live.modifier - 4 END AS max_length
    FROM live JOIN pg_type t ON t.oid = live.type";

const LABELS: &str = "SELECT e.enumlabel::text AS label FROM live JOIN pg_enum e ON e.enumtypid = live.type
    ORDER BY e.enumsortorder";

/// The types that PostgreSQL turns the live one into without being asked, those first for which it does so everywhere.
const CASTS: &str = "SELECT format_type(c.casttarget, NULL) AS printed, c.castcontext = 'i' AS everywhere
    FROM live JOIN pg_cast c ON c.castsource = live.type AND c.castcontext <> 'e' ORDER BY everywhere DESC";

/// Reads which type to declare for a column.
pub(crate) async fn declarable(db: &Transaction, table: i64, column: &str) -> Result<Declarable, DbErr> {
    let Some(row) = one(db, &format!("{LIVE} {FORM}"), [table.into(), column.into()]).await? else {
        return Ok(Declarable { ty: None, max_length: None, labels: Vec::new() });
    };
    let of = match row.try_get::<i32>("", "arrays")? {
        0 => ColumnType::Scalar,
        _ => ColumnType::Array,
    };
    let (exact, printed): (String, String) = (row.try_get("", "exact")?, row.try_get("", "printed")?);
    let own = ColumnType::named_by_postgres(&exact).or_else(|| ColumnType::named_by_postgres(&printed));
    let ty = match own {
        Some(own) => Some(of(own)),
        None => other(db, table, column, of).await?,
    };
    Ok(Declarable { ty, max_length: row.try_get("", "max_length")?, labels: labels(db, table, column).await? })
}

/// A type of the pipeline file for a column of a type that it does not have: one that holds all the values of the live
/// type, and is assigned to it; else text, which most types read.
async fn other(
    db: &Transaction,
    table: i64,
    column: &str,
    of: fn(ScalarType) -> ColumnType,
) -> Result<Option<ColumnType>, DbErr> {
    for (scalar, everywhere) in casts(db, table, column).await? {
        // PostgreSQL considers a cast that it applies everywhere harmless. Of another, nothing may be lost on the way back.
        match assignment(db, table, column, of(scalar)).await? {
            Assignment::Accepted { warning, .. } if everywhere || warning.is_none() => return Ok(Some(of(scalar))),
            _ => {}
        }
    }
    let text = of(ScalarType::Text);
    let accepted = !matches!(assignment(db, table, column, text).await?, Assignment::Refused(_));
    Ok(accepted.then_some(text))
}

/// The types of the pipeline file that the live type is cast to, and whether everywhere, in the order to try them.
async fn casts(db: &Transaction, table: i64, column: &str) -> Result<Vec<(ScalarType, bool)>, DbErr> {
    let mut casts = Vec::new();
    for row in all(db, &format!("{LIVE} {CASTS}"), [table.into(), column.into()]).await? {
        let everywhere: bool = row.try_get("", "everywhere")?;
        let scalar = ColumnType::named_by_postgres(&row.try_get::<String>("", "printed")?);
        casts.extend(scalar.map(|scalar| (scalar, everywhere)));
    }
    casts.sort_by_key(|(scalar, everywhere)| (!everywhere, ScalarType::ALL.iter().position(|ty| ty == scalar)));
    Ok(casts)
}

async fn labels(db: &Transaction, table: i64, column: &str) -> Result<Vec<String>, DbErr> {
    let mut labels = Vec::new();
    for row in all(db, &format!("{LIVE} {LABELS}"), [table.into(), column.into()]).await? {
        labels.push(row.try_get("", "label")?);
    }
    Ok(labels)
}
