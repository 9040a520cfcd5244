//! A test file against its pipeline: cases that can run, or diagnostics.

use std::ops::Range;

use super::{Case, delivery, expected};
use crate::config::TestText;
use crate::diagnostic::{Code, Diagnostic, Place};
use pipeline::Pipeline;

/// The cases of a test file, and everything wrong with it. Cases with mistakes are left out.
pub fn compile(pipeline: &Pipeline, text: &TestText) -> (Vec<Case>, Vec<Diagnostic>) {
    let mut compiler = Compiler { pipeline, text, problems: text.problems.clone() };
    compiler.distinct_names();
    let cases = text.cases.iter().filter_map(|case| {
        let delivery = delivery::delivery(case, &mut compiler);
        let expected = expected::expected(case, &mut compiler);
        let place = Place::new(&text.source, case.name.range.clone());
        Some(Case { name: case.name.value.clone(), place, delivery: delivery?, expected: expected? })
    });
    let cases = cases.collect();
    (cases, compiler.problems)
}

/// A test file, its pipeline, and what was found wrong.
pub(super) struct Compiler<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) text: &'a TestText,
    problems: Vec<Diagnostic>,
}

impl Compiler<'_> {
    /// A diagnostic at a range of the test file, still to be pushed.
    pub(super) fn at(&self, code: Code, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, message, Place::new(&self.text.source, range.clone()))
    }

    pub(super) fn push(&mut self, problem: Diagnostic) {
        self.problems.push(problem);
    }

    /// A report that names a case has to mean one.
    fn distinct_names(&mut self) {
        let names: Vec<_> = self.text.cases.iter().map(|case| &case.name).collect();
        for (at, name) in names.iter().enumerate() {
            if let Some(first) = names[..at].iter().find(|first| first.value == name.value) {
                let problem = self.at(Code::DuplicateKey, &name.range, format!("two cases are named `{}`", name.value));
                let first = Place::new(&self.text.source, first.range.clone());
                self.push(problem.label("again here").related(first, "first here"));
            }
        }
    }
}
