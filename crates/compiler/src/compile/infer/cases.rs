//! An expression judged for each case by itself: each alternative of each value it goes through, and each way in which
//! a condition may have come out true.

use std::ops::Range;

use jaq_core::load::parse::Term;

use super::narrow::Choice;
use super::{FRESH, Fact, Finding, Roots, Walker, Yield};
use crate::diagnostic::Code;

/// Alternatives that are looked at in search of the cases for which one expression is wrong.
const MOST_LOOKS: usize = 8_192;

/// An expression, and where it stands.
pub(super) struct Cases<'t, 's> {
    pub(super) text: &'t str,
    pub(super) term: &'t Term<&'t str>,
    pub(super) roots: &'t Roots<'s>,
    pub(super) schema: &'t str,
}

/// What may be wrong for all cases together, and whether it is for one of them. Where that takes too long to find out,
/// it counts as not: a doubt is not worth the wait.
struct Doubts<'s> {
    absent: bool,
    /// A case in which it is absent.
    found: Option<Yield<'s>>,
    /// Findings of which no case is found yet.
    spans: Vec<Range<usize>>,
    /// Alternatives that may still be looked at.
    left: usize,
}

impl<'s> Cases<'_, 's> {
    /// What it yields for all cases together; what may be wrong is left out where it is for none of them.
    pub(super) fn infer(&self, facts: &[Fact]) -> (Yield<'s>, Vec<Finding>) {
        let (mut result, mut findings, open, _) = self.walk(facts, None);
        if open.is_none() && !facts.iter().any(|fact| matches!(fact, Fact::Either(..))) {
            return (result, findings);
        }
        let mut doubts = Doubts::of(&result, &findings);
        self.split(facts, None, &mut doubts);
        if doubts.absent {
            (result.null, result.nothing) = doubts.found.map_or((None, None), |case| (case.null, case.nothing));
        }
        findings.retain(|finding| !is_doubt(finding) || !doubts.spans.contains(&finding.span));
        (result, findings)
    }

    /// Looks for cases in which something is wrong.
    fn split(&self, facts: &[Fact], choices: Option<&[Choice<'s>]>, doubts: &mut Doubts<'s>) {
        if doubts.left == 0 {
            return;
        }
        let (result, findings, open, looks) = self.walk(facts, choices);
        doubts.left = doubts.left.saturating_sub(looks);
        if !doubts.concern(&result, &findings) {
            return;
        }
        if let Some(at) = facts.iter().position(|fact| matches!(fact, Fact::Either(..))) {
            let known = choices.or(Some(&[]));
            return sides(facts, at).iter().for_each(|facts| self.split(facts, known, doubts));
        }
        let with = |choice| [choices.unwrap_or_default(), &[choice]].concat();
        match open {
            Some(open) => open.into_iter().for_each(|choice| self.split(facts, Some(&with(choice)), doubts)),
            None => doubts.confirm(result, &findings),
        }
    }

    /// Infers it once; where a choice is still to be made, its options; and how many alternatives were looked at.
    fn walk(
        &self,
        facts: &[Fact],
        choices: Option<&[Choice<'s>]>,
    ) -> (Yield<'s>, Vec<Finding>, Option<Vec<Choice<'s>>>, usize) {
        let mut roots = self.roots.clone();
        choices.unwrap_or_default().iter().for_each(|choice| roots.choose(choice));
        let mut walker = Walker {
            text: self.text,
            schema: self.schema,
            roots: &roots,
            facts: facts.to_vec(),
            variables: Vec::new(),
            findings: Vec::new(),
            next: FRESH,
            one_case: choices.is_some(),
            choices: choices.unwrap_or_default().to_vec(),
            open: None,
            missed_null: false,
            looks: 1,
        };
        let result = walker.term(self.term, &roots.input);
        (result, walker.findings, walker.open, walker.looks)
    }
}

impl<'s> Doubts<'s> {
    fn of(result: &Yield<'s>, findings: &[Finding]) -> Self {
        let spans = findings.iter().filter(|finding| is_doubt(finding)).map(|finding| finding.span.clone());
        Self { absent: result.absent().is_some(), found: None, spans: spans.collect(), left: MOST_LOOKS }
    }

    /// Whether anything that is still in doubt is wrong here.
    fn concern(&self, result: &Yield<'_>, findings: &[Finding]) -> bool {
        let absent = self.absent && self.found.is_none() && result.absent().is_some();
        absent || findings.iter().any(|finding| self.spans.contains(&finding.span))
    }

    /// What is wrong in one case is wrong.
    fn confirm(&mut self, result: Yield<'s>, findings: &[Finding]) {
        self.spans.retain(|span| !findings.iter().any(|finding| finding.span == *span));
        if self.found.is_none() && result.absent().is_some() {
            self.found = Some(result);
        }
    }
}

fn is_doubt(finding: &Finding) -> bool {
    matches!(finding.code, Code::MayFail | Code::NullText)
}

/// The facts with each side of one that is either.
fn sides(facts: &[Fact], at: usize) -> Vec<Vec<Fact>> {
    let Fact::Either(left, right) = &facts[at] else {
        return Vec::new();
    };
    let with = |side: &[Fact]| [&facts[..at], &facts[at + 1..], side].concat();
    vec![with(left), with(right)]
}
