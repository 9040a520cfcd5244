//! Compiled JSON Schema.

mod compile;
mod draft;
mod explain;
mod formats;
mod refuse;
mod validator;

pub use compile::{Options, SchemaSet};
pub use draft::declared_draft;
pub use jsonschema::Draft;
pub use refuse::{SchemaError, SchemaErrorKind};
pub use validator::Validator;
