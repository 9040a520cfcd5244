//! The outcome of test cases, for a person or a program.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::output::excerpt::cut_both;
use crate::words::counted;
use compiler::cases::{Case, Difference, Outcome, outcome, written};
use pipeline::Pipeline;

/// Characters of a value in a report, at most.
const WIDTH: usize = 100;
/// Differences of a case in a report, at most.
const MAX_DIFFERENCES: usize = 20;
/// Rows of a table in a report, at most.
const MAX_ROWS: usize = 10;

/// A pipeline and its cases.
pub(crate) struct Suite {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) cases: Vec<Case>,
}

/// The outcome of every case that the filter selects.
pub(crate) struct Report<'a> {
    pub(crate) runs: Vec<Run<'a>>,
    pipelines: Vec<&'a Pipeline>,
    /// Files of pipelines without any case.
    pub(crate) without_cases: Vec<String>,
    /// Cases the filter left out.
    pub(crate) left_out: usize,
}

/// A case and its outcome.
pub(crate) struct Run<'a> {
    pipeline: &'a Pipeline,
    case: &'a Case,
    outcome: Outcome,
}

impl<'a> Report<'a> {
    /// Runs the cases whose `pipeline / name` contains `filter`.
    pub(crate) fn of(suites: &'a [Suite], filter: Option<&str>) -> Self {
        let mut report = Self { runs: Vec::new(), pipelines: Vec::new(), without_cases: Vec::new(), left_out: 0 };
        for Suite { pipeline, cases } in suites {
            report.pipelines.push(pipeline);
            if cases.is_empty() {
                report.without_cases.push(pipeline.file().display().to_string());
            }
            for case in cases {
                if filter.is_none_or(|text| format!("{} / {}", pipeline.name(), case.name).contains(text)) {
                    report.runs.push(Run { pipeline, case, outcome: case.run(pipeline) });
                } else {
                    report.left_out += 1;
                }
            }
        }
        report
    }

    /// How many cases failed.
    pub(crate) fn failed(&self) -> usize {
        self.runs.iter().filter(|run| !run.passed()).count()
    }

    /// Every case on a line, then everything about those that failed.
    pub(crate) fn human(&self) -> String {
        let mut text = String::new();
        for pipeline in &self.pipelines {
            text += &self.suite(pipeline);
        }
        for run in self.runs.iter().filter(|run| !run.passed()) {
            let _ = write!(text, "\n{}", run.failure());
        }
        format!("{text}\n{}", self.counts())
    }

    /// A line for the pipeline and one for each of its cases.
    fn suite(&self, pipeline: &Pipeline) -> String {
        let file = pipeline.file().display().to_string();
        if self.without_cases.contains(&file) {
            return format!("{file}: no cases\n");
        }
        let mut text = String::new();
        for run in self.runs.iter().filter(|run| std::ptr::eq(run.pipeline, pipeline)) {
            if text.is_empty() {
                let _ = writeln!(text, "{file}");
            }
            let word = if run.passed() { "ok    " } else { "FAILED" };
            let _ = writeln!(text, "  {word}  {}", run.case.name);
        }
        text
    }

    fn counts(&self) -> String {
        let failed = self.failed();
        let left_out = if self.left_out > 0 { format!(", {} left out", self.left_out) } else { String::new() };
        format!("{}: {} ok, {failed} failed{left_out}", counted(self.runs.len(), "case"), self.runs.len() - failed)
    }

    pub(crate) fn json(&self) -> Value {
        let failed = self.failed();
        json!({
            "cases": self.runs.iter().map(Run::json).collect::<Vec<_>>(),
            "without_cases": self.without_cases,
            "ok": self.runs.len() - failed,
            "failed": failed,
            "left_out": self.left_out,
        })
    }
}

impl Run<'_> {
    fn passed(&self) -> bool {
        self.outcome.differences.is_empty()
    }

    fn place(&self) -> String {
        format!("{}:{}", self.case.place.file().display(), self.case.place.start().0)
    }

    /// The actual result as a case would write it, with at most `max_rows` rows of a table.
    fn actual(&self, max_rows: usize) -> String {
        written(&self.pipeline.decider().mapping.tables, &self.outcome.result, &self.case.expected, max_rows)
    }

    /// Everything about a case that failed. The last lines can be pasted into the case.
    fn failure(&self) -> String {
        let mut text = format!("{} / {}\n  --> {}\n", self.pipeline.name(), self.case.name, self.place());
        let found = &self.outcome.differences;
        for Difference { at, expected, actual } in found.iter().take(MAX_DIFFERENCES) {
            let [expected, actual] = cut_both(expected, actual, WIDTH);
            let _ = writeln!(text, "  {at}\n    expected  {expected}\n    actual    {actual}");
        }
        let more = found.len().saturating_sub(MAX_DIFFERENCES);
        if more > 0 {
            let _ = writeln!(text, "  and {}", counted(more, "more difference"));
        }
        text += "\n  # actual result:\n";
        for line in self.actual(MAX_ROWS).lines() {
            let _ = writeln!(text, "  {line}");
        }
        text
    }

    fn json(&self) -> Value {
        let mut differences = Vec::new();
        for Difference { at, expected, actual } in &self.outcome.differences {
            differences.push(json!({ "at": at, "expected": expected, "actual": actual }));
        }
        json!({
            "pipeline": self.pipeline.name(),
            "name": self.case.name,
            "file": self.case.place.file().display().to_string(),
            "line": self.case.place.start().0,
            "ok": self.passed(),
            "outcome": outcome(&self.pipeline.decider().mapping.tables, &self.outcome.result),
            "differences": differences,
            "came": self.actual(usize::MAX),
        })
    }
}
