//! A compiled expression: a simple path, or jq.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::jq;
use super::path::{Path, PathError, Root, step};
use super::scope::{Context, Scope};
use crate::message::Metadata;

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
    Jq(jq::Program),
}

/// Why a text is no expression.
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
    #[error("`{expr}` gave several results, where one is taken")]
    Several {
        /// The expression.
        expr: String,
    },
    /// A condition that is neither true nor false.
    #[error("`{expr}` gave {found}, not true or false")]
    NoCondition {
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
        limit: jq::Limit,
    },
}

impl Expr {
    /// Compiles an expression. Spans in the result are byte offsets into `text`.
    pub fn compile(text: &str) -> Result<Self, ExprError> {
        let kind = match Path::parse(text) {
            Some(path) => Kind::Path(path),
            None => Kind::Jq(jq::Program::compile(text)?),
        };
        Ok(Self(Arc::new(Inner { text: text.to_owned(), kind })))
    }

    /// The expression a column has when none is written: `.name`.
    pub fn field(name: &str) -> Self {
        Self::compile(&step(name)).expect("a quoted field is a simple path")
    }

    /// The text it was compiled from.
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

    /// Why it has no value for any message, where that can be told without one: it looks at nothing, and fails.
    pub fn dead_end(&self) -> Option<EvalError> {
        match &self.0.kind {
            Kind::Jq(program) if program.is_closed() => {
                let metadata = Metadata::default();
                self.eval(&Context::new(&Value::Null, &Value::Null, &metadata).scope()).err()
            }
            _ => None,
        }
    }

    fn error(&self, failure: jq::Failure) -> EvalError {
        let expr = self.excerpt();
        match failure {
            jq::Failure::Error(message) => EvalError::Failed { expr, message },
            jq::Failure::Several => EvalError::Several { expr },
            jq::Failure::Stopped(limit) => EvalError::Stopped { expr, limit },
        }
    }
}
