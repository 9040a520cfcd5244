//! `runner test`: the cases beside the pipeline files, without a queue and without a database.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::excerpt::cut_both;
use crate::output::format::Format;
use crate::output::words::counted;
use crate::{load, output};
use compiler::cases::{Case, Difference, Outcome, outcome, written};
use compiler::config::load::{load_tests, tested};
use compiler::diagnostic::{Diagnostic, render};
use pipeline::Pipeline;

/// Characters of a value in a report, at most.
const WIDTH: usize = 100;
/// Differences of a case in a report, at most.
const MAX_DIFFERENCES: usize = 20;
/// Rows of a table that came in a report, at most.
const MAX_ROWS: usize = 10;

/// Run the cases beside the pipeline files (orders.test.yaml for orders.yaml): messages in, rows or a rejection out
#[derive(Debug, Clone, clap::Args)]
pub struct TestArgs {
    /// Pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    pub paths: Vec<PathBuf>,
    /// Only the cases whose `pipeline / name` contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Fail when a pipeline has no cases
    #[arg(long)]
    pub require_cases: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command.
pub(crate) fn run(args: &TestArgs) -> Result<(), Failure> {
    let suites = suites(args)?;
    let report = Report::of(&suites, args.filter.as_deref());
    if let (Some(filter), true) = (&args.filter, report.runs.is_empty()) {
        return Err(Failure::Usage(format!(
            "error: no case contains `{filter}`; {}",
            counted(report.left_out, "case")
        )));
    }
    output::result(match args.format {
        Format::Human => report.human(),
        Format::Json => format!("{:#}", report.json()),
    })?;
    report.verdict(args.require_cases)
}

/// A pipeline and its cases.
struct Suite {
    pipeline: Arc<Pipeline>,
    cases: Vec<Case>,
}

/// Every pipeline with its cases, or one report of everything that is wrong. Warnings are left to `validate-config`.
fn suites(args: &TestArgs) -> Result<Vec<Suite>, Failure> {
    let settings = load::settings()?;
    let style = load::style(&settings);
    let paths: Vec<PathBuf> = args.paths.iter().map(|path| tested(path).unwrap_or_else(|| path.clone())).collect();
    let files = compiler::config::load(&paths, settings.env());
    let (tests, mut problems) = load_tests(&paths, &files.pipelines);
    let compiled = compiler::compile(&files).map_err(|mut found| {
        found.extend(problems.drain(..).chain(tests.iter().flat_map(|test| test.problems.iter().cloned())));
        Failure::Config(render(&found, style))
    })?;
    let suites: Vec<Suite> = compiled
        .pipelines
        .into_iter()
        .map(|pipeline| {
            let own = tests.iter().filter(|test| test.pipeline == pipeline.file());
            let (cases, found): (Vec<_>, Vec<_>) = own.map(|test| compiler::cases::compile(&pipeline, test)).unzip();
            problems.extend(found.into_iter().flatten());
            Suite { pipeline: Arc::new(pipeline), cases: cases.into_iter().flatten().collect() }
        })
        .collect();
    if problems.is_empty() {
        return Ok(suites);
    }
    problems.sort_by_key(Diagnostic::sort_key);
    Err(Failure::Config(render(&problems, style)))
}

/// What became of every case that was asked for.
struct Report<'a> {
    runs: Vec<Run<'a>>,
    pipelines: Vec<&'a Pipeline>,
    /// Files of pipelines without any case.
    without_cases: Vec<String>,
    /// Cases the filter left out.
    left_out: usize,
}

struct Run<'a> {
    pipeline: &'a Pipeline,
    case: &'a Case,
    outcome: Outcome,
}

impl<'a> Report<'a> {
    fn of(suites: &'a [Suite], filter: Option<&str>) -> Self {
        let wanted = |pipeline: &Pipeline, case: &Case| {
            filter.is_none_or(|text| format!("{} / {}", pipeline.name(), case.name).contains(text))
        };
        let all = suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (&suite.pipeline, case)));
        let (chosen, rest): (Vec<_>, Vec<_>) = all.partition(|(pipeline, case)| wanted(pipeline, case));
        let runs = chosen.into_iter().map(|(pipeline, case)| Run { pipeline, case, outcome: case.run(pipeline) });
        let without = suites.iter().filter(|suite| suite.cases.is_empty());
        Self {
            runs: runs.collect(),
            pipelines: suites.iter().map(|suite| &*suite.pipeline).collect(),
            without_cases: without.map(|suite| suite.pipeline.file().display().to_string()).collect(),
            left_out: rest.len(),
        }
    }

    fn failed(&self) -> impl Iterator<Item = &Run<'a>> {
        self.runs.iter().filter(|run| !run.passed())
    }

    fn human(&self) -> String {
        let suites = self.pipelines.iter().map(|pipeline| self.suite(pipeline));
        let failures = self.failed().map(|run| format!("\n{}", run.failure()));
        format!("{}{}\n{}", suites.collect::<String>(), failures.collect::<String>(), self.counts())
    }

    /// A line for the pipeline and one for each of its cases.
    fn suite(&self, pipeline: &Pipeline) -> String {
        let file = pipeline.file().display().to_string();
        if self.without_cases.contains(&file) {
            return format!("{file}: no cases\n");
        }
        let runs: Vec<_> = self.runs.iter().filter(|run| std::ptr::eq(run.pipeline, pipeline)).collect();
        let lines = runs.iter().map(|run| {
            let word = if run.passed() { "ok    " } else { "FAILED" };
            format!("  {word}  {}\n", run.case.name)
        });
        let lines: String = lines.collect();
        if runs.is_empty() { String::new() } else { format!("{file}\n{lines}") }
    }

    fn counts(&self) -> String {
        let failed = self.failed().count();
        let left_out = if self.left_out > 0 { format!(", {} left out", self.left_out) } else { String::new() };
        format!("{}: {} ok, {failed} failed{left_out}", counted(self.runs.len(), "case"), self.runs.len() - failed)
    }

    fn json(&self) -> Value {
        let failed = self.failed().count();
        json!({
            "cases": self.runs.iter().map(Run::json).collect::<Vec<_>>(),
            "without_cases": self.without_cases,
            "ok": self.runs.len() - failed,
            "failed": failed,
            "left_out": self.left_out,
        })
    }

    fn verdict(&self, require_cases: bool) -> Result<(), Failure> {
        let failed = self.failed().count();
        if failed > 0 {
            return Err(Failure::Running(format!("error: {} failed", counted(failed, "case"))));
        }
        if require_cases && !self.without_cases.is_empty() {
            return Err(Failure::Running(format!("error: no cases for {}", self.without_cases.join(", "))));
        }
        Ok(())
    }
}

impl Run<'_> {
    fn passed(&self) -> bool {
        self.outcome.differences.is_empty()
    }

    fn place(&self) -> String {
        format!("{}:{}", self.case.place.file().display(), self.case.place.start().0)
    }

    fn written(&self, most: usize) -> String {
        written(&self.pipeline.decider().mapping.tables, &self.outcome.result, &self.case.expected, most)
    }

    /// Everything about a case that failed; its last lines can be pasted into the case.
    fn failure(&self) -> String {
        let found = &self.outcome.differences;
        let differences: String = found.iter().take(MAX_DIFFERENCES).map(difference).collect();
        let more = match found.len().saturating_sub(MAX_DIFFERENCES) {
            0 => String::new(),
            more => format!("  and {}\n", counted(more, "more difference")),
        };
        let came: String = self.written(MAX_ROWS).lines().map(|line| format!("  {line}\n")).collect();
        let title = format!("{} / {}", self.pipeline.name(), self.case.name);
        format!("{title}\n  --> {}\n{differences}{more}\n  # what came:\n{came}", self.place())
    }

    fn json(&self) -> Value {
        let differences = self.outcome.differences.iter();
        let differences = differences
            .map(|found| json!({ "at": found.at, "expected": found.expected, "actual": found.actual }))
            .collect::<Vec<_>>();
        json!({
            "pipeline": self.pipeline.name(),
            "name": self.case.name,
            "file": self.case.place.file().display().to_string(),
            "line": self.case.place.start().0,
            "ok": self.passed(),
            "outcome": outcome(&self.pipeline.decider().mapping.tables, &self.outcome.result),
            "differences": differences,
            "came": self.written(usize::MAX),
        })
    }
}

fn difference(found: &Difference) -> String {
    let [expected, actual] = cut_both(&found.expected, &found.actual, WIDTH);
    format!("  {}\n    expected  {expected}\n    actual    {actual}\n", found.at)
}
