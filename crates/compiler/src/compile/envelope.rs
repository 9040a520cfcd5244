//! `unwrap:` and `skip:` compiled.

use super::expression::{self, Written};
use super::report::Report;
use crate::config::PipelineFile;
use jq::Condition;
use pipeline::decide::Unwrap;

/// `None` when it is wrong, which is reported; `Some(None)` when the file has none.
#[allow(clippy::option_option, reason = "an outer `None` is a reported error, as everywhere in the plan")]
pub(super) fn unwrap(file: &PipelineFile, report: &mut Report<'_>) -> Option<Option<Unwrap>> {
    match &file.unwrap {
        None => Some(None),
        Some(word) if word.value == "sns" => Some(Some(Unwrap::Sns)),
        Some(written) => Written::whole(written).envelope(report).map(Unwrap::Expr).map(Some),
    }
}

/// As [`unwrap`].
#[allow(clippy::option_option, reason = "an outer `None` is a reported error, as everywhere in the plan")]
pub(super) fn skip(file: &PipelineFile, report: &mut Report<'_>) -> Option<Option<Condition>> {
    match &file.skip {
        None => Some(None),
        written => expression::condition(written.as_ref(), report).map(Some),
    }
}
