//! Durations on the command line.

use std::time::Duration;

/// Reads `15s`, `500ms` or `1m 30s`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    parsed
        .and_then(|duration| duration.try_into().ok())
        .ok_or_else(|| "write a duration as 15s, 500ms or 1m30s".to_owned())
}
