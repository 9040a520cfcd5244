//! A cast by the type's row in the table of column types.

use serde_json::Value;

use super::problem::Problem;
use crate::column_type::{Cast, ScalarType};
use crate::row::Cell;

/// Casts a value that is not null.
pub(super) fn cast(value: &Value, ty: ScalarType) -> Result<Cell, Problem> {
    match (ty.definition().cast, ty.limits()) {
        (Cast::Plain(cast), _) => cast(value),
        (Cast::Limited(cast), Some((precision, scale))) => cast(value, precision, scale),
        (Cast::Limited(_), None) => unreachable!("a type whose cast needs limits has them"),
    }
}
