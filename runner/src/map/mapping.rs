//! The mapping of a pipeline: every column's expression and type.

use serde_json::Value;

use migration::ColumnType;

use super::cast::cast;
use super::expr::Expr;
use super::scope::Scope;
use crate::message::{Code, Metadata, Rejection};
use crate::row::{Cell, Row, Rows};

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
    pub fn rows(&self, document: &Value, metadata: &Metadata) -> Result<Rows, Rejection> {
        let scope = Scope::new(document, metadata);
        let tables = self.tables.iter().map(|table| Ok(vec![table.row(&scope)?])).collect::<Result<_, Rejection>>()?;
        Ok(Rows { tables })
    }
}

impl TableMapping {
    fn row(&self, scope: &Scope<'_>) -> Result<Row, Rejection> {
        self.columns
            .iter()
            .map(|column| {
                column.cell(scope).map_err(|rejection| Rejection {
                    column: Some(format!("{}.{}", self.name, column.name)),
                    instance_path: column.expr.instance_path(),
                    ..rejection
                })
            })
            .collect()
    }
}

impl ColumnMapping {
    fn cell(&self, scope: &Scope<'_>) -> Result<Cell, Rejection> {
        let value = self.expr.eval(scope).map_err(|error| Rejection::new(Code::Mapping, error.to_string()))?;
        match cast(&value, self.ty) {
            Ok(Cell::Null) if !self.nullable => Err(self.null()),
            Ok(cell) => Ok(cell),
            Err(error) => Err(Rejection::new(error.code(), error.to_string())),
        }
    }

    fn null(&self) -> Rejection {
        Rejection::new(
            Code::NotNull,
            format!("`{}` gave no value, and the column does not take null", self.expr.excerpt()),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapping(columns: &[(&str, &str, bool, &str)]) -> Mapping {
        let columns = columns
            .iter()
            .map(|(name, ty, nullable, expr)| ColumnMapping {
                name: (*name).to_owned(),
                ty: ty.parse().unwrap(),
                nullable: *nullable,
                expr: Expr::compile(expr).unwrap(),
            })
            .collect();
        Mapping { tables: vec![TableMapping { name: "shop.orders".to_owned(), columns }] }
    }

    #[test]
    fn a_document_becomes_one_row_per_table() {
        let mapping = mapping(&[
            ("id", "bigint", false, ".id"),
            ("email", "text", true, ".customer.email"),
            ("message", "text", false, "$sqs.message_id"),
            ("raw", "jsonb", false, "."),
        ]);
        let document: Value = serde_json::from_str(r#"{"id":7,"total":1964.90}"#).unwrap();
        let metadata = Metadata { message_id: "m".to_owned(), ..Metadata::default() };
        let rows = mapping.rows(&document, &metadata).unwrap();
        assert_eq!(
            rows.tables,
            [[vec![
                Cell::Int8(7),
                Cell::Null,
                Cell::Text("m".to_owned()),
                Cell::Literal(r#"{"id":7,"total":1964.90}"#.to_owned()),
            ]]]
        );
    }

    #[test]
    fn a_rejection_names_column_and_path() {
        let mapping = mapping(&[("id", "bigint", false, ".order.id")]);
        let reject = |document: Value| mapping.rows(&document, &Metadata::default()).unwrap_err();
        let missing = reject(json!({}));
        assert_eq!(missing.code, Code::NotNull);
        assert_eq!(missing.column.as_deref(), Some("shop.orders.id"));
        assert_eq!(missing.instance_path.as_deref(), Some("/order/id"));
        assert_eq!(reject(json!({"order": {"id": "seven"}})).code, Code::Cast);
        assert_eq!(reject(json!({"order": "x"})).code, Code::Mapping);
    }
}
