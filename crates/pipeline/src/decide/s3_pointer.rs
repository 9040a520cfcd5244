//! Recognises what the extended clients of SQS and SNS send instead of an event that is too large for a message: a pointer
//! to an object in S3.

use serde_json::Value;

use crate::message::{Code, Metadata, Rejection};

/// The class that a pointer names as the first of its two elements: that of the payload offloading library, and that of
/// the first version of the SQS client.
const CLASSES: [&str; 2] =
    ["software.amazon.payloadoffloading.PayloadS3Pointer", "com.amazon.sqs.javamessaging.MessageS3Pointer"];
/// The attributes that a client adds to a pointer. The client for .NET names no class.
const SIZE_ATTRIBUTES: [&str; 2] = ["ExtendedPayloadSize", "SQSLargePayloadSize"];
/// Characters of a bucket or a key, at most.
const MAX_NAME: usize = 200;

/// Why a document can't be stored that is a pointer; `None` for any other document.
pub(super) fn rejection(document: &Value, metadata: &Metadata) -> Option<Rejection> {
    let pointer = match document {
        Value::Array(parts) => match &parts[..] {
            [Value::String(class), pointer] if CLASSES.contains(&class.as_str()) => pointer,
            _ => return None,
        },
        Value::Object(_) if SIZE_ATTRIBUTES.iter().any(|name| metadata.attributes.contains_key(*name)) => document,
        _ => return None,
    };
    let (bucket, key) = (member(pointer, "s3BucketName")?, member(pointer, "s3Key")?);
    let message = format!(
        "the event itself is in S3, in bucket `{bucket}` under the key `{key}`: an extended client of SQS or SNS sent a \
         pointer to it, and runner does not read S3"
    );
    Some(Rejection::new(Code::S3Pointer, message))
}

/// A text of the pointer, cut short. Clients differ in its first letter.
fn member(pointer: &Value, name: &str) -> Option<String> {
    let members = pointer.as_object()?;
    let (_, value) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.as_str()?.chars().take(MAX_NAME).collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::message::{Attribute, AttributeValue};

    fn with_attribute(name: &str) -> Metadata {
        let size = Attribute { data_type: "Number".to_owned(), value: AttributeValue::Text("300000".to_owned()) };
        Metadata { attributes: [(name.to_owned(), size)].into(), ..Metadata::default() }
    }

    #[test]
    fn a_pointer_is_recognised_by_its_class_or_its_attribute() {
        let plain = Metadata::default();
        for class in CLASSES {
            let found = rejection(&json!([class, {"s3BucketName": "big", "s3Key": "a/1"}]), &plain).expect(class);
            assert_eq!(found.code, Code::S3Pointer);
            assert!(found.message.contains("`big`") && found.message.contains("`a/1`"), "{}", found.message);
        }
        let without_class = json!({"S3BucketName": "big", "S3Key": "a/1"});
        for name in SIZE_ATTRIBUTES {
            assert!(rejection(&without_class, &with_attribute(name)).is_some(), "{name}");
        }
    }

    #[test]
    fn an_event_is_no_pointer() {
        let plain = Metadata::default();
        for event in [
            json!({"s3BucketName": "big", "s3Key": "a/1"}),
            json!([CLASSES[0]]),
            json!([CLASSES[0], "s3Key"]),
            json!(["com.example.Event", {"s3BucketName": "big", "s3Key": "a/1"}]),
            json!(CLASSES[0]),
        ] {
            assert_eq!(rejection(&event, &plain), None, "{event}");
        }
        assert_eq!(rejection(&json!({"id": 1}), &with_attribute("ExtendedPayloadSize")), None);
    }
}
