//! A JSON Schema read as alternatives: which values it allows at a place, found without running it.
//!
//! Pure: the documents come from an implementation of [`SchemaDocuments`]. The modules in reading order:

mod documents;
pub mod percent;
mod shape;

pub use documents::{SchemaDocuments, Target, split_pointer};
pub use shape::{Field, Keywords, Known, Possible, Shape, Type, type_of};
