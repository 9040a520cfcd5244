//! What an expression can see: the document, and what the queue says about the message.

use std::cell::OnceCell;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::jq;
use super::path::Root;
use crate::message::{AttributeValue, Metadata};

/// The values of one message, shared by all its expressions. What only some expressions need is made once, when first asked for.
pub struct Context<'d> {
    body: &'d Value,
    document: &'d Value,
    metadata: &'d Metadata,
    sqs: OnceCell<Value>,
    pub(super) jq: jq::Shared,
}

/// What one expression sees: the message, and the value that `.` stands for.
pub struct Scope<'c> {
    pub(super) context: &'c Context<'c>,
    input: &'c Value,
    pub(super) jq: jq::Input,
}

impl<'d> Context<'d> {
    /// `document` is `body` itself, or what `unwrap` took out of it.
    pub fn new(body: &'d Value, document: &'d Value, metadata: &'d Metadata) -> Self {
        Self { body, document, metadata, sqs: OnceCell::new(), jq: jq::Shared::default() }
    }

    /// The scope in which `.` is the document.
    pub fn scope(&self) -> Scope<'_> {
        self.scope_of(self.document)
    }

    /// The scope in which `.` is a part of it.
    pub fn scope_of<'c>(&'c self, input: &'c Value) -> Scope<'c> {
        Scope { context: self, input, jq: jq::Input::default() }
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
            Root::Sqs => context.sqs.get_or_init(|| sqs(context.metadata)),
        }
    }
}

/// `$sqs`: times as RFC 3339 with milliseconds, so that a timestamptz column takes them as they are;
/// an attribute by its value, a binary one as base64.
fn sqs(metadata: &Metadata) -> Value {
    let attributes: Map<String, Value> =
        metadata.attributes.iter().map(|(name, attribute)| (name.clone(), attribute_value(&attribute.value))).collect();
    let fields = [
        ("message_id", Value::from(metadata.message_id.as_str())),
        ("sent_at", timestamp(metadata.sent_at)),
        ("received_at", timestamp(Some(metadata.received_at))),
        ("receive_count", Value::from(metadata.receive_count)),
        ("group_id", Value::from(metadata.group_id.as_deref())),
        ("dedup_id", Value::from(metadata.dedup_id.as_deref())),
        ("attributes", Value::Object(attributes)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn attribute_value(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::Text(text) => Value::from(text.as_str()),
        AttributeValue::Binary(bytes) => Value::from(STANDARD.encode(bytes)),
    }
}

/// Milliseconds since 1970 as RFC 3339; null when there is none or the calendar ends before it.
fn timestamp(milliseconds: Option<i64>) -> Value {
    milliseconds
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map_or(Value::Null, |at| Value::from(format!("{at:.3}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::Attribute;

    #[test]
    fn sqs_names_everything_the_queue_says() {
        let attribute = |data_type: &str, value| Attribute { data_type: data_type.to_owned(), value };
        let metadata = Metadata {
            message_id: "m-1".to_owned(),
            sent_at: Some(1_700_000_000_120),
            received_at: 1_700_000_001_000,
            receive_count: 2,
            attributes: [
                ("source".to_owned(), attribute("String", AttributeValue::Text("web".to_owned()))),
                ("raw".to_owned(), attribute("Binary", AttributeValue::Binary(vec![0xff, 0]))),
            ]
            .into(),
            ..Metadata::default()
        };
        let context = Context::new(&Value::Null, &Value::Null, &metadata);
        assert_eq!(
            *context.scope().root(Root::Sqs),
            json!({
                "message_id": "m-1",
                "sent_at": "2023-11-14T22:13:20.120Z",
                "received_at": "2023-11-14T22:13:21.000Z",
                "receive_count": 2,
                "group_id": null,
                "dedup_id": null,
                "attributes": {"source": "web", "raw": "/wA="},
            })
        );
    }
}
