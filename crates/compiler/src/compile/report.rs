//! Where one pipeline's diagnostics are gathered.

use std::ops::Range;

use crate::config::{PipelineText, Spanned, place_inside};
use crate::diagnostic::{Code, Diagnostic, Place};

/// One pipeline file and what was found wrong with it.
pub(super) struct Report<'a> {
    pub(super) text: &'a PipelineText,
    problems: Vec<Diagnostic>,
}

impl<'a> Report<'a> {
    pub(super) fn new(text: &'a PipelineText) -> Self {
        Self { text, problems: text.problems.clone() }
    }

    /// A place in the pipeline file.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        Place::new(&self.text.source, range.clone())
    }

    /// The place of a part of a scalar; the part is byte offsets into its text.
    pub(super) fn inside(&self, scalar: &Range<usize>, text: &str, part: Range<usize>) -> Place {
        place_inside(&self.text.source, scalar, text, part)
    }

    /// Whether a comment follows a scalar on its line, which may have been meant to be part of it.
    pub(super) fn cut_by_comment(&self, scalar: &Range<usize>) -> bool {
        let rest = self.text.source.text.get(scalar.end..).unwrap_or_default();
        rest.lines().next().is_some_and(|line| line.trim_start().starts_with('#'))
    }

    /// A diagnostic at a range of the pipeline file, still to be pushed.
    pub(super) fn at(&self, code: Code, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message, self.place(range))
    }

    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// Runs checks that depend on a condition. Where the condition is not `known`, because it is wrong itself, only what
    /// is an error under any condition is reported.
    pub(super) fn under(&mut self, known: bool, check: impl FnOnce(&mut Self)) {
        let before = self.problems.len();
        check(self);
        let found = self.problems.split_off(before);
        for problem in found {
            let is_certain = problem.is_error() && problem.code != Code::NotNull;
            if known || is_certain {
                self.problems.push(problem);
            }
        }
    }

    /// Reports a variable where none is replaced.
    pub(super) fn no_variable(&mut self, text: &str, range: &Range<usize>) -> bool {
        let written = text.contains("${");
        if written {
            let problem =
                self.at(Code::Interpolation, range, format!("`{text}` is not replaced: this is not a setting"));
            self.push(problem.help(
                "variables are replaced only in settings, not in names, columns and templates: write the value itself",
            ));
        }
        !written
    }

    /// Whether nothing was left out of the file because it could not be read.
    pub(super) fn is_whole(&self) -> bool {
        !self.text.problems.iter().any(Diagnostic::is_error)
    }

    /// Reports every name written a second time in one list.
    pub(super) fn no_repeats(&mut self, names: &[Spanned<String>]) {
        for (at, name) in names.iter().enumerate() {
            if let Some(first) = names[..at].iter().find(|first| first.value == name.value) {
                let problem = self.at(Code::DuplicateKey, &name.range, format!("`{}` is listed twice", name.value));
                let first = self.place(&first.range);
                self.push(problem.label("again here").related(first, "first here"));
            }
        }
    }

    /// Whether something is wrong already, so that what only follows from it need not be reported.
    pub(super) fn has_errors(&self) -> bool {
        self.problems.iter().any(Diagnostic::is_error)
    }

    pub(super) fn into_problems(self) -> Vec<Diagnostic> {
        self.problems
    }
}
