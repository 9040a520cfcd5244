//! Makes `$sqs`, what the queue reports about a message, as expressions read it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jq::SqsMetadata;
use serde_json::{Map, Value};

use crate::message::{AttributeValue, Metadata};

/// `$sqs`: times as RFC 3339 with milliseconds, so that a timestamptz column accepts them as they are;
/// an attribute by its value, a binary one as base64.
impl SqsMetadata for Metadata {
    fn sqs(&self) -> Value {
        let attributes: Map<String, Value> =
            self.attributes.iter().map(|(name, attribute)| (name.clone(), attribute_value(&attribute.value))).collect();
        let fields = [
            ("message_id", Value::from(self.message_id.as_str())),
            ("sent_at", timestamp(self.sent_at)),
            ("received_at", timestamp(Some(self.received_at))),
            ("receive_count", Value::from(self.receive_count)),
            ("group_id", Value::from(self.group_id.as_deref())),
            ("dedup_id", Value::from(self.dedup_id.as_deref())),
            ("trace_header", Value::from(self.trace_header.as_deref())),
            ("attributes", Value::Object(attributes)),
        ];
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
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
    fn sqs_has_everything_the_queue_reports() {
        let attribute = |data_type: &str, value| Attribute { data_type: data_type.to_owned(), value };
        let metadata = Metadata {
            message_id: "m-1".to_owned(),
            sent_at: Some(1_700_000_000_120),
            received_at: 1_700_000_001_000,
            receive_count: 2,
            trace_header: Some("Root=1-5759e988".to_owned()),
            attributes: [
                ("source".to_owned(), attribute("String", AttributeValue::Text("web".to_owned()))),
                ("raw".to_owned(), attribute("Binary", AttributeValue::Binary(vec![0xff, 0]))),
            ]
            .into(),
            ..Metadata::default()
        };
        assert_eq!(
            metadata.sqs(),
            json!({
                "message_id": "m-1",
                "sent_at": "2023-11-14T22:13:20.120Z",
                "received_at": "2023-11-14T22:13:21.000Z",
                "receive_count": 2,
                "group_id": null,
                "trace_header": "Root=1-5759e988",
                "dedup_id": null,
                "attributes": {"source": "web", "raw": "/wA="},
            })
        );
    }
}
