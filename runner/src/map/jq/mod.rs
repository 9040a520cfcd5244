//! Full jq.
use std::fmt;
use serde_json::Value;
use super::{ExprError, ExprErrorKind, Path, Scope};

#[derive(Debug)]
pub struct Program {}
#[derive(Default)]
pub(super) struct Inputs {}
#[derive(Debug)]
pub enum Failure { Error(String), Several, Stopped(Limit) }
/// Limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {}
impl fmt::Display for Limit { fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result { Ok(()) } }
impl Program {
    pub fn compile(text: &str) -> Result<Self, ExprError> {
        Err(ExprError { kind: ExprErrorKind::Syntax, message: String::new(), span: 0..text.len(), help: None })
    }
    pub fn paths(&self) -> &[Path] { &[] }
    pub fn pipeline(&self) -> Option<(&Path, &[String])> { None }
    pub fn run(&self, _scope: &Scope<'_>) -> Result<Value, Failure> { Err(Failure::Several) }
}
