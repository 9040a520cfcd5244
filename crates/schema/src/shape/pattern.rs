//! Whether a field's name matches a pattern, as the validator sees it.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::{Value, json};

use pipeline::validate::{Options, Validator};

/// Compiled once: every column asks again.
static COMPILED: LazyLock<Mutex<HashMap<String, Option<Validator>>>> = LazyLock::new(Mutex::default);

/// Whether the name matches. A text that is not a pattern might match anything.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = compiled
        .entry(pattern.to_owned())
        .or_insert_with(|| Validator::of(&json!({"pattern": pattern}), Options::default()).ok());
    validator.as_ref().is_none_or(|validator| validator.is_valid(&Value::from(name)))
}
