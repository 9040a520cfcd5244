//! What is wrong with a value that can't be cast.

use serde_json::Value;

/// What is wrong with the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The value does not have the form that the type's definition names.
    Form,
    /// The value does not have this form.
    OtherForm(&'static str),
    /// PostgreSQL can't hold the value, for this reason.
    NotStorable(&'static str),
}

/// A text with U+0000.
pub(super) const NUL: Problem = Problem::NotStorable("the character U+0000 does not exist in PostgreSQL's text");

/// The text of a type that accepts strings only.
pub(super) fn string(value: &Value) -> Result<&str, Problem> {
    value.as_str().ok_or(Problem::Form)
}
