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
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
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

impl Operation {
    /// Whether a call has entries that can fail alone.
    pub(crate) const fn is_batch(self) -> bool {
        matches!(self, Self::SendMessageBatch | Self::DeleteMessageBatch | Self::ChangeMessageVisibilityBatch)
    }
}

/// The queue a request is about, by each of the names requests have for it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct QueueOfRequest {
    queue_url: Option<String>,
    queue_name: Option<String>,
    source_arn: Option<String>,
}

/// The name of the queue a request is about; `None` if it is about none.
pub(crate) fn queue_of_request(body: &Bytes) -> Option<String> {
    let request: QueueOfRequest = parse(body).ok()?;
    let reference = request.queue_url.or(request.queue_name).or(request.source_arn)?;
    reference.rsplit(['/', ':']).next().map(str::to_owned)
}

/// Reads a request; an empty body is a request without parameters.
pub(crate) fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Error::new(ErrorCode::Serialization, error.to_string()))
}

/// The answer to a call that was carried out.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) response: Response<Body>,
    /// Messages that the call sent, received, deleted or changed the visibility of.
    pub(crate) entries: usize,
}

impl Answer {
    pub(crate) fn with_entries<T: Serialize>(content: &T, entries: usize) -> Self {
        Self { response: json_response(content), entries }
    }

    /// The answer to a call that moves no message.
    pub(crate) fn plain<T: Serialize>(content: &T) -> Self {
        Self::with_entries(content, 0)
    }

    /// The answer to a call about one message.
    pub(crate) fn of_one<T: Serialize>(content: &T) -> Self {
        Self::with_entries(content, 1)
    }

    pub(crate) fn of_batch<T: Serialize>(content: &BatchResult<T>) -> Self {
        Self::with_entries(content, content.successful.len())
    }
}

fn json_response<T: Serialize>(content: &T) -> Response<Body> {
    let body = serde_json::to_vec(content).expect("answers are maps with text keys");
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON_1_0));
    response
}

/// The answer to a failed call.
pub(crate) fn reply_error(error: &Error) -> Response<Body> {
    let (shape, query_code, status) = error.code.wire();
    let fault = if error.code.is_sender_fault() { "Sender" } else { "Receiver" };
    let body = ErrorBody { shape: format!("com.amazonaws.sqs#{shape}"), message: &error.message };
    let mut response = json_response(&body);
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

    /// An entry that a test made fail.
    pub(crate) fn on_purpose(id: String, code: ErrorCode, sender_fault: bool) -> Self {
        Self { id, code: code.as_str(), sender_fault, message: "This entry fails on purpose.".to_owned() }
    }
}

/// A successful entry without any content but its id.
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

    #[test]
    fn the_queue_of_a_request_is_found_by_url_name_and_arn() {
        for (body, queue) in [
            (r#"{"QueueUrl":"http://127.0.0.1:1/000000000000/q.fifo","MessageBody":"a"}"#, Some("q.fifo")),
            (r#"{"QueueName":"q"}"#, Some("q")),
            (r#"{"SourceArn":"arn:aws:sqs:us-east-1:000000000000:q"}"#, Some("q")),
            (r#"{"MaxResults":1}"#, None),
            ("", None),
        ] {
            assert_eq!(queue_of_request(&Bytes::from(body)).as_deref(), queue, "{body}");
        }
    }
}
