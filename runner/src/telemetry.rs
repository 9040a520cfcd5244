//! Logs: to stderr, filtered by `RUST_LOG`, as text or JSON lines.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::output::live_line::AboveTheLine;
use crate::settings::{LogFormat, Settings, SettingsError};

/// Installs the subscriber for the process, with this filter. Results go to stdout, so logs never do.
pub fn install(settings: &Settings, filter: &str) -> Result<(), SettingsError> {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| AboveTheLine)
        .with_target(false)
        .log_internal_errors(false);
    // Only tests install a second time; the first subscriber stays.
    let _ = match settings.log_format()? {
        LogFormat::Json => logs.json().try_init(),
        LogFormat::Text => logs.with_ansi(colour_on_stderr(settings)).try_init(),
    };
    Ok(())
}

/// Whether stderr is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub fn colour_on_stderr(settings: &Settings) -> bool {
    std::io::stderr().is_terminal() && settings.env().get("NO_COLOR").is_none_or(String::is_empty)
}
