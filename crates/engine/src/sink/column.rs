//! One column of a batch as a PostgreSQL array, written straight into the query's buffer.
//!
//! Array format: `ndim, has-null flag, element OID, length, lower bound`, then each element as `byte length, bytes`
//! (-1 for NULL), all big-endian (PostgreSQL source, `array_send`).

use pipeline::{ColumnType, column_type};
use sea_orm::sqlx::encode::IsNull;
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::postgres::types::Oid;
use sea_orm::sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sea_orm::sqlx::{Encode, Postgres, Type};

use pipeline::row::{Cell, Row};

/// How a column's values travel: in PostgreSQL's binary format, or as text that the statement casts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wire {
    element: u32,
    array: u32,
    /// The array's type in SQL.
    pub(crate) sql: &'static str,
    /// The statement must cast each value to the column's own type.
    pub(crate) cast: bool,
}

impl Wire {
    /// As the table of column types says; an array travels as the text of its literal.
    pub(crate) fn of(ty: ColumnType) -> Self {
        let ColumnType::Scalar(scalar) = ty else {
            return Self::text(true);
        };
        match scalar.definition().wire {
            column_type::Wire::Binary { oid, array_oid, array_sql } => {
                Self { element: oid, array: array_oid, sql: array_sql, cast: false }
            }
            column_type::Wire::Text => Self::text(false),
            column_type::Wire::TextToCast => Self::text(true),
        }
    }

    fn text(cast: bool) -> Self {
        Self { element: 25, array: 1009, sql: "text[]", cast }
    }
}

/// The cells at one index of every row.
pub(crate) struct Column<'a> {
    pub(crate) rows: &'a [&'a Row],
    pub(crate) index: usize,
    pub(crate) wire: Wire,
}

impl Type<Postgres> for Column<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(1009))
    }
}

impl Encode<'_, Postgres> for Column<'_> {
    fn produces(&self) -> Option<PgTypeInfo> {
        Some(PgTypeInfo::with_oid(Oid(self.wire.array)))
    }

    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        let cells = || self.rows.iter().map(|row| &row[self.index]);
        let has_null = cells().any(|cell| matches!(cell, Cell::Null));
        for header in [1, i32::from(has_null), self.wire.element.cast_signed(), i32::try_from(self.rows.len())?, 1] {
            buf.extend_from_slice(&header.to_be_bytes());
        }
        cells().try_for_each(|cell| element(buf, cell))?;
        Ok(IsNull::No)
    }

    fn size_hint(&self) -> usize {
        20 + self.rows.len() * 20
    }
}

fn element(buf: &mut PgArgumentBuffer, cell: &Cell) -> Result<(), BoxDynError> {
    match cell {
        Cell::Null => buf.extend_from_slice(&(-1_i32).to_be_bytes()),
        Cell::Bool(value) => sized(buf, &[u8::from(*value)])?,
        Cell::Int2(value) => sized(buf, &value.to_be_bytes())?,
        Cell::Int4(value) => sized(buf, &value.to_be_bytes())?,
        Cell::Int8(value) | Cell::Timestamptz(value) => sized(buf, &value.to_be_bytes())?,
        Cell::Float4(value) => sized(buf, &value.to_be_bytes())?,
        Cell::Float8(value) => sized(buf, &value.to_be_bytes())?,
        Cell::Uuid(bytes) => sized(buf, bytes)?,
        Cell::Text(text) | Cell::Literal(text) => sized(buf, text.as_bytes())?,
    }
    Ok(())
}

fn sized(buf: &mut PgArgumentBuffer, bytes: &[u8]) -> Result<(), BoxDynError> {
    buf.extend_from_slice(&i32::try_from(bytes.len())?.to_be_bytes());
    buf.extend_from_slice(bytes);
    Ok(())
}
