//! JSON as templates write it: over several lines, and inside strings.

/// A template spreads over lines to be read; JSON has no line breaks inside a string, so joining them changes nothing.
pub(super) fn one_line(text: &str) -> String {
    text.lines().map(str::trim).collect()
}

/// `{{...}}` inside a JSON string must stay inside it; `{{{...}}}` writes the text as it is.
pub(super) fn escape_json(text: &str) -> String {
    if !text.contains(|c: char| c == '"' || c == '\\' || c.is_control()) {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
