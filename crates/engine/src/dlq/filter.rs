//! Which letters are selected: those that an expression is true for (`--where`), or those of one kind.

use super::dead_letter::DeadLetter;
use super::kind::Kind;
use jq::{Condition, Context, EvalError, Expr, ExprError, Root};

/// What an expression may read, for messages.
const FIELDS: &str = "write `.id`, `.code`, `.reason`, `.attributes`, `.body` or `.sent_at`";

/// What selects letters.
#[derive(Debug, Clone)]
pub struct Filter(Rule);

#[derive(Debug, Clone)]
enum Rule {
    /// An expression over the fields of a letter that yields true or false.
    Expression(Condition),
    Kind(Kind),
}

impl Filter {
    /// Compiles an expression. The variables of a pipeline file are refused: the letter itself is `.`.
    pub fn compile(text: &str) -> Result<Self, ExprError> {
        let expr = Expr::compile(text)?;
        for root in [Root::Doc, Root::Body, Root::Raw, Root::Sqs] {
            let Some(name) = root.variable().filter(|_| expr.uses(root)) else { continue };
            let start = text.find(name).unwrap_or_default();
            return Err(ExprError {
                message: format!("`{name}` is not known here"),
                span: start..start + name.len(),
                help: Some(FIELDS.to_owned()),
            });
        }
        Ok(Self(Rule::Expression(Condition::from(expr))))
    }

    /// Selects the letters of this kind.
    pub fn of_kind(kind: Kind) -> Self {
        Self(Rule::Kind(kind))
    }

    /// Whether it selects this letter.
    pub fn selects(&self, letter: &DeadLetter) -> Result<bool, EvalError> {
        match &self.0 {
            Rule::Kind(kind) => Ok(Kind::of(letter) == *kind),
            Rule::Expression(condition) => {
                let value = letter.value();
                condition.holds(&Context::new(&value, &value, &letter.delivery.metadata).scope())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::message::{Delivery, Metadata, Receipt};

    fn selects(text: &str, body: &str) -> Result<bool, String> {
        let delivery =
            Delivery { body: body.to_owned(), metadata: Metadata::default(), receipt: Receipt(String::new()) };
        Filter::compile(text).unwrap().selects(&delivery.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn bodies_are_values_or_texts() {
        assert_eq!(selects(".body.amount > 1", r#"{"amount": 2}"#), Ok(true));
        assert_eq!(selects(".body.amount > 1", r#"{"amount": 0}"#), Ok(false));
        assert_eq!(selects(".body | startswith(\"not\")", "not JSON"), Ok(true));
        assert!(selects(".body.amount > 1", "not JSON").is_err());
        assert!(selects(".code", "{}").unwrap_err().contains("not true or false"));
        assert!(selects("[range(1e9)] | length > 0", "{}").is_err(), "a budget ends it");
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(Filter::compile(".code == $body.x").unwrap_err().span, 9..14);
        assert_eq!(Filter::compile(".code == foo").unwrap_err().span, 9..12);
    }
}
