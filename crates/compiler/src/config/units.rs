//! Durations as a person writes them.

use std::fmt;
use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// A duration: `15s`, `1m30s`, `12h`, `500ms`; a bare whole number is seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Duration);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration such as `15s`, `500ms` or `1m30s`")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<Seconds, E> {
        Ok(Seconds(Duration::from_secs(seconds)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Seconds, E> {
        let parsed = text.parse::<jiff::SignedDuration>().ok();
        let duration = parsed.and_then(|parsed| Duration::try_from(parsed).ok());
        duration.map(Seconds).ok_or_else(|| {
            E::custom(format!("`{text}` is not a valid duration\nwrite it like `15s`, `500ms` or `1m30s`"))
        })
    }
}
