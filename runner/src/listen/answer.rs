//! What every path but the page's files answers.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderName, StatusCode};

pub(super) const JSON: &str = "application/json";

/// The status, the headers and the text of an answer.
pub(super) type Answer = (StatusCode, [(HeaderName, &'static str); 2], String);

/// An answer that no cache keeps.
pub(super) fn answer(status: StatusCode, content_type: &'static str, text: String) -> Answer {
    (status, [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")], text)
}
