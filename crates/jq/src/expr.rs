//! A compiled expression: a simple path, or jq.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::path::{Path, Root, step};
use super::scope::{Context, NoMetadata, Scope};
use crate::compile;
use crate::error::{EvalError, ExprError};
use crate::program::{Failure, Program};

/// Characters of an expression inside a message, at most.
const EXCERPT: usize = 80;

/// A compiled expression. Cheap to clone and to share between threads.
#[derive(Debug, Clone)]
pub struct Expr(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Path(Path),
    Jq(Program),
}

impl Expr {
    /// Compiles an expression. Spans in the result are byte offsets into `text`.
    pub fn compile(text: &str) -> Result<Self, ExprError> {
        let kind = match Path::parse(text) {
            Some(path) => Kind::Path(path),
            None => Kind::Jq(compile::compile(text)?),
        };
        Ok(Self(Arc::new(Inner { text: text.to_owned(), kind })))
    }

    /// The expression a column has when none is written: `.name`.
    pub fn field(name: &str) -> Self {
        Self::compile(&step(name)).expect("a quoted field is a simple path")
    }

    /// The text that the expression was compiled from.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Its text for a message, cut short.
    pub fn excerpt(&self) -> String {
        let text = self.text().trim();
        match text.char_indices().nth(EXCERPT) {
            Some((end, _)) => format!("{}...", &text[..end]),
            None => text.to_owned(),
        }
    }

    /// The path, when the expression is nothing else.
    pub fn as_path(&self) -> Option<&Path> {
        match &self.0.kind {
            Kind::Path(path) => Some(path),
            Kind::Jq(_) => None,
        }
    }

    /// For `PATH | f | g(..)`: the path, and the names of the functions applied to its value, in their order.
    pub fn pipeline(&self) -> Option<(&Path, &[String])> {
        match &self.0.kind {
            Kind::Path(path) => Some((path, &[])),
            Kind::Jq(program) => program.pipeline(),
        }
    }

    /// Whether it may look at this root.
    pub fn uses(&self, root: Root) -> bool {
        match &self.0.kind {
            Kind::Path(path) => path.root == root,
            Kind::Jq(program) => program.uses(root),
        }
    }

    /// The JSON Pointer of the value it is about, from its root, for a rejection.
    pub fn instance_path(&self) -> Option<String> {
        self.pipeline().filter(|(path, _)| path.root.is_document()).and_then(|(path, _)| path.pointer())
    }

    /// The expression's value. No result is null.
    pub fn eval<'s>(&self, scope: &'s Scope<'_>) -> Result<Cow<'s, Value>, EvalError> {
        match &self.0.kind {
            Kind::Path(path) => match path.get(scope.root(path.root)) {
                Ok(value) => Ok(Cow::Borrowed(value)),
                Err(source) => Err(EvalError::Path { path: path.to_string(), source }),
            },
            Kind::Jq(program) => program.run(scope).map(Cow::Owned).map_err(|failure| self.error(failure)),
        }
    }

    /// Why the expression has no value for any message: it looks at nothing, and fails.
    pub fn dead_end(&self) -> Option<EvalError> {
        match &self.0.kind {
            Kind::Jq(program) if program.is_closed() => {
                self.eval(&Context::new(&Value::Null, &Value::Null, &NoMetadata).scope()).err()
            }
            _ => None,
        }
    }

    fn error(&self, failure: Failure) -> EvalError {
        let expr = self.excerpt();
        match failure {
            Failure::Error(message) => EvalError::Failed { expr, message },
            Failure::Several => EvalError::Several { expr },
            Failure::Stopped(limit) => EvalError::Stopped { expr, limit },
        }
    }
}
