//! Expressions: simple paths, which are look-ups, and jq under a budget of steps, memory and depth.
//!
//! Pure: nothing here waits, connects, or reads the machine. The modules in reading order:

mod document;
mod tree;

mod decimal;
mod rfc_3339;

mod path;

mod condition;
mod error;
mod expr;
mod scope;

mod budget;
mod compile;
mod interpreter;
mod program;

mod closed;
mod library;
mod syntax;

mod access;
mod arithmetic;
mod json;
mod json_functions;
mod order;
mod standard;
mod text;
mod value;

mod decode;
mod functions;
mod regex;
mod regex_cost;
mod search;
mod strings;
mod time;

pub use budget::Limit;
pub use condition::Condition;
pub use decimal::Decimal;
pub use document::{ParseError, parse, reread, strict};
pub use error::{EvalError, ExprError};
pub use expr::Expr;
pub use functions::{Function, FunctionInput, FunctionResult, OnNull, functions};
pub use path::{Key, Path, PathError, Root, Segment, kind, step};
pub use rfc_3339::rfc_3339;
pub use scope::{Context, Scope, SqsMetadata};

#[cfg(test)]
mod tests;
