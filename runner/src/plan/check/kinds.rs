//! The kinds of documents, each with its schema.

use std::ops::Range;

use crate::plan::schema::Compiled;
use crate::plan::shape::Shape;

/// Documents of one schema.
#[derive(Debug, Clone)]
pub(super) struct Kind<'s> {
    /// The value of the discriminator it is chosen by; `None` for the only schema.
    pub(super) value: Option<String>,
    /// Where the pipeline file names that value.
    pub(super) range: Option<Range<usize>>,
    pub(super) shape: Shape<'s>,
}

/// Every kind the pipeline takes.
pub(super) fn of<'s>(schema: &Compiled<'s>) -> Vec<Kind<'s>> {
    let shape = Shape::of_document(schema.files, &schema.pointer);
    shape.into_iter().map(|shape| Kind { value: None, range: None, shape }).collect()
}
