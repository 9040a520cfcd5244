//! How a command prints: results to stdout, progress and failures to stderr. A reader that has gone away (`| head`, a
//! closed terminal) neither causes a panic nor stops a pipeline.

pub(crate) mod cases;
pub(crate) mod columns;
pub(crate) mod dlq;
pub(crate) mod escape;
pub(crate) mod excerpt;
pub(crate) mod failure;
pub mod format;
pub(crate) mod indent;
pub(crate) mod live_line;
pub(crate) mod migration;
pub(crate) mod permissions;
pub(crate) mod summary;
pub(crate) mod totals;

use std::fmt::Display;
use std::io::{self, Write};

use crate::exit::Failure;

/// Prints a result for a person to stdout. Files, databases and queues may contain what a terminal obeys: it is escaped.
pub(crate) fn result(text: impl Display) -> Result<(), Failure> {
    to_stdout(&escape::on_lines(&text.to_string()))
}

/// Prints a result in JSON to stdout, with escapes of JSON.
pub(crate) fn json(value: impl Display) -> Result<(), Failure> {
    to_stdout(&escape::in_json(&value.to_string()))
}

/// A reader that has seen enough, and closed its end, is not an error.
fn to_stdout(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Stdout(error)),
        _ => Ok(()),
    }
}

/// Prints progress, a warning or an error to stderr. A stderr that is closed is no reason to stop.
pub(crate) fn to_stderr(text: impl Display) {
    let text = escape::with_colours(&text.to_string());
    let _ = live_line::AboveTheLine.write_all(format!("{text}\n").as_bytes());
}
