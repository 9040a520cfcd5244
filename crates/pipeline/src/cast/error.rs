//! Why a value does not fit its column, as a person reads it.

use std::fmt;

use serde_json::Value;

use super::problem::Problem;
use crate::column_type::ColumnType;
use crate::message::Code;

/// Characters of a value inside a message, at most.
const LONGEST_EXCERPT: usize = 40;

/// Why a value does not fit its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CastError {
    ty: ColumnType,
    found: String,
    problem: Problem,
}

impl CastError {
    pub(super) fn new(ty: ColumnType, value: &Value, problem: Problem) -> Self {
        Self { ty, found: excerpt(value), problem }
    }

    /// `cast`, or `not_storable` for what PostgreSQL can't hold in this type at all.
    pub fn code(&self) -> Code {
        match self.problem {
            Problem::Form | Problem::OtherForm(_) => Code::Cast,
            Problem::NotStorable(_) => Code::NotStorable,
        }
    }
}

impl std::error::Error for CastError {}

impl fmt::Display for CastError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ty, found, problem } = self;
        let form = match problem {
            Problem::Form => ty.scalar().definition().form,
            Problem::OtherForm(form) => form,
            Problem::NotStorable(why) => return write!(f, "{ty} can't hold {found}: {why}"),
        };
        write!(f, "{ty} takes {form}, found {found}")
    }
}

/// A value as a message names it: its kind, and the beginning of a scalar.
fn excerpt(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(boolean) => format!("the boolean {boolean}"),
        Value::Number(number) => format!("the number {}", shortened(number.as_str())),
        Value::String(text) => format!("the string {:?}", shortened(text)),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST_EXCERPT) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
