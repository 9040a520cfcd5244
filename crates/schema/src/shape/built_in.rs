//! The built-in schemas, for values that no schema file describes.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// Each by its name.
pub(crate) static BUILT_IN: LazyLock<Value> = LazyLock::new(|| {
    json!({
        "null": {"type": "null"},
        "boolean": {"type": "boolean"},
        "integer": {"type": "integer"},
        "number of a text": {"type": "integer", "format": "text"},
        "number": {"type": "number"},
        "string": {"type": "string"},
        "date-time": {"type": "string", "format": "date-time"},
        "uuid": {"type": "string", "format": "uuid"},
        "time of day": {"type": "string", "pattern": "^[0-9]"},
        "byte": {"type": "string", "format": "byte"},
        "date": {"type": "string", "format": "date"},
        "array": {"type": "array"},
        "strings": {"type": "array", "items": {"type": "string"}},
        "some strings": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "integers": {"type": "array", "items": {"type": "integer"}},
        "scalar": {"type": ["null", "boolean", "number", "string"]},
        "iterable": {"type": ["array", "object"]},
        "no boolean": {"type": ["null", "number", "string", "array", "object"]},
        "no number": {"type": ["null", "boolean", "string", "array", "object"]},
        "no string": {"type": ["null", "boolean", "number", "array", "object"]},
        "no array": {"type": ["null", "boolean", "number", "string", "object"]},
        "no object": {"type": ["null", "boolean", "number", "string", "array"]},
        "value": {"type": ["boolean", "number", "string", "array", "object"]},
        "object": {"type": "object"},
        "$sqs": sqs(&json!(["string", "null"])),
        "$sqs of a FIFO queue": sqs(&json!("string")),
        "the SNS envelope": sns(),
    })
});

/// What the queue reports about a message; only a FIFO queue gives each one a group and a deduplication id.
fn sqs(fifo: &Value) -> Value {
    // The sender promises the form of these; a pattern, if only an empty one, keeps anybody from asking for more.
    let free = json!({"type": "string", "pattern": ""});
    json!({
        "type": "object",
        "properties": {
            "message_id": free,
            "sent_at": {"type": "string", "format": "date-time"},
            "received_at": {"type": "string", "format": "date-time"},
            "receive_count": {"type": "integer"},
            "group_id": {"type": fifo},
            "dedup_id": {"type": fifo},
            "trace_header": {"type": ["string", "null"]},
            "attributes": {"type": "object", "additionalProperties": free}
        },
        "required": [
            "message_id", "sent_at", "received_at", "receive_count", "group_id", "dedup_id", "trace_header", "attributes"
        ],
        "additionalProperties": false
    })
}

/// What SNS puts around a message.
fn sns() -> Value {
    json!({
        "type": "object",
        "properties": {
            "Type": {"type": "string"},
            "MessageId": {"type": "string", "format": "uuid"},
            "TopicArn": {"type": "string"},
            "Subject": {"type": ["string", "null"]},
            "Message": {"type": "string"},
            "Timestamp": {"type": "string", "format": "date-time"},
            "SignatureVersion": {"type": "string"},
            "Signature": {"type": "string"},
            "SigningCertURL": {"type": "string"},
            "UnsubscribeURL": {"type": "string"},
            "MessageAttributes": {"type": "object", "additionalProperties": {
                "type": "object",
                "properties": {"Type": {"type": "string"}, "Value": {"type": "string"}},
                "required": ["Type", "Value"]
            }}
        },
        "required": ["Type", "MessageId", "TopicArn", "Message", "Timestamp"]
    })
}
