//! A delivery from the queue, its receipt, and why a message can never be stored.

use std::collections::BTreeMap;

use jq::EvalError;
use serde_json::Value;

use crate::escape::escaped;

/// One delivery of a message. Not `Clone`: its one owner has to settle it.
#[derive(Debug)]
pub struct Delivery {
    /// The body as the queue handed it out, byte for byte.
    pub body: String,
    /// What the queue reports about it.
    pub metadata: Metadata,
    /// The right to delete this delivery or to change its visibility.
    pub receipt: Receipt,
}

/// What the queue reports about a delivery: `$sqs` in expressions.
#[derive(Debug, Clone, Default)]
pub struct Metadata {
    /// SQS `MessageId`.
    pub message_id: String,
    /// SQS `SentTimestamp`, milliseconds since 1970 UTC.
    pub sent_at: Option<i64>,
    /// When this process received it, milliseconds since 1970 UTC.
    pub received_at: i64,
    /// SQS `ApproximateReceiveCount`, 1 at the first delivery.
    pub receive_count: u32,
    /// SQS `MessageGroupId` (FIFO queues, and fair queues).
    pub group_id: Option<String>,
    /// SQS `MessageDeduplicationId` (FIFO queues).
    pub dedup_id: Option<String>,
    /// SQS `AWSTraceHeader`: the trace of the request that sent it.
    pub trace_header: Option<String>,
    /// How often `runner dlq redrive` sent it back to its queue: [`REDRIVEN_ATTRIBUTE`], which is not one of the sender's own.
    pub redriven: u32,
    /// The sender's own message attributes.
    pub attributes: BTreeMap<String, Attribute>,
}

/// The message attribute that counts how often a message was redriven.
pub const REDRIVEN_ATTRIBUTE: &str = "runner.redriven";

/// A message attribute, kept as sent so that a dead letter can carry it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with an optional custom suffix (`Number.float`).
    pub data_type: String,
    /// Its value.
    pub value: AttributeValue,
}

/// A message attribute's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeValue {
    /// `String` and `Number`.
    Text(String),
    /// `Binary`.
    Binary(Vec<u8>),
}

/// A receipt handle: valid for one delivery, until its visibility timeout ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt(pub String);

/// Why a message can never be stored. It goes to the dead-letter queue with this as its reason.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rejection {
    /// The word to filter on: the `runner.code` attribute.
    pub code: Code,
    /// What is wrong, for a person. Never the message's body; a value of it only cut short.
    pub message: String,
    /// JSON Pointer into the document (RFC 6901).
    pub instance_path: Option<String>,
    /// The failing JSON Schema keyword.
    pub keyword: Option<String>,
    /// JSON Pointer into the schema.
    pub schema_path: Option<String>,
    /// The column whose value failed, as `table.column`.
    pub column: Option<String>,
    /// PostgreSQL's SQLSTATE.
    pub sqlstate: Option<String>,
}

macro_rules! codes {
    ($($(#[$attribute:meta])* $variant:ident $word:literal $stage:literal,)*) => {
        /// The kinds of rejection, one word each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
        pub enum Code {
            $($(#[$attribute])* $variant,)*
        }

        impl Code {
            /// Every kind, in the order of the steps.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word in `runner.code`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The step of the pipeline that rejects with this code: the `stage` field of a dead letter's reason.
            pub fn stage(self) -> &'static str {
                match self {
                    $(Self::$variant => $stage,)*
                }
            }
        }
    };
}

// Each row: the variant, its word, and its stage.
codes! {
    /// The body is not a JSON document.
    #[default]
    NotJson "not_json" "parse",
    /// The event itself is in S3.
    S3Pointer "s3_pointer" "parse",
    /// The envelope can't be opened.
    Unwrap "unwrap" "unwrap",
    /// The discriminator's value has no schema.
    NoSchema "no_schema" "validate",
    /// The document breaks the JSON Schema.
    Schema "schema" "validate",
    /// An expression failed, or yielded several results.
    Mapping "mapping" "map",
    /// A value does not fit its column's type.
    Cast "cast" "map",
    /// A required column got no value.
    NotNull "not_null" "map",
    /// Checking or mapping it costs too much: a limit of steps, of memory or of depth ended it.
    Budget "budget" "decide",
    /// A value PostgreSQL can't hold (NUL in text, SQLSTATE class 22).
    NotStorable "not_storable" "write",
    /// A constraint of the table refuses the row (SQLSTATE class 23).
    Constraint "constraint" "write",
    /// Received `max_receives` times without being settled.
    MaxReceives "max_receives" "receive",
}

impl Code {
    /// This code for an expression that failed; `budget` for one that a limit ended.
    pub(crate) fn of(self, error: &EvalError) -> Self {
        if error.is_over_budget() { Self::Budget } else { self }
    }
}

impl Rejection {
    /// A rejection with nothing but its code and message. The message may quote what others sent, so it is escaped.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message: escaped(&message).into_owned(), ..Self::default() }
    }
}

/// Parses a body as exactly one JSON document, as [`jq::parse`] does; anything else is rejected as `not_json`.
pub fn parse(body: &str) -> Result<Value, Rejection> {
    jq::parse(body).map_err(|error| Rejection::new(Code::NotJson, error.message))
}
