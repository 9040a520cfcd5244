//! Casts from JSON to a column's type. Strict: a value is stored as it is written, or rejected.
//!
//! The rules, one per type, are on the functions that the table of column types names; [`accepts`] predicts them from a
//! schema.

mod accepts;
mod array;
pub(crate) mod bytes;
pub(crate) mod datetime;
mod error;
pub(crate) mod interval;
pub(crate) mod json;
pub(crate) mod network;
pub(crate) mod number;
pub(crate) mod problem;
mod scalar;
pub(crate) mod text;

use serde_json::Value;

use crate::column_type::ColumnType;
use crate::row::Cell;

pub use crate::column_type::{JsonType, Verdict};
pub use accepts::accepts;
pub use datetime::{since_midnight, utc};
pub use error::CastError;

/// Casts a value to a column's type. JSON null is NULL for every type, jsonb too.
pub fn cast(value: &Value, ty: ColumnType) -> Result<Cell, CastError> {
    let cell = match (value, ty) {
        (Value::Null, _) => Ok(Cell::Null),
        (_, ColumnType::Scalar(scalar)) => scalar::cast(value, scalar),
        (_, ColumnType::Array(element)) => array::cast(value, element),
    };
    cell.map_err(|problem| CastError::new(ty, value, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn to(ty: &str, json: &str) -> Result<Cell, CastError> {
        let value: Value = serde_json::from_str(json).expect("a JSON text");
        cast(&value, ty.parse().expect("a type"))
    }

    #[allow(clippy::unnecessary_wraps, reason = "what a cast gives")]
    pub(super) fn literal(text: &str) -> Result<Cell, CastError> {
        Ok(Cell::Literal(text.to_owned()))
    }

    pub(super) fn assert_rejected(ty: &str, texts: &[&str]) {
        for json in texts {
            let cell = to(ty, json);
            assert!(cell.is_err(), "{ty} accepted {json} as {cell:?}");
        }
    }

    #[test]
    fn null_is_null_for_every_type() {
        for name in ColumnType::names() {
            assert_eq!(to(name, "null"), Ok(Cell::Null));
            assert_eq!(to(&format!("{name}[]"), "null"), Ok(Cell::Null));
        }
    }

    #[test]
    fn an_error_names_what_was_found_and_what_is_accepted() {
        let error = to("bigint", "\"abc\"").unwrap_err();
        assert_eq!(
            error.to_string(),
            "bigint takes a whole number from -9223372036854775808 to 9223372036854775807, found the string \"abc\""
        );
        let long = to("uuid", &format!("{:?}", "x".repeat(500))).unwrap_err();
        assert!(long.to_string().len() < 160, "{long}");
    }
}
