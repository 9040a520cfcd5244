//! Why a text is not an expression, and why an expression has no value.

use std::ops::Range;

use crate::budget::Limit;
use crate::path::PathError;

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ExprError {
    /// What is wrong.
    pub message: String,
    /// The bytes inside the text it is about.
    pub span: Range<usize>,
    /// What to write instead, where that is known.
    pub help: Option<String>,
}

/// Why an expression has no value for a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvalError {
    /// A path leads into a value that has no such part.
    #[error("`{path}`: {source}")]
    Path {
        /// The path, as jq writes it.
        path: String,
        /// The step that failed.
        source: PathError,
    },
    /// jq's own error, cut short.
    #[error("`{expr}`: {message}")]
    Failed {
        /// The expression.
        expr: String,
        /// jq's message.
        message: String,
    },
    /// More than one result.
    #[error("`{expr}` gave several results, where one is expected")]
    Several {
        /// The expression.
        expr: String,
    },
    /// The value of a condition is neither true nor false.
    #[error("`{expr}` gave {found}, not true or false")]
    NotACondition {
        /// The expression.
        expr: String,
        /// The kind of value it gave.
        found: &'static str,
    },
    /// Stopped: it ran too long, nested too deep or made too much.
    #[error("`{expr}` was stopped: {limit}")]
    Stopped {
        /// The expression.
        expr: String,
        /// The limit it met.
        limit: Limit,
    },
}

impl EvalError {
    /// Whether a limit ended it: it cost too much, whatever its result would have been.
    pub fn is_over_budget(&self) -> bool {
        matches!(self, Self::Stopped { limit, .. } if *limit != Limit::NotJson)
    }
}
