//! The kinds of documents, each with its schema.

use std::ops::Range;

use crate::compile::schemas::Compiled;
use crate::config;
use schema::Shape;

/// Documents of one schema.
#[derive(Debug, Clone)]
pub(super) struct Kind<'s> {
    /// The value of the discriminator it is chosen by; `None` for the only schema.
    pub(super) value: Option<String>,
    /// Where the pipeline file names that value.
    pub(super) range: Option<Range<usize>>,
    pub(super) shape: Shape<'s>,
}

/// Every kind the pipeline takes; one that allows anything where a schema can't be looked into.
pub(super) fn of<'s>(schema: &Compiled<'s>, written: &config::Schema) -> Vec<Kind<'s>> {
    if schema.shape().is_none() {
        return vec![Kind { value: None, range: None, shape: Shape::named("anything") }];
    }
    let mut kinds = Vec::new();
    for kind in &schema.kinds {
        let Some(shape) = &kind.shape else { continue };
        let named = kind.values.iter().map(|value| Some(value.clone()));
        let values = named.chain(kind.values.is_empty().then_some(None));
        kinds.extend(values.map(|value| {
            let range = value.as_ref().and_then(|value| range(written, value));
            Kind { value, range, shape: shape.clone() }
        }));
    }
    kinds
}

/// Where `mapping` names the value.
fn range(written: &config::Schema, value: &str) -> Option<Range<usize>> {
    let config::Schema::Selection(selection) = written else {
        return None;
    };
    let keys = selection.mapping.as_ref()?.0.iter().map(|(key, _)| key);
    keys.into_iter().find(|key| key.value == value).map(|key| key.range.clone())
}
