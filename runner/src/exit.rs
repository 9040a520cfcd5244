//! How a command ends: the exit codes, and the one report a failing command prints.

use std::process::ExitCode;

/// Why a command failed. The report is printed to stderr as it is; it fits one screen and says what to do next.
#[derive(Debug)]
pub enum Failure {
    /// It failed while running: exit code 1.
    Running(String),
    /// The words on the command line are wrong: exit code 2.
    Usage(String),
    /// The configuration is wrong: exit code 78 (`EX_CONFIG` of sysexits.h).
    Config(String),
}

impl Failure {
    /// The report without the word `error`, for a place that says it itself.
    pub(crate) fn text(&self) -> &str {
        let (Self::Running(text) | Self::Usage(text) | Self::Config(text)) = self;
        text.strip_prefix("error: ").unwrap_or(text)
    }

    /// Both reports, under the first one's exit code; the same report twice is one.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        let (Self::Running(more) | Self::Usage(more) | Self::Config(more)) = other;
        let (Self::Running(text) | Self::Usage(text) | Self::Config(text)) = &mut self;
        if !text.contains(&more) {
            text.push('\n');
            text.push_str(&more);
        }
        self
    }

    /// Prints the report and gives the exit code.
    pub fn report(&self) -> ExitCode {
        let (Self::Running(text) | Self::Usage(text) | Self::Config(text)) = self;
        crate::output::tell(text.trim_end());
        ExitCode::from(match self {
            Self::Running(_) => 1,
            Self::Usage(_) => 2,
            Self::Config(_) => 78,
        })
    }
}
