//! The mapping of a pipeline: every column's expression and type.

use serde_json::Value;

use crate::column_type::ColumnType;

use crate::cast::cast;
use crate::message::{Code, Rejection};
use crate::row::{Cell, Row, Rows};
use crate::table::WhenNull;
use jq::{Condition, Context, EvalError, Expr, Root, Scope, kind};

/// Bytes of the rows of one message, at most.
const LARGEST: usize = 64 << 20;

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
    /// Yields the array whose elements become a row each; `None`: the document becomes one row.
    pub for_each: Option<Expr>,
    /// Rows are made only where it is true.
    pub when: Option<Condition>,
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
    /// What becomes of a row that has no value for it.
    pub when_null: WhenNull,
    /// Where its value comes from.
    pub expr: Expr,
}

impl Mapping {
    /// Maps one validated document to rows.
    pub fn rows(&self, context: &Context<'_>) -> Result<Rows, Rejection> {
        let mut size = 0;
        let tables = self.tables.iter().map(|table| table.rows(context, &mut size));
        Ok(Rows { tables: tables.collect::<Result<_, Rejection>>()? })
    }

    /// What a message becomes that is dropped.
    pub fn no_rows(&self) -> Rows {
        Rows { tables: vec![Vec::new(); self.tables.len()] }
    }
}

impl TableMapping {
    /// Makes the rows of one table; `size` is the memory that the message's rows use so far.
    fn rows(&self, context: &Context<'_>, size: &mut usize) -> Result<Vec<Row>, Rejection> {
        let scope = context.scope();
        let Some(for_each) = &self.for_each else {
            return Ok(self.row(&scope, None, size)?.into_iter().collect());
        };
        let elements = for_each.eval(&scope).map_err(|error| self.failed("for_each", for_each, None, &error))?;
        let elements = self.elements(for_each, &elements)?.iter().enumerate();
        let rows = elements.map(|(index, element)| self.row(&context.scope_of(element), Some(index), size));
        rows.filter_map(Result::transpose).collect()
    }

    /// Null stands for no elements, like a field that is not there.
    fn elements<'v>(&self, for_each: &Expr, value: &'v Value) -> Result<&'v [Value], Rejection> {
        match value {
            Value::Array(elements) => Ok(elements),
            Value::Null => Ok(&[]),
            other => Err(Rejection {
                instance_path: for_each.instance_path(),
                column: Some(self.name.clone()),
                ..Rejection::new(Code::Mapping, format!("`for_each` gave {}, not an array", kind(other)))
            }),
        }
    }

    /// The row of one scope, that of the element at `index` inside `for_each`; `None` where `when` is not true.
    fn row(&self, scope: &Scope<'_>, index: Option<usize>, size: &mut usize) -> Result<Option<Row>, Rejection> {
        if let Some(when) = &self.when
            && !when.holds(scope).map_err(|error| self.failed("when", when.expr(), index, &error))?
        {
            return Ok(None);
        }
        let cells = self.columns.iter().map(|column| {
            let cell = column.cell(scope).map_err(|rejection| Rejection {
                column: Some(format!("{}.{}", self.name, column.name)),
                instance_path: self.instance_path(&column.expr, index),
                ..rejection
            })?;
            *size += cell.size();
            if *size > LARGEST { Err(too_large()) } else { Ok(cell) }
        });
        cells.collect::<Result<_, _>>().map(Some)
    }

    fn failed(&self, key: &str, expr: &Expr, index: Option<usize>, error: &EvalError) -> Rejection {
        Rejection {
            column: Some(self.name.clone()),
            instance_path: self.instance_path(expr, index),
            ..Rejection::new(Code::Mapping.of(error), format!("`{key}`: {error}"))
        }
    }

    /// The place in the document that an expression is about; inside `for_each` it may start from the element.
    fn instance_path(&self, expr: &Expr, index: Option<usize>) -> Option<String> {
        let own = expr.instance_path()?;
        match (&self.for_each, index) {
            (Some(for_each), Some(index)) if expr.uses(Root::Input) => {
                for_each.instance_path().map(|array| format!("{array}/{index}{own}"))
            }
            _ => Some(own),
        }
    }
}

/// Elements times columns can be much more than the message: a payload of 1 MiB, once for each of its elements.
fn too_large() -> Rejection {
    Rejection::new(Code::Budget, format!("the message's rows take more than {} MiB", LARGEST >> 20))
}

impl ColumnMapping {
    fn cell(&self, scope: &Scope<'_>) -> Result<Cell, Rejection> {
        let value = self.expr.eval(scope);
        let value = value.map_err(|error| Rejection::new(Code::Mapping.of(&error), error.to_string()))?;
        match cast(&value, self.ty) {
            Ok(Cell::Null) if !self.when_null.accepts_null() => Err(self.null()),
            Ok(cell) => Ok(cell),
            Err(error) => Err(Rejection::new(error.code(), error.to_string())),
        }
    }

    fn null(&self) -> Rejection {
        Rejection::new(
            Code::NotNull,
            format!("`{}` gave no value, and the column does not accept null", self.expr.excerpt()),
        )
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::Metadata;

    fn mapping(columns: &[(&str, &str, bool, &str)]) -> Mapping {
        let columns = columns
            .iter()
            .map(|(name, ty, nullable, expr)| ColumnMapping {
                name: (*name).to_owned(),
                ty: ty.parse().unwrap(),
                when_null: if *nullable { WhenNull::Store } else { WhenNull::Reject },
                expr: Expr::compile(expr).unwrap(),
            })
            .collect();
        let table = TableMapping { name: "shop.orders".to_owned(), for_each: None, when: None, columns };
        Mapping { tables: vec![table] }
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
        let rows = mapping.rows(&Context::new(&document, &document, &metadata)).unwrap();
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
        let reject =
            |document: Value| mapping.rows(&Context::new(&document, &document, &Metadata::default())).unwrap_err();
        let missing = reject(json!({}));
        assert_eq!(missing.code, Code::NotNull);
        assert_eq!(missing.column.as_deref(), Some("shop.orders.id"));
        assert_eq!(missing.instance_path.as_deref(), Some("/order/id"));
        assert_eq!(reject(json!({"order": {"id": "seven"}})).code, Code::Cast);
        assert_eq!(reject(json!({"order": "x"})).code, Code::Mapping);
    }
}
