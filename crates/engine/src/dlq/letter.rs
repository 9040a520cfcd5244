//! A dead letter: the body byte for byte, the sender's attributes, `runner.code` and `runner.reason`, within SQS's
//! limits. What had to give way is named in the reason.

use std::collections::BTreeMap;

use super::{Letter, reason};
use pipeline::message::{Attribute, AttributeValue, REDRIVEN_ATTRIBUTE};

/// One word to filter on.
pub const CODE_ATTRIBUTE: &str = "runner.code";
/// A JSON object for a person.
pub const REASON_ATTRIBUTE: &str = "runner.reason";

/// SQS takes at most ten message attributes.
pub(super) const MAX_ATTRIBUTES: usize = 10;
/// A reason shorter than this says too little: the sender's attributes give way first.
const USEFUL_REASON: usize = 512;

/// The attributes of a dead letter, fitting beside its body into `max_bytes`.
pub(crate) fn attributes(letter: &Letter<'_>, now: jiff::Timestamp, max_bytes: usize) -> BTreeMap<String, Attribute> {
    let room = max_bytes.saturating_sub(letter.delivery.body.len());
    let code = text(letter.rejection.code.as_str());
    let code_size = size(CODE_ATTRIBUTE, &code);
    if code_size > room {
        return BTreeMap::new();
    }
    let room = room - code_size;
    let redriven = redriven(letter).filter(|count| size(REDRIVEN_ATTRIBUTE, count) <= room);
    let room = room - redriven.as_ref().map_or(0, |count| size(REDRIVEN_ATTRIBUTE, count));
    let most = MAX_ATTRIBUTES - 2 - usize::from(redriven.is_some());
    let (mut kept, mut dropped) = keep(letter, most, room.saturating_sub(USEFUL_REASON));
    loop {
        if let Some(reason) = fitting_reason(letter, now, &dropped, room.saturating_sub(total_size(&kept))) {
            kept.insert(REASON_ATTRIBUTE.to_owned(), reason);
            break;
        }
        // Its places and the names of what gave way may be longer than a useful reason.
        let Some(name) = largest(&kept) else { break };
        kept.remove(&name);
        dropped.push(name);
    }
    kept.insert(CODE_ATTRIBUTE.to_owned(), code);
    kept.extend(redriven.map(|count| (REDRIVEN_ATTRIBUTE.to_owned(), count)));
    kept
}

/// How often the message was redriven: carried on, so that it is not redriven without end.
fn redriven(letter: &Letter<'_>) -> Option<Attribute> {
    let count = letter.delivery.metadata.redriven;
    (count > 0).then(|| text(&count.to_string()))
}

/// The sender's attributes that fit, and the names of those that don't. The largest give way first.
fn keep(letter: &Letter<'_>, most: usize, room: usize) -> (BTreeMap<String, Attribute>, Vec<String>) {
    let mut kept = letter.delivery.metadata.attributes.clone();
    // From an earlier turn through this pipeline: replaced by ours.
    kept.remove(CODE_ATTRIBUTE);
    kept.remove(REASON_ATTRIBUTE);
    kept.remove(REDRIVEN_ATTRIBUTE);
    let mut dropped = Vec::new();
    while kept.len() > most || total_size(&kept) > room {
        let Some(name) = largest(&kept) else { break };
        kept.remove(&name);
        dropped.push(name);
    }
    (kept, dropped)
}

fn largest(attributes: &BTreeMap<String, Attribute>) -> Option<String> {
    attributes.iter().max_by_key(|(name, value)| size(name, value)).map(|(name, _)| name.clone())
}

/// The reason, its message cut to fit; `None` when not even the rest fits.
fn fitting_reason(letter: &Letter<'_>, now: jiff::Timestamp, dropped: &[String], room: usize) -> Option<Attribute> {
    let mut message = letter.rejection.message.clone();
    loop {
        let attribute = text(&reason::write(letter, now, dropped, &message));
        let excess = size(REASON_ATTRIBUTE, &attribute).saturating_sub(room);
        if excess == 0 {
            return Some(attribute);
        }
        if message.is_empty() {
            return None;
        }
        // Escapes make a character up to six bytes long: cut by the excess, look again.
        cut(&mut message, excess + '…'.len_utf8());
    }
}

fn cut(message: &mut String, bytes: usize) {
    let mut end = message.trim_end_matches('…').len().saturating_sub(bytes.max(1));
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    message.truncate(end);
    if end > 0 {
        message.push('…');
    }
}

/// SQS refuses the whole message for one character outside XML 1.0's; JSON has escaped the control characters already.
pub(super) fn text(value: &str) -> Attribute {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..);
    let value = value.chars().map(|c| if allowed(c) { c } else { '\u{FFFD}' }).collect();
    Attribute { data_type: "String".to_owned(), value: AttributeValue::Text(value) }
}

/// As SQS counts them: the bytes of every name, data type and value.
pub(super) fn total_size(attributes: &BTreeMap<String, Attribute>) -> usize {
    attributes.iter().map(|(name, attribute)| size(name, attribute)).sum()
}

pub(super) fn size(name: &str, attribute: &Attribute) -> usize {
    let value = match &attribute.value {
        AttributeValue::Text(text) => text.len(),
        AttributeValue::Binary(bytes) => bytes.len(),
    };
    name.len() + attribute.data_type.len() + value
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::reason::MAX_PLACE;
    use super::*;
    use pipeline::message::{Code, Delivery, Metadata, Receipt, Rejection};

    const MAX: usize = 1 << 20;

    fn delivery(body: String, attributes: usize, value: usize) -> Delivery {
        let attributes = (0..attributes).map(|n| (format!("a{n}"), text(&"v".repeat(value + n)))).collect();
        let metadata = Metadata { message_id: "m-1".into(), receive_count: 2, attributes, ..Metadata::default() };
        Delivery { body, metadata, receipt: Receipt("r".into()) }
    }

    fn compose(delivery: &Delivery, message: &str, max: usize) -> BTreeMap<String, Attribute> {
        let mut rejection = Rejection::new(Code::Schema, message);
        rejection.instance_path = Some("/client_id".into());
        let letter = Letter { delivery, rejection: &rejection, pipeline: "transactions" };
        attributes(&letter, jiff::Timestamp::UNIX_EPOCH, max)
    }

    fn reason_of(attributes: &BTreeMap<String, Attribute>) -> Value {
        match &attributes[REASON_ATTRIBUTE].value {
            AttributeValue::Text(text) => serde_json::from_str(text).unwrap(),
            AttributeValue::Binary(_) => panic!("the reason is text"),
        }
    }

    #[test]
    fn says_what_where_and_when() {
        let letter = compose(&delivery("{}".into(), 2, 3), "`client_id` is missing", MAX);
        assert_eq!(letter.len(), 4);
        let expected = serde_json::json!({
            "message": "`client_id` is missing", "stage": "validate", "instance_path": "/client_id",
            "pipeline": "transactions", "message_id": "m-1", "receive_count": 2, "time": "1970-01-01T00:00:00.000Z",
        });
        assert_eq!(reason_of(&letter), expected);
    }

    #[test]
    fn ten_attributes_give_way_to_the_reason_and_are_named() {
        let letter = compose(&delivery("{}".into(), 10, 3), "bad", MAX);
        assert_eq!(letter.len(), 10);
        assert_eq!(reason_of(&letter)["dropped_attributes"], serde_json::json!(["a9", "a8"]));
    }

    #[test]
    fn the_count_of_redrives_is_carried_on_and_takes_one_of_the_ten() {
        let mut redriven = delivery("{}".into(), 10, 3);
        redriven.metadata.redriven = 2;
        let letter = compose(&redriven, "bad", MAX);
        assert_eq!((letter.len(), &letter[REDRIVEN_ATTRIBUTE]), (10, &text("2")));
        assert_eq!(reason_of(&letter)["dropped_attributes"], serde_json::json!(["a9", "a8", "a7"]));
        for room in 0..1000 {
            assert!(total_size(&compose(&redriven, "bad", 2 + room)) <= room);
        }
    }

    #[test]
    fn everything_fits_whatever_the_body_leaves() {
        for room in [0, 1, 20, 24, 300, 700, 5000] {
            let delivery = delivery("b".repeat(10_000), 9, 400);
            let letter = compose(&delivery, &"\u{1}é".repeat(4000), 10_000 + room);
            assert!(total_size(&letter) <= room, "{} bytes of attributes in {room}", total_size(&letter));
            assert_eq!(letter.contains_key(CODE_ATTRIBUTE), room >= 23, "{room}");
            assert_eq!(letter.contains_key(REASON_ATTRIBUTE), room >= 300, "{room}");
        }
    }

    #[test]
    fn a_long_reason_comes_before_attributes() {
        let long = "é".repeat(MAX_PLACE);
        for room in (0..12_000).step_by(100) {
            let mut delivery = delivery("b".repeat(10_000), 0, 0);
            for n in 0..10 {
                delivery.metadata.attributes.insert(format!("{n}{}", "a".repeat(200)), text("v"));
            }
            let mut rejection = Rejection::new(Code::Schema, "bad");
            rejection.instance_path = Some(long.clone());
            rejection.schema_path = Some(long.clone());
            let letter = Letter { delivery: &delivery, rejection: &rejection, pipeline: "transactions" };
            let letter = attributes(&letter, jiff::Timestamp::UNIX_EPOCH, 10_000 + room);
            let own = letter.keys().filter(|name| !name.starts_with("runner.")).count();
            assert!(
                own == 0 || letter.contains_key(REASON_ATTRIBUTE),
                "{own} attributes and no reason in {room} bytes"
            );
        }
    }

    #[test]
    fn characters_sqs_refuses_are_replaced() {
        let letter = compose(&delivery("{}".into(), 0, 0), "a\u{FFFF}b\u{0}", MAX);
        assert_eq!(reason_of(&letter)["message"], "a\u{FFFD}b\\u{0}");
    }
}
