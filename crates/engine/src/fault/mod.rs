//! What a failed call to the queue or the database means: one table for SQLSTATEs, one for SQS error codes.
//!
//! No other place in the program decides whether to retry, to dead-letter or to give up.

mod sqlstate;

use std::error::Error as StdError;
use std::fmt;

use pipeline::escape::escaped;
use pipeline::message::Code;

/// sqlx tells no more when a server refuses connections for as long as the pool waits.
const NO_CONNECTION: &str =
    "no connection to PostgreSQL within 10 s: check that the server runs and has connections left";

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It passes by itself: try again soon.
    Retry,
    /// The driver can't send a value: the message is at fault, whatever the database would answer.
    Reject(Code),
    /// The database refuses a row by a rule about its values. The message is at fault if the same tables still accept
    /// rows that they accepted before; else the rule has changed for everyone.
    Refuse(Code),
    /// The database refuses a row for a reason that writing accepted rows again does not reach, such as an `AFTER`
    /// trigger. The message is at fault if others were stored meanwhile, too.
    Suspect,
    /// The row waits for something that others do: a row that it refers to, a lock, a partition. Only time can tell.
    Wait,
    /// Somebody has to act (a table is missing, a permission is gone): stop receiving, report, keep trying.
    Outage,
    /// Neither time nor a message will change it: stop.
    Fatal,
}

/// A failed call, classified.
#[derive(Debug)]
pub struct Fault {
    /// What to do about it.
    pub class: Class,
    /// The SQLSTATE, or the SQS error code.
    pub code: Option<String>,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Fault {
    /// A fault with a message of the program's own.
    pub fn new(class: Class, message: impl Into<String>) -> Self {
        Self { class, code: None, message: shown(&message.into()), source: None }
    }

    /// A database error. PostgreSQL's detail, which shows whole rows, is left out; its message may show a value.
    pub fn from_sqlx(error: sea_orm::sqlx::Error) -> Self {
        use sea_orm::sqlx::Error;
        let (class, code, message) = match &error {
            Error::Database(db) => {
                let state = db.code().map(std::borrow::Cow::into_owned);
                (sqlstate::classify(&**db), state, db.message().to_owned())
            }
            Error::Encode(_) => (Class::Reject(Code::NotStorable), None, error.to_string()),
            Error::PoolTimedOut => (Class::Retry, None, NO_CONNECTION.to_owned()),
            Error::Configuration(_) => (Class::Outage, None, error.to_string()),
            _ => (Class::Retry, None, error.to_string()),
        };
        Self { class, code, message: shown(&message), source: Some(Box::new(error)) }
    }

    /// A failed SQS call, or a failed entry of a batch call.
    pub fn from_sqs(code: Option<&str>, message: impl Into<String>) -> Self {
        let class = code.map_or(Class::Retry, classify_sqs);
        Self { class, code: code.map(str::to_owned), message: shown(&message.into()), source: None }
    }

    /// A failed SQS call as the SDK reports it: without a code when no answer came at all. `action` is the one that IAM has
    /// to allow for the call.
    pub fn from_sdk<E, R>(action: &str, error: aws_sdk_sqs::error::SdkError<E, R>) -> Self
    where
        E: aws_sdk_sqs::error::ProvideErrorMetadata + StdError + Send + Sync + 'static,
        R: fmt::Debug + Send + Sync + 'static,
    {
        use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
        let class = match (&error, error.code()) {
            (_, Some(code)) => classify_sqs(code),
            // A request that could not be built: nothing was sent.
            (SdkError::ConstructionFailure(_), None) => Class::Outage,
            _ => Class::Retry,
        };
        let code = error.code().map(str::to_owned);
        let message = match error.message() {
            // Of a wrong signature AWS tells the whole request, the session token included, on the lines that follow.
            Some(text) => text.lines().next().unwrap_or_default().to_owned(),
            None => root_cause(&error),
        };
        let mut fault = Self { class, code, message: shown(&message), source: Some(Box::new(error)) };
        if fault.is_access_denied() {
            fault.message = format!("{action} is not allowed: {}", fault.message);
        }
        fault
    }

    /// The same fault for each entry of a call that failed as a whole; the causes stay with the first.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self { class: self.class, code: self.code.clone(), message: self.message.clone(), source: None }
    }

    /// A unique key is taken.
    pub fn is_unique_violation(&self) -> bool {
        self.code.as_deref() == Some("23505")
    }

    /// A row that another refers to is not there.
    pub fn is_missing_reference(&self) -> bool {
        self.code.as_deref() == Some("23503")
    }

    /// A lock was not free in time, or the statement took too long.
    pub fn is_timeout(&self) -> bool {
        matches!(self.code.as_deref(), Some("55P03" | "57014"))
    }

    /// The credentials have no permission for the call.
    pub fn is_access_denied(&self) -> bool {
        matches!(self.code.as_deref().map(bare), Some("AccessDenied" | "AccessDeniedException"))
    }

    /// The queue named in the call does not exist.
    pub fn is_missing_queue(&self) -> bool {
        matches!(self.code.as_deref().map(bare), Some("QueueDoesNotExist" | "NonExistentQueue"))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} ({code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl StdError for Fault {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().and_then(StdError::source)
    }
}

/// Characters of a text of the queue or the database: a trigger may raise, or a value make, any length.
const MAX_TEXT: usize = 500;

/// A text of others, as logs, pages and dead letters may show it.
fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(MAX_TEXT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    escaped(&short).into_owned()
}

/// The innermost error: the SDK's outer texts ("dispatch failure") say nothing about the cause.
pub(crate) fn root_cause(error: &(dyn StdError + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

/// A code without what the protocols put before it: the JSON protocol a namespace, the query protocol, whose codes the
/// SDK prefers, a service name.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.strip_prefix("AWS.SimpleQueueService.").unwrap_or(code)
}

/// The SQS API reference, "Common Error Types" and the errors of each operation.
fn classify_sqs(code: &str) -> Class {
    match bare(code) {
        // The queue is gone and may be created again; permissions, credentials and keys a person mends. Then the same call
        // succeeds.
        "QueueDoesNotExist"
        | "NonExistentQueue"
        | "QueueDeletedRecently"
        | "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidClientTokenId"
        | "InvalidSecurity"
        | "MissingAuthenticationToken"
        | "NotAuthorized"
        | "OptInRequired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException"
        | "KmsAccessDenied"
        | "KmsDisabled"
        | "KmsInvalidKeyUsage"
        | "KmsInvalidState"
        | "KmsNotFound"
        | "KmsOptInRequired" => Class::Outage,
        // The request itself is wrong, or its receipt has had its time.
        "BatchEntryIdsNotDistinct"
        | "BatchRequestTooLong"
        | "EmptyBatchRequest"
        | "InvalidAction"
        | "InvalidAddress"
        | "InvalidAttributeName"
        | "InvalidAttributeValue"
        | "InvalidBatchEntryId"
        | "InvalidMessageContents"
        | "InvalidParameterCombination"
        | "InvalidParameterValue"
        | "MalformedInput"
        | "MessageNotInflight"
        | "MissingParameter"
        | "ReceiptHandleIsInvalid"
        | "TooManyEntriesInBatchRequest"
        | "UnsupportedOperation"
        | "ValidationError" => Class::Fatal,
        // Throttling, internal errors, and whatever is new.
        _ => Class::Retry,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_others_is_short_and_gives_no_commands() {
        let fault = Fault::from_sqs(Some("X"), format!("\u{1b}[2J\u{202e}{}", "é".repeat(10_000)));
        let text = fault.to_string();
        assert!(text.starts_with("\\u{1b}[2J\\u{202e}é"), "{text}");
        assert!(text.ends_with("é… (X)") && text.chars().count() < 600, "{text}");
    }

    #[test]
    fn no_sqs_error_ever_blames_a_message() {
        for code in ["ThrottlingException", "RequestThrottled", "InternalFailure", "QueueDoesNotExist", "Whatever"] {
            assert!(!matches!(classify_sqs(code), Class::Reject(_)), "{code}");
        }
        assert_eq!(classify_sqs("com.amazonaws.sqs#QueueDoesNotExist"), Class::Outage);
        assert_eq!(classify_sqs("AWS.SimpleQueueService.UnsupportedOperation"), Class::Fatal);
    }
}
