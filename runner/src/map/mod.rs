//! Compiled expressions and casts: a document becomes rows.

use serde_json::Value;

use migration::ColumnType;

use crate::message::{Metadata, Rejection};
use crate::row::Rows;

/// A compiled expression: a simple path, or jq.
#[derive(Debug, Clone)]
pub struct Expr {}

/// The mapping of one pipeline.
#[derive(Debug, Clone)]
pub struct Mapping {
    /// In the plan's order.
    pub tables: Vec<TableMapping>,
}

/// The mapping of one table.
#[derive(Debug, Clone)]
pub struct TableMapping {
    /// For messages: `schema.table`.
    pub name: String,
    /// In the plan's order.
    pub columns: Vec<ColumnMapping>,
}

/// The mapping of one column.
#[derive(Debug, Clone)]
pub struct ColumnMapping {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
    /// NULL is allowed.
    pub nullable: bool,
    /// Where its value comes from.
    pub expr: Expr,
}

impl Mapping {
    /// Maps one validated document to rows.
    pub fn rows(&self, _document: &Value, _metadata: &Metadata) -> Result<Rows, Rejection> {
        todo!()
    }
}
