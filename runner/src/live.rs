//! Compares pipeline files with the live queues and tables, for `validate-config --connect`.

use crate::connection::{self, DatabaseFlags, QueueFlags};
use crate::exit::Failure;
use crate::output::failure::with_causes;
use crate::settings::Settings;
use compiler::diagnostic::{Code, Diagnostic};
use pipeline::Pipeline;

/// Checks every queue and every table. Reads only. A service that can't be reached is a finding too.
pub(crate) async fn check(
    pipelines: &[Pipeline],
    queue: &QueueFlags,
    database: &DatabaseFlags,
    settings: &Settings,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for pipeline in pipelines {
        found.extend(check_queues(pipeline, queue, settings).await);
    }
    match check_tables(pipelines, database, settings).await {
        Ok(misfits) => found.extend(misfits),
        Err(failure) => found.push(finding(Code::LiveTable, with_causes(&failure), failure.help())),
    }
    found
}

async fn check_queues(pipeline: &Pipeline, flags: &QueueFlags, settings: &Settings) -> Vec<Diagnostic> {
    let (source, file) = (pipeline.source(), pipeline.file().display());
    let clients = match flags.clients(settings, &source.queue).await {
        Ok(clients) => clients,
        Err(failure) => return vec![finding(Code::LiveQueue, format!("{file}: {failure}"), failure.help())],
    };
    let mut found = Vec::new();
    let mut urls = Vec::new();
    for queue in [&source.queue, &source.dlq] {
        match engine::source::resolve(&clients, queue).await {
            Ok(queue) => {
                queue.warn_of_assumptions();
                urls.push(queue.url);
            }
            Err(error) => {
                found.push(finding(Code::LiveQueue, format!("{file}: {error}"), Some(error.help().to_owned())));
            }
        }
    }
    if urls.len() == 2 && urls[0] == urls[1] {
        let failure = Failure::SameQueue(pipeline.file().to_owned());
        found.push(finding(Code::LiveQueue, failure.to_string(), failure.help()));
    }
    found
}

async fn check_tables(
    pipelines: &[Pipeline],
    flags: &DatabaseFlags,
    settings: &Settings,
) -> Result<Vec<Diagnostic>, Failure> {
    let database = connection::open(&flags.server(settings)?, 1).await?;
    let mut found = Vec::new();
    let fit = migration::fit(&database.orm(), &connection::targets(pipelines)).await?;
    for misfit in fit.misfits {
        let message = format!("{}: {misfit}", misfit.declared_in.display());
        found.push(finding(Code::LiveTable, message, Some(misfit.fix)));
    }
    for lossy in fit.lossy {
        let message = format!("{}: {lossy}", lossy.declared_in.display());
        found.push(finding(Code::LossyColumn, message, Some(LOSSY_HELP.to_owned())));
    }
    Ok(found)
}

const LOSSY_HELP: &str =
    "change the type of the live column to the declared one, if each value has to be kept as it is";

fn finding(code: Code, message: String, help: Option<String>) -> Diagnostic {
    let diagnostic = Diagnostic::new(code, message, None);
    match help {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}
