//! What an expression can see: the document, and what the queue reports about the message.

use std::cell::OnceCell;

use serde_json::Value;

use crate::budget::Steps;
use crate::path::Root;
use crate::value::Val;

/// What the queue reports about a message, as a JSON value: `$sqs`.
pub trait SqsMetadata {
    /// Makes the value. Called at most once per message, and only for an expression that reads `$sqs`.
    fn sqs(&self) -> Value;
}

/// Stands for the metadata where an expression reads nothing of the message.
pub(crate) struct NoMetadata;

impl SqsMetadata for NoMetadata {
    fn sqs(&self) -> Value {
        Value::Null
    }
}

/// The values of one message, shared by all its expressions. What only some expressions need is made once, when first asked for.
pub struct Context<'d> {
    body: &'d Value,
    document: &'d Value,
    metadata: &'d dyn SqsMetadata,
    sqs: OnceCell<Value>,
    converted: Converted,
    steps: Steps,
}

/// The message's values as jq works on them, each converted when first asked for.
#[derive(Default)]
struct Converted {
    document: OnceCell<Val>,
    body: OnceCell<Val>,
    sqs: OnceCell<Val>,
}

/// What one expression sees: the message, and the value that `.` stands for.
pub struct Scope<'c> {
    context: &'c Context<'c>,
    input: &'c Value,
    converted_input: OnceCell<Val>,
}

impl<'d> Context<'d> {
    /// `document` is `body` itself, or what `unwrap` took out of it.
    pub fn new(body: &'d Value, document: &'d Value, metadata: &'d dyn SqsMetadata) -> Self {
        Self {
            body,
            document,
            metadata,
            sqs: OnceCell::new(),
            converted: Converted::default(),
            steps: Steps::default(),
        }
    }

    /// The scope in which `.` is the document.
    pub fn scope(&self) -> Scope<'_> {
        self.scope_of(self.document)
    }

    /// The scope in which `.` is a part of it.
    pub fn scope_of<'c>(&'c self, input: &'c Value) -> Scope<'c> {
        Scope { context: self, input, converted_input: OnceCell::new() }
    }
}

impl Scope<'_> {
    /// The value a path starts from.
    pub fn root(&self, root: Root) -> &Value {
        let context = self.context;
        match root {
            Root::Input => self.input,
            Root::Doc => context.document,
            Root::Body | Root::Raw => context.body,
            Root::Sqs => context.sqs.get_or_init(|| context.metadata.sqs()),
        }
    }

    /// The same value as jq works on it.
    pub(crate) fn val(&self, root: Root) -> Val {
        let converted = &self.context.converted;
        let value = self.root(root);
        let cell = match root {
            // One value under several names is converted once.
            _ if std::ptr::eq(value, self.context.document) => &converted.document,
            Root::Input => &self.converted_input,
            Root::Doc => &converted.document,
            Root::Body | Root::Raw => &converted.body,
            Root::Sqs => &converted.sqs,
        };
        cell.get_or_init(|| Val::from_value(value)).clone()
    }

    /// What is left of the message's budget.
    pub(crate) fn steps(&self) -> &Steps {
        &self.context.steps
    }
}
