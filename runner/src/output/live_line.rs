//! A line that a terminal redraws in place, below all that is printed to stderr meanwhile.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::ProgressBar;

/// The line that is shown now, if one is.
static LINE: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Shows a text in place of the last one. Does nothing unless stderr is a terminal.
#[cfg(feature = "dev")]
pub(crate) fn show(text: String) {
    line().get_or_insert_with(new_line).set_message(text);
}

/// Takes the line away.
#[cfg(feature = "dev")]
pub(crate) fn clear() {
    if let Some(bar) = line().take() {
        bar.finish_and_clear();
    }
}

#[cfg(feature = "dev")]
fn new_line() -> ProgressBar {
    // Cut at the width of the terminal: a text of two lines could not be drawn over.
    let style = indicatif::ProgressStyle::with_template("{wide_msg}").expect("the template is well-formed");
    ProgressBar::new_spinner().with_style(style)
}

fn line() -> MutexGuard<'static, Option<ProgressBar>> {
    // No code panics while it holds the lock.
    LINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stderr for everything else: what is written in one call is printed above the line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AboveTheLine;

impl Write for AboveTheLine {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &*line() {
            Some(bar) => bar.suspend(|| io::stderr().write_all(bytes)),
            None => io::stderr().write_all(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
