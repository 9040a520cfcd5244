//! Opens an envelope: the document is not the body itself, but a part of it.

use std::borrow::Cow;

use serde_json::Value;

use crate::message::{Code, Rejection, parse};
use jq::{Expr, Root, Scope};

/// How a document is taken out of a body.
#[derive(Debug, Clone)]
pub enum Unwrap {
    /// A notification of Amazon SNS without raw message delivery: the document is the JSON text in `Message`.
    Sns,
    /// Whatever the expression yields.
    Expr(Expr),
}

impl Unwrap {
    /// Whether it starts from the body's text (`$raw`), which then need not be JSON.
    pub fn reads_text(&self) -> bool {
        matches!(self, Self::Expr(expr) if expr.uses(Root::Raw))
    }

    /// The document.
    pub fn open<'s>(&self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, Rejection> {
        match self {
            Self::Sns => sns(scope.root(Root::Body)).map(Cow::Owned),
            Self::Expr(expr) => match expr.eval(scope) {
                Ok(document) if document.is_null() => {
                    let message = format!("`unwrap`: `{}` yields nothing", expr.excerpt());
                    Err(Rejection::new(Code::Unwrap, message))
                }
                Ok(document) => Ok(document),
                Err(error) => Err(Rejection::new(Code::Unwrap.of(&error), format!("`unwrap`: {error}"))),
            },
        }
    }
}

/// The envelope of an SQS subscription (Amazon SNS, "Message and JSON formats").
fn sns(body: &Value) -> Result<Value, Rejection> {
    let Some(message) = body.get("Message").and_then(Value::as_str) else {
        let message = "the body is not an SNS notification: it has no text `Message`; \
                       a subscription with raw message delivery needs no `unwrap`";
        return Err(Rejection::new(Code::Unwrap, message));
    };
    parse(message).map_err(|error| Rejection {
        instance_path: Some("/Message".to_owned()),
        ..Rejection::new(Code::Unwrap, format!("the notification's `Message` is not JSON: {}", error.message))
    })
}
