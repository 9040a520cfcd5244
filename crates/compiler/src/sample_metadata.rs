//! What the queue reports about a message that is not from a queue.

use pipeline::message::{Attribute, AttributeValue, Metadata};
use pipeline::producer::Attributes;

/// 2024-01-01 00:00 UTC, in milliseconds since 1970.
const SENT_AT: i64 = 1_704_067_200_000;

/// The metadata of a sample or a test case that is sent with these attributes: the same at every run.
pub fn sample_metadata(attributes: &Attributes) -> Metadata {
    let mut metadata = Metadata {
        message_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        sent_at: Some(SENT_AT),
        received_at: SENT_AT,
        receive_count: 1,
        ..Metadata::default()
    };
    for (name, text) in attributes {
        let value = AttributeValue::Text(text.clone());
        metadata.attributes.insert(name.clone(), Attribute { data_type: "String".to_owned(), value });
    }
    metadata
}
