//! The values that a JSON Schema allows at one place, read without running it.
//!
//! A place is a union of alternatives (`anyOf`, `oneOf`, `if`), each a conjunction of schemas (`allOf`, `$ref`). What a
//! schema leaves open counts as possible, and so does what can't be followed, so that no error is reported that a document
//! could prove wrong. The modules in reading order:

mod json_types;

mod conjunction;
mod negation;
mod pattern;

mod look_up;
mod types;
mod union;

mod expand;
mod resolve;

mod alternatives;
mod built_in;
mod field;
mod possible;

pub use alternatives::Shape;
pub use field::Field;
pub use json_types::{Type, type_of};
pub use possible::{Keywords, Known, Possible};
