//! Compiles the pipelines that the command line names, or reports everything that is wrong with them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::env_file::EnvFileFlags;
use crate::environment::environment;
use crate::exit::Failure;
use crate::output;
use crate::settings::Settings;
use crate::telemetry::colour_on_stderr;
use compiler::diagnostic::{self, Style};
use pipeline::Pipeline;

/// Reads the environment and `.env`, and installs the logs.
pub(crate) fn settings(env_file: &EnvFileFlags) -> Result<Settings, Failure> {
    settings_with_filter(env_file, |settings| settings.log_filter().to_owned())
}

/// The same, where nobody asked for a log of their own with `RUST_LOG`: without what a command prints in another way.
#[cfg(feature = "dev")]
pub(crate) fn settings_without(env_file: &EnvFileFlags, quiet: &str) -> Result<Settings, Failure> {
    settings_with_filter(env_file, |settings| {
        let filter = settings.log_filter();
        if settings.has_log_filter() { filter.to_owned() } else { format!("{filter},{quiet}") }
    })
}

fn settings_with_filter(env_file: &EnvFileFlags, filter: impl Fn(&Settings) -> String) -> Result<Settings, Failure> {
    let file = env_file.read()?;
    let settings = Settings::new(environment(file.as_ref()));
    crate::telemetry::install(&settings, &filter(&settings))?;
    if let Some(file) = file {
        let path = std::path::absolute(&file.path).unwrap_or(file.path);
        tracing::info!(file = %path.display(), "read variables from a file");
    }
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
