//! The message of a case, as the queue would deliver it.

use jiff::Timestamp;

use super::report::CaseReport;
use crate::config::{self, Spanned, SqsFields};
use crate::diagnostic::Code;
use pipeline::message::{Attribute, AttributeValue, Delivery, Metadata, Receipt};

/// 2024-01-01 00:00 UTC, in milliseconds since 1970: when a message was sent that does not say.
const SENT_AT: i64 = 1_704_067_200_000;

/// What the queue says about a message of which nothing else is known: the same at every run.
pub fn sample_metadata() -> Metadata {
    Metadata {
        message_id: "00000000-0000-4000-8000-000000000000".to_owned(),
        sent_at: Some(SENT_AT),
        received_at: SENT_AT,
        receive_count: 1,
        ..Metadata::default()
    }
}

/// The delivery of a case; its receipt is nobody's.
pub(super) fn delivery(case: &Spanned<config::Case>, report: &mut CaseReport<'_>) -> Option<Delivery> {
    let body = body(case, report);
    let mut metadata = case.sqs.as_ref().map_or_else(sample_metadata, |fields| metadata(fields, report));
    let attributes = case.attributes.iter().flat_map(|attributes| &attributes.0);
    metadata.attributes = attributes.map(|(name, value)| (name.value.clone(), attribute(value))).collect();
    Some(Delivery { body: body?, metadata, receipt: Receipt(String::new()) })
}

fn attribute(text: &str) -> Attribute {
    Attribute { data_type: "String".to_owned(), value: AttributeValue::Text(text.to_owned()) }
}

fn body(case: &Spanned<config::Case>, report: &mut CaseReport<'_>) -> Option<String> {
    match (&case.message, &case.file, &case.body) {
        (Some(message), None, None) => Some(message.value.0.to_string()),
        (None, Some(path), None) => from_file(path, report),
        (None, None, Some(body)) => Some(body.value.clone()),
        (None, None, None) => {
            let problem = report.at(Code::CaseForm, &case.name.range, "the case has no message");
            report.push(problem.help("write one of `message`, `file` and `body`"));
            None
        }
        _ => {
            let problem = report.at(Code::CaseForm, &case.name.range, "the case has more than one message");
            report.push(problem.help("keep one of `message`, `file` and `body`"));
            None
        }
    }
}

fn from_file(path: &Spanned<String>, report: &mut CaseReport<'_>) -> Option<String> {
    match report.text.bodies.get(&path.value)? {
        Ok(source) => Some(source.text.clone()),
        Err(message) => {
            let problem = report.at(Code::Unreadable, &path.range, message.clone());
            report.push(problem);
            None
        }
    }
}

fn metadata(fields: &SqsFields, report: &mut CaseReport<'_>) -> Metadata {
    let default = sample_metadata();
    let text = |written: &Option<Spanned<String>>| written.as_ref().map(|text| text.value.clone());
    let sent_at = fields.sent_at.as_ref().and_then(|at| time(at, report)).or(default.sent_at);
    let received_at = fields.received_at.as_ref().and_then(|at| time(at, report)).or(sent_at);
    Metadata {
        message_id: text(&fields.message_id).unwrap_or(default.message_id),
        sent_at,
        received_at: received_at.unwrap_or(default.received_at),
        receive_count: fields.receive_count.as_ref().map_or(default.receive_count, |count| count.value),
        group_id: text(&fields.group_id),
        dedup_id: text(&fields.dedup_id),
        ..default
    }
}

/// Milliseconds since 1970.
fn time(written: &Spanned<String>, report: &mut CaseReport<'_>) -> Option<i64> {
    if let Ok(at) = written.value.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let message = format!("`{}` is no RFC 3339 date-time", written.value);
    let problem = report.at(Code::BadValue, &written.range, message);
    report.push(problem.help("write it as 2024-05-17T12:00:00Z"));
    None
}
