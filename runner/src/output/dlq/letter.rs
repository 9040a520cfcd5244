//! One letter, whole.

use std::fmt::Write as _;

use serde_json::Value;

use crate::output::format::Format;
use crate::output::{escape, indent};
use engine::dlq::DeadLetter;

/// A letter: for a program with the exact body, for a person with everything escaped and JSON indented.
pub(crate) fn letter(letter: &DeadLetter, format: Format) -> String {
    match format {
        Format::Json => escape::in_json(&letter.exact().to_string()),
        Format::Human => human(letter),
    }
}

fn human(letter: &DeadLetter) -> String {
    let value = letter.exact();
    let mut text = String::new();
    for key in ["id", "code", "sent_at", "receive_count", "redriven", "group_id", "trace_header"] {
        line(&mut text, "", key, &value[key]);
    }
    match &value["reason"] {
        Value::Object(reason) => {
            text.push_str("reason\n");
            // The message first, the others by name.
            let (message, others): (Vec<_>, Vec<_>) = reason.iter().partition(|(key, _)| *key == "message");
            for (key, value) in message.into_iter().chain(others) {
                line(&mut text, "  ", key, value);
            }
        }
        other => line(&mut text, "", "reason", other),
    }
    if let Some(attributes) = value["attributes"].as_object().filter(|attributes| !attributes.is_empty()) {
        text.push_str("attributes\n");
        for (name, value) in attributes {
            line(&mut text, "  ", name, value);
        }
    }
    let _ = write!(text, "body\n{}", escape::on_lines(&body(&letter.delivery.body)));
    text
}

fn body(text: &str) -> String {
    if jq::parse(text).is_ok() { indent::indented(text) } else { text.to_owned() }
}

/// Nothing for what the letter does not have.
fn line(text: &mut String, margin: &str, name: &str, value: &Value) {
    let value = match value {
        Value::Null => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let (name, value) = (escape::on_one_line(name), escape::on_one_line(&value));
    let width = 16 - margin.len();
    let _ = writeln!(text, "{margin}{name:width$} {value}");
}
