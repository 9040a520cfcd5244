//! Turns one delivery into rows, or into the reason why it never can be: parse, unwrap, skip, validate, map.

mod kinds;
mod s3_pointer;
mod schemas;
mod trace;
mod unwrap;

use serde_json::Value;

use crate::mapping::Mapping;
use crate::message::{Code, Delivery, Metadata, Rejection, parse};
use crate::row::Rows;
use jq::{Condition, Context, Root};

pub use kinds::Kinds;
pub use kinds::chooses;
pub use schemas::{Choice, Otherwise, Schemas, Verdict};
pub use trace::{TableTrace, Trace};
pub use unwrap::Unwrap;

/// Every step between the queue and the database. Synchronous and pure: no clock, no network, no database.
#[derive(Debug, Clone)]
pub struct Decider {
    /// How the document is taken out of the body; `None` when the body is the document.
    pub unwrap: Option<Unwrap>,
    /// Documents that are normal but unwanted.
    pub skip: Option<Condition>,
    /// What a document has to keep to.
    pub schemas: Schemas,
    /// The rows it becomes.
    pub mapping: Mapping,
}

impl Decider {
    /// Decides one delivery. No rows at all mean that the pipeline file drops it: it is settled without being stored.
    pub fn decide(&self, delivery: &Delivery) -> Result<Rows, Rejection> {
        let body = self.body(&delivery.body)?;
        self.within(&body, &delivery.metadata, |context| match self.verdict(context, &delivery.metadata)? {
            Verdict::Valid => self.mapping.rows(context),
            Verdict::Unwanted => Ok(self.mapping.no_rows()),
        })
    }

    /// Whether a body passes every step before the mapping.
    pub fn accepts(&self, body: &str, metadata: &Metadata) -> bool {
        let verdict = |context: &Context<'_>| self.verdict(context, metadata);
        self.body(body).and_then(|body| self.within(&body, metadata, verdict)).is_ok()
    }

    /// The body as a value: parsed, unless the envelope is opened from its text.
    pub fn body(&self, text: &str) -> Result<Value, Rejection> {
        if self.unwrap.as_ref().is_some_and(Unwrap::reads_text) {
            return Ok(Value::from(text));
        }
        parse(text)
    }

    /// Goes on with what the expressions of this body can see.
    pub fn within<T>(
        &self,
        body: &Value,
        metadata: &Metadata,
        next: impl FnOnce(&Context<'_>) -> Result<T, Rejection>,
    ) -> Result<T, Rejection> {
        let envelope = Context::new(body, body, metadata);
        match &self.unwrap {
            None => next(&envelope),
            Some(unwrap) => {
                let scope = envelope.scope();
                let document = unwrap
                    .open(&scope)
                    .map_err(|rejection| s3_pointer::rejection(body, metadata).unwrap_or(rejection))?;
                next(&Context::new(body, &document, metadata))
            }
        }
    }

    /// Whether the document is wanted, is the event itself, and keeps to its schema.
    pub fn verdict(&self, context: &Context<'_>, metadata: &Metadata) -> Result<Verdict, Rejection> {
        let scope = context.scope();
        let skip = self.skip.as_ref().map_or(Ok(false), |skip| skip.holds(&scope));
        let skip = skip.map_err(|error| Rejection::new(Code::Mapping.of(&error), format!("`skip`: {error}")))?;
        if skip {
            return Ok(Verdict::Unwanted);
        }
        match s3_pointer::rejection(scope.root(Root::Input), metadata) {
            Some(pointer) => Err(pointer),
            None => self.schemas.check(&scope),
        }
    }
}
