//! What to do about a failed SQS call, and how long to wait before the next try.

use std::error::Error;
use std::time::Duration;

use aws_sdk_sqs::error::{ConnectorError, ProvideErrorMetadata, SdkError};

/// What a failed call means to a producer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The queue is not there (yet).
    Missing,
    /// Trying again can help.
    Transient,
    /// It can't: credentials, permissions, a request SQS will never take.
    Fatal,
}

/// Codes of the SQS API reference that mean a missing queue, in the query protocol's spelling too.
const MISSING: [&str; 2] = [
    "QueueDoesNotExist",
    "AWS.SimpleQueueService.NonExistentQueue",
];

/// "Common errors" of the SQS API reference that ask for another try.
const TRANSIENT: [&str; 8] = [
    "InternalError",
    "InternalFailure",
    "KmsThrottled",
    "OverLimit",
    "RequestThrottled",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
];

impl Fault {
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Self {
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                Self::of_code(service.err().code().unwrap_or_default(), status)
            }
            SdkError::TimeoutError(_) | SdkError::ResponseError(_) => Self::Transient,
            SdkError::DispatchFailure(failure)
                if failure.as_connector_error().is_some_and(is_passing) =>
            {
                Self::Transient
            }
            _ => Self::Fatal,
        }
    }

    pub(super) fn of_code(code: &str, status: u16) -> Self {
        // AWS prefixes a code of the JSON protocol with its namespace.
        let code = code.rsplit('#').next().unwrap_or(code);
        if MISSING.contains(&code) {
            return Self::Missing;
        }
        if status >= 500 || status == 429 || TRANSIENT.contains(&code) {
            return Self::Transient;
        }
        Self::Fatal
    }
}

/// A network that fails may recover; what the SDK marks otherwise is missing credentials or a wrong URL.
fn is_passing(error: &ConnectorError) -> bool {
    error.is_io() || error.is_timeout() || error.as_other().is_some()
}

/// One line: the service's own words, or the innermost cause.
pub(super) fn describe<E>(error: &SdkError<E>) -> String
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let Some(code) = error.code() {
        return format!("{code}: {}", error.message().unwrap_or("no message"));
    }
    let mut cause: &dyn Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Capped exponential backoff with half of it jitter: `attempt` counts from 0.
pub(super) fn backoff(attempt: u32) -> Duration {
    let ceiling = (100_u64 << attempt.min(6)).min(5_000);
    Duration::from_millis(rand::random_range(ceiling / 2..=ceiling))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_fall_into_their_class() {
        for (code, status, fault) in [
            ("com.amazonaws.sqs#QueueDoesNotExist", 400, Fault::Missing),
            (
                "AWS.SimpleQueueService.NonExistentQueue",
                400,
                Fault::Missing,
            ),
            ("RequestThrottled", 400, Fault::Transient),
            ("InternalError", 500, Fault::Transient),
            ("", 503, Fault::Transient),
            ("AccessDeniedException", 400, Fault::Fatal),
            ("InvalidMessageContents", 400, Fault::Fatal),
            ("SignatureDoesNotMatch", 403, Fault::Fatal),
        ] {
            assert_eq!(Fault::of_code(code, status), fault, "{code}");
        }
    }

    #[test]
    fn backoff_grows_to_its_cap() {
        for attempt in 0..40 {
            let wait = backoff(attempt);
            assert!(wait >= Duration::from_millis(50) && wait <= Duration::from_secs(5));
        }
        assert!(backoff(10) >= Duration::from_millis(2_500));
    }
}
