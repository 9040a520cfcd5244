//! The reason of a dead letter: a JSON object for a person. Written and read in one place, so that both change together.

use serde_json::{Map, Value};

use super::Letter;
use pipeline::message::Rejection;

/// Characters of a path, a keyword or a column in the reason.
pub(super) const MAX_PLACE: usize = 256;

/// What a program reads of a reason: where the message failed, and by which rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Details {
    pub(super) message: String,
    pub(super) message_id: Option<String>,
    pub(super) pipeline: Option<String>,
    pub(super) instance_path: Option<String>,
    pub(super) keyword: Option<String>,
    pub(super) column: Option<String>,
    pub(super) sqlstate: Option<String>,
}

/// Makes the JSON object, with this message.
pub(super) fn write(letter: &Letter<'_>, now: jiff::Timestamp, dropped: &[String], message: &str) -> String {
    let (rejection, metadata) = (letter.rejection, &letter.delivery.metadata);
    let mut reason = Map::new();
    let mut put = |key: &str, value: Value| reason.insert(key.to_owned(), value);
    put("message", message.into());
    put("stage", rejection.code.stage().into());
    let optional = [
        ("instance_path", &rejection.instance_path),
        ("keyword", &rejection.keyword),
        ("schema_path", &rejection.schema_path),
        ("column", &rejection.column),
        ("sqlstate", &rejection.sqlstate),
    ];
    for (key, value) in optional {
        if let Some(value) = value {
            put(key, clipped(value).into());
        }
    }
    put("pipeline", letter.pipeline.into());
    put("message_id", metadata.message_id.as_str().into());
    put("receive_count", metadata.receive_count.into());
    put("time", format!("{now:.3}").into());
    if !dropped.is_empty() {
        put("dropped_attributes", dropped.into());
    }
    Value::Object(reason).to_string()
}

/// Reads what [`write`] made; `None` for any other text.
pub(super) fn read(text: &str) -> Option<Details> {
    let reason: Value = serde_json::from_str(text).ok()?;
    Some(Details {
        message: part(&reason, "message")?,
        message_id: part(&reason, "message_id"),
        pipeline: part(&reason, "pipeline"),
        instance_path: part(&reason, "instance_path"),
        keyword: part(&reason, "keyword"),
        column: part(&reason, "column"),
        sqlstate: part(&reason, "sqlstate"),
    })
}

fn part(reason: &Value, key: &str) -> Option<String> {
    reason.get(key)?.as_str().map(str::to_owned)
}

/// The details that the reason of this rejection would have.
pub(super) fn of_rejection(rejection: &Rejection) -> Details {
    Details {
        message: rejection.message.clone(),
        message_id: None,
        pipeline: None,
        instance_path: rejection.instance_path.as_deref().map(clipped),
        keyword: rejection.keyword.as_deref().map(clipped),
        column: rejection.column.as_deref().map(clipped),
        sqlstate: rejection.sqlstate.as_deref().map(clipped),
    }
}

/// A property's name may be as long as the message.
fn clipped(value: &str) -> String {
    value.chars().take(MAX_PLACE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipeline::message::{Code, Delivery, Metadata, Receipt};

    /// Keeps the two halves of this file together, for every code and with every part.
    #[test]
    fn what_is_written_is_read_again() {
        let metadata = Metadata { message_id: "m-1".to_owned(), ..Metadata::default() };
        let delivery = Delivery { body: "{}".to_owned(), metadata, receipt: Receipt(String::new()) };
        for code in Code::ALL {
            for parts in 0..16_u8 {
                let part = |bit: u8, text: &str| (parts & (1 << bit) != 0).then(|| text.to_owned());
                let rejection = Rejection {
                    instance_path: part(0, &format!("/a/0/\"{}", "é".repeat(300))),
                    keyword: part(1, "anyOf"),
                    column: part(2, "t.\u{1}"),
                    sqlstate: part(3, "23505"),
                    ..Rejection::new(code, "`a` is \u{202e}not\n valid")
                };
                let letter = Letter { delivery: &delivery, rejection: &rejection, pipeline: "p" };
                let text = write(&letter, jiff::Timestamp::UNIX_EPOCH, &["x".to_owned()], &rejection.message);
                let [message_id, pipeline] = ["m-1", "p"].map(|text| Some(text.to_owned()));
                let details = Details { message_id, pipeline, ..of_rejection(&rejection) };
                assert_eq!(read(&text), Some(details), "{text}");
            }
        }
    }

    #[test]
    fn what_others_wrote_is_not_a_reason() {
        for text in ["", "x", "[]", "7", "{}", r#"{"message": 7}"#] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
