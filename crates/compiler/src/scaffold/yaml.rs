//! Parts of a YAML file, quoted by `serde_yaml` wherever a plain text would be read as something else.

use std::collections::BTreeMap;

/// A name on one line, for a key or the item of a list; it has no line break.
pub(super) fn scalar(name: &str) -> String {
    serde_yaml::to_string(name).expect("every text can be written as YAML").trim_end().to_owned()
}

/// `key: value` as a line, or as a block of lines where the value has line breaks; each starts with `indent` spaces.
pub(super) fn entry(key: &str, value: &str, indent: usize) -> String {
    let text = serde_yaml::to_string(&BTreeMap::from([(key, value)])).expect("every text can be written as YAML");
    let lines: Vec<String> = text.trim_end().lines().map(|line| format!("{:indent$}{line}", "")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_read_otherwise_is_quoted() {
        assert_eq!(["id", "null", "1", "größe", "@x"].map(scalar), ["id", "'null'", "'1'", "größe", "'@x'"]);
        for (value, line) in [
            ("text null", "  a: text null"),
            ("text = .\"a: b\"", "  a: 'text = .\"a: b\"'"),
            ("../it's #1.json", "  a: '../it''s #1.json'"),
            ("../a.json#/x", "  a: ../a.json#/x"),
            ("${A_QUEUE_NAME:-a}", "  a: ${A_QUEUE_NAME:-a}"),
        ] {
            assert_eq!(entry("a", value, 2), line);
        }
    }

    #[test]
    fn an_entry_is_read_back_as_it_was() {
        for value in ["a\nb", " a", "a\n", "\t", "#", "- a", "no", "1e3", "\u{85}", "{{a}}", "a: b\n  c"] {
            let text = format!("x:\n{}\n", entry("a", value, 4));
            let read: BTreeMap<String, BTreeMap<String, String>> = serde_yaml::from_str(&text).unwrap();
            assert_eq!(read["x"]["a"], value, "{text}");
        }
    }
}
