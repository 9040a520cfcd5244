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

/// Prints a result to stdout. A reader that has seen enough, and closed its end, is not an error.
pub(crate) fn result(text: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Stdout(error)),
        _ => Ok(()),
    }
}

/// Prints progress, a warning or an error to stderr. A stderr that is closed is no reason to stop.
pub(crate) fn to_stderr(text: impl Display) {
    let _ = live_line::AboveTheLine.write_all(format!("{text}\n").as_bytes());
}
