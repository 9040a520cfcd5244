//! The values that a JSON document can be parsed into: `serde_json`'s, or those of the expressions.

use serde_json::map::Entry;
use serde_json::{Map, Value};

/// Values, built from the leaves up.
pub(crate) trait Tree: Sized {
    /// Elements so far.
    type Array: Default;
    /// Fields so far.
    type Object: Default;

    fn scalar(value: Value) -> Self;
    fn push(array: &mut Self::Array, item: Self);
    /// Adds a field; gives the name back if there is a field of it already.
    fn insert(object: &mut Self::Object, name: String, value: Self) -> Result<(), String>;
    fn array(array: Self::Array) -> Self;
    fn object(object: Self::Object) -> Self;
}

impl Tree for Value {
    type Array = Vec<Self>;
    type Object = Map<String, Self>;

    fn scalar(value: Value) -> Self {
        value
    }

    fn push(array: &mut Vec<Self>, item: Self) {
        array.push(item);
    }

    fn insert(object: &mut Map<String, Self>, name: String, value: Self) -> Result<(), String> {
        match object.entry(name) {
            Entry::Occupied(field) => Err(field.key().clone()),
            Entry::Vacant(field) => {
                field.insert(value);
                Ok(())
            }
        }
    }

    fn array(array: Vec<Self>) -> Self {
        Self::Array(array)
    }

    fn object(object: Map<String, Self>) -> Self {
        Self::Object(object)
    }
}
