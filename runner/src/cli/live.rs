//! `validate-config --connect`: what the files say, against what is there.

use super::connection;
use super::exit::Failure;
use super::validate_config::ValidateConfigArgs;
use crate::config::settings::Settings;
use crate::diagnostic::{Code, Diagnostic};
use crate::plan::Pipeline;

/// Looks at every queue and every table; reads only.
pub(super) async fn check(
    pipelines: &[Pipeline],
    args: &ValidateConfigArgs,
    settings: &Settings,
) -> Result<Vec<Diagnostic>, Failure> {
    let mut found = Vec::new();
    for pipeline in pipelines {
        let source = pipeline.source();
        let clients = args.queue.clients(settings, &source.queue).await?;
        for queue in [&source.queue, &source.dlq] {
            if let Err(error) = crate::source::resolve(&clients, queue).await {
                found.push(diagnostic(Code::LiveQueue, pipeline, &error));
            }
        }
    }
    found.extend(tables(pipelines, args, settings).await?);
    Ok(found)
}

async fn tables(
    pipelines: &[Pipeline],
    args: &ValidateConfigArgs,
    settings: &Settings,
) -> Result<Vec<Diagnostic>, Failure> {
    let database = args.database.url(settings)?;
    let pool = match connection::open(&database, 1).await {
        Ok(pool) => pool,
        Err(failure) => return Ok(vec![Diagnostic::new(Code::LiveTable, failure.text(), None)]),
    };
    let misfits = migration::misfits(&pool, &connection::tables(pipelines)).await;
    let misfits = misfits.map_err(|error| Failure::Running(format!("error: {}", super::chain(&error))))?;
    let one = |misfit: &migration::Misfit| {
        Diagnostic::new(Code::LiveTable, format!("{}: {misfit}", misfit.declared_in.display()), None).help(&misfit.fix)
    };
    Ok(misfits.iter().map(one).collect())
}

/// The error's own help becomes the diagnostic's.
fn diagnostic(code: Code, pipeline: &Pipeline, error: &dyn std::error::Error) -> Diagnostic {
    let text = error.to_string();
    let (message, help) = text.split_once("\n  help: ").unwrap_or((&text, ""));
    let diagnostic = Diagnostic::new(code, format!("{}: {message}", pipeline.file().display()), None);
    if help.is_empty() { diagnostic } else { diagnostic.help(help) }
}
