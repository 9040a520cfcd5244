//! What an expression can see: the document, and what the queue says about the message.

use std::cell::OnceCell;

use serde_json::Value;

use crate::path::Root;
use crate::program::{Input, Shared};

/// What the queue says about a message, as a JSON value: `$sqs`.
pub trait SqsMetadata {
    /// The value; an expression that never reads `$sqs` never asks for it.
    fn sqs(&self) -> Value;
}

/// No queue: for expressions that read nothing.
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
    pub(crate) jq: Shared,
}

/// What one expression sees: the message, and the value that `.` stands for.
pub struct Scope<'c> {
    pub(crate) context: &'c Context<'c>,
    input: &'c Value,
    pub(crate) jq: Input,
}

impl<'d> Context<'d> {
    /// `document` is `body` itself, or what `unwrap` took out of it.
    pub fn new(body: &'d Value, document: &'d Value, metadata: &'d dyn SqsMetadata) -> Self {
        Self { body, document, metadata, sqs: OnceCell::new(), jq: Shared::default() }
    }

    /// The scope in which `.` is the document.
    pub fn scope(&self) -> Scope<'_> {
        self.scope_of(self.document)
    }

    /// The scope in which `.` is a part of it.
    pub fn scope_of<'c>(&'c self, input: &'c Value) -> Scope<'c> {
        Scope { context: self, input, jq: Input::default() }
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
}
