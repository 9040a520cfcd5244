//! A sample as a template: ids and times new in each event, everything else as it was.

use jiff::Timestamp;
use serde_json::{Number, Value};

use super::KeyOrder;
use super::choices::Choices;
use super::names::{ends_with_word, is_id};
use super::node::{Node, escaped};
use crate::config::child_pointer;

/// Letters of an id that are drawn anew, at least; fewer would repeat too soon.
const LEAST_DRAWN: usize = 3;
/// Digits of a number that a helper draws, at most.
const DIGITS: usize = 18;
/// The years 2001 to 2286 in each unit, which no other unit shares.
const EPOCHS: [(&str, i64); 3] = [("s", 1), ("ms", 1_000), ("us", 1_000_000)];
/// Last words of the names of points in time.
const TIMES: [&str; 7] = ["ts", "time", "timestamp", "at", "date", "created", "updated"];

/// The template of a sample: of the first one, unless it can't be stored.
pub(super) fn event(samples: &[Value], order: &KeyOrder, choices: &mut Choices) -> Node {
    let sample = &samples[choices.choose("", samples.len())];
    value(sample, "", "", order, choices)
}

fn value(sample: &Value, pointer: &str, name: &str, order: &KeyOrder, choices: &mut Choices) -> Node {
    match sample {
        Value::Object(fields) => {
            let mut nodes = Vec::new();
            for key in order.sorted(fields.keys().map(String::as_str)) {
                let node = value(&fields[key], &child_pointer(pointer, key), key, order, choices);
                nodes.push((key.to_owned(), node));
            }
            Node::Object(nodes)
        }
        Value::Array(items) => {
            let mut nodes = Vec::new();
            for (index, item) in items.iter().enumerate() {
                nodes.push(value(item, &format!("{pointer}/{index}"), name, order, choices));
            }
            Node::Array(nodes)
        }
        scalar => match drawn(scalar, name) {
            Some(node) if choices.choose(pointer, 2) == 0 => node,
            _ => Node::literal(scalar, order),
        },
    }
}

/// A helper in place of an id or a time.
fn drawn(scalar: &Value, name: &str) -> Option<Node> {
    match scalar {
        Value::String(text) => text_drawn(text, name).map(|text| Node::quoted(&text)),
        Value::Number(number) => number_drawn(number, name).map(Node::Scalar),
        _ => None,
    }
}

fn text_drawn(text: &str, name: &str) -> Option<String> {
    if text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() {
        return Some("{{uuid}}".to_owned());
    }
    if text.contains('T') && text.parse::<Timestamp>().is_ok() {
        return Some("{{now}}".to_owned());
    }
    let end = text.trim_end_matches(|c: char| c.is_ascii_alphanumeric()).len();
    let (prefix, tail) = text.split_at(end);
    let drawable = is_id(name) && tail.len() >= LEAST_DRAWN && tail.contains(|c: char| c.is_ascii_digit());
    drawable.then(|| format!("{}{}", escaped(prefix), letters(tail)))
}

/// As many digits as there were, or as many letters. Of more digits than a helper draws, the first ones stay.
fn letters(tail: &str) -> String {
    let digits = tail.chars().all(|c| c.is_ascii_digit()) && !tail.starts_with('0');
    if !digits {
        return format!("{{{{random_string {}}}}}", tail.len());
    }
    let (kept, drawn) = tail.split_at(tail.len().saturating_sub(DIGITS));
    let zeros = "0".repeat(drawn.len() - 1);
    format!("{kept}{{{{random_int 1{zeros} {}}}}}", "9".repeat(drawn.len()))
}

fn number_drawn(number: &Number, name: &str) -> Option<String> {
    if let Some(unit) = number.as_i64().and_then(|number| epoch_unit(number, name)) {
        return Some(format!("{{{{unix \"{unit}\"}}}}"));
    }
    let text = number.to_string();
    let whole = text.chars().all(|c| c.is_ascii_digit());
    (is_id(name) && whole && text.len() >= LEAST_DRAWN).then(|| letters(&text))
}

/// The unit of a point in time, for a number with the name of one.
pub(super) fn epoch_unit(number: i64, name: &str) -> Option<&'static str> {
    if !TIMES.iter().any(|word| ends_with_word(name, word)) {
        return None;
    }
    let unit = EPOCHS.into_iter().find(|(_, unit)| (1_000_000_000 * unit..10_000_000_000 * unit).contains(&number));
    unit.map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_and_times_are_drawn_and_the_rest_is_kept() {
        let sample = json!({
            "id": "evt_1042", "customerId": "a7x", "n": 1042, "at": "2024-01-02T03:04:05Z", "note": "x1042",
            "ref": "00112233-4455-6677-8899-aabbccddeeff", "ts": 1_700_000_000_123_i64, "account_id": 4711, "day": "2024-01-02",
        });
        let text = event(&[sample], &KeyOrder::default(), &mut Choices::default()).text(0);
        for expected in [
            r#""id": "evt_{{random_int 1000 9999}}""#,
            r#""customerId": "{{random_string 3}}""#,
            r#""n": 1042"#,
            r#""at": "{{now}}""#,
            r#""note": "x1042""#,
            r#""ref": "{{uuid}}""#,
            r#""ts": {{unix "ms"}}"#,
            r#""account_id": {{random_int 1000 9999}}"#,
            r#""day": "2024-01-02""#,
        ] {
            assert!(text.contains(expected), "{expected} in {text}");
        }
    }
}
