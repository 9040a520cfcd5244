//! `validate-config --connect`: what the files say, against what is there.

use crate::commands::validate_config::ValidateConfigArgs;
use crate::connection;
use crate::exit::Failure;
use crate::settings::Settings;
use compiler::diagnostic::{Code, Diagnostic};
use pipeline::Pipeline;

/// Looks at every queue and every table; reads only. What can't be looked at is a finding too.
pub(crate) async fn check(pipelines: &[Pipeline], args: &ValidateConfigArgs, settings: &Settings) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for pipeline in pipelines {
        found.extend(queues(pipeline, args, settings).await);
    }
    found.extend(tables(pipelines, args, settings).await);
    found
}

async fn queues(pipeline: &Pipeline, args: &ValidateConfigArgs, settings: &Settings) -> Vec<Diagnostic> {
    let source = pipeline.source();
    let finding = |text: &str| diagnostic(Code::LiveQueue, &format!("{}: {text}", pipeline.file().display()));
    let clients = match args.queue.clients(settings, &source.queue).await {
        Ok(clients) => clients,
        Err(failure) => return vec![finding(failure.text())],
    };
    let mut found = Vec::new();
    let mut urls = Vec::new();
    for queue in [&source.queue, &source.dlq] {
        match engine::source::resolve(&clients, queue).await {
            Ok(queue) => urls.push(queue.url),
            Err(error) => found.push(finding(&error.to_string())),
        }
    }
    if urls.len() == 2 && urls[0] == urls[1] {
        found.push(finding("the dead-letter queue is the source queue"));
    }
    found
}

async fn tables(pipelines: &[Pipeline], args: &ValidateConfigArgs, settings: &Settings) -> Vec<Diagnostic> {
    let failed = |failure: &Failure| vec![diagnostic(Code::LiveTable, failure.text())];
    let database = match args.database.url(settings) {
        Ok(database) => database,
        Err(failure) => return failed(&failure),
    };
    let pool = match connection::open(&database, 1).await {
        Ok(pool) => pool,
        Err(failure) => return failed(&failure),
    };
    match migration::misfits(&pool, &connection::tables(pipelines)).await {
        Ok(misfits) => misfits.iter().map(misfit).collect(),
        Err(error) => vec![diagnostic(Code::LiveTable, &crate::cli::chain(&error))],
    }
}

fn misfit(misfit: &migration::Misfit) -> Diagnostic {
    let message = format!("{}: {misfit}", misfit.declared_in.display());
    Diagnostic::new(Code::LiveTable, message, None).help(&misfit.fix)
}

/// A report's own help becomes the diagnostic's.
fn diagnostic(code: Code, report: &str) -> Diagnostic {
    match report.split_once("\n  help: ") {
        Some((message, help)) => Diagnostic::new(code, message, None).help(help),
        None => Diagnostic::new(code, report, None),
    }
}
