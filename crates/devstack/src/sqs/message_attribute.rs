//! The attributes of a message as requests and answers carry them.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A message attribute as it travels; binary values stay in base64.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attribute {
    #[serde(rename = "DataType", default)]
    pub(crate) data_type: String,
    #[serde(rename = "StringValue", default, skip_serializing_if = "Option::is_none")]
    pub(crate) text: Option<String>,
    #[serde(rename = "BinaryValue", default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary: Option<String>,
}

/// Attributes by name; the order of names is that of the MD5 digest.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

impl Attribute {
    /// The bytes of a binary attribute; `None` for the other types and for text that is not base64.
    pub(crate) fn binary_bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.binary.as_ref()?).ok()
    }
}
