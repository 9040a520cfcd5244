//! The operations by name, and the wire types several of them share.

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::{Error, ErrorCode, Result};

const JSON_1_0: &str = "application/x-amz-json-1.0";

/// The header that carries the error code of the older query protocol.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

/// The header that names the operation.
pub(crate) const TARGET: &str = "x-amz-target";

macro_rules! operations {
    ($($name:ident),* $(,)?) => {
        /// An operation of SQS that the endpoint answers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the names are those of the SQS API reference")]
        pub enum Operation { $($name),* }

        impl Operation {
            /// Reads the value of `X-Amz-Target`, e.g. `AmazonSQS.SendMessage`.
            pub(crate) fn from_target(target: &str) -> Option<Self> {
                match target.strip_prefix("AmazonSQS.")? {
                    $(stringify!($name) => Some(Self::$name),)*
                    _ => None,
                }
            }
        }
    };
}

operations!(
    CancelMessageMoveTask,
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    CreateQueue,
    DeleteMessage,
    DeleteMessageBatch,
    DeleteQueue,
    GetQueueAttributes,
    GetQueueUrl,
    ListDeadLetterSourceQueues,
    ListMessageMoveTasks,
    ListQueueTags,
    ListQueues,
    PurgeQueue,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
    SetQueueAttributes,
    StartMessageMoveTask,
    TagQueue,
    UntagQueue,
);

/// Reads a request; an empty body is a request without parameters.
pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Error::new(ErrorCode::Serialization, error.to_string()))
}

/// The answer to a successful call.
pub(crate) fn reply<T: Serialize>(answer: &T) -> Response<Body> {
    let body = serde_json::to_vec(answer).expect("answers are maps with text keys");
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON_1_0));
    response
}

/// The answer to a failed call.
pub(crate) fn reply_error(error: &Error) -> Response<Body> {
    let (shape, query_code, status) = error.code.wire();
    let fault = if error.code.is_sender_fault() { "Sender" } else { "Receiver" };
    let mut response = reply(&ErrorBody { shape: format!("com.amazonaws.sqs#{shape}"), message: &error.message });
    *response.status_mut() = StatusCode::from_u16(status).expect("the table holds HTTP statuses");
    let value = HeaderValue::try_from(format!("{query_code};{fault}")).expect("codes are ASCII");
    response.headers_mut().insert(QUERY_ERROR, value);
    response
}

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "__type")]
    shape: String,
    message: &'a str,
}

/// An answer without content.
#[derive(Debug, Serialize)]
pub(crate) struct Empty {}

/// A request about a queue and nothing more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueRequest {
    pub(crate) queue_url: Option<String>,
}

/// The answer that names one queue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueUrl {
    pub(crate) queue_url: String,
}

/// The answer to a batch call: every entry is in one of the two lists.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchResult<T> {
    pub(crate) successful: Vec<T>,
    pub(crate) failed: Vec<FailedEntry>,
}

/// An entry that was not applied.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FailedEntry {
    id: String,
    code: &'static str,
    message: String,
    sender_fault: bool,
}

impl FailedEntry {
    pub(crate) fn new(id: String, error: Error) -> Self {
        Self { id, code: error.code.as_str(), sender_fault: error.code.is_sender_fault(), message: error.message }
    }
}

/// A successful entry that has nothing to tell but its id.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DoneEntry {
    pub(crate) id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_found_by_target() {
        assert_eq!(Operation::from_target("AmazonSQS.SendMessage"), Some(Operation::SendMessage));
        assert_eq!(Operation::from_target("AmazonSNS.SendMessage"), None);
        assert_eq!(Operation::from_target("AmazonSQS.AddPermission"), None);
    }
}
