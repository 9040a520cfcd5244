//! The message of a case, as the queue would deliver it.

use jiff::Timestamp;

use super::report::CaseReport;
use crate::config::{self, Spanned, SqsFields};
use crate::diagnostic::Code;
use crate::sample_metadata::sample_metadata;
use pipeline::message::{Delivery, Metadata, Receipt};

/// The delivery of a case, with an empty receipt.
pub(super) fn delivery(case: &Spanned<config::Case>, report: &mut CaseReport<'_>) -> Option<Delivery> {
    let body = body(case, report);
    let written = case.attributes.iter().flat_map(|attributes| &attributes.0);
    let attributes = written.map(|(name, value)| (name.value.clone(), value.value.clone())).collect();
    let default = sample_metadata(&attributes);
    let metadata = match &case.sqs {
        Some(fields) => metadata(fields, default, report),
        None => default,
    };
    Some(Delivery { body: body?, metadata, receipt: Receipt(String::new()) })
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

fn metadata(fields: &SqsFields, default: Metadata, report: &mut CaseReport<'_>) -> Metadata {
    let sent_at = fields.sent_at.as_ref().and_then(|at| time(at, report)).or(default.sent_at);
    let received_at = fields.received_at.as_ref().and_then(|at| time(at, report)).or(sent_at);
    Metadata {
        message_id: fields.message_id.clone().map(|text| text.value).unwrap_or(default.message_id),
        sent_at,
        received_at: received_at.unwrap_or(default.received_at),
        receive_count: fields.receive_count.as_ref().map_or(default.receive_count, |count| count.value),
        group_id: fields.group_id.clone().map(|text| text.value),
        dedup_id: fields.dedup_id.clone().map(|text| text.value),
        trace_header: fields.trace_header.clone().map(|text| text.value),
        ..default
    }
}

/// Milliseconds since 1970.
fn time(written: &Spanned<String>, report: &mut CaseReport<'_>) -> Option<i64> {
    if let Ok(at) = written.value.parse::<Timestamp>() {
        return Some(at.as_millisecond());
    }
    let message = format!("`{}` is not a valid RFC 3339 date-time", written.value);
    let problem = report.at(Code::BadValue, &written.range, message);
    report.push(problem.help("write it as 2024-05-17T12:00:00Z"));
    None
}
