//! Escapes what a terminal would obey: control characters, and characters that change the direction of text or hide.

use std::fmt::Write as _;

use pipeline::escape::{escaped, escaped_but, escaped_lines, is_unsafe};

/// A text of somebody else's on one line.
pub(crate) fn on_one_line(text: &str) -> String {
    escaped(text).into_owned()
}

/// A text of somebody else's that keeps its lines.
pub(crate) fn on_lines(text: &str) -> String {
    escaped_lines(text).into_owned()
}

/// A text that keeps its lines and its colours. What others wrote in it has lost its own colours before.
pub(crate) fn with_colours(text: &str) -> String {
    escaped_but(text, |c| matches!(c, '\n' | '\t' | '\u{1b}')).into_owned()
}

/// The same JSON, where such characters are written as JSON escapes.
pub(crate) fn in_json(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        // Outside of strings JSON has none of them but the end of a line.
        if c == '\n' || !is_unsafe(c) {
            safe.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(on_one_line("a\u{1b}[31m\r\nb\u{202e}é😀"), r"a\u{1b}[31m\r\nb\u{202e}é😀");
        assert_eq!(on_lines("a\u{9b}\n\tb\r"), "a\\u{9b}\n\tb\\r");
    }

    #[test]
    fn escaped_json_is_the_same_json() {
        let value = serde_json::json!({ "a\u{202e}": "\u{1b}[0m \u{7f}\u{9b} \u{e0001} é" });
        let text = in_json(&format!("{value:#}"));
        assert!(!text.contains(|c: char| c != '\n' && is_unsafe(c)), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
