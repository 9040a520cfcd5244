//! An expression judged for each case by itself: each alternative of each value it goes through, and each way in which
//! a condition may have come out true.

use std::cell::Cell;
use std::ops::Range;

use jaq_core::load::parse::Term;

use super::narrow::Choice;
use super::{FRESH, Fact, Finding, Roots, Walker, Yield};
use crate::diagnostic::Code;

/// Cases that are looked at for one expression; beyond it, what may be wrong for them together counts.
const MOST_CASES: usize = 256;

/// An expression, and where it stands.
pub(super) struct Cases<'t, 's> {
    pub(super) text: &'t str,
    pub(super) term: &'t Term<&'t str>,
    pub(super) roots: &'t Roots<'s>,
    pub(super) schema: &'t str,
}

/// What an expression yields, with its findings.
type Told<'s> = (Yield<'s>, Vec<Finding>);

impl<'s> Cases<'_, 's> {
    /// What it yields for all cases together; what may be wrong is left out where it is for none of them.
    pub(super) fn infer(&self, facts: &[Fact]) -> Told<'s> {
        let (mut result, mut findings, open) = self.walk(facts, None);
        if open.is_none() && !facts.iter().any(|fact| matches!(fact, Fact::Either(..))) {
            return (result, findings);
        }
        if result.absent().is_some() {
            let case = self.case(facts, &|(result, _)| result.absent().is_some());
            (result.null, result.nothing) = case.map_or((None, None), |(case, _)| (case.null, case.nothing));
        }
        findings.retain(|finding| {
            let same = |(_, found): &Told<'s>| is_at(found, &finding.span);
            !matches!(finding.code, Code::MayFail | Code::NullText) || self.case(facts, &same).is_some()
        });
        (result, findings)
    }

    /// A case for which something is wrong.
    fn case(&self, facts: &[Fact], wrong: &dyn Fn(&Told<'s>) -> bool) -> Option<Told<'s>> {
        self.split(facts, None, &Cell::new(MOST_CASES), wrong)
    }

    fn split(
        &self,
        facts: &[Fact],
        choices: Option<&[Choice<'s>]>,
        left: &Cell<usize>,
        wrong: &dyn Fn(&Told<'s>) -> bool,
    ) -> Option<Told<'s>> {
        let (result, findings, open) = self.walk(facts, choices);
        let told = Some((result, findings)).filter(wrong)?;
        left.set(left.get().saturating_sub(1));
        if left.get() == 0 {
            return Some(told);
        }
        if let Some(at) = facts.iter().position(|fact| matches!(fact, Fact::Either(..))) {
            let mut sides = sides(facts, at).into_iter();
            return sides.find_map(|facts| self.split(&facts, choices.or(Some(&[])), left, wrong));
        }
        let Some(open) = open else {
            return Some(told);
        };
        let with = |choice| [choices.unwrap_or_default(), &[choice]].concat();
        open.into_iter().find_map(|choice| self.split(facts, Some(&with(choice)), left, wrong))
    }

    /// Infers it once; where a choice is still to be made, its options.
    fn walk(
        &self,
        facts: &[Fact],
        choices: Option<&[Choice<'s>]>,
    ) -> (Yield<'s>, Vec<Finding>, Option<Vec<Choice<'s>>>) {
        let mut walker = Walker {
            text: self.text,
            schema: self.schema,
            roots: self.roots,
            facts: facts.to_vec(),
            variables: Vec::new(),
            findings: Vec::new(),
            next: FRESH,
            one_case: choices.is_some(),
            choices: choices.unwrap_or_default().to_vec(),
            open: None,
        };
        let result = walker.term(self.term, &self.roots.input);
        (result, walker.findings, walker.open)
    }
}

fn is_at(findings: &[Finding], span: &Range<usize>) -> bool {
    findings.iter().any(|finding| finding.span == *span)
}

/// The facts with each side of one that is either.
fn sides(facts: &[Fact], at: usize) -> Vec<Vec<Fact>> {
    let Fact::Either(left, right) = &facts[at] else {
        return Vec::new();
    };
    let with = |side: &[Fact]| [&facts[..at], &facts[at + 1..], side].concat();
    vec![with(left), with(right)]
}
