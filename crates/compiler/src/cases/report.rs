//! Where the diagnostics of one test file are gathered.

use std::ops::Range;

use crate::config::TestText;
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::Pipeline;

/// A test file, its pipeline, and what was found wrong.
pub(super) struct CaseReport<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) text: &'a TestText,
    problems: Vec<Diagnostic>,
}

impl<'a> CaseReport<'a> {
    /// Starts with what was wrong when the file was read.
    pub(super) fn new(pipeline: &'a Pipeline, text: &'a TestText) -> Self {
        Self { pipeline, text, problems: text.problems.clone() }
    }

    /// A place in the test file.
    pub(super) fn place(&self, range: &Range<usize>) -> Place {
        Place::new(&self.text.source, range.clone())
    }

    /// A diagnostic at a range of the test file, still to be pushed.
    pub(super) fn at(&self, code: Code, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message, self.place(range))
    }

    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    pub(super) fn into_problems(self) -> Vec<Diagnostic> {
        self.problems
    }
}
