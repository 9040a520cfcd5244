//! The columns of a table that is there already.

use super::column::Column;
use super::columns::Columns;
use pipeline::{ColumnDefault, ExistingColumn, ExistingTable};

impl Columns {
    /// One column for each that events fill; the others are left to the table.
    pub(super) fn of_table(table: &ExistingTable) -> Self {
        let (mut list, mut left_out) = (Vec::new(), Vec::new());
        for column in &table.columns {
            match column.declared_type() {
                Some(ty) => list.push(Column {
                    name: column.name.clone(),
                    ty: ty.as_written(),
                    when_null: table.when_null(column),
                    expr: None,
                    // What the declaration does not show.
                    comment: (ty.to_string() != column.live_type).then(|| column.live_type.clone()),
                }),
                None => left_out.push(format!("{} is left to the table: {}", column.name, reason(column))),
            }
        }
        let key = table.key().map(<[String]>::to_vec).unwrap_or_default();
        Self { list, key, about_key: about_key(table), left_out, is_new: false }
    }
}

fn reason(column: &ExistingColumn) -> String {
    match column.default {
        ColumnDefault::Identity => "an identity".to_owned(),
        ColumnDefault::Sequence => "its DEFAULT counts a sequence".to_owned(),
        ColumnDefault::Computed => "PostgreSQL computes it".to_owned(),
        ColumnDefault::None | ColumnDefault::Value => {
            format!("{} keeps the values of no column type", column.live_type)
        }
    }
}

/// Which key it is, and why that one.
fn about_key(table: &ExistingTable) -> String {
    let Some(key) = table.key() else {
        return "No unique key has only columns that events fill and that are NOT NULL. So rows are appended, and an event\n\
                that is delivered again is stored again."
            .to_owned();
    };
    let mut with_default = Vec::new();
    for column in &table.columns {
        if key.contains(&column.name) && column.default != ColumnDefault::None {
            with_default.push(column.name.as_str());
        }
    }
    let which = match &table.primary_key {
        Some(primary) if primary == key => "The table's primary key.".to_owned(),
        Some(primary) => {
            let primary = primary.join(", ");
            format!("A unique key of the table, whose values come from the event; the primary key is ({primary}).")
        }
        None => "A unique key of the table, which has no primary key.".to_owned(),
    };
    if with_default.is_empty() {
        return which;
    }
    let names = with_default.join(", ");
    format!(
        "{which} An event has to bring it, so that it is stored once even if it is sent twice:\nthe DEFAULT of {names} is not used."
    )
}
