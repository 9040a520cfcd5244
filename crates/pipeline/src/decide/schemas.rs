//! Finds the schema that a document has to keep to, and checks the document.

use std::borrow::Cow;

use serde_json::Value;

use super::kinds::Kinds;
use crate::message::{Code, Rejection};
use crate::validate::Validator;
use jq::{Expr, Scope};

/// The schemas of a pipeline.
#[derive(Debug, Clone)]
pub struct Schemas {
    /// The part of the document that is checked; `None` for all of it.
    pub at: Option<Expr>,
    /// One schema, or one for each kind of event.
    pub choice: Choice,
}

/// How the schema is found.
#[derive(Debug, Clone)]
pub enum Choice {
    /// There is only one.
    One(Validator),
    /// By the value of an expression.
    ByValue {
        /// Looked at in the whole document.
        discriminator: Expr,
        /// The schemas by that value.
        validators: Kinds,
        /// What becomes of a value that has none.
        otherwise: Otherwise,
    },
}

/// What becomes of a document without a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Otherwise {
    /// It is dead-lettered.
    #[default]
    DeadLetter,
    /// It is dropped.
    Skip,
}

/// What becomes of a document that breaks no rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is mapped to rows.
    Valid,
    /// It is dropped, as the pipeline file demands.
    Unwanted,
}

impl Schemas {
    /// One schema for every document.
    pub fn one(validator: Validator) -> Self {
        Self { at: None, choice: Choice::One(validator) }
    }

    /// Checks the document.
    pub fn check(&self, scope: &Scope<'_>) -> Result<Verdict, Rejection> {
        let Some(validator) = self.validator(scope)? else {
            return Ok(Verdict::Unwanted);
        };
        let part = self.part(scope)?;
        validator.check(&part).map(|()| Verdict::Valid).map_err(|rejection| self.located(rejection))
    }

    /// The document's schema; `None` when it is to be dropped.
    pub fn validator(&self, scope: &Scope<'_>) -> Result<Option<&Validator>, Rejection> {
        let (discriminator, validators, otherwise) = match &self.choice {
            Choice::One(validator) => return Ok(Some(validator)),
            Choice::ByValue { discriminator, validators, otherwise } => (discriminator, validators, otherwise),
        };
        let value = discriminator.eval(scope).map_err(|error| Rejection {
            code: Code::NoSchema.of(&error),
            ..no_schema(discriminator, format!("`discriminator`: {error}"))
        })?;
        match (validators.get(&value), otherwise) {
            _ if matches!(*value, Value::Null | Value::Array(_) | Value::Object(_)) => {
                let found = jq::kind(&value);
                let message = format!("`{}` gave {found}, which names no schema", discriminator.excerpt());
                Err(no_schema(discriminator, message))
            }
            (Some(validator), _) => Ok(Some(validator)),
            (None, Otherwise::Skip) => Ok(None),
            (None, Otherwise::DeadLetter) => {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text: String = text.chars().take(80).collect();
                let message = format!("no schema for {text:?}, which `{}` gave", discriminator.excerpt());
                Err(no_schema(discriminator, message))
            }
        }
    }

    /// The first errors of a document, in words; none when it is valid, and when it has no schema.
    pub fn errors(&self, scope: &Scope<'_>, limit: usize) -> Vec<String> {
        match (self.validator(scope), self.part(scope)) {
            (Ok(Some(validator)), Ok(part)) => validator.errors(&part, limit),
            _ => Vec::new(),
        }
    }

    /// The part of the document that is checked.
    fn part<'s>(&self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Rejection> {
        let Some(at) = &self.at else {
            return Ok(Cow::Borrowed(scope.root(jq::Root::Input)));
        };
        at.eval(scope).map_err(|error| Rejection::new(Code::Schema.of(&error), format!("`at`: {error}")))
    }

    /// A path inside the part becomes one inside the document, where the part's own place is known.
    fn located(&self, rejection: Rejection) -> Rejection {
        let start = self.at.as_ref().and_then(Expr::instance_path).unwrap_or_default();
        let instance_path = rejection.instance_path.map(|path| start + &path);
        Rejection { instance_path, ..rejection }
    }
}

fn no_schema(discriminator: &Expr, message: String) -> Rejection {
    Rejection { instance_path: discriminator.instance_path(), ..Rejection::new(Code::NoSchema, message) }
}
