//! The order in which a text first writes its keys. `serde_json` sorts them; a person has put them in an order that
//! means something.

use std::collections::HashMap;

/// Ranks keys.
#[derive(Debug, Default)]
pub(super) struct KeyOrder(HashMap<String, usize>);

impl KeyOrder {
    /// Of a document: every key counts.
    pub(super) fn of_values(text: &str) -> Self {
        Self::of(text, |_| true)
    }

    /// Of a schema: only keys that hold a schema count, so that `"type": "object"` is not mistaken for a property `type`.
    pub(super) fn of_schema(text: &str) -> Self {
        Self::of(text, |value| value.starts_with(['{', '\n', '\r']) || value.starts_with("true"))
    }

    fn of(text: &str, counts: impl Fn(&str) -> bool) -> Self {
        let mut ranks = HashMap::new();
        for (at, _) in text.match_indices(':') {
            if let Some(key) = key_before(&text[..at]).filter(|_| counts(text[at + 1..].trim_start_matches(' '))) {
                ranks.entry(key.to_owned()).or_insert(at);
            }
        }
        Self(ranks)
    }

    /// Names in their order; those the text does not have come last.
    pub(super) fn sorted<'n>(&self, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        let mut names: Vec<&str> = names.collect();
        names.sort_by_key(|name| self.0.get(*name).copied().unwrap_or(usize::MAX));
        names
    }
}

/// A key in quotes, or the plain word of a YAML text.
fn key_before(text: &str) -> Option<&str> {
    let text = text.trim_end();
    match text.strip_suffix('"') {
        Some(inner) => inner.rsplit('"').next(),
        None => text.rsplit(|c: char| c.is_whitespace() || c == '{' || c == ',').next(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(order: &KeyOrder) -> Vec<&'static str> {
        order.sorted(["a", "b", "type", "z"].into_iter())
    }

    #[test]
    fn keys_come_in_the_order_of_the_text() {
        let values = KeyOrder::of_values(r#"{"z": {"b" : 1}, "type": "b", "a": 2}"#);
        assert_eq!(sorted(&values), ["z", "b", "type", "a"]);
        let json = r#"{"type": "object", "properties": {"z": {}, "b": {"type": "string"}, "type": true, "a": {}}}"#;
        assert_eq!(sorted(&KeyOrder::of_schema(json)), ["z", "b", "type", "a"]);
        let yaml = "type: object\nproperties:\n  z:\n    type: string\n  b: {}\n  type: {}\n";
        assert_eq!(sorted(&KeyOrder::of_schema(yaml)), ["z", "b", "type", "a"]);
    }
}
