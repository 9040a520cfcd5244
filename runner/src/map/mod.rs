//! Compiled expressions and casts: a document becomes rows.

pub mod cast;
mod expr;
mod jq;
mod mapping;
mod path;
mod scope;

pub use expr::{EvalError, Expr, ExprError};
pub use jq::Limit;
pub use mapping::{ColumnMapping, Mapping, TableMapping};
pub use path::{Key, Path, PathError, Root, Segment};
pub use scope::Scope;
