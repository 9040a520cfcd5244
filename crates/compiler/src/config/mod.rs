//! What the user wrote: pipeline files, test files and schemas, each value with its place.
//!
//! `load` is the only reader of files and of the environment. Everything else works on texts.

mod column;
mod de;
pub mod editor;
mod index;
mod inside;
mod interpolate;
mod json;
mod keyed;
pub mod load;
mod paths;
mod pipeline_file;
mod pointer;
mod read_file;
mod schema;
mod schema_files;
mod spanned;
mod surrogates;
mod template;
mod test_file;
mod units;
mod yaml;

pub use column::{ColumnError, ColumnLine, ColumnText};
pub use index::{Index, Method};
pub use inside::place_inside;
pub use interpolate::{Environment, InterpolationError, interpolate};
pub use json::Json;
pub use keyed::Keyed;
pub use load::{Files, PipelineText, load};
pub use paths::join;
pub use pipeline_file::{OnConflict, PipelineFile, Producer, Source, Table, parse};
pub(crate) use pointer::child_pointer;
pub use pointer::json_place;
pub use read_file::read_file;
pub use schema::{DraftName, Formats, Otherwise, Schema, Selection};
pub use schema_files::{Ambiguous, Disk, Document, Entry, Part, Real, Reference, SchemaFiles, Unresolved};
pub(crate) use schema_files::{Inner, all_inside};
pub use spanned::{Setting, Spanned};
pub use template::{Template, TemplateBody};
pub use test_file::{Case, Columns, ExpectedRows, Rejected, SqsFields, TestText, parse_cases};
pub use units::Seconds;
