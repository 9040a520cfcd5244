//! A letter out of the dead-letter queue: the message as it was sent, and why it was rejected.

use serde_json::{Value, json};

use super::letter::{CODE_ATTRIBUTE, REASON_ATTRIBUTE};
use super::reason::{self, Details};
use jq::SqsMetadata as _;
use pipeline::message::{AttributeValue, Delivery};

/// The code of a letter that SQS itself moved to the queue: it has no `runner.code`.
pub const REDRIVE_POLICY: &str = "redrive policy";

/// A letter out of the dead-letter queue.
#[derive(Debug)]
pub struct DeadLetter {
    /// The message, without the attributes that runner added.
    pub delivery: Delivery,
    code: Option<String>,
    reason: Option<String>,
    details: Option<Details>,
}

impl From<Delivery> for DeadLetter {
    fn from(mut delivery: Delivery) -> Self {
        let code = removed(&mut delivery, CODE_ATTRIBUTE);
        let reason = removed(&mut delivery, REASON_ATTRIBUTE);
        let details = reason.as_deref().and_then(reason::read);
        Self { delivery, code, reason, details }
    }
}

/// Removes an attribute, and gives its text.
fn removed(delivery: &mut Delivery, name: &str) -> Option<String> {
    match delivery.metadata.attributes.remove(name)?.value {
        AttributeValue::Text(text) => Some(text),
        AttributeValue::Binary(_) => None,
    }
}

impl DeadLetter {
    /// Its id in the dead-letter queue.
    pub fn id(&self) -> &str {
        &self.delivery.metadata.message_id
    }

    /// Whether a person means this letter: by its id, or by the id that the rejected message had, which logs name.
    pub fn is(&self, id: &str) -> bool {
        self.id() == id || self.details.as_ref().and_then(|details| details.message_id.as_deref()) == Some(id)
    }

    /// `runner.code`, or [`REDRIVE_POLICY`] for a letter that SQS itself moved here.
    pub fn code(&self) -> &str {
        self.code.as_deref().unwrap_or(REDRIVE_POLICY)
    }

    /// Why it was rejected, for a person.
    pub fn message(&self) -> &str {
        let written = self.details.as_ref().map(|details| details.message.as_str());
        let absent = if self.code.is_some() { "" } else { "received too often: moved by the queue's redrive policy" };
        written.or(self.reason.as_deref()).unwrap_or(absent)
    }

    /// The name of the pipeline that rejected it, if its reason has one.
    pub fn pipeline(&self) -> Option<&str> {
        self.details.as_ref()?.pipeline.as_deref()
    }

    /// What the reason has beside its message.
    pub(super) fn details(&self) -> Option<&Details> {
        self.details.as_ref()
    }

    /// What `--where` reads: `{id, code, reason, attributes, body, sent_at}`. The reason and the body are values where
    /// they are JSON, else texts.
    pub fn value(&self) -> Value {
        let body = jq::parse(&self.delivery.body).unwrap_or_else(|_| Value::from(self.delivery.body.as_str()));
        let mut value = self.without_body();
        value["body"] = body;
        value
    }

    /// The letter with the exact text of its body, for a file or a program.
    pub fn exact(&self) -> Value {
        let metadata = &self.delivery.metadata;
        let types = metadata.attributes.iter().filter(|(_, attribute)| attribute.data_type != "String");
        let types: serde_json::Map<_, _> =
            types.map(|(name, attribute)| (name.clone(), Value::from(attribute.data_type.as_str()))).collect();
        let mut value = self.without_body();
        value["body"] = self.delivery.body.as_str().into();
        value["attribute_types"] = types.into();
        value["receive_count"] = metadata.receive_count.into();
        value["redriven"] = metadata.redriven.into();
        value["group_id"] = metadata.group_id.as_deref().into();
        value["trace_header"] = metadata.trace_header.as_deref().into();
        value
    }

    fn without_body(&self) -> Value {
        let mut sqs = self.delivery.metadata.sqs();
        json!({
            "id": self.id(),
            "code": self.code(),
            "reason": self.reason_value(),
            "attributes": sqs["attributes"].take(),
            "sent_at": sqs["sent_at"].take(),
        })
    }

    fn reason_value(&self) -> Value {
        let Some(reason) = &self.reason else { return Value::Null };
        jq::parse(reason).unwrap_or_else(|_| Value::from(reason.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::message::{Attribute, Metadata, Receipt};

    fn letter(body: &str, attributes: &[(&str, &str, &str)]) -> DeadLetter {
        let attribute = |data_type: &str, value: &str| Attribute {
            data_type: data_type.to_owned(),
            value: AttributeValue::Text(value.to_owned()),
        };
        let attributes = attributes.iter().map(|(name, kind, value)| ((*name).to_owned(), attribute(kind, value)));
        let metadata = Metadata {
            message_id: "l-1".to_owned(),
            sent_at: Some(0),
            attributes: attributes.collect(),
            ..Metadata::default()
        };
        DeadLetter::from(Delivery { body: body.to_owned(), metadata, receipt: Receipt(String::new()) })
    }

    #[test]
    fn the_attributes_of_runner_are_not_the_senders() {
        let reason = r#"{"message": "bad", "message_id": "m-1"}"#;
        let letter = letter(
            r#"{"a":1.50}"#,
            &[("runner.code", "String", "cast"), ("runner.reason", "String", reason), ("n", "Number", "7")],
        );
        assert!(letter.is("l-1") && letter.is("m-1") && !letter.is("bad"));
        let expected = json!({
            "id": "l-1", "code": "cast", "reason": {"message": "bad", "message_id": "m-1"}, "attributes": {"n": "7"},
            "body": jq::parse(r#"{"a":1.50}"#).unwrap(), "sent_at": "1970-01-01T00:00:00.000Z",
        });
        assert_eq!(letter.value(), expected);
        let exact = letter.exact();
        assert_eq!((&exact["body"], &exact["attribute_types"]), (&json!(r#"{"a":1.50}"#), &json!({"n": "Number"})));
    }

    #[test]
    fn a_letter_of_the_queues_own_has_no_reason() {
        let letter = letter("not JSON", &[]);
        assert_eq!((letter.code(), &letter.value()["reason"]), (REDRIVE_POLICY, &Value::Null));
        assert_eq!(letter.value()["body"], "not JSON");
        assert!(letter.message().contains("redrive policy"));
    }
}
