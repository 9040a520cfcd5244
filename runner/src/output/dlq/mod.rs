//! The results of `runner dlq`, for a person or a program. Texts of letters are somebody else's: escaped and cut.

mod kinds;
mod letter;

pub(crate) use letter::letter;

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::dlq_failure::of_about;
use crate::letters::RedriveResult;
use crate::output::escape;
use crate::output::format::Format;
use engine::dlq::{Kinds, MOST_REDRIVES, Redriven, Seen, Unsettled};

/// The letters by kind.
pub(crate) fn listing(seen: &Seen, kinds: &Kinds, format: Format) -> String {
    match format {
        Format::Json => json(&merged(counts(seen), json!({ "kinds": kinds::json(kinds) }))),
        Format::Human => joined(&[&in_words(seen), &kinds::human(kinds)]),
    }
}

/// What a redrive did, or would do.
pub(crate) fn redriven(result: &RedriveResult, dry_run: bool, format: Format) -> String {
    let RedriveResult { seen, redriven, unsettled, ended } = result;
    match format {
        Format::Json => json(&merged(
            counts(seen),
            json!({
                "dry_run": dry_run,
                "would_pass": redriven.passing.total(),
                "sent": redriven.sent,
                "still_failing": redriven.still_failing.total(),
                "left_alone": redriven.left_alone,
                "of_other_pipelines": redriven.of_others,
                "refused": redriven.refused,
                "refusal": redriven.refusal,
                "undeleted": unsettled.undeleted,
                "error": ended.as_ref().err().map(ToString::to_string),
                "kinds": kinds::json(&redriven.still_failing),
                "passing_kinds": kinds::json(&redriven.passing),
            }),
        )),
        Format::Human => redriven_in_words(seen, redriven, *unsettled, dry_run),
    }
}

fn redriven_in_words(seen: &Seen, redriven: &Redriven, unsettled: Unsettled, dry_run: bool) -> String {
    let (passing, failing) = (redriven.passing.total(), redriven.still_failing.total());
    let mut text = if dry_run {
        format!("{passing} would now pass, {failing} would still fail\n")
    } else {
        format!("{} sent back to the queue, {failing} still fail\n", redriven.sent)
    };
    let refusal = redriven.refusal.as_deref().map(escape::on_one_line).unwrap_or_default();
    for (count, what) in [
        (
            redriven.left_alone,
            format!("left alone: redriven {MOST_REDRIVES} times already (--again redrives them, too)"),
        ),
        (redriven.of_others, "left alone: rejected by another pipeline (--where selects them, too)".to_owned()),
        (redriven.refused, format!("refused by the queue: {refusal}")),
        (unsettled.undeleted as u64, "sent, but not deleted: a later redrive sends them again".to_owned()),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{count} {what}");
        }
    }
    let mut parts = vec![text, in_words(seen)];
    if dry_run && passing > 0 {
        parts.push(format!("would now pass:\n{}", kinds::human(&redriven.passing)));
    }
    if failing > 0 {
        parts.push(format!("still failing:\n{}", kinds::human(&redriven.still_failing)));
    }
    joined(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

/// What a purge deleted.
pub(crate) fn purged(seen: &Seen, deleted: usize, file: Option<&str>, format: Format) -> String {
    match format {
        Format::Json => json(&merged(counts(seen), json!({ "deleted": deleted, "to": file }))),
        Format::Human => {
            let copied = file.map(|file| format!(", after they were written to {file}")).unwrap_or_default();
            joined(&[&format!("{deleted} deleted{copied}"), &in_words(seen)])
        }
    }
}

fn counts(seen: &Seen) -> Value {
    json!({
        "about": seen.about,
        "seen": seen.seen,
        "selected": seen.selected,
        "where_failed": seen.filter_failed,
        "arrived_later": seen.arrived_later,
        "interrupted": seen.interrupted,
    })
}

fn in_words(seen: &Seen) -> String {
    let mut text = format!("seen {}{}", seen.seen, of_about(seen.about));
    if seen.selected < seen.seen {
        let _ = write!(text, "; {} selected", seen.selected);
    }
    text.push('\n');
    if let Some(error) = &seen.filter_error {
        let error = escape::on_one_line(error);
        let _ = writeln!(text, "{} not selected, because --where failed for them; first: {error}", seen.filter_failed);
    }
    if seen.arrived_later > 0 {
        let _ = writeln!(text, "{} arrived after the start, and are not part of it", seen.arrived_later);
    }
    if seen.full {
        text.push_str("stopped early: SQS limits how many letters can be held at once\n");
    }
    if seen.interrupted {
        text.push_str("stopped before every letter was seen\n");
    }
    text
}

fn merged(mut left: Value, right: Value) -> Value {
    if let (Value::Object(left), Value::Object(right)) = (&mut left, right) {
        left.extend(right);
    }
    left
}

fn json(value: &Value) -> String {
    escape::in_json(&value.to_string())
}

/// Paragraphs with an empty line between them.
fn joined(paragraphs: &[&str]) -> String {
    let filled = paragraphs.iter().map(|text| text.trim_end()).filter(|text| !text.is_empty());
    filled.collect::<Vec<_>>().join("\n\n")
}
