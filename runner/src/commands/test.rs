//! `runner test`: runs the cases beside the pipeline files, without a queue and without a database.

use std::path::PathBuf;
use std::sync::Arc;

use crate::env_file::EnvFileFlags;
use crate::exit::Failure;
use crate::output::cases::{Report, Suite};
use crate::output::format::Format;
use crate::{load, output};
use compiler::config::load::{load_tests, tested};
use compiler::diagnostic::Diagnostic;

/// Run the test cases beside the pipeline files (orders.test.yaml for orders.yaml): each has a message and the rows or the rejection it must produce
#[derive(Debug, Clone, clap::Args)]
pub struct TestArgs {
    /// Test these pipeline files, or folders of them
    #[arg(value_name = "PIPELINE|DIR", default_value = "pipelines/")]
    pub paths: Vec<PathBuf>,
    /// Run only the cases whose `pipeline / name` contains this text
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Fail when a pipeline has no cases
    #[arg(long)]
    pub require_cases: bool,
    /// Print the result in this format
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

/// Runs the command.
pub(crate) fn run(args: &TestArgs, env_file: &EnvFileFlags) -> Result<(), Failure> {
    let suites = suites(args, env_file)?;
    let report = Report::of(&suites, args.filter.as_deref());
    if let (Some(filter), true) = (&args.filter, report.runs.is_empty()) {
        return Err(Failure::NoSuchCase { filter: filter.clone(), left_out: report.left_out });
    }
    match args.format {
        Format::Human => output::result(report.human())?,
        Format::Json => output::json(format_args!("{:#}", report.json()))?,
    }
    let failed = report.failed();
    if failed > 0 {
        return Err(Failure::CasesFailed(failed));
    }
    if args.require_cases && !report.without_cases.is_empty() {
        return Err(Failure::NoCases(report.without_cases));
    }
    Ok(())
}

/// Every pipeline with its cases, or everything that is wrong with them. Warnings are left to `validate-config`.
fn suites(args: &TestArgs, env_file: &EnvFileFlags) -> Result<Vec<Suite>, Failure> {
    let settings = load::settings(env_file)?;
    let style = load::style(&settings);
    let paths: Vec<PathBuf> = args.paths.iter().map(|path| tested(path).unwrap_or_else(|| path.clone())).collect();
    let files = compiler::config::load(&paths, settings.env());
    let (tests, mut problems) = load_tests(&paths, &files.pipelines);
    let compiled = match compiler::compile(&files) {
        Ok(compiled) => compiled,
        Err(mut found) => {
            found.extend(problems);
            found.extend(tests.into_iter().flat_map(|test| test.problems));
            return Err(Failure::Diagnostics { found, style });
        }
    };
    let mut suites = Vec::new();
    for pipeline in compiled.pipelines {
        let mut cases = Vec::new();
        for test in tests.iter().filter(|test| test.pipeline == pipeline.file()) {
            let (compiled, found) = compiler::cases::compile(&pipeline, test);
            cases.extend(compiled);
            problems.extend(found);
        }
        suites.push(Suite { pipeline: Arc::new(pipeline), cases });
    }
    if problems.is_empty() {
        return Ok(suites);
    }
    problems.sort_by_key(Diagnostic::sort_key);
    Err(Failure::Diagnostics { found: problems, style })
}
