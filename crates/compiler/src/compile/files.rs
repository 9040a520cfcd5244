//! `compile`: texts in, pipelines or diagnostics out. Reads nothing, waits for nothing.

use sha2::{Digest, Sha256};

use super::report::Report;
use super::{agree, check, distinct, envelope, events, schemas, source, table};
use crate::config::{Files, PipelineFile, PipelineText};
use crate::diagnostic::Diagnostic;
use pipeline::Mapping;
use pipeline::Pipeline;
use pipeline::decide::Decider;

/// Pipelines that can run.
#[derive(Debug)]
pub struct Compiled {
    /// In the order of the files.
    pub pipelines: Vec<Pipeline>,
    /// What is allowed, but most likely a mistake.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles every pipeline file. With one error nothing runs, and every error and warning of every file is reported.
pub fn compile(files: &Files) -> Result<Compiled, Vec<Diagnostic>> {
    let mut problems = files.problems.clone();
    let mut pipelines = Vec::new();
    for text in &files.pipelines {
        let mut report = Report::new(text);
        let compiled = text.file.as_ref().and_then(|file| pipeline(file, &mut report));
        assert!(compiled.is_some() || report.has_errors(), "{} is left out without an error", text.name());
        pipelines.extend(compiled);
        problems.extend(report.into_problems());
    }
    problems.extend(distinct::check(&files.pipelines));
    problems.extend(agree::check(&files.pipelines, &pipelines));
    let problems = sorted(problems);
    if problems.iter().any(Diagnostic::is_error) {
        return Err(problems);
    }
    let warnings = problems;
    Ok(Compiled { pipelines, warnings })
}

/// By their places, each once: what an alias repeats is wrong in one place only.
fn sorted(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    problems.sort_by_cached_key(Diagnostic::sort_key);
    let mut once: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        let key = problem.sort_key();
        let mut here = once.iter().rev().take_while(|known| known.sort_key() == key);
        if !here.any(|known| *known == problem) {
            once.push(problem);
        }
    }
    once
}

/// Compiles every part even when another one is wrong; `None` when a part is missing.
fn pipeline(file: &PipelineFile, report: &mut Report<'_>) -> Option<Pipeline> {
    let source = source::compile(&file.source, report);
    let schema = schemas::compile(file, report);
    let (tables, targets): (Vec<_>, Vec<_>) = table::compile(file, report).into_iter().unzip();
    let (unwrap, skip) = (envelope::unwrap(file, report), envelope::skip(file, report));
    if let Some(schema) = &schema {
        check::check(file, schema, &tables, skip.is_some(), report);
    }
    let decider = schema.and_then(|schema| {
        Some(Decider { unwrap: unwrap?, skip: skip?, schemas: schema.schemas, mapping: Mapping { tables } })
    });
    let producer = events::compile(file, decider.as_ref(), report);
    let pipeline = Pipeline::new(report.text.source.path.clone(), source?, decider?, targets, producer);
    Some(pipeline.with_config_hash(config_hash(report.text)))
}

/// Twelve hexadecimal digits of a hash of the pipeline file's text and of its schemas', in the order of their paths.
fn config_hash(text: &PipelineText) -> String {
    let mut hash = Sha256::new();
    let schemas = text.schema.iter().flat_map(|schema| schema.documents.values());
    for source in std::iter::once(&text.source).chain(schemas.map(|document| &document.source)) {
        hash.update(source.text.as_bytes());
        // Text that moves from the end of one file to the start of the next makes a difference.
        hash.update([0]);
    }
    hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}
