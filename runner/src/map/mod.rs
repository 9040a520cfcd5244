//! Compiled expressions and casts: a document becomes rows.

pub mod cast;
mod condition;
mod expr;
mod jq;
mod mapping;
mod path;
mod scope;

pub use condition::Condition;
pub use expr::{EvalError, Expr, ExprError};
pub use jq::Limit;
pub use mapping::{ColumnMapping, Mapping, TableMapping};
pub use path::{Key, Path, PathError, Root, Segment};
pub(crate) use path::{kind, step};
pub use scope::{Context, Scope};
