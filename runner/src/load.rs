//! Compiles the pipelines that the command line names, or reports everything that is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::exit::Failure;
use crate::output;
use crate::settings::Settings;
use crate::telemetry::colour_on_stderr;
use compiler::diagnostic::{self, Style};
use pipeline::Pipeline;

/// Reads the environment and `.env`, and installs the logs.
pub(crate) fn settings() -> Result<Settings, Failure> {
    let settings = Settings::new(crate::environment::environment()?);
    crate::telemetry::install(&settings, settings.log_filter())?;
    Ok(settings)
}

/// The same, where nobody asked for a log of their own with `RUST_LOG`: without what a command prints in another way.
#[cfg(feature = "dev")]
pub(crate) fn settings_without(quiet: &str) -> Result<Settings, Failure> {
    let settings = Settings::new(crate::environment::environment()?);
    let filter = settings.log_filter();
    let filter = if settings.has_log_filter() { filter.to_owned() } else { format!("{filter},{quiet}") };
    crate::telemetry::install(&settings, &filter)?;
    Ok(settings)
}

/// How to draw diagnostics on stderr.
pub(crate) fn style(settings: &Settings) -> Style {
    if colour_on_stderr(settings) { Style::Coloured } else { Style::Plain }
}

/// Compiles the pipeline files and prints their warnings to stderr.
pub(crate) fn pipelines(paths: &[PathBuf], settings: &Settings) -> Result<Vec<Arc<Pipeline>>, Failure> {
    let style = style(settings);
    let files = compiler::config::load(paths, settings.env());
    match compiler::compile(&files) {
        Ok(compiled) => {
            if !compiled.warnings.is_empty() {
                output::to_stderr(diagnostic::render(&compiled.warnings, style).trim_end());
            }
            Ok(compiled.pipelines.into_iter().map(Arc::new).collect())
        }
        Err(found) => Err(Failure::Diagnostics { found, style }),
    }
}

/// Compiles one pipeline file; refuses a folder of several.
pub(crate) fn one(path: &Path, settings: &Settings) -> Result<Arc<Pipeline>, Failure> {
    let mut pipelines = pipelines(&[path.to_owned()], settings)?;
    match (pipelines.pop(), pipelines.is_empty()) {
        (Some(pipeline), true) => Ok(pipeline),
        _ => Err(Failure::Folder(path.to_owned())),
    }
}
