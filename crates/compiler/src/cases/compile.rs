//! A test file against its pipeline: cases that can run, or diagnostics.

use super::report::CaseReport;
use super::{Case, delivery, expected};
use crate::config::TestText;
use crate::diagnostic::{Code, Diagnostic};
use pipeline::Pipeline;

/// The cases of a test file, and everything wrong with it. Cases with mistakes are left out.
pub fn compile(pipeline: &Pipeline, text: &TestText) -> (Vec<Case>, Vec<Diagnostic>) {
    let mut report = CaseReport::new(pipeline, text);
    report_repeated_names(&mut report);
    let mut cases = Vec::new();
    for case in &text.cases {
        // Both are compiled before either is missed, so that all mistakes of a case are reported at once.
        let delivery = delivery::delivery(case, &mut report);
        let expected = expected::expected(case, &mut report);
        if let (Some(delivery), Some(expected)) = (delivery, expected) {
            let place = report.place(&case.name.range);
            cases.push(Case { name: case.name.value.clone(), place, delivery, expected });
        }
    }
    (cases, report.into_problems())
}

/// A line of `runner test` names a case, so each name may stand for one case only.
fn report_repeated_names(report: &mut CaseReport<'_>) {
    let cases = &report.text.cases;
    for (at, case) in cases.iter().enumerate() {
        if let Some(first) = cases[..at].iter().find(|first| first.name.value == case.name.value) {
            let message = format!("two cases are named `{}`", case.name.value);
            let problem = report.at(Code::DuplicateKey, &case.name.range, message);
            let first = report.place(&first.name.range);
            report.push(problem.label("again here").related(first, "first here"));
        }
    }
}
