//! Logs: to stderr, filtered by `RUST_LOG`, as text or JSON lines.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::EnvFilter;

use crate::output::escape::{in_json, on_lines, with_colours};
use crate::output::live_line::AboveTheLine;
use crate::settings::{LogFormat, Settings, SettingsError};

/// Installs the subscriber for the process, with this filter. Results go to stdout, so logs never do.
pub fn install(settings: &Settings, filter: &str) -> Result<(), SettingsError> {
    let filter = EnvFilter::builder().parse_lossy(filter);
    let logs = tracing_subscriber::fmt().with_env_filter(filter).with_target(false).log_internal_errors(false);
    let colours = colour_on_stderr(settings);
    // Only tests install a second time; the first subscriber stays.
    let _ = match settings.log_format()? {
        LogFormat::Json => logs.json().with_writer(|| Escaped(in_json)).try_init(),
        LogFormat::Text if colours => logs.with_ansi(true).with_writer(|| Escaped(with_colours)).try_init(),
        LogFormat::Text => logs.with_ansi(false).with_writer(|| Escaped(on_lines)).try_init(),
    };
    Ok(())
}

/// The log, where each line is escaped: it may contain texts of databases, queues and messages.
struct Escaped(fn(&str) -> String);

impl Write for Escaped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        AboveTheLine.write_all(self.0(&String::from_utf8_lossy(bytes)).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        AboveTheLine.flush()
    }
}

/// Whether stderr is a terminal and `NO_COLOR` is not set (<https://no-color.org>).
pub fn colour_on_stderr(settings: &Settings) -> bool {
    std::io::stderr().is_terminal() && settings.env().get("NO_COLOR").is_none_or(String::is_empty)
}
