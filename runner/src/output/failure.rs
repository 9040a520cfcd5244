//! The one report that a failing command prints: what is wrong, where, and what to do next.

use std::error::Error;
use std::process::ExitCode;

use crate::exit::Failure;
use crate::output::escape::{on_lines, on_one_line};
use crate::output::migration::listed;
use crate::output::to_stderr;
use compiler::diagnostic::render;

/// Prints the report to stderr and gives the exit code.
pub(crate) fn report(failure: &Failure) -> ExitCode {
    to_stderr(text(failure).trim_end());
    ExitCode::from(failure.exit_code())
}

/// The report, in as many lines as it needs.
fn text(failure: &Failure) -> String {
    match failure {
        Failure::Diagnostics { found, style } => render(found, *style),
        Failure::Misfits(misfits) => {
            let reports: Vec<_> = misfits.iter().map(|misfit| block(&misfit.to_string(), Some(&misfit.fix))).collect();
            reports.join("\n")
        }
        Failure::Refused(refusals) | Failure::WouldBeRefused(refusals) => {
            on_lines(&format!("{}{failure}", listed(refusals)))
        }
        Failure::Invalid(count) => count.to_string(),
        Failure::Several(failures) => {
            let mut texts: Vec<String> = Vec::new();
            for text in failures.iter().map(text) {
                // Pipelines that share a database fail for the same reason.
                if !texts.contains(&text) {
                    texts.push(text);
                }
            }
            texts.join("\n")
        }
        _ => block(&with_causes(failure), failure.help().as_deref()),
    }
}

fn block(message: &str, help: Option<&str>) -> String {
    let text = match help {
        Some(help) => format!("error: {message}\n  help: {help}"),
        None => format!("error: {message}"),
    };
    on_lines(&text)
}

/// Message and help on one line, for a log.
pub(crate) fn one_line(failure: &Failure) -> String {
    let message = with_causes(failure);
    on_one_line(&match failure.help() {
        Some(help) => format!("{message}; {help}"),
        None => message,
    })
}

/// An error and its causes, on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::SettingsError;

    #[test]
    fn a_report_has_a_help_line_and_a_log_line_has_none() {
        let failure = Failure::Settings(SettingsError::Port("x".to_owned()));
        let help = SettingsError::Port(String::new()).help();
        assert_eq!(text(&failure), format!("error: DB_PORT is `x`, not a port number\n  help: {help}"));
        assert_eq!(one_line(&failure), format!("DB_PORT is `x`, not a port number; {help}"));
    }

    #[test]
    fn the_same_report_is_printed_once_and_the_first_exit_code_holds() {
        let failure = |name: &str| Failure::Panicked(name.to_owned());
        let several = Failure::NoProducer("a.yaml".into()).and(failure("a")).and(failure("b")).and(failure("a"));
        let reports = "error: a.yaml has no `producer`: there is nothing to send\n  help: add a `producer` with a template\n\
            error: pipeline `a` panicked; this is a bug\nerror: pipeline `b` panicked; this is a bug";
        assert_eq!(text(&several), reports);
        assert_eq!(several.exit_code(), 78);
    }
}
