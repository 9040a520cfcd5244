//! A message: what the producer sent, and what has happened to it since.

use std::sync::Arc;

use super::error::{Error, ErrorCode, Result};
use super::message_attribute::{Attribute, Attributes};
use super::time::Timestamp;
use super::{limits, md5};

/// What the producer sent. It never changes, so every delivery shares it.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    pub(crate) message_id: String,
    pub(crate) body: String,
    pub(crate) body_md5: String,
    pub(crate) attributes: Attributes,
    pub(crate) attributes_md5: Option<String>,
    pub(crate) trace_header: Option<String>,
    pub(crate) group: Option<Arc<str>>,
    pub(crate) deduplication_id: Option<String>,
}

/// Where a message is in its queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Not to be received before this time.
    Delayed(Timestamp),
    Visible,
    /// Received, and hidden until this time.
    InFlight(Timestamp),
}

/// A message in a queue.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) content: Arc<Content>,
    pub(crate) sent_at: Timestamp,
    pub(crate) first_received_at: Option<Timestamp>,
    /// Also the number in the receipt: only the latest receive holds the message.
    pub(crate) receive_count: u32,
    pub(crate) sequence_number: Option<u128>,
    /// ARN of the queue a redrive policy moved it from.
    pub(crate) dead_letter_source: Option<Arc<str>>,
    pub(crate) state: State,
}

impl Message {
    pub(crate) fn new(content: Arc<Content>, sent_at: Timestamp) -> Self {
        Self {
            content,
            sent_at,
            first_received_at: None,
            receive_count: 0,
            sequence_number: None,
            dead_letter_source: None,
            state: State::Visible,
        }
    }

    pub(crate) fn group(&self) -> Option<&Arc<str>> {
        self.content.group.as_ref()
    }
}

/// One delivery of a message: its content, and the facts of this receive.
#[derive(Debug)]
pub(crate) struct Delivered {
    pub(crate) content: Arc<Content>,
    pub(crate) receipt: Receipt,
    pub(crate) sent_at: Timestamp,
    pub(crate) first_received_at: Timestamp,
    pub(crate) receive_count: u32,
    pub(crate) sequence_number: Option<u128>,
    pub(crate) dead_letter_source: Option<Arc<str>>,
}

/// A receipt handle: which receive of which message of which queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Receipt {
    pub(crate) queue: u64,
    pub(crate) message: u64,
    pub(crate) receive: u32,
}

impl Receipt {
    pub(crate) fn encode(self) -> String {
        format!("{:016x}{:016x}{:08x}", self.queue, self.message, self.receive)
    }

    pub(crate) fn decode(handle: &str) -> Result<Self> {
        Self::parse(handle).ok_or_else(|| {
            let message = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
            Error::new(ErrorCode::ReceiptHandleIsInvalid, message)
        })
    }

    fn parse(handle: &str) -> Option<Self> {
        if handle.len() != 40 {
            return None;
        }
        Some(Self {
            queue: u64::from_str_radix(handle.get(..16)?, 16).ok()?,
            message: u64::from_str_radix(handle.get(16..32)?, 16).ok()?,
            receive: u32::from_str_radix(handle.get(32..)?, 16).ok()?,
        })
    }
}

/// The part of a message a producer writes, as parsed from a request.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) body: String,
    pub(crate) attributes: Attributes,
    pub(crate) system_attributes: Attributes,
    pub(crate) group: Option<String>,
    pub(crate) deduplication_id: Option<String>,
}

impl Draft {
    /// Makes the checks of SQS that do not depend on the queue.
    pub(crate) fn check(&self, maximum_size: usize) -> Result<()> {
        if self.body.is_empty() {
            return Err(Error::missing("MessageBody"));
        }
        limits::check_characters(&self.body)?;
        limits::check_attributes(&self.attributes)?;
        limits::check_system_attributes(&self.system_attributes)?;
        limits::check_message_size(self.size(), maximum_size)
    }

    /// Bytes of the body and the attributes, as SQS counts them; system attributes do not count.
    pub(crate) fn size(&self) -> usize {
        self.body.len() + limits::attributes_size(&self.attributes)
    }

    pub(crate) fn into_content(self, message_id: String) -> Content {
        Content {
            message_id,
            body_md5: md5::of_body(&self.body),
            attributes_md5: digest(&self.attributes),
            body: self.body,
            trace_header: self.system_attributes.into_values().find_map(|value| value.text),
            attributes: self.attributes,
            group: self.group.map(Arc::from),
            deduplication_id: self.deduplication_id,
        }
    }
}

/// The digest of attributes that passed the checks; `None` without attributes.
pub(crate) fn digest(attributes: &Attributes) -> Option<String> {
    digest_of(attributes.iter())
}

/// As [`digest`], of the attributes chosen by a receive call.
pub(crate) fn digest_of<'a>(attributes: impl Iterator<Item = (&'a String, &'a Attribute)>) -> Option<String> {
    let attributes: Vec<_> = attributes.map(|(name, attribute)| (name, attribute, attribute.binary_bytes())).collect();
    let fields = attributes.iter().map(|(name, attribute, binary)| {
        let text = attribute.text.as_deref().unwrap_or_default();
        let value = binary.as_deref().map_or(md5::Value::Text(text), md5::Value::Binary);
        (name.as_str(), attribute.data_type.as_str(), value)
    });
    (!attributes.is_empty()).then(|| md5::of_attributes(fields))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipt_survives_the_round_trip() {
        let receipt = Receipt { queue: u64::MAX, message: 7, receive: 3 };
        assert_eq!(Receipt::decode(&receipt.encode()).unwrap(), receipt);
    }

    #[test]
    fn other_text_is_not_a_receipt() {
        for handle in ["", "abc", &"g".repeat(40), &"é".repeat(20)] {
            assert_eq!(Receipt::decode(handle).unwrap_err().code, ErrorCode::ReceiptHandleIsInvalid);
        }
    }
}
