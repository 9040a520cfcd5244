//! Something wrong inside an expression.

use std::ops::Range;

use super::Walker;
use crate::diagnostic::Code;

/// Something wrong inside an expression.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) code: Code,
    /// Byte offsets into the expression.
    pub(crate) span: Range<usize>,
    pub(crate) message: String,
    pub(crate) label: String,
    /// What was written, and what could have been.
    pub(crate) written: String,
    pub(crate) names: Vec<String>,
    /// What to write instead, where that is known.
    pub(crate) help: Option<String>,
}

impl Finding {
    pub(super) fn new(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        let (label, written, names) = (String::new(), String::new(), Vec::new());
        Self { code, span, message, label, written, names, help: None }
    }

    #[must_use]
    pub(super) fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    #[must_use]
    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// What could have been meant.
    #[must_use]
    pub(super) fn instead_of(mut self, written: &str, names: Vec<String>) -> Self {
        written.clone_into(&mut self.written);
        self.names = names;
        self
    }
}

impl<'t> Walker<'t, '_> {
    /// Reports it; one place is reported once, however often it is looked at.
    pub(super) fn report(&mut self, finding: Finding) {
        let known = self.findings.iter().any(|one| one.span == finding.span && one.message == finding.message);
        if !known {
            self.findings.push(finding);
        }
    }

    /// Goes on without reporting anything.
    pub(super) fn quietly<T>(&mut self, next: impl FnOnce(&mut Self) -> T) -> T {
        let findings = self.findings.len();
        let result = next(self);
        self.findings.truncate(findings);
        result
    }

    /// Where a slice of the expression stands in it; the whole of it for any other text.
    pub(super) fn span(&self, slice: &'t str) -> Range<usize> {
        let start = slice.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if start > self.text.len() { 0..self.text.len() } else { start..start + slice.len() }
    }
}
