//! Results to stdout, progress to stderr. A reader that has gone away (`| head`, a closed terminal) is no reason to
//! panic, and none to stop a pipeline.

pub(crate) mod columns;
pub(crate) mod excerpt;
pub mod format;
pub(crate) mod summary;
pub(crate) mod words;

use std::fmt::Display;
use std::io::{self, Write};

use crate::exit::Failure;

/// Prints a result. A reader that has seen enough is no error.
pub(crate) fn result(text: impl Display) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Running(format!("error: can't write to stdout: {error}")))
        }
        _ => Ok(()),
    }
}

/// Tells a person how it goes, if anybody listens.
pub(crate) fn tell(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}
