//! Expressions that yield true or false: `skip`, `when`.

use super::path::kind;
use super::scope::Scope;
use crate::error::EvalError;
use crate::expr::Expr;

/// An expression that has to yield `true` or `false`; null and no result count as `false`. Any other value is an error:
/// by jq's own rule every text and number is true, and a forgotten comparison would then drop every message.
#[derive(Debug, Clone)]
pub struct Condition(Expr);

impl From<Expr> for Condition {
    fn from(expr: Expr) -> Self {
        Self(expr)
    }
}

impl Condition {
    /// The expression.
    pub fn expr(&self) -> &Expr {
        &self.0
    }

    /// Whether it is true here.
    pub fn holds(&self, scope: &Scope<'_>) -> Result<bool, EvalError> {
        let value = self.0.eval(scope)?;
        match value.as_bool() {
            Some(holds) => Ok(holds),
            None if value.is_null() => Ok(false),
            None => Err(EvalError::NotACondition { expr: self.0.excerpt(), found: kind(&value) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::scope::{Context, NoMetadata};

    fn holds(text: &str, document: &Value) -> Result<bool, String> {
        let context = Context::new(document, document, &NoMetadata);
        Condition::from(Expr::compile(text).unwrap()).holds(&context.scope()).map_err(|error| error.to_string())
    }

    #[test]
    fn only_true_is_true() {
        assert_eq!(holds(".a == 1", &json!({"a": 1})), Ok(true));
        assert_eq!(holds(".a", &json!({"a": false})), Ok(false));
        assert_eq!(holds(".a", &json!({})), Ok(false));
        assert_eq!(holds("empty", &json!({})), Ok(false));
    }

    #[test]
    fn what_is_neither_is_an_error() {
        let error = holds(".type", &json!({"type": "ping"})).unwrap_err();
        assert_eq!(error, "`.type` gave a string, not true or false");
        assert!(holds("true, false", &json!({})).is_err());
    }
}
