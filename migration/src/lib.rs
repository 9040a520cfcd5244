//! Brings a live PostgreSQL schema to what the pipeline files declare.

mod column_type;
mod declared;

pub use column_type::{ColumnType, ParseTypeError, ScalarType};
pub use declared::{Column, Index, IndexMethod, Table, TableName};
