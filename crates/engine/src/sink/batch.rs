//! The rows of a batch as the statements of a table read them: one array for each column.

use super::column::Wire;
use super::quoted::{quoted, quoted_list};
use pipeline::{LiveTypes, Table, TypeName, WhenNull};

/// The columns of a table's batch.
#[derive(Debug, Clone)]
pub(crate) struct Batch {
    pub(crate) columns: Vec<BatchColumn>,
}

#[derive(Debug, Clone)]
pub(crate) struct BatchColumn {
    /// The place of its cell in a row.
    pub(crate) cell: usize,
    /// How its values travel.
    pub(crate) wire: Wire,
    pub(crate) name: String,
    /// Its value in the live column's type, as SQL.
    value: String,
    /// The live type is another than the declared one.
    has_other_type: bool,
    /// A row without a value leaves it out.
    is_optional: bool,
}

impl Batch {
    /// A value that travels as text is cast to its declared type, and from there to the live column's type, where that is
    /// another. The casts have no length: an assignment to `varchar(3)` refuses what a cast to it would cut.
    pub(crate) fn new(table: &Table, live_types: &LiveTypes) -> Self {
        let mut batch = Self { columns: Vec::new() };
        for (cell, column) in table.columns.iter().enumerate() {
            let wire = Wire::of(column.ty);
            let live = live_types.get(&column.name);
            let mut value = format!("c{cell}");
            if wire.cast {
                value = format!("{value}::{}", column.ty);
            }
            if let Some(live) = live {
                value = format!("{value}::{}", type_name(live));
            }
            batch.columns.push(BatchColumn {
                cell,
                wire,
                name: column.name.clone(),
                value,
                has_other_type: live.is_some(),
                is_optional: column.when_null == WhenNull::LeaveOut,
            });
        }
        batch
    }

    /// The batch of rows that leave out the columns at these places.
    pub(crate) fn without(&self, left_out: &[usize]) -> Self {
        let columns = self.columns.iter().filter(|column| !left_out.contains(&column.cell));
        Self { columns: columns.cloned().collect() }
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> String {
        quoted_list(self.columns.iter().map(|column| column.name.as_str()))
    }

    /// The values of all columns.
    pub(crate) fn values(&self) -> String {
        self.columns.iter().map(|column| column.value.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// The value of one column.
    pub(crate) fn value_of(&self, name: &str) -> Option<&str> {
        self.columns.iter().find(|column| column.name == name).map(|column| column.value.as_str())
    }

    /// Whether a row of the table `stored` has the batch's value in this column, or null like it; of a column that is left
    /// out, any value. Not every type of the database has an equality; its text has.
    pub(crate) fn is_stored(&self, name: &str) -> Option<String> {
        let column = self.columns.iter().find(|column| column.name == name)?;
        let as_text = if column.has_other_type { "::text" } else { "" };
        let value = &column.value;
        let same = format!("(stored.{}){as_text} IS NOT DISTINCT FROM ({value}){as_text}", quoted(name));
        Some(if column.is_optional { format!("({same} OR ({value}) IS NULL)") } else { same })
    }

    /// The rows, from the arrays in the arguments.
    pub(crate) fn unnest(&self) -> String {
        let arrays = self.columns.iter().enumerate().map(|(at, column)| format!("${}::{}", at + 1, column.wire.sql));
        let names = self.columns.iter().map(|column| format!("c{}", column.cell));
        format!(
            "UNNEST({}) WITH ORDINALITY AS batch({}, position)",
            arrays.collect::<Vec<_>>().join(", "),
            names.collect::<Vec<_>>().join(", "),
        )
    }
}

fn type_name(name: &TypeName) -> String {
    format!("{}.{}", quoted(&name.schema), quoted(&name.name))
}
