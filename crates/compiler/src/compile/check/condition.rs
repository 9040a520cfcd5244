//! `when` and `skip`: whether they can be true at all.

use super::Seen;
use super::logic::Truth;
use super::site::{Site, several};
use crate::compile::infer::{self, Finding, Yield};
use crate::compile::report::Report;
use crate::config::Spanned;
use crate::diagnostic::{Code, Diagnostic, closest};
use schema::Type;

/// What to do about an assignment.
pub(super) const COMPARE: &str = "`==` compares; `=` yields the whole input with that place changed";

/// Checks `when`, and tells whether it is a condition.
pub(super) fn when(written: &Spanned<String>, seen: &Seen<'_, '_>, report: &mut Report<'_>) -> bool {
    let (result, findings) = seen.infer(written);
    check("when", written, &result, &findings, report)
}

/// As [`when`], for `skip`. It sees documents that no schema was asked about yet: what the schema does not have may be there.
pub(super) fn skip(written: &Spanned<String>, seen: &Seen<'_, '_>, report: &mut Report<'_>) -> bool {
    let (result, mut findings) = seen.infer(written);
    findings.retain(|finding| match finding.code {
        Code::NeverEqual => false,
        Code::NoSuchField | Code::FieldNotListed => is_slip(finding),
        _ => true,
    });
    for finding in findings.iter_mut().filter(|finding| finding.code == Code::NoSuchField) {
        finding.code = Code::FieldNotListed;
    }
    check("skip", written, &result, &findings, report)
}

/// Whether the name is close to one that the schema has.
fn is_slip(finding: &Finding) -> bool {
    closest(&finding.written, finding.names.iter().map(String::as_str)).is_some()
}

fn check(
    key: &str,
    written: &Spanned<String>,
    result: &Yield<'_>,
    findings: &[Finding],
    report: &mut Report<'_>,
) -> bool {
    let site = Site::whole(written);
    for finding in findings.iter().filter(|finding| finding.code != Code::NullText) {
        let problem = site.finding(finding, report);
        report.push(problem);
    }
    if !findings.iter().all(|finding| finding.code == Code::NeverEqual) {
        return false;
    }
    let problem = no_condition(key, written, result, &site, report);
    let problem =
        problem.or_else(|| result.many.as_ref().map(|many| several(&site, many, &format!("`{key}`"), report)));
    let clean = problem.is_none();
    if let Some(problem) = problem {
        report.push(problem);
    }
    clean
}

/// A value that is neither true nor false: always an error, or for some events.
fn no_condition(
    key: &str,
    written: &Spanned<String>,
    result: &Yield<'_>,
    site: &Site<'_>,
    report: &Report<'_>,
) -> Option<Diagnostic> {
    let types = result.types()?;
    let (ty, _) = types.iter().find(|(ty, _)| *ty != Type::Boolean)?;
    let never = !types.iter().any(|(ty, _)| *ty == Type::Boolean);
    let (code, verb) = if never { (Code::NoCondition, "is") } else { (Code::MayFail, "may be") };
    let message = format!("`{key}` {verb} {}, neither true nor false", ty.word());
    let problem = site.problem(code, &(0..written.len()), message, report);
    let text = written.trim();
    Some(match ty {
        _ if infer::assigns(text) => problem.help(COMPARE),
        _ if result.null.is_some() => problem.help(format!("to test whether it is present: `{text} != null`")),
        Type::String => problem.help(format!("compare it: `{text} == \"...\"`")),
        Type::Integer | Type::Number => problem.help(format!("compare it: `{text} > 0`")),
        Type::Array | Type::Object => problem.help(format!("count it: `({text} | length) > 0`")),
        _ => problem,
    })
}

/// A condition that comes out one way whatever the event.
pub(super) fn constant(key: &str, truth: Truth, written: &Spanned<String>, report: &mut Report<'_>) {
    let (word, help) = match (key, truth) {
        ("skip", _) => ("true", "every event is dropped: nothing is ever stored"),
        (_, Truth::Always) => ("true", "leave `when` out, or correct the comparison"),
        _ => ("not true", "the table never gets a row: correct the comparison, or leave the table out"),
    };
    let message = format!("`{key}` is {word} for every event that the schema allows");
    let problem = report.at(Code::ConstantCondition, &written.range, message);
    report.push(problem.help(help));
}
